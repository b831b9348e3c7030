"""The rows of the three guards, from a folder of text that is small but of the real shape."""

import lzma
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from specialists.corpora import command_safety_rows, injection_rows, personal_data_rows
from specialists.corpora.command_words import WORDS
from specialists.corpora.filling import fill, read_patterns
from specialists.corpora.private_words import PRIVATE_WORDS
from specialists.corpora.tldr_commands import tldr_commands
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.evaluation.job_gate import ROWS_FOLDER, mark_job, most_wanted, read_job_rows
from specialists.evaluation.rules import RULES
from specialists.jobs.command_safety import ACTIONS, REASONS
from specialists.jobs.personal_data import KINDS
from specialists.jobs.table import JOBS
from specialists.prompts import resolve_labels
from specialists.tokenizer import open_tokenizer
from specialists.training.recipes import LABELS

GUARDS = ("q-cmdsafe", "q-inject", "q-pii")
PAGES = """# rm

Remove files.

- Delete a file:

rm {{path/to/file}}

- List the files:

ls {{[-l|--long]}} {{path/to/directory}}

- Wipe a disk:

frob {{/dev/sda}}
"""
RIVERS = "The river rises in the hills above the town. You must not swim in it there.\n" * 3


@pytest.fixture
def data(tmp_path: Path) -> Path:
    text = tmp_path / "text"
    text.mkdir()
    for name, content in (("tldr_pages", PAGES), ("wikipedia_recent", RIVERS)):
        with lzma.open(text / f"{name}.txt.xz", "wt", encoding="utf-8") as file:
            file.write(content)
    return tmp_path


@pytest.mark.parametrize("name", GUARDS)
def test_rows_follow_from_the_seed_and_bear_every_outcome(name: str, data: Path) -> None:
    recipe = LABELS[name]()
    first, second = (list(recipe.make_rows(data, seed=3, most=2_000)) for _ in range(2))
    assert first == second
    assert first != list(recipe.make_rows(data, seed=4, most=2_000))
    assert 1_900 < len(first) <= 2_000
    assert {row.label for row in first} == set(recipe.contract.outcomes)
    assert all(row.text.strip() for row in first)
    assert any(row.held_back for row in first)


@pytest.mark.parametrize("name", GUARDS)
def test_no_pattern_leaves_a_slot_or_a_choice_open(name: str, data: Path) -> None:
    words = {"q-cmdsafe": WORDS, "q-inject": read_patterns("injection"), "q-pii": PRIVATE_WORDS}
    for row in LABELS[name]().make_rows(data, seed=5, most=3_000):
        text = row.query + row.text
        assert "⟨" not in text
        assert "⟩" not in text
        assert not any("{" + slot + "}" in text for slot in words[name]), text


@pytest.mark.parametrize("name", GUARDS)
def test_the_labels_are_single_tokens_and_the_job_is_known(name: str) -> None:
    contract = LABELS[name]().contract
    resolved = resolve_labels(contract, open_tokenizer(WEIGHTS_FOLDER / "tokenizer.json"))
    assert len(resolved.label_ids) == len(contract.outcomes)
    assert JOBS[contract.job].name == contract.job


@pytest.mark.parametrize("name", GUARDS)
def test_the_rule_beats_the_majority_and_leaves_room(name: str) -> None:
    rows = read_job_rows(ROWS_FOLDER / f"{name}.jsonl").rows
    assert len(rows) >= 300
    rule = mark_job("rule", rows, RULES[name]).accuracy.value
    majority = mark_job("majority", rows, most_wanted(rows)).accuracy.value
    assert majority < rule < 0.9


@pytest.mark.parametrize("name", GUARDS)
def test_held_out_rows_fit_the_job(name: str) -> None:
    job = JOBS[LABELS[name]().contract.job]
    for row in read_job_rows(ROWS_FOLDER / f"{name}.jsonl").rows:
        assert set(row.input) == set(job.inputs)
        for kind in row.output.get("kinds", ()):
            assert kind in KINDS
        assert row.output.get("action", "allow") in ACTIONS.values()


def test_tldr_examples_are_labelled_from_what_they_say(data: Path) -> None:
    found = {reason for _, reason, _ in tldr_commands(data, WORDS, Random(0))}
    assert found == {"deletes or overwrites files", "only reads"}


def test_every_reason_has_patterns() -> None:
    assert set(read_patterns("commands")) == set(REASONS)
    assert {*KINDS, *(f"near {kind}" for kind in KINDS)} <= set(read_patterns("personal_data"))


def outcomes(pattern: str) -> Iterator[str]:
    draw = Random(0)
    return (fill(pattern, {"x": ("1", "⟨2|3⟩")}, draw) for _ in range(200))


def test_choices_keep_the_pipes_of_a_shell() -> None:
    assert set(outcomes("a⟨| b|| c|⟩")) == {"a| b", "a| c", "a"}
    assert set(outcomes("⟨p | q|r⟩")) == {"p | q", "r"}


def test_slots_may_hold_choices_and_unknown_braces_stay() -> None:
    assert set(outcomes("{x} {y} {} ${x}")) >= {"1 {y} {} $1", "2 {y} {} $3"}


def test_injected_rows_keep_the_passage_of_their_document(data: Path) -> None:
    rows = list(injection_rows.make_rows(data, seed=0, most=500))
    real = [row for row in rows if row.source == "text/wikipedia_recent"]
    assert Counter(row.label for row in real).keys() == {"0", "1"}
    assert all(row.group.startswith("wikipedia_recent") for row in real)


def test_what_only_resembles_personal_data_is_not(data: Path) -> None:
    rows = personal_data_rows.make_rows(data, seed=0, most=8_000)
    about = [row for row in rows if row.query.startswith("ISBN") and row.text == "identity number"]
    assert about
    assert all(row.label == "0" for row in about if len(row.query) < 25)


def test_what_is_only_spoken_of_is_harmless(data: Path) -> None:
    rows = command_safety_rows.make_rows(data, seed=0, most=4_000)
    spoken = [row for row in rows if row.text.startswith("# ") and "\n" not in row.text]
    assert spoken
    assert {row.label for row in spoken} == {"only reads"}
