"""The registry in force: the one the settings name, else the shipped one with the user's over it.

It stands alone because commands, doctor and screen must all mean the same registry, and add to
it in the same way.
"""

from collections.abc import Mapping
from pathlib import Path

from cluster.cluster import read_default_registry
from cluster.errors import RegistryError
from cluster.registry import Registry, check_entry, read_registry
from cluster.registry_check import check_specialist
from cluster.registry_edit import add_entry
from cluster.registry_source import RegistrySource, schema_path
from shell.settings import Settings


def read_registered(settings: Settings) -> Registry:
    """Raises `RegistryError` with file, line and key."""
    return read_registry(settings.registry) if settings.registry else read_default_registry()


def register_specialist(
    settings: Settings, name: str, *, checkpoint: Path, values: Mapping[str, object]
) -> Path:
    """Adds an entry to the user's own registry after its checkpoint was proved, which hashes it.
    `values` are the other keys; empty ones are left out. Returns the file. Raises
    `RegistryError`, and then nothing was written."""
    source = RegistrySource(settings.registry)
    folder = checkpoint.expanduser().absolute()
    entry = {"checkpoint": str(folder)} | {key: value for key, value in values.items() if value}
    spec = check_entry(name, entry, folder)
    registry = source.read() if any(f.exists() for f in source.files) else Registry(specs={})
    others = [other for other in registry.specs.values() if other.name != name]
    problems = check_specialist(spec, Registry.of([*others, spec]))
    if problems:
        raise RegistryError("\n".join(problems))
    add_entry(source.own_file, name, entry, schema=schema_path())
    return source.own_file
