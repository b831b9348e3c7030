"""Tools with the ways people ask for them, by domain: what the rows of q-toolcall are made from.

They stand in `tool_frames.txt`, under a line `# domain`; tools of one domain are each other's
near-misses. A frame is three lines: the name with its arguments, what it does (said in two ways),
and requests. An argument is `name:kind=description`, with `*` after the name where it must be
given; a kind names a list of values in `tool_values.py`, or lists the declared ones in braces.
`{name}` in a request is filled with a value.
"""

from dataclasses import dataclass
from pathlib import Path

from specialists.errors import CorpusError

FRAMES = Path(__file__).parent / "tool_frames.txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """An argument of a frame. `kind` names a list of values; `values` are the declared ones."""

    name: str
    kind: str
    description: str
    values: tuple[str, ...]
    required: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    domain: str
    name: str
    descriptions: tuple[str, ...]
    slots: tuple[Slot, ...]
    requests: tuple[str, ...]


def all_frames() -> tuple[Frame, ...]:
    """Raises `CorpusError` for a file that is not in the form described above."""
    frames: list[Frame] = []
    for block in FRAMES.read_text("utf-8").strip().split("\n\n"):
        title, *lines = block.splitlines()
        if not title.startswith("# ") or len(lines) % 3:
            raise CorpusError(f"{FRAMES}: {title!r} needs '# domain', then three lines for a tool")
        frames += _read(title.removeprefix("# "), lines)
    return tuple(frames)


def _read(domain: str, lines: list[str]) -> list[Frame]:
    frames = []
    for head, described, asked in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        name, _, slots = head.rstrip(")").partition("(")
        frames.append(
            Frame(
                domain=domain,
                name=name,
                descriptions=tuple(described.split(" / ")),
                slots=tuple(_slot(one) for one in slots.split(", ") if one),
                requests=tuple(asked.split("; ")),
            )
        )
    return frames


def _slot(text: str) -> Slot:
    left, _, description = text.partition("=")
    name, _, kind = left.partition(":")
    declared = kind.startswith("{")
    return Slot(
        name=name.rstrip("*"),
        kind="declared" if declared else kind,
        description=description,
        values=tuple(kind.strip("{}").split("|")) if declared else (),
        required=name.endswith("*"),
    )
