"""Where registries stand: the shipped one, the user's over it, or one file alone."""

from pathlib import Path

from cluster.places import user_registry_path
from cluster.registry import Registry, merge_registries, read_registry

ROOT = Path(__file__).parents[1]


class RegistrySource:
    """The files to read and to watch. Without a path: the shipped registry, and the user's entries
    in place of those of the same name; the user's file need not exist."""

    def __init__(self, path: Path | None = None, *, user_path: Path | None = None) -> None:
        self._alone = path is not None
        user = user_path or user_registry_path()
        self.files = (path,) if path is not None else (shipped_registry_path(), user)

    @property
    def own_file(self) -> Path:
        """The one that edits go to."""
        return self.files[-1]

    def read(self) -> Registry:
        """Raises `RegistryError`."""
        return merge_registries(*self._each())

    def without(self, name: str) -> Registry:
        """As it reads once the own file has no entry of that name. Raises `RegistryError`."""
        *others, own = self._each()
        left = (spec for spec in own.specs.values() if spec.name != name)
        specs = {spec.name: spec for one in others for spec in one.specs.values()}
        return Registry.of((specs | {spec.name: spec for spec in left}).values())

    def _each(self) -> list[Registry]:
        if self._alone:
            return [read_registry(self.files[0])]
        shipped = read_registry(self.files[0], root=ROOT)
        return [shipped, *map(read_registry, filter(Path.is_file, self.files[1:]))]


def shipped_registry_path() -> Path:
    """At the top of a checkout, inside the package when installed."""
    path = ROOT / "registry.yaml"
    return path if path.is_file() else Path(__file__).with_name("registry.yaml")


def schema_path() -> Path:
    """The JSON Schema of registry files, for editors."""
    return Path(__file__).with_name("registry.schema.json")
