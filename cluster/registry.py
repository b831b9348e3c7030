"""The registered specialists: registry.yaml as frozen, checked types.

A registry never changes: reading again makes a new one. This file knows what an entry means;
where it stood in which file is told by `registry_file.py`, and whether its weights load is found
out by those who load them.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cluster.errors import RegistryError, UnknownSpecialist
from cluster.hub import hub_folder
from cluster.places import expanded
from cluster.registry_file import YamlFile, read_yaml_file

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
LEAST_EXAMPLES = 5
"""Of route.examples, for a router to know a specialist by."""
Task = Literal["relevance", "routing", "classification", "extraction", "generation"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limits(_Strict):
    """How much may wait, how much is done at once, and how long anything may take."""

    queue: int = Field(default=256, ge=1, description="Calls that may wait; more are refused.")
    batch: int = Field(default=32, ge=1, description="Passages sent to the worker at once.")
    timeout_s: float = Field(default=120.0, gt=0, description="A call's deadline, unless it says.")
    start_s: float = Field(default=120.0, gt=0, description="A start that takes longer is ended.")
    busy_s: float = Field(default=300.0, gt=0, description="A batch that takes longer is hung.")


class Route(_Strict):
    """When a request is for this specialist: one of its examples is, then its rules are asked, then
    what the router makes of it counts."""

    rules: tuple[str, ...] = Field(
        default=(), description="Regular expressions; a request that one finds goes here."
    )
    examples: tuple[str, ...] = Field(
        default=(),
        description="Requests that belong here; from 5 to 20 a router knows others like them.",
    )
    description: str = Field(default="", description="What it is for, in one sentence.")


class Entry(_Strict):
    """One specialist as it stands in the file. Every default stands here and nowhere else."""

    task: Task = Field(description="What it does; decides what may be asked of it.")
    checkpoint: str = Field(
        min_length=1,
        description="Folder with its weights, from the registry's own folder; or hub:OWNER/NAME.",
    )
    aliases: tuple[Name, ...] = Field(default=(), description="Other names it answers to.")
    description: str = Field(default="", description="One sentence for lists and help.")
    contract: Literal["pocket-relevance", "published-relevance"] | None = Field(
        default=None, description="The prompt surface expected of the checkpoint's contract.json."
    )
    output: Literal["verdict", "text"] = Field(
        default="verdict", description="What it replies: a verdict on passages, or free text."
    )
    limits: Limits = Field(default=Limits(), description="Queue, batch and time limits.")
    preload: bool = Field(default=False, description="Loaded when the cluster opens.")
    pin: bool = Field(default=False, description="Once loaded never evicted, never idled out.")
    idle_timeout_s: float | None = Field(
        default=900.0, gt=0, description="Unloaded after this long without a call; null: never."
    )
    dtype: Literal["float32", "int8"] | None = Field(
        default=None, description="Arithmetic of its verdicts; null: what this processor does fast."
    )
    base: Name | None = Field(
        default=None, description="The specialist whose weights this checkpoint is a delta to."
    )
    route: Route = Field(default=Route(), description="Which requests are for it.")


class RegistryFile(_Strict):
    """The whole file."""

    specialists: dict[Name, Entry] = Field(default={}, description="The specialists, by name.")


@dataclass(frozen=True, kw_only=True, slots=True)
class SpecialistSpec:
    """One checked entry with its name, its folder resolved, and where it stands (`file:line`)."""

    name: str
    folder: Path
    entry: Entry
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Registry:
    """All entries by name, and the files they come from, the shipped one first."""

    specs: Mapping[str, SpecialistSpec]
    files: tuple[Path, ...] = ()

    def resolve(self, name: str) -> SpecialistSpec:
        """The specialist of this name or alias. Raises `UnknownSpecialist`, naming the nearest."""
        if name in self.specs:
            return self.specs[name]
        for spec in self.specs.values():
            if name in spec.entry.aliases:
                return spec
        known = sorted({*self.specs, *(a for s in self.specs.values() for a in s.entry.aliases)})
        raise UnknownSpecialist(
            f"no specialist is called {name!r}{nearest(name, known)}; "
            f"registered: {', '.join(known) or 'none'} (qshell registry list)"
        )

    def first_for_relevance(self) -> SpecialistSpec:
        """Who judges passages when nobody is named. Raises `UnknownSpecialist` without any."""
        for spec in self.specs.values():
            if spec.entry.task == "relevance":
                return spec
        raise UnknownSpecialist(
            "no specialist with 'task: relevance' is registered, so nothing can judge passages; "
            "register one (qshell registry add)"
        )

    def first_for_routing(self) -> SpecialistSpec:
        """Who routes requests. Raises `UnknownSpecialist` without any."""
        for spec in self.specs.values():
            if spec.entry.task == "routing":
                return spec
        raise UnknownSpecialist(
            "no specialist with 'task: routing' is registered, and no rule or example finds the "
            "request; register one (qshell registry add), or write route.rules"
        )

    @classmethod
    def of(cls, specs: Iterable[SpecialistSpec], files: Iterable[Path] = ()) -> Self:
        """Raises `RegistryError` when a name or alias is taken twice or a base is missing."""
        by_name = {spec.name: spec for spec in specs}
        owner: dict[str, SpecialistSpec] = dict(by_name)
        for spec in by_name.values():
            for alias in spec.entry.aliases:
                other = owner.setdefault(alias, spec)
                if other is not spec:
                    raise RegistryError(
                        f"{spec.where}: specialists.{spec.name}.aliases: {alias!r} already names "
                        f"{other.name} ({other.where}); choose another alias"
                    )
        for spec in by_name.values():
            base = spec.entry.base
            if base is not None and (base not in by_name or base == spec.name):
                raise RegistryError(
                    f"{spec.where}: specialists.{spec.name}.base: {base!r} is not another "
                    f"registered specialist{nearest(base, sorted(by_name))}"
                )
        return cls(specs=by_name, files=tuple(files))


def read_registry(path: Path, *, root: Path | None = None) -> Registry:
    """The entries of one file. Relative checkpoints start at `root`, or at the file's own folder.

    Raises `RegistryError`, with file, line and key of every mistake.
    """
    file = read_yaml_file(path)
    specs = []
    for name, entry in _check(file).specialists.items():
        where = f"{path}:{file.line_of('specialists', name)}"
        folder = _folder(entry.checkpoint, root or path.parent, where, name)
        specs.append(SpecialistSpec(name=name, folder=folder, entry=entry, where=where))
    return Registry.of(specs, [path])


def merge_registries(*registries: Registry) -> Registry:
    """A later one's entries take the place of earlier ones of the same name."""
    specs: dict[str, SpecialistSpec] = {}
    for registry in registries:
        specs |= registry.specs
    return Registry.of(specs.values(), (file for r in registries for file in r.files))


def check_entry(name: str, values: Mapping[str, object], folder: Path) -> SpecialistSpec:
    """One entry that is not written yet. Raises `RegistryError`."""
    where = Path("the new entry")
    lines = YamlFile(path=where, values={"specialists": {name: dict(values)}}, lines={})
    entry = _check(lines).specialists[name]
    return SpecialistSpec(name=name, folder=folder, entry=entry, where=str(where))


def require_checkpoint(spec: SpecialistSpec) -> None:
    """Raises `RegistryError`, with the remedy, when the folder is not there."""
    if not spec.folder.is_dir():
        parent = spec.folder.parent
        beside = (
            [path.name for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []
        )
        raise RegistryError(
            f"{spec.where}: specialists.{spec.name}.checkpoint: there is no folder {spec.folder}"
            f"{nearest(spec.folder.name, beside)}; put the checkpoint there or correct the path"
        )


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean …?)` for the closest known word, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _check(file: YamlFile) -> RegistryFile:
    values = file.values
    if values.get("specialists", {}) is None:
        values = {**values, "specialists": {}}
    try:
        # As JSON, where a list may become a tuple although nothing else is converted.
        checked = RegistryFile.model_validate_json(json.dumps(values))
    except ValidationError as error:
        problems = [_explain(file, dict(problem)) for problem in error.errors()]
        raise RegistryError("\n".join(problems)) from error
    for name, entry in checked.specialists.items():
        for index, rule in enumerate(entry.route.rules):
            try:
                re.compile(rule)
            except (re.error, OverflowError, RecursionError) as error:
                key = ("specialists", name, "route", "rules", index)
                raise RegistryError(
                    f"{file.path}:{file.line_of(*key)}: {_dotted(key)}: {rule!r} is no regular "
                    f"expression ({error})"
                ) from error
    return checked


def _explain(file: YamlFile, problem: dict[str, object]) -> str:
    location = problem["loc"]
    assert isinstance(location, tuple)
    key = tuple(part for part in location if part != "[key]")
    place = f"{file.path}:{file.line_of(*key)}: {_dotted(key) or 'the file'}"
    known = _known_keys(key[:-1])
    if problem["type"] == "extra_forbidden":
        return f"{place}: unknown key{nearest(str(key[-1]), known)}; known here: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"{place}: this key is required"
    said = str(problem["msg"]).removeprefix("Input ").replace("an object", "lines of `name: value`")
    if problem["type"] in ("literal_error", "enum"):
        said += nearest(str(problem["input"]), re.findall(r"'([^']+)'", str(problem["msg"])))
    if problem["type"] == "string_pattern_mismatch":
        said = "must be letters, digits, '.', '_' or '-', at most 64, beginning with the first two"
    return f"{place}: {said}; found {problem['input']!r}"


def _known_keys(parent: tuple[object, ...]) -> list[str]:
    model: type[BaseModel] = RegistryFile
    if len(parent) == 2:
        model = Entry
    elif len(parent) > 2:
        model = Limits if parent[2] == "limits" else Route
    return list(model.model_fields)


def _dotted(key: Iterable[object]) -> str:
    return ".".join(map(str, key))


def _folder(checkpoint: str, root: Path, where: str, name: str) -> Path:
    if checkpoint.startswith("hub:"):
        return hub_folder(checkpoint, where=f"{where}: specialists.{name}.checkpoint")
    try:
        return (root / expanded(checkpoint)).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # no path, or a circle of links
        raise RegistryError(
            f"{where}: specialists.{name}.checkpoint: {checkpoint!r} is no path ({error}); write "
            "the folder that holds config.json"
        ) from error
