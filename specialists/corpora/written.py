"""Rows for q-rag that a language model wrote one by one for this project: to each passage queries
that it answers, mostly in other words than its own, and queries that sound like them and that it
leaves open.

Forged rows (`forge.py`) are cut out of their passage or exchanged by rule, so they share its words.
What holds only by implication, and what is merely near, no rule writes. The file and how it was
made are described in `rows/README.md`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from specialists.corpora.relevance import QueryGroup
from specialists.corpora.text import open_text
from specialists.errors import CorpusError

ROWS = Path(__file__).parent / "rows" / "written.jsonl.xz"
DOCUMENTS, PASSAGES = "written_documents", "written_passages"
"""Sources of the groups: invented documents, and passages of the training text and pairs."""
LICENCE = "CC BY 4.0; passages as their sources"


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


def written_groups(passages: Iterable[WrittenPassage]) -> Iterator[QueryGroup]:
    """A group for each query, named by what stands together so that no split parts it. What a
    passage leaves open is a group without a right passage."""
    passages = list(passages)
    together: dict[str, list[str]] = {}
    for passage in passages:
        together.setdefault(passage.together, []).append(passage.text)
    for passage in passages:
        invented = passage.source == DOCUMENTS
        others = [text for text in together[passage.together] if text != passage.text]
        for queries, right in ((passage.asks, True), (passage.misses, False)):
            for query in queries:
                yield QueryGroup(
                    source=DOCUMENTS if invented else PASSAGES,
                    name=passage.together,
                    query=query,
                    positives=(passage.text,) if right else (),
                    negatives=(tuple(others) if invented else ()) if right else (passage.text,),
                )
