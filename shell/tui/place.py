"""Where the user was: written while working, so that a closed terminal costs nothing.

One small JSON file, replaced in one step. A file that cannot be read or written is no reason to
trouble anyone: the shell then opens as if for the first time.
"""

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """`screen` is the one last shown, `draft` what stood in the question line, `docs` a path."""

    screen: str = "session"
    session: str = ""
    docs: str = ""
    draft: str = ""


def read_place(path: Path) -> Place:
    try:
        values = json.loads(path.read_text("utf-8"))
        place = Place(**values)
    except (OSError, ValueError, TypeError):
        return Place()
    whole = all(isinstance(value, str) for value in asdict(place).values())
    return place if whole else Place()


def write_place(path: Path, place: Place) -> None:
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(place), file)
        Path(draft).replace(path)
