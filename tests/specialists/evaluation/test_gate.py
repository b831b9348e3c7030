"""The gate lets through what clears every floor and records its origin, and says so in writing."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

import shell.commands.gate as gate_command
from shell.commands.bench import command as bench
from specialists.checkpoint import open_checkpoint
from specialists.contract import POCKET_RELEVANCE, resolve_labels
from specialists.errors import CorpusError, GateError
from specialists.evaluation import ten_domains
from specialists.evaluation.cards import missing_record, recipe_of, weights_of
from specialists.evaluation.gate import (
    RELEVANCE_GATE,
    Report,
    SpecialistScorer,
    check,
    measure_collection,
)
from specialists.evaluation.relevance_card import card_text, write_report
from specialists.evaluation.tasks import Scored, Scorer
from specialists.evaluation.ten_domains import PARTS, HoldoutMarks, measure_holdout
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.requests import Decide, Decided, Verdict
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer, train_tokenizer

TOPICS = [f"topic{number}" for number in range(30)]
RECIPE = {"seed": 7, "licence": "Apache-2.0", "data": [{"name": "pairs", "licence": "CC0"}]}


class Overlap:
    """A specialist that says yes when all query words stand in the passage."""

    def decide(self, request: Decide, /) -> Decided:
        words = set(request.query.split())
        shares = [len(words & set(p.split())) / len(words) for p in request.passages]
        return Decided(verdicts=tuple(self._verdict(share) for share in shares))

    def _verdict(self, share: float) -> Verdict:
        yes = share == 1
        return Verdict(
            label="1" if yes else "0",
            positive=yes,
            score=share,
            logits=(share, 1 - share),
            truncated=False,
            tokens=1,
        )


class Yes:
    """Accepts everything."""

    name = "yes"

    def score(self, query: str, passages: Sequence[str], /) -> Scored:
        return Scored(scores=(1.0,) * len(passages), decisions=(True,) * len(passages))


OVERLAP = SpecialistScorer(name="overlap", decider=Overlap())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Each topic has one passage about its colour, and one that only names it."""
    folder = tmp_path / "colours"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": f"yes{t}", "text": f"{t} has the colour blue"} for t in TOPICS]
    corpus += [{"_id": f"no{t}", "text": f"{t} was seen by many people"} for t in TOPICS]
    queries = [{"_id": t, "text": f"{t} colour blue"} for t in TOPICS]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = "\n".join(json.dumps(row) for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, "utf-8")
    judged = "".join(f"{t}\tyes{t}\t1\n" for t in TOPICS)
    (folder / "qrels" / "test.tsv").write_text(judged, "utf-8")
    (folder / "LICENCE").write_text("CC0-1.0\nand more\n", "utf-8")
    return folder


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A decoder of one tiny block with random weights."""
    train_tokenizer(iter(TOPICS), vocab_size=280).save(str(tmp_path / "tokenizer.json"))
    config = DecoderConfig(
        vocab_size=280, n_layer=1, d_model=8, n_head=2, n_kv_head=1, d_ff=8, n_predict=1
    )
    tokenizer = open_tokenizer(tmp_path / "tokenizer.json")
    model = FinanceDecoder(config)
    initialize(model, seed=0)
    write_checkpoint(
        tmp_path / "tiny",
        name="tiny",
        task="relevance",
        config=config,
        tensors={name: tensor.detach() for name, tensor in model.state_dict().items()},
        storage="float32",
        contract=resolve_labels(POCKET_RELEVANCE, tokenizer),
        tokenizer_path=None,
        recipe=RECIPE,
    )
    return tmp_path / "tiny"


def twins(folder: Path) -> Path:
    """A holdout in small: pairs of topics, asked for their colour."""
    rows = [
        {
            "group": f"g{number // 2}",
            "query": f"{topic} colour blue",
            "passage": passage,
            "label": int(kind == "carry"),
            "kind": kind,
        }
        for number, topic in enumerate(TOPICS)
        for kind, passage in (
            ("carry", f"{topic} has the colour blue"),
            ("other", f"{topic} was seen by many people"),
            ("cross", "owls hunt at night"),
        )
    ]
    path = folder / "twins.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


def holdout_of(ours: Scorer, folder: Path) -> HoldoutMarks:
    return measure_holdout(lambda bm25: [bm25, ours], path=twins(folder))


@pytest.fixture
def small_holdout(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = partial(measure_holdout, path=twins(data))
    monkeypatch.setattr(ten_domains, "measure_holdout", small)


def report_on(data: Path, checkpoint: Path, ours: Scorer) -> Report:
    measured = (measure_collection(data, RELEVANCE_GATE.settings, lambda bm25: [bm25, ours]),)
    holdout = holdout_of(ours, data)
    return Report(
        specialist=ours.name,
        gate=RELEVANCE_GATE,
        date="2026-01-02",
        command="qshell gate",
        machine="a small machine",
        weights=weights_of(open_checkpoint(checkpoint)),
        recipe=recipe_of(open_checkpoint(checkpoint)),
        measured=measured,
        holdout=holdout,
        checks=check(RELEVANCE_GATE, measured, holdout, scorer=ours.name),
    )


def test_a_specialist_that_clears_every_floor_passes(data: Path, checkpoint: Path) -> None:
    report = report_on(data, checkpoint, OVERLAP)
    assert report.passed
    assert len(report.checks) == len(RELEVANCE_GATE.requirements) + len(PARTS)


def test_one_that_accepts_everything_does_not(data: Path, checkpoint: Path) -> None:
    report = report_on(data, checkpoint, Yes())
    assert not report.passed
    assert {c.requirement.mark for c in report.checks if not c.passed} == {
        requirement.mark for requirement in RELEVANCE_GATE.requirements
    }
    assert "NOT passed" in card_text(report)


def test_reaching_a_floor_exactly_does_not_clear_it(data: Path, checkpoint: Path) -> None:
    first, *_ = report_on(data, checkpoint, OVERLAP).checks
    assert not replace(first, low=first.requirement.floor).passed
    assert not replace(first, low=None).passed


def test_marks_at_an_oracle_threshold_do_not_count(data: Path, checkpoint: Path) -> None:
    report = report_on(data, checkpoint, OVERLAP)
    checks = check(RELEVANCE_GATE, report.measured, report.holdout, scorer="BM25")
    assert [c.low for c in checks] == [None] * len(report.checks)
    assert "not measured" in card_text(replace(report, checks=checks))


def test_the_card_says_how_many_queries_have_a_twin(data: Path, checkpoint: Path) -> None:
    card = card_text(report_on(data, checkpoint, OVERLAP))
    assert "Absent twins: 30 of 30 queries" in card


def test_a_gate_without_data_is_not_passed(data: Path, checkpoint: Path) -> None:
    assert not replace(report_on(data, checkpoint, OVERLAP), checks=()).passed


def test_good_marks_without_a_record_of_the_data_do_not_pass(data: Path, checkpoint: Path) -> None:
    report = replace(report_on(data, checkpoint, OVERLAP), recipe={})
    assert all(c.passed for c in report.checks)
    assert len(missing_record(report.recipe)) == 3
    assert not report.passed
    assert "the checkpoint's recipe does not record: licence." in card_text(report)


def test_a_model_trained_on_the_evaluation_files_does_not_pass(
    data: Path, checkpoint: Path
) -> None:
    report = report_on(data, checkpoint, OVERLAP)
    seen = {"name": "pairs", "licence": "CC0", "sha256": report.measured[0].sha256["corpus.jsonl"]}
    tainted = replace(report, recipe={**RECIPE, "data": [seen]})
    assert tainted.trained_on == ("corpus.jsonl of colours",)
    assert not tainted.passed
    assert "trained on what it is marked on: corpus.jsonl of colours" in card_text(tainted)


def test_a_model_trained_on_the_holdout_does_not_pass(data: Path, checkpoint: Path) -> None:
    report = report_on(data, checkpoint, OVERLAP)
    seen = {"name": "pairs", "licence": "CC0", "sha256": report.holdout.sha256}
    assert replace(report, recipe={**RECIPE, "data": [seen]}).trained_on == ("twins",)


def test_the_holdout_alone_can_fail_a_specialist(data: Path, checkpoint: Path) -> None:
    sound = report_on(data, checkpoint, OVERLAP)
    yes = holdout_of(Yes(), data)
    yes = replace(yes, marks=tuple(replace(m, scorer="overlap") for m in yes.marks))
    checks = check(RELEVANCE_GATE, sound.measured, yes, scorer="overlap")
    assert {c.task for c in checks if not c.passed} == {f"twins, {part}" for part in PARTS}
    assert "### twins" in card_text(replace(sound, holdout=yes, checks=checks))


def test_a_seed_of_zero_is_a_recorded_seed() -> None:
    assert missing_record({**RECIPE, "seed": 0}) == ()


def test_the_card_holds_weights_data_seeds_marks_and_floors(data: Path, checkpoint: Path) -> None:
    report = report_on(data, checkpoint, OVERLAP)
    card = card_text(report)
    assert "| model.safetensors |" in card
    assert f"| {report.weights.parameters:,} | float32 |" in card
    assert "| Apache-2.0 |" in card
    assert report.weights.sha256 in card
    assert "| seed | 7 |" in card
    assert "| pairs | CC0 |" in card
    assert "Licence: CC0-1.0." in card
    assert "BM25, oracle threshold" in card
    assert "overlap, own decision" in card
    for mark in ("accuracy", "absent_auroc", "brier"):
        assert str(next(m.marks[mark] for m in report.measured[0].marks[::-1])) in card
    (lead, *_) = report.measured[0].leads
    assert (lead.scorer, lead.over) == ("overlap", "BM25")
    assert f"| auroc | {lead} |" in card


def test_the_marks_are_written_for_machines_too(data: Path, checkpoint: Path) -> None:
    report = report_on(data, checkpoint, OVERLAP)
    card, marks = write_report(report, checkpoint)
    values = json.loads(marks.read_text("utf-8"))
    assert card.read_text("utf-8") == card_text(report)
    assert values["passed"] is True
    assert values["weights"]["sha256"] == report.weights.sha256
    by_scorer = {m["scorer"]: m for m in values["measured"][0]["marks"]}
    assert by_scorer["overlap"]["marks"]["accuracy"]["n_queries"] == len(TOPICS)


def test_the_base_of_a_checkpoint_is_part_of_its_record(data: Path, checkpoint: Path) -> None:
    base = open_checkpoint(checkpoint)
    sibling = replace(base, name="sibling", base=base, recipe={"seed": 3})
    recipe = recipe_of(sibling)
    assert (recipe["seed"], recipe["base"]["seed"]) == (3, 7)
    assert "| pairs | CC0 |" in card_text(
        replace(report_on(data, checkpoint, OVERLAP), recipe=recipe)
    )


@pytest.mark.usefixtures("small_holdout")
def test_the_command_writes_the_card_and_ends_well(
    data: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_command, "open_to_ship", lambda _: OVERLAP)
    arguments = [str(checkpoint), "--data", str(data), "--json"]
    result = CliRunner().invoke(gate_command.command, arguments)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["passed"] is True
    assert "**passed**" in (checkpoint / "card.md").read_text("utf-8")


@pytest.mark.usefixtures("small_holdout")
def test_curves_are_drawn_beside_the_card_and_linked_from_it(data: Path, checkpoint: Path) -> None:
    pytest.importorskip("matplotlib")
    arguments = [str(checkpoint), "--data", str(data), "--plots"]
    CliRunner().invoke(gate_command.command, arguments)
    card = (checkpoint / "card.md").read_text("utf-8")
    for name in ("colours-recall", "colours-reliability", "colours-size"):
        assert (checkpoint / "plots" / f"{name}.svg").stat().st_size > 1_000
        assert f"![{name}](plots/{name}.svg)" in card
    assert "tiny, own decision" in (checkpoint / "plots" / "colours-size.svg").read_text("utf-8")


@pytest.mark.usefixtures("small_holdout")
def test_a_checkpoint_of_random_weights_is_loaded_marked_and_refused(
    data: Path, checkpoint: Path
) -> None:
    result = CliRunner().invoke(gate_command.command, [str(checkpoint), "--data", str(data)])
    assert isinstance(result.exception, GateError), result.output
    assert "accuracy on colours" in str(result.exception)
    assert "**NOT passed**" in (checkpoint / "card.md").read_text("utf-8")
    assert open_checkpoint(checkpoint).name == "tiny"


def test_the_bench_prints_every_scorer_beside_the_floor(data: Path) -> None:
    arguments = ["beir", str(data), "--specialist", "none", "--no-baselines", "--json"]
    result = CliRunner().invoke(bench, arguments)
    assert result.exit_code == 0, result.output
    (floor,) = json.loads(result.stdout)["marks"]
    assert floor["scorer"] == "always 0"
    assert floor["marks"]["accuracy"]["value"] == 0.8


def test_the_bench_draws_as_few_queries_as_asked(data: Path) -> None:
    few = ["beir", str(data), "--specialist", "none", "--no-baselines", "--queries", "5"]
    result = CliRunner().invoke(bench, few)
    assert result.exit_code == 0, result.output
    assert "5 queries, 25 rows" in result.stdout


@pytest.mark.parametrize("ranks", ["20-7", "7", "0-4", "a-b"])
def test_the_bench_refuses_ranks_it_cannot_read(data: Path, ranks: str) -> None:
    result = CliRunner().invoke(bench, ["beir", str(data), "--ranks", ranks])
    assert result.exit_code == 2
    assert "two ranks such as 7-20" in result.output


def test_what_is_not_there_is_told_before_anything_is_loaded_or_written(
    data: Path, checkpoint: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in checkpoint.iterdir() if path.is_file()}
    arguments = [str(checkpoint), "--data", str(data), "--data", str(tmp_path / "gone")]
    result = CliRunner().invoke(gate_command.command, arguments)
    assert isinstance(result.exception, CorpusError)
    assert "gone/corpus.jsonl: no such file" in str(result.exception)
    assert {path: path.read_bytes() for path in checkpoint.iterdir() if path.is_file()} == before
