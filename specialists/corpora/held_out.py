"""Keeps what a specialist is marked on out of what it is trained on: a generated row whose text is
that of a held-out row, letter case and spacing aside, is dropped. The held-out rows are read for
this alone; no generator sees them.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from specialists.corpora.labels import LabelRow
from specialists.corpora.text import open_text

ROWS = Path(__file__).parent.parent / "evaluation" / "rows"


def drop_held_out(rows: Iterable[LabelRow], specialist: str) -> Iterator[LabelRow]:
    """The rows of which neither text nor query stands in the held-out rows of `specialist`."""
    held_out: set[str] = set()
    with open_text(ROWS / f"{specialist}.jsonl") as lines:
        for line in lines:
            held_out.update(_folded(value) for value in json.loads(line)["input"].values() if value)
    for row in rows:
        if _folded(row.text) not in held_out and _folded(row.query) not in held_out:
            yield row


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
