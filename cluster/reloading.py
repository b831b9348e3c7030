"""A changed registry takes the old one's place, or does not: read, checked, tried, and only then in
force.

It stands alone because a running cluster must survive whatever is written into a file while it
runs. What is broken leaves the old registry in force, and says so once.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster.dispatcher import Dispatcher
from cluster.errors import ClusterError, RegistryError
from cluster.events import EventLog
from cluster.identity import weights_and_prompt
from cluster.registry import Registry, SpecialistSpec
from specialists.checkpoint import CONFIG, CONTRACT, ROUTING, WEIGHTS

Stamp = tuple[int, int] | None
"""When a file was changed and how long it is; None where there is none."""
_READ_BY_WORKERS = (CONFIG, WEIGHTS, CONTRACT, ROUTING)


class RegistryInForce:
    """`read` reads the files anew and raises `RegistryError`; `check` raises for an entry that
    cannot be used. `files` may hold some that do not exist yet; the checkpoints are looked at
    besides, so that weights trained again in the same folder are taken over too."""

    def __init__(
        self,
        registry: Registry,
        *,
        files: tuple[Path, ...],
        read: Callable[[], Registry],
        check: Callable[[SpecialistSpec], None],
        dispatcher: Dispatcher,
        events: EventLog,
    ) -> None:
        self.registry = registry
        self._files = files
        self._read = read
        self._check = check
        self._dispatcher = dispatcher
        self._events = events
        self._loaded = {name: _loaded(spec) for name, spec in registry.specs.items()}
        self._seen = self._last_look = self._stamps(registry)
        self._reloading = asyncio.Lock()

    async def look(self) -> None:
        """Reloads when a file has changed and then stayed the same until the next look, lest it be
        read half written. A broken one is told as an event."""
        found, before = self._stamps(self.registry), self._last_look
        self._last_look = found
        if found.items() <= self._seen.items() or found != before:
            return
        try:
            await self.reload()
        except ClusterError as error:
            self._events.tell("registry", "", f"{error}; the registry before it stays in force")

    async def reload(self) -> Registry:
        """One at a time, each reading the files when it begins, so that in the end the last one
        asked for is in force.

        Raises `RegistryError` or `WorkerFailed`, and then nothing has changed.
        """
        async with self._reloading:
            self._seen = self._stamps(self.registry)
            new, old = self._read(), self.registry.specs
            self._seen = {**self._seen, **self._stamps(new)}
            if old and not new.specs:
                raise RegistryError(f"{self._files[-1]}: holds no specialist any more")
            loaded = {
                name: _loaded(spec, self._loaded.get(name)) for name, spec in new.specs.items()
            }
            changed = [
                spec
                for spec in new.specs.values()
                if spec.name not in old or loaded[spec.name] != self._loaded[spec.name]
            ]
            for spec in changed:
                self._check(spec)
                await self._dispatcher.probe(spec)
            # One that was removed and comes back may still have its old worker.
            self._dispatcher.take_registry(new.specs, tuple(spec.name for spec in changed))
            self.registry, self._loaded = new, loaded
            replaced = tuple(spec.name for spec in changed if spec.name in old)
            self._events.tell("registry", "", _difference(old, new.specs, replaced))
            return new

    def identity(self, name: str) -> str | None:
        """Of the weights and the prompt that a worker of this name has, or will have; None while
        others lie in its folder, which are taken over soon."""
        spec, loaded = self.registry.specs[name], self._loaded[name]
        return weights_and_prompt(spec) if _loaded(spec, loaded) == loaded else None

    def _stamps(self, registry: Registry) -> Mapping[Path, Stamp]:
        """What was taken away of a checkpoint is left out: the worker has it still."""
        checkpoints = [_checkpoint_stamps(spec.folder) for spec in registry.specs.values()]
        merged = {path: stamp for stamps in checkpoints for path, stamp in stamps.items()}
        return {**{path: _stamp_of(path) for path in self._files}, **merged}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Loaded:
    """What a worker has loaded: when this changes, it has to be another worker."""

    folder: Path
    dtype: str | None
    contract: str | None
    stamps: Mapping[Path, Stamp]


def _loaded(spec: SpecialistSpec, before: _Loaded | None = None) -> _Loaded:
    """Where the checkpoint was taken away, a worker goes on with what it had `before`."""
    stamps = _checkpoint_stamps(spec.folder)
    gone = spec.folder / CONFIG not in stamps
    if gone and before is not None and before.folder == spec.folder:
        stamps = before.stamps
    return _Loaded(
        folder=spec.folder, dtype=spec.entry.dtype, contract=spec.entry.contract, stamps=stamps
    )


def _checkpoint_stamps(folder: Path) -> Mapping[Path, Stamp]:
    stamps = {folder / name: _stamp_of(folder / name) for name in _READ_BY_WORKERS}
    return {path: stamp for path, stamp in stamps.items() if stamp is not None}


def _difference(
    old: Mapping[str, SpecialistSpec],
    new: Mapping[str, SpecialistSpec],
    replaced: tuple[str, ...],
) -> str:
    parts = {
        "added": sorted(set(new) - set(old)),
        "removed": sorted(set(old) - set(new)),
        "replaced": sorted(replaced),
    }
    told = [f"{what} {', '.join(names)}" for what, names in parts.items() if names]
    return f"a new registry is in force ({'; '.join(told) or 'settings only'})"


def _stamp_of(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
