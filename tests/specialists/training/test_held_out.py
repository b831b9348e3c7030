from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from specialists.corpora.labels import LabelRow, read_label_rows
from specialists.evaluation.job_gate import ROWS_FOLDER, JobRow, read_job_rows
from specialists.training.held_out import drop_held_out
from specialists.training.labelling import prepare_label_rows
from specialists.training.recipes import LABELS, pocket_q_route

SIBLINGS = (*LABELS, "q-route")


def row(text: str, query: str = "") -> LabelRow:
    return LabelRow(query=query, text=text, label="1", group=text, source="templates")


def held_out(specialist: str) -> JobRow:
    return read_job_rows(ROWS_FOLDER / f"{specialist}.jsonl").rows[0]


def kept(specialist: str, *rows: LabelRow) -> list[str]:
    return [one.text for one in drop_held_out(rows, specialist)]


@pytest.mark.parametrize("specialist", SIBLINGS)
def test_no_text_of_a_held_out_input_is_trained_on(specialist: str) -> None:
    for said in held_out(specialist).input.values():
        if isinstance(said, str):
            loud = said.upper().replace(" ", "  ") + " !"
            rows = (row(loud), row("something else", query=loud), row("something else"))
            assert kept(specialist, *rows) == ["something else"]


def test_commands_of_signs_alone_are_told_apart() -> None:
    assert kept("q-cmdsafe", row(":(){ :|:& };:"), row("> &"), row("x")) == ["> &", "x"]


def test_a_specialist_without_held_out_rows_keeps_all() -> None:
    assert kept("q-weather", row("ls -la src/")) == ["ls -la src/"]


@pytest.mark.parametrize("specialist", SIBLINGS)
def test_rows_are_made_without_what_is_held_out(specialist: str, tmp_path: Path) -> None:
    recipe = pocket_q_route() if specialist == "q-route" else LABELS[specialist]()
    said = next(iter(held_out(specialist).input.values()))

    def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
        outcomes = recipe.contract.outcomes
        yield from (replace(row(f"text {one}"), label=one) for one in outcomes)
        yield replace(row(said), label=outcomes[0])

    prepare_label_rows(
        replace(recipe, make_rows=make_rows), data=tmp_path, run=tmp_path, say=lambda words: None
    )
    made = read_label_rows(tmp_path / specialist / "rows.jsonl")
    assert [one.text for one in made] == [f"text {one}" for one in recipe.contract.outcomes]
