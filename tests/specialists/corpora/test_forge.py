"""Rows of the forge: positives that answer, near-misses that do not, the same by the same seed."""

import re

import pytest

from specialists.corpora.cloze import Section
from specialists.corpora.forge import (
    CROSS,
    LEAST_NEAR,
    MOST_NEAR,
    ForgedRow,
    ForgeReport,
    forge_rows,
)
from specialists.corpora.overlap import tells
from specialists.errors import CorpusError

THINGS = ("pump", "boiler", "gate", "roof", "well", "stove", "fence", "barn")
HOUSE = [
    Section(
        document=number,
        title=f"House > The {thing}",
        text=f"The {thing} of the lower yard was replaced in May {2000 + number} by the firm. "
        f"If the {thing} squeaks, the caretaker must be told about it before the evening. "
        f"A new {thing} costs about {10 * number + 20} crowns and is kept in the shed. "
        f"Colour {thing} number {number} suits the walls of the old {thing} house best.",
    )
    for number, thing in enumerate(THINGS)
]
STARS = [
    Section(
        document=100 + number,
        title="Night sky",
        text=f"Galaxy {number} glitters; comets {number} wander among faint nebulae, spiralling.",
    )
    for number in range(8)
]
SOURCES = {s.document: f"house/{s.document}.md" for s in HOUSE}


def forged(seed: int = 0, report: ForgeReport | None = None) -> list[ForgedRow]:
    return list(
        forge_rows(HOUSE, others=STARS, sources=SOURCES, most_queries=12, seed=seed, report=report)
    )


def test_each_query_has_a_positive_four_to_six_near_misses_and_five_of_other_domains() -> None:
    by_query: dict[str, list[ForgedRow]] = {}
    for row in forged():
        by_query.setdefault(row.query, []).append(row)
    assert by_query
    for rows in by_query.values():
        kinds = [row.kind for row in rows]
        assert kinds.count("positive") == 1
        assert kinds.count("cross") == CROSS
        assert LEAST_NEAR <= len(rows) - 1 - CROSS <= MOST_NEAR
        assert len({row.passage for row in rows}) == len(rows)


@pytest.mark.parametrize("name", ["{}.md", "house/{}.md"])
def test_documents_of_one_folder_lend_each_other_no_passage_of_another_domain(name: str) -> None:
    sources = {s.document: name.format(s.document) for s in HOUSE}
    rows = list(forge_rows(HOUSE, others=STARS, sources=sources, most_queries=12, seed=0))
    far = [row.passage for row in rows if row.kind == "cross"]
    assert far
    assert all("comets" in passage for passage in far)


def test_documents_that_stand_alone_are_each_a_domain() -> None:
    rows = list(forge_rows([*HOUSE, *STARS], most_queries=12, seed=0))
    assert {row.kind for row in rows} >= {"positive", "cross"}


def test_the_same_seed_makes_the_same_rows_and_another_seed_others() -> None:
    assert forged(3) == forged(3)
    assert forged(3) != forged(4)


def test_what_is_offered_as_another_passage_does_not_hold_the_answer() -> None:
    rows = forged()
    positive = {row.query: row.passage for row in rows if row.label}
    whole = [row for row in rows if row.kind in ("neighbour", "other", "cross")]
    assert whole
    assert not any(tells(row.passage, (positive[row.query],)) for row in whole)


def test_rows_of_one_document_are_of_one_group() -> None:
    thing = re.compile("|".join(THINGS))
    for row in forged():
        (named,) = {*thing.findall(row.query)} or {None}
        if named:
            assert row.group == f"forge house/{THINGS.index(named)}.md"


def test_the_report_counts_what_was_made() -> None:
    report = ForgeReport()
    rows = forged(report=report)
    assert sum(report.rows.values()) == len(rows)
    assert sum(report.queries.values()) == report.rows["positive"] == len({r.query for r in rows})
    assert report.sections == len(HOUSE)


def test_no_more_queries_are_made_than_asked_for() -> None:
    rows = forge_rows(HOUSE, others=STARS, sources=SOURCES, most_queries=3, seed=0)
    assert len({row.query for row in rows}) == 3


def test_too_little_text_is_refused() -> None:
    with pytest.raises(CorpusError, match="3 passages are too few"):
        list(forge_rows(HOUSE[:3], others=STARS, most_queries=5, seed=0))
