"""Rows for the specialists that put one label on a text, alone or under a query.

They are kept as JSON lines, in the order drawn, so that anyone can read what a specialist was
trained on. Which rows are held back follows from the name of their group alone.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random

from specialists.corpora.relevance import in_development
from specialists.corpora.text import open_text
from specialists.errors import CorpusError


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelRow:
    """`label` is one of the contract's outcomes. Rows that were made from one thing share its
    `group`. `source` is the data file without its endings, as `text/tldr_pages`, or a word of the
    generator's own, as `templates`."""

    text: str
    label: str
    group: str
    source: str
    query: str = ""

    @property
    def held_back(self) -> bool:
        """Whether this row measures the training instead of feeding it."""
        return in_development(self.group)


def interleave(
    streams: Mapping[str, Iterator[Sequence[LabelRow]]],
    shares: Mapping[str, float],
    *,
    most: int,
    choice: Random,
) -> Iterator[LabelRow]:
    """At most `most` rows: ever again what a stream has next, the stream drawn by its share, until
    all are at their end."""
    left = dict(streams)
    made = 0
    while left and made < most:
        (name,) = choice.choices(list(left), [shares[name] for name in left])
        rows = next(left[name], None)
        if rows is None:
            del left[name]
            continue
        yield from islice(rows, most - made)
        made += len(rows)


def write_label_rows(
    rows: Iterable[LabelRow],
    path: Path,
    *,
    outcomes: Iterable[str],
    on_progress: Callable[[int], None] = lambda rows: None,
) -> Counter[str]:
    """Writes `path` whole or not at all, and counts the labels. Raises `CorpusError` for a label
    that is none of `outcomes`, and where one of them is missing."""
    wanted = set(outcomes)
    counts: Counter[str] = Counter()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows, start=1):
            if row.label not in wanted:
                raise CorpusError(
                    f"row {number} of {path.name}: the label {row.label!r} is unknown"
                )
            file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
            counts[row.label] += 1
            if number % 2_000 == 0:
                on_progress(number)
    missing = sorted(wanted - counts.keys())
    if missing:
        raise CorpusError(f"{path.name}: no row is labelled {missing[0]!r}")
    partial.replace(path)
    return counts


def read_label_rows(path: Path) -> list[LabelRow]:
    """Raises `CorpusError` naming the line that is no such row."""
    rows = []
    with open_text(path) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                rows.append(LabelRow(**json.loads(line)))
            except (ValueError, TypeError) as error:
                raise CorpusError(f"{path} line {number}: not a labelled text ({error})") from error
    return rows
