"""Rows for q-rag that a language model wrote one by one for this project: to each passage queries
that it answers, mostly in other words than its own, and queries that sound like them and that it
leaves open. No shipped weights were trained on them.

Forged rows (`forge.py`) are cut out of their passage or exchanged by rule, so they share its words.
What holds only by implication, and what is merely near, no rule writes. The file and how it was
made are described in `rows/README.md`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from specialists.corpora.text import open_text
from specialists.errors import CorpusError

ROWS = Path(__file__).parent / "rows" / "written.jsonl.xz"
DOCUMENTS = "written_documents"
"""The source of invented documents."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenPassage:
    """Passages of one `together` are parts of one matter. Of an invented document, where `source`
    is `DOCUMENTS`, none answers what another of them was asked."""

    together: str
    source: str
    text: str
    asks: tuple[str, ...]
    misses: tuple[str, ...]


def read_written(path: Path = ROWS) -> list[WrittenPassage]:
    """Raises `CorpusError` with the line that is not one."""
    found = []
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            try:
                row = json.loads(line)
                found.append(
                    WrittenPassage(
                        together=str(row["set"]),
                        source=str(row["source"]),
                        text=str(row["text"]),
                        asks=tuple(map(str, row["asks"])),
                        misses=tuple(map(str, row["misses"])),
                    )
                )
            except (ValueError, KeyError, TypeError) as error:
                raise CorpusError(f"{path} line {number}: not a written row ({error})") from error
    return found
