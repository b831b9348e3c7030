"""Keeps what a specialist is marked on out of what it is trained on. The held-out rows are read
for this alone; no generator of training rows knows of them.
"""

import re
from collections.abc import Iterable, Iterator

from specialists.corpora.labels import LabelRow
from specialists.evaluation.job_gate import ROWS_FOLDER, read_job_rows

_SIGNS = re.compile(r"\W+")


def drop_held_out(rows: Iterable[LabelRow], specialist: str) -> Iterator[LabelRow]:
    """The rows that say nothing of what the held-out rows of `specialist` say; all of them where
    it has no held-out rows.

    Compared are letters and digits alone: case, spacing and punctuation aside. A row goes when its
    text or its query is any text of a held-out row's input. Where a specialist reads one text that
    is the text itself; where it reads two parts (statement and passage, two questions, a question
    over pages, a request with tools) one part is enough, so a pair that is held out never comes
    back with its other half exchanged. Pages and tools are lists and are not looked into.
    """
    path = ROWS_FOLDER / f"{specialist}.jsonl"
    held_out: set[str] = set()
    if path.is_file():
        inputs = (row.input for row in read_job_rows(path).rows)
        held_out = {_bare(said) for one in inputs for said in one.values() if isinstance(said, str)}
    for row in rows:
        if held_out.isdisjoint(_bare(said) for said in (row.text, row.query) if said):
            yield row


def _bare(text: str) -> str:
    """Letters and digits; a text without any is its own signs."""
    return _SIGNS.sub(" ", text).strip().casefold() or " ".join(text.split())
