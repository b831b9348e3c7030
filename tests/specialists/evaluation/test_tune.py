"""The choice is the plainest that nothing is clearly faster than."""

from pathlib import Path

from specialists.evaluation.tune import Tried, choose, tune
from specialists.model.arithmetic import Arithmetic
from specialists.specialist import load_specialist
from specialists.tuning import Tuning
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry


def tried(arithmetic: Arithmetic, batch_tokens: int, threads: int, per_second: float) -> Tried:
    return Tried(
        tuning=Tuning(arithmetic=arithmetic, batch_tokens=batch_tokens, threads=threads),
        passages=20,
        tokens=128,
        median_ms=20e3 / per_second,
        per_second=per_second,
    )


def test_a_little_faster_is_not_worth_leaving_the_ordinary() -> None:
    ordinary = tried("int8", 1_024, 1, 100)
    assert choose([tried("int8", 2_048, 1, 103), ordinary]) == ordinary.tuning


def test_a_second_thread_must_earn_the_core_it_takes() -> None:
    ordinary, both = tried("int8", 1_024, 1, 100), tried("int8", 1_024, 2, 130)
    assert choose([both, ordinary]) == ordinary.tuning
    better = tried("int8", 1_024, 2, 150)
    assert choose([ordinary, better]) == better.tuning


def test_what_is_clearly_faster_is_chosen() -> None:
    best = tried("float32", 512, 1, 120)
    assert choose([tried("int8", 1_024, 1, 100), best, tried("int8", 512, 1, 50)]) == best.tuning


def test_every_candidate_is_tried_and_one_of_them_chosen(tmp_path: Path) -> None:
    write_pocket_registry(tmp_path, 1, config=TINY)
    tuned = tune(
        load_specialist(tmp_path / "s0"),
        tmp_path / "kept",
        arithmetics=("float32", "int8"),
        cores=1,
        rounds=1,
    )
    assert tuned.agreement is not None
    assert tuned.best in {one.tuning for one in tuned.tried}
    assert len(tuned.tried) == (6 if tuned.agreement.holds else 3)
    assert all(one.per_second > 0 for one in tuned.tried)


def test_int8_is_not_asked_where_it_is_not_to_be_tried(tmp_path: Path) -> None:
    write_pocket_registry(tmp_path, 1, config=TINY)
    tuned = tune(
        load_specialist(tmp_path / "s0"),
        tmp_path / "kept",
        arithmetics=("float32",),
        cores=1,
        rounds=1,
    )
    assert tuned.agreement is None
    assert {one.tuning.arithmetic for one in tuned.tried} == {"float32"}


def test_eight_threads_are_three_doublings() -> None:
    one, eight = tried("int8", 1_024, 1, 100), tried("int8", 1_024, 8, 300)
    assert choose([one, eight]) == eight.tuning
    assert choose([one, tried("int8", 1_024, 8, 250)]) == one.tuning


def test_the_plainer_of_two_that_nothing_clearly_beats_is_chosen() -> None:
    plain, plainer = tried("int8", 512, 1, 104), tried("int8", 1_024, 1, 100)
    assert choose([plainer, plain, tried("float32", 512, 1, 106)]) == plain.tuning
