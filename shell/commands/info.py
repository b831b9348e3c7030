"""`qshell info`: versions, folders and specialists, for people and for bug reports."""

import platform
import sys
from collections.abc import Mapping

import click

from cluster.errors import ClusterError
from shell.health import DISTRIBUTION, package_version, room_folders
from shell.output import Output
from shell.registered import read_registered
from shell.settings import Settings, read_settings

_PACKAGES = ("torch", "numpy", "tokenizers", "safetensors", "bm25s", "pydantic", "textual")


@click.command(name="info")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(as_json: bool) -> None:
    """Print versions, folders and registered specialists.

    \b
    Examples:
      qshell info
      qshell info --json
    """
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    specialists, trouble = _specialists(settings)
    facts = {**_facts(settings), "specialists": specialists}
    if trouble:
        output.note(trouble)
    if as_json:
        output.document(facts)
        return
    rows = [(name, text) for name, text in _flat(_facts(settings))]
    rows += [("specialist", f"{one['name']}  {one['folder']}") for one in specialists]
    output.table(("what", "value"), rows)


def _facts(settings: Settings) -> dict[str, object]:
    return {
        "version": package_version(DISTRIBUTION),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "executable": sys.executable,
        "packages": {name: package_version(name) for name in _PACKAGES},
        "paths": {
            **{room: str(folders[0]) for room, folders in room_folders().items() if folders},
            "config": str(settings.config_file),
            "cache": str(settings.cache_dir),
            "data": str(settings.data_dir),
            "sessions": str(settings.sessions_file),
            "logs": str(settings.log_dir),
        },
        "endpoint": settings.endpoint,
        "model": settings.model,
    }


def _specialists(settings: Settings) -> tuple[list[dict[str, object]], str]:
    """The registered ones; and, where the registry cannot be read, the sentence why."""
    try:
        specs = read_registered(settings).specs.values()
    except ClusterError as error:
        return [], str(error)
    found: list[dict[str, object]] = [
        {
            "name": spec.name,
            "task": spec.entry.task,
            "aliases": list(spec.entry.aliases),
            "description": spec.entry.description,
            "folder": str(spec.folder),
        }
        for spec in specs
    ]
    return found, ""


def _flat(facts: Mapping[str, object]) -> list[tuple[str, str]]:
    rows = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            rows += _flat(value)
        else:
            rows.append((name, "-" if value is None else str(value)))
    return rows
