"""Held-out rows are grouped as they were split, and marked like any others."""

import json
from pathlib import Path

import pytest

from specialists.errors import CorpusError
from specialists.evaluation.holdout import read_holdout
from specialists.evaluation.measure import mark_task
from specialists.evaluation.tasks import Scored


def write(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


def row(query: str, passage: str, label: object, group: str = "g") -> dict[str, object]:
    return {"query": query, "passage": passage, "label": label, "group": group}


def test_rows_of_one_query_stand_together(tmp_path: Path) -> None:
    path = write(tmp_path / "own.jsonl", row("a", "x", 1), row("b", "x", 0, "h"), row("a", "y", 0))
    task = read_holdout(path)
    assert task.name == "own"
    assert [(g.query_id, g.query, g.relevant) for g in task.groups] == [
        ("g", "a", (True, False)),
        ("h", "b", (False,)),
    ]


def test_variants_of_one_question_are_one_witness(tmp_path: Path) -> None:
    variants = [row(f"a{n}", p, label) for n in range(5) for p, label in (("x", 1), ("y", 0))]
    task = read_holdout(write(tmp_path / "own.jsonl", *variants))
    right = [Scored(scores=(1.0, 0.0), decisions=(True, False))] * 5
    marks = mark_task(task, right, scorer="right")
    assert (marks.n_rows, marks.n_queries) == (10, 1)
    assert marks.marks["accuracy"].low < 0.25


def test_only_queries_with_both_labels_count_for_the_first_place(tmp_path: Path) -> None:
    path = write(tmp_path / "own.jsonl", row("a", "x", 1), row("a", "y", 0), row("b", "z", 0, "h"))
    scored = [Scored(scores=(1.0, 0.0)), Scored(scores=(0.5,))]
    first = mark_task(read_holdout(path), scored, scorer="s", oracle=True).marks["first"]
    assert (first.value, first.n) == (1, 1)


@pytest.mark.parametrize("label", ["1", None, 2])
def test_another_label_is_refused_with_its_place(tmp_path: Path, label: object) -> None:
    path = write(tmp_path / "own.jsonl", row("a", "x", label))
    with pytest.raises(CorpusError, match=r"own\.jsonl:1: expected 1 or 0"):
        read_holdout(path)


def test_contradicting_rows_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "own.jsonl", row("a", "x", 1), row("a", "x", 0))
    with pytest.raises(CorpusError, match=r"own\.jsonl:2: the same query and passage"):
        read_holdout(path)


def test_a_file_without_rows_says_what_a_row_is(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text("\n\n", "utf-8")
    with pytest.raises(CorpusError, match="holds no row; give one JSON object a line"):
        read_holdout(path)


def test_an_empty_text_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "own.jsonl", row("a", "  ", 1))
    with pytest.raises(CorpusError, match=r"own\.jsonl:1: the text under 'passage' is empty"):
        read_holdout(path)


def test_a_folder_is_no_file_of_rows(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is a folder where a file"):
        read_holdout(tmp_path)


def test_rows_of_one_label_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="rows of both labels"):
        read_holdout(write(tmp_path / "own.jsonl", row("a", "x", 1)))
