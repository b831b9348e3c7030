"""Whether one step is written right: its kind, its keys, its inputs, its settings, its policy.

Nothing runs; of a registered specialist its contract is read where a step leans on its job. Bodies
inside a step are checked by whoever is handed in as `check_body`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from cluster.errors import PipelineError, UnknownSpecialist
from cluster.pipelines.check_settings import POLICY_KEYS, policy_problem, setting_problem
from cluster.pipelines.check_wires import Scope, WireCheck, Wired
from cluster.pipelines.findings import Findings, listed
from cluster.pipelines.kinds import find_kind, step_names
from cluster.pipelines.pipeline import (
    Body,
    OnRefuse,
    Policy,
    Setting,
    Step,
    StepKind,
    StepShape,
)
from cluster.pipelines.types import JSON
from cluster.pipelines.wires import parse_ref, unescape
from cluster.registry import Registry, nearest
from cluster.registry_file import Key

NEST_KEYS: Mapping[str, tuple[str, ...]] = {
    "": (),
    "map": ("steps", "output"),
    "branch": ("cases", "otherwise"),
}

CheckBody = Callable[[object, Scope, Key], Body | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class StepCheck:
    """Says to `findings` what is wrong with a step, and then gives None."""

    findings: Findings
    registry: Registry | None
    check_body: CheckBody

    def kind_of(self, raw: object, key: Key) -> StepKind | None:
        """Also says when the step is no mapping, names no kind or an unknown one."""
        if not isinstance(raw, dict):
            self.findings.say(key, f"a step is a mapping with 'do:'; found {raw!r:.60}")
            return None
        name = raw.get("do")
        if not isinstance(name, str):
            self.findings.say(key, f"'do:' is missing; it names one of {listed(step_names())}")
            return None
        try:
            kind = find_kind(name)
        except PipelineError as error:
            self.findings.say((*key, "do"), str(error))
            return None
        if kind is None:
            known = step_names()
            module = "; steps are named, modules are never imported" * any(c in name for c in ".:/")
            self.findings.say(
                (*key, "do"),
                f"there is no step {name!r}{nearest(name, known)}{module}; there are "
                f"{listed(known)}",
            )
        return kind

    def check(
        self, name: str, kind: StepKind, raw: dict[str, Any], scope: Scope, key: Key
    ) -> Step | None:
        """The step, or None when something is wrong with it."""
        sound = self._keys(kind, raw, key)
        wired = self._inputs(kind, raw, scope, key)
        settings = {n: self._setting(s, raw, n, key) for n, s in kind.settings.items()}
        policy = self._policy(kind, raw, key)
        bodies = self._bodies(kind, raw, scope, key, settings, wired)
        if not sound or None in (wired, policy, bodies) or _BROKEN in settings.values():
            return None
        assert wired is not None and policy is not None and bodies is not None
        shape = StepShape(
            inputs={n: w.type for n, w in wired.items()},
            settings=settings,
            bodies={n: body.type for n, body in bodies.items()},
            registry=self.registry,
        )
        objections = kind.objects(shape)
        for where, sentence in objections:
            self.findings.say((*key, *(where.split(".") if where else ())), sentence)
        if objections:
            return None
        return Step(
            name=name,
            kind=kind,
            wires={n: w.wire for n, w in wired.items()},
            takes=shape.inputs,
            settings=settings,
            bodies=bodies,
            policy=policy,
            type=kind.gives(shape),
        )

    def _keys(self, kind: StepKind, raw: dict[str, Any], key: Key) -> bool:
        known = ("do", *kind.ports, *kind.settings, *NEST_KEYS[kind.nests], *POLICY_KEYS)
        unknown = [name for name in raw if name not in known]
        for name in unknown:
            self.findings.say(
                (*key, name),
                f"{kind.name} knows no {name!r}{nearest(name, known)}; known here: {listed(known)}",
            )
        return not unknown

    def _inputs(
        self, kind: StepKind, raw: dict[str, Any], scope: Scope, key: Key
    ) -> dict[str, Wired] | None:
        wires = WireCheck(findings=self.findings)
        found: dict[str, Wired | None] = {}
        for name, port in kind.ports.items():
            if name in raw:
                found[name] = wires.check(raw[name], port.accepts, scope, (*key, name))
            elif port.required:
                self.findings.say(
                    key, f"{kind.name} needs '{name}:' ({port.accepts[0]}). {port.purpose}"
                )
                found[name] = None
        if not all(found.values()):
            return None
        return {name: wired for name, wired in found.items() if wired}

    def _setting(self, setting: Setting, raw: dict[str, Any], name: str, key: Key) -> Any:
        """The value, or `_BROKEN`."""
        here = (*key, name)
        if name not in raw:
            if setting.required:
                self.findings.say(key, f"'{name}:' is missing. {setting.purpose}")
                return _BROKEN
            return setting.default
        value = raw[name]
        problem = setting_problem(setting, value)
        if not problem and setting.replies and isinstance(value, str):
            problem = self._specialist_problem(value, setting.replies)
        if problem:
            self.findings.say(here, problem)
            return _BROKEN
        return unescape(value) if isinstance(value, str) else value

    def _specialist_problem(self, name: str, replies: str) -> str:
        if self.registry is None:
            return ""
        try:
            entry = self.registry.resolve(name).entry
        except UnknownSpecialist as error:
            return str(error)
        if entry.output != replies:
            return f"{name} replies {entry.output}, this step needs one that replies {replies}"
        return ""

    def _policy(self, kind: StepKind, raw: dict[str, Any], key: Key) -> Policy | None:
        problems = {n: policy_problem(kind, n, raw[n]) for n in POLICY_KEYS if n in raw}
        for name, problem in problems.items():
            if problem:
                self.findings.say((*key, name), problem)
        if any(problems.values()):
            return None
        on_refuse = raw.get("on_refuse", kind.refuses or "stop")
        return Policy(
            retry=raw.get("retry", 0),
            wait_s=raw.get("wait_s", Policy().wait_s),
            timeout_s=raw.get("timeout_s"),
            on_refuse=cast("OnRefuse", on_refuse),
            cache=raw.get("cache", False),
        )

    def _bodies(
        self,
        kind: StepKind,
        raw: dict[str, Any],
        scope: Scope,
        key: Key,
        settings: Mapping[str, Any],
        wired: Mapping[str, Wired] | None,
    ) -> dict[str, Body] | None:
        if kind.nests == "map":
            return self._map_body(raw, scope, key, str(settings["as"]), wired)
        if kind.nests == "branch":
            return self._cases(raw, scope, key, wired)
        return {}

    def _map_body(
        self,
        raw: dict[str, Any],
        scope: Scope,
        key: Key,
        item: str,
        wired: Mapping[str, Wired] | None,
    ) -> dict[str, Body] | None:
        problem = name_problem(item, scope)
        if problem:
            self.findings.say((*key, "as"), problem)
        inner = {**scope, item: (wired["over"].type.of or JSON) if wired else None}
        parts = {name: raw[name] for name in ("steps", "output") if name in raw}
        body = self.check_body(parts, inner, key)
        return {"steps": body} if body and not problem else None

    def _cases(
        self, raw: dict[str, Any], scope: Scope, key: Key, wired: Mapping[str, Wired] | None
    ) -> dict[str, Body] | None:
        cases = raw.get("cases")
        if not isinstance(cases, dict) or not cases:
            self.findings.say((*key, "cases"), "branch needs 'cases:' with at least one case")
            return None
        sound = True
        if wired is None:
            missing = []
        elif wired["on"].type.name in ("verdict", "flag"):
            for name in cases.keys() - {"yes", "no"}:
                sound = False
                self.findings.say(
                    (*key, "cases", name),
                    f"a {wired['on'].type} is yes or no, never {name!r}{nearest(name, _YES_NO)}",
                )
            missing = [n for n in _YES_NO if n not in cases and "otherwise" not in raw]
        else:
            missing = [] if "otherwise" in raw else ["otherwise"]
        for name in missing:
            sound = False
            self.findings.say(key, f"nothing says what happens in the case {name!r}; add it")
        found = {n: self.check_body(b, scope, (*key, "cases", n)) for n, b in cases.items()}
        if "otherwise" in raw:
            found["otherwise"] = self.check_body(raw["otherwise"], scope, (*key, "otherwise"))
        if not sound or not all(found.values()):
            return None
        return {name: body for name, body in found.items() if body}


_YES_NO = ("yes", "no")


class _Broken:
    """Stands for a setting that was refused; None is a good value."""


_BROKEN = _Broken()


def name_problem(name: str, taken: Mapping[str, object]) -> str:
    """Why nothing can be called so here, nothing when it can."""
    if parse_ref(f"${name}") is None or "." in name:
        return f"{name!r} is no name: small letters, digits and _, beginning with a letter"
    if name in taken:
        return f"{name!r} already names something else here; choose another name"
    return ""
