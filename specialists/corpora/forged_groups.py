"""Groups for the training of q-rag out of the forge: its near-misses, and the queries partly in
other words than the passage that answers them.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import groupby

from specialists.corpora.cloze import Section
from specialists.corpora.forge import ForgedRow, forge_rows
from specialists.corpora.paraphrase import paraphrase
from specialists.corpora.relevance import QueryGroup
from specialists.corpora.restating import reworded

REWORDED_CLAIMS, REWORDED_QUESTIONS = 0.6, 0.7
STRENGTH = 0.5


def forged_groups(sections: Sequence[Section], *, count: int, seed: int) -> Iterator[QueryGroup]:
    """At most `count` groups, the same ones for the same seed; passages of other domains are left
    to the sampler. Raises `CorpusError` for too little text."""
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    rows = forge_rows(sections, most_queries=count, seed=seed)
    for (name, query), made in groupby(rows, key=lambda row: (row.group, row.query)):
        group = list(made)
        yield QueryGroup(
            source="forge",
            name=name,
            query=_in_other_words(query, group[0], choice),
            positives=tuple(row.passage for row in group if row.label),
            negatives=tuple(row.passage for row in group if not row.label and row.kind != "cross"),
        )


def _in_other_words(query: str, row: ForgedRow, choice: random.Random) -> str:
    if row.form == "claim" and choice.random() < REWORDED_CLAIMS:
        return reworded(query, choice)
    if row.form in ("question", "yes/no") and choice.random() < REWORDED_QUESTIONS:
        return paraphrase(query, choice, strength=STRENGTH)
    return query
