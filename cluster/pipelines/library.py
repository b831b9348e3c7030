"""The pipelines that ship, by name, and how a name or a path given by a user is understood."""

import re
from pathlib import Path

from cluster.errors import PipelineError
from cluster.pipelines.pipeline import Pipeline
from cluster.pipelines.reading import read_pipeline
from cluster.registry import Registry, nearest

FOLDER = Path(__file__).with_name("library")
_OPENING = re.compile(rb"^pipeline[ \t]*:", re.MULTILINE)
_LOOKED_AT_BYTES = 16_384


def shipped_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def shipped(name: str, registry: Registry | None = None) -> Pipeline:
    """The shipped pipeline of this name. Raises `PipelineError`."""
    return read_pipeline(find_pipeline(name, files=False), registry)


def own_files(folder: Path) -> tuple[Path, ...]:
    """The files of a folder that begin a pipeline, sound or not; none where it cannot be read."""
    try:
        found = sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml"))
    except OSError:
        return ()
    return tuple(path for path in found if _begins_a_pipeline(path))


def _begins_a_pipeline(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(_OPENING.search(file.read(_LOOKED_AT_BYTES)))
    except OSError:
        return False


def find_pipeline(given: str, *, files: bool = True) -> Path:
    """The file that is meant: one that stands there, else a shipped pipeline of this name.
    Raises `PipelineError` with the nearest name."""
    path = Path(given)
    if files and (path.suffix in (".yaml", ".yml") or len(path.parts) > 1):
        return path
    if given in shipped_names():
        return FOLDER / f"{given}.yaml"
    raise PipelineError(
        f"no pipeline is called {given!r}{nearest(given, shipped_names())}; shipped are "
        f"{', '.join(shipped_names())}; your own is named by its file, {given}.yaml"
    )
