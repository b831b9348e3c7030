"""The shipped holdout is what its README says, and its marks tell the kinds of rows apart."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from specialists.errors import CorpusError
from specialists.evaluation.holdout import read_holdout
from specialists.evaluation.lexical import Lexical
from specialists.evaluation.measure import OWN_DECISION
from specialists.evaluation.tasks import Scored
from specialists.evaluation.ten_domains import (
    NEAR_KINDS,
    ROWS,
    HoldoutMarks,
    measure_holdout,
    read_questions,
)


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in ROWS.read_text("utf-8").splitlines()]


class Perfect:
    """Knows the rows by heart."""

    name = "perfect"

    def __init__(self) -> None:
        self.right = {(row["query"], row["passage"]): bool(row["label"]) for row in rows()}

    def score(self, query: str, passages: Sequence[str], /) -> Scored:
        decisions = tuple(self.right[query, passage] for passage in passages)
        return Scored(scores=tuple(map(float, decisions)), decisions=decisions)


class PassageReader:
    """Looks at the passage alone, whatever the question."""

    name = "passage alone"

    def score(self, query: str, passages: Sequence[str], /) -> Scored:
        return Scored(
            scores=tuple(float(len(passage)) for passage in passages),
            decisions=tuple(len(passage) % 2 == 0 for passage in passages),
        )


def measured(*scorers: Any) -> HoldoutMarks:
    return measure_holdout(lambda bm25: scorers)


def test_the_shipped_rows_are_counted_as_the_readme_says() -> None:
    kinds = Counter(row["kind"] for row in rows())
    table = (ROWS.parent / "README.md").read_text("utf-8")
    assert len(rows()) == 900
    for kind, number in kinds.items():
        assert f"| `{kind}` | {int(kind == 'carry')} | {number} |" in table
    assert len({row["domain"] for row in rows()}) == 10


def test_every_passage_is_relevant_once_and_a_near_miss_once_and_crossed_once() -> None:
    seen = {
        name: Counter(row["passage"] for row in rows() if (row["kind"] in NEAR_KINDS) == near)
        for name, near in (("near", True), ("rest", False))
    }
    assert set(seen["near"].values()) == {1}
    assert set(seen["rest"].values()) == {2}
    assert set(seen["near"]) == set(seen["rest"])


def test_passages_have_the_length_of_passages() -> None:
    lengths = [len(row["passage"].split()) for row in rows()]
    assert 40 <= min(lengths) <= max(lengths) <= 120


def test_a_cross_row_takes_its_passage_from_another_domain() -> None:
    home = {row["passage"]: row["domain"] for row in rows() if row["kind"] == "carry"}
    crossed = [row for row in rows() if row["kind"] == "cross"]
    assert all(home[row["passage"]] != row["domain"] for row in crossed)


def test_others_can_read_the_rows_as_plain_labelled_pairs() -> None:
    task = read_holdout(ROWS)
    assert {group.relevant for group in task.groups} == {(True, False, False)}


def test_who_is_always_right_reaches_a_hundred_on_every_kind() -> None:
    marks = measured(Perfect()).marks[0]
    assert marks.rule == OWN_DECISION
    assert {mark.value for mark in marks.kinds.values()} == {1.0}
    assert (marks.card.n_rows, marks.near.n_rows) == (600, 600)


def test_who_reads_the_passage_alone_is_right_half_of_the_time_on_twins() -> None:
    for marks in measured(PassageReader()).marks:
        assert marks.near.marks["accuracy"].value == pytest.approx(0.5)
        assert marks.near.marks["auroc"].value == pytest.approx(0.5)


def test_the_search_given_to_the_entrants_knows_every_passage() -> None:
    def entrants(bm25: Lexical) -> Sequence[Lexical]:
        return [bm25]

    marks = measure_holdout(entrants)
    assert marks.marks[0].rule == "oracle threshold"
    assert marks.marks[0].card.marks["auroc"].value > 0.9


def test_a_label_that_does_not_fit_its_kind_is_refused_with_its_place(tmp_path: Path) -> None:
    row = {"query": "a", "passage": "x", "label": 1, "kind": "cross", "group": "g"}
    (tmp_path / "own.jsonl").write_text(json.dumps(row), "utf-8")
    with pytest.raises(CorpusError, match=r"own\.jsonl:1: label 1 does not fit"):
        read_questions(tmp_path / "own.jsonl")


def test_a_question_without_its_near_miss_is_refused(tmp_path: Path) -> None:
    lines = [
        json.dumps({"query": "a", "passage": "x", "label": label, "kind": kind, "group": "g"})
        for kind, label in (("carry", 1), ("cross", 0))
    ]
    (tmp_path / "own.jsonl").write_text("\n".join(lines), "utf-8")
    with pytest.raises(CorpusError, match="one near-miss row"):
        read_questions(tmp_path / "own.jsonl")
