"""A card fit for a narrow window: tables that would not fit on its lines become blocks of
`key: value`, a block a row.

It stands alone as text in, text out. It knows no screen.
"""

import re
from collections.abc import Iterable

_SEPARATOR = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_ROOM_FOR_A_CELL = 3


def fit_tables(markdown: str, width: int) -> str:
    """`width` in cells. Fenced code is left as it is."""
    lines = markdown.splitlines()
    done: list[str] = []
    at, fenced = 0, False
    while at < len(lines):
        fenced ^= lines[at].lstrip().startswith("```")
        end = at if fenced else _table_end(lines, at)
        if end > at:
            done += _fitted(lines[at:end], width)
            at = end
        else:
            done.append(lines[at])
            at += 1
    return "\n".join(done) + "\n"


def _table_end(lines: list[str], at: int) -> int:
    """The line after the table that begins here; `at` where none does."""
    if "|" not in lines[at] or at + 1 >= len(lines) or not _SEPARATOR.match(lines[at + 1]):
        return at
    end = at + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return end


def _fitted(table: list[str], width: int) -> list[str]:
    heads, _, *rows = (_cells(line) for line in table)
    columns = zip(*(row for row in [heads, *rows] if len(row) == len(heads)), strict=True)
    if sum(max(map(len, column)) + _ROOM_FOR_A_CELL for column in columns) <= width:
        return table
    if len(heads) == 2:
        return ["", *_paragraph(f"**{name}**: {value}" for name, value in map(_two, rows))]
    done = [""]
    for row in rows:
        told = [f"{head}: {cell}" for head, cell in zip(heads, row, strict=False) if cell]
        done += _paragraph([f"**{row[0]}**", *told[1:]] if row[0] else told)
    return done


def _paragraph(lines: Iterable[str]) -> list[str]:
    """Lines that stay lines."""
    return [*("\\\n".join(lines)).splitlines(), ""]


def _two(row: list[str]) -> tuple[str, str]:
    return row[0], row[1] if len(row) > 1 else ""


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL_BORDER.split(line.strip().strip("|"))]
