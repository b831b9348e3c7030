"""The registry in force: the one the settings name, else the shipped one with the user's over it.

It stands alone because commands, doctor and screen must all mean the same registry, and change
it in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.cluster import read_default_registry
from cluster.errors import RegistryError, UnknownSpecialist
from cluster.places import expanded
from cluster.registry import LEAST_EXAMPLES, Registry, SpecialistSpec, check_entry, read_registry
from cluster.registry_check import check_specialist, trained_routes
from cluster.registry_edit import add_entry, editing, set_examples
from cluster.registry_source import RegistrySource, schema_path
from cluster.router import as_example
from shell.settings import Settings
from specialists.checkpoint import CONFIG


def read_registered(settings: Settings) -> Registry:
    """Raises `RegistryError` with file, line and key."""
    return read_registry(settings.registry) if settings.registry else read_default_registry()


def registered_folder(settings: Settings, name_or_folder: str) -> Path:
    """Of a checkpoint on disk, or of a registered specialist. Raises `RegistryError` and
    `UnknownSpecialist`."""
    folder = Path(name_or_folder)
    if (folder / CONFIG).is_file():
        return folder
    try:
        return read_registered(settings).resolve(name_or_folder).folder
    except UnknownSpecialist as error:
        raise UnknownSpecialist(
            f"{name_or_folder}: no checkpoint folder (one with {CONFIG}), and {error}"
        ) from error


def register_specialist(
    settings: Settings, name: str, *, checkpoint: Path, values: Mapping[str, object]
) -> Path:
    """Adds an entry to the user's own registry after its checkpoint was proved, which hashes it.
    `values` are the other keys; empty ones are left out. Returns the file. Raises
    `RegistryError`, and then nothing was written."""
    source = RegistrySource(settings.registry)
    with editing(source.own_file):
        return _register(source, name, checkpoint=checkpoint, values=values)


def _register(
    source: RegistrySource, name: str, *, checkpoint: Path, values: Mapping[str, object]
) -> Path:
    folder = expanded(checkpoint).absolute()
    entry = {"checkpoint": str(folder)} | {key: value for key, value in values.items() if value}
    spec = check_entry(name, entry, folder)
    registry = source.read() if any(f.exists() for f in source.files) else Registry(specs={})
    others = [other for other in registry.specs.values() if other.name != name]
    problems = check_specialist(spec, Registry.of([*others, spec]))
    if problems:
        raise RegistryError("\n".join(problems))
    add_entry(source.own_file, name, entry, schema=schema_path())
    return source.own_file


LONGEST_EXAMPLE = 1_000
"""Characters: an example is a request, not a document."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleChange:
    """`count` is how many the specialist has now; `copied` says that its shipped entry had to be
    copied into `file`, where it goes before the shipped one from now on; `few` that the router
    needs more to know others like them."""

    name: str
    file: Path
    added: bool
    copied: bool
    count: int
    few: bool

    @property
    def sentence(self) -> str:
        done = "An example of" if self.added else "No example any more of"
        parts = [f"{done} {self.name}, written in {self.file}."]
        if self.copied:
            parts.append("Its shipped entry was copied there and no longer counts.")
        if self.added and self.few:
            parts.append(
                f"{self.count} of {LEAST_EXAMPLES}: so far this very request is found, with "
                f"{LEAST_EXAMPLES} also others like it."
            )
        return " ".join(parts)


def change_example(settings: Settings, name: str, text: str) -> ExampleChange:
    """Makes `text` an example of the specialist, in the user's own registry; where it is one
    already, takes it out. Raises `RegistryError` or `UnknownSpecialist`, and then nothing was
    written."""
    source = RegistrySource(settings.registry)
    with editing(source.own_file):
        return _change_example(source, name, text)


def _change_example(source: RegistrySource, name: str, text: str) -> ExampleChange:
    registry = source.read()
    spec = registry.resolve(name)
    asked = as_example(text)
    before = spec.entry.route.examples
    after = tuple(one for one in before if as_example(one) != asked)
    added = len(after) == len(before)
    if added:
        _check_example(text, asked, spec, registry)
        after = (*before, text.strip())
    copied = spec.where.rpartition(":")[0] != str(source.own_file)
    if copied:
        values = _copied(spec)
        values["route"] = {**values.get("route", {}), "examples": list(after)}
        add_entry(source.own_file, spec.name, values, schema=schema_path())
    else:
        set_examples(source.own_file, spec.name, after)
    few = 0 < len(after) < LEAST_EXAMPLES and spec.name not in trained_routes(registry)
    return ExampleChange(
        name=spec.name,
        file=source.own_file,
        added=added,
        copied=copied,
        count=len(after),
        few=few,
    )


def _check_example(text: str, asked: str, spec: SpecialistSpec, registry: Registry) -> None:
    if not asked or len(text) > LONGEST_EXAMPLE:
        raise RegistryError(
            f"an example is a request of at most {LONGEST_EXAMPLE:,} characters; this one has "
            f"{len(text):,}"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RegistryError(
            f"an example of {spec.name} is to be text; this one holds bytes that are no UTF-8 "
            f"({error})"
        ) from error
    if "${" in text:
        raise RegistryError(
            f"an example of {spec.name} cannot hold '${{', which a registry fills in"
        )
    for other in registry.specs.values():
        if asked in map(as_example, other.entry.route.examples):
            raise RegistryError(
                f"{other.where}: this is an example of {other.name}; take it out there first"
            )


def _copied(spec: SpecialistSpec) -> dict[str, Any]:
    """What is written of the entry, its folder named from anywhere."""
    values = spec.entry.model_dump(mode="json", exclude_unset=True)
    if not spec.entry.checkpoint.startswith("hub:"):
        values["checkpoint"] = str(spec.folder)
    return values
