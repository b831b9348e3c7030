"""A changed registry takes the old one's place, or does not: read, checked, tried, and only then in
force.

It stands alone because a running cluster must survive whatever is written into a file while it
runs. What is broken leaves the old registry in force, and says so once.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from cluster.dispatcher import Dispatcher
from cluster.errors import ClusterError, RegistryError
from cluster.events import EventLog
from cluster.registry import Registry, SpecialistSpec

Stamp = tuple[tuple[int, int] | None, ...]


class RegistryInForce:
    """`read` reads the files anew and raises `RegistryError`; `check` raises for an entry that
    cannot be used. `files` may hold some that do not exist yet."""

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
        self._seen = self._last_look = _stamp(files)
        self._reloading = asyncio.Lock()

    async def look(self) -> None:
        """Reloads when a file has changed and then stayed the same until the next look, lest it be
        read half written. A broken one is told as an event."""
        found, before = _stamp(self._files), self._last_look
        self._last_look = found
        if found == self._seen or found != before:
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
            self._seen = _stamp(self._files)
            new, old = self._read(), self.registry.specs
            if old and not new.specs:
                raise RegistryError(f"{self._files[-1]}: holds no specialist any more")
            changed = [
                spec
                for spec in new.specs.values()
                if spec.name not in old or _weights(spec) != _weights(old[spec.name])
            ]
            for spec in changed:
                self._check(spec)
                await self._dispatcher.probe(spec)
            replaced = tuple(spec.name for spec in changed if spec.name in old)
            self._dispatcher.take_registry(new.specs, replaced)
            self.registry = new
            self._events.tell("registry", "", _difference(old, new.specs, replaced))
            return new


def _weights(spec: SpecialistSpec) -> tuple[object, ...]:
    """What a worker has loaded: when this changes, it has to be another worker."""
    return spec.folder, spec.entry.dtype, spec.entry.contract


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


def _stamp(files: tuple[Path, ...]) -> Stamp:
    return tuple(_stamp_of(path) for path in files)


def _stamp_of(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
