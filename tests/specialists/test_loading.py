"""Loading honours what was measured: how int8 agrees with float32, and what is fastest."""

import json
import os
from pathlib import Path

import pytest

from specialists.agreement import Agreement, agreement_key, find_agreement, keep_agreement
from specialists.checkpoint import Storage
from specialists.errors import CheckpointError
from specialists.loading import load_for_worker
from specialists.requests import Decide
from specialists.specialist import Specialist, load_specialist
from specialists.tensors import read_tensors, write_checkpoint
from specialists.tuning import Tuning, keep_tuning, read_tuning, tuning_path
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Specialist:
    folder = tmp_path_factory.mktemp("weights")
    write_pocket_registry(folder, 1, config=TINY)
    return load_specialist(folder / "s0")


def keep(exact: Specialist, folder: Path, agreement: Agreement) -> None:
    key = agreement_key(exact, "int8")
    keep_agreement(folder / f"agreement-{key[:32]}.json", key, agreement)


def test_agreement_is_measured_once_and_kept(exact: Specialist, tmp_path: Path) -> None:
    found = find_agreement(exact, "int8", tmp_path)
    assert found.pairs == 200
    assert found.border > 0
    (file,) = tmp_path.iterdir()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"flips": 77}))
    assert find_agreement(exact, "int8", tmp_path).flips == 77


@pytest.mark.parametrize("damage", ["", "[]", '{"key": "of another"}'])
def test_a_record_that_is_damaged_or_of_another_is_measured_anew(
    exact: Specialist, tmp_path: Path, damage: str
) -> None:
    keep(exact, tmp_path, Agreement(border=9.0, flips=99, pairs=100))
    (file,) = tmp_path.iterdir()
    file.write_text(damage)
    assert find_agreement(exact, "int8", tmp_path).pairs == 200


def test_int8_is_refused_where_it_turns_verdicts(exact: Specialist, tmp_path: Path) -> None:
    keep(exact, tmp_path, Agreement(border=1e9, flips=1, pairs=200))
    keep_tuning(
        tmp_path,
        exact.checkpoint.sha256,
        Tuning(arithmetic="int8", batch_tokens=512, threads=1),
    )
    instead = load_for_worker(exact.checkpoint.folder, None, tmp_path)
    instead.decide(Decide(query="the pump", passages=("the pump was replaced", "owls")))
    assert instead.arithmetic == "float32"
    assert instead.decided_again == 0
    with pytest.raises(CheckpointError, match=r"int8 turns 1 of 200 verdicts.*dtype: float32"):
        load_for_worker(exact.checkpoint.folder, "int8", tmp_path)


def test_near_the_border_float32_decides(exact: Specialist, tmp_path: Path) -> None:
    keep(exact, tmp_path, Agreement(border=1e9, flips=0, pairs=200))
    quick = load_for_worker(exact.checkpoint.folder, "int8", tmp_path)
    request = Decide(query="the pump", passages=("the pump was replaced", "owls"))
    assert quick.arithmetic == "int8"
    assert quick.decide(request) == exact.decide(request)
    assert quick.decided_again == 2


def test_a_tuning_is_loaded_on_this_machine_alone(exact: Specialist, tmp_path: Path) -> None:
    sha256 = exact.checkpoint.sha256
    threads = min(2, os.cpu_count() or 1)
    tuning = Tuning(arithmetic="float32", batch_tokens=64, threads=threads)
    keep_tuning(tmp_path, sha256, tuning)
    loaded = load_for_worker(exact.checkpoint.folder, None, tmp_path)
    assert (loaded.arithmetic, loaded.threads) == ("float32", threads)
    assert read_tuning(tmp_path, sha256) == tuning
    assert read_tuning(tmp_path, "0" * 64) is None


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{}",
        '{"tuning": {"arithmetic": "int4", "batch_tokens": 64, "threads": 1}}',
        '{"tuning": {"arithmetic": "int8", "batch_tokens": 0, "threads": 1}}',
        '{"tuning": {"arithmetic": "int8", "batch_tokens": 64, "threads": 9999}}',
    ],
)
def test_a_damaged_tuning_counts_as_none(tmp_path: Path, damage: str) -> None:
    tuning_path(tmp_path, "ab").write_text(damage)
    assert read_tuning(tmp_path, "ab") is None


@pytest.mark.parametrize("storage", ["float32", "bfloat16", "int8"])
def test_a_checkpoint_of_any_storage_decides(
    exact: Specialist, tmp_path: Path, storage: Storage
) -> None:
    checkpoint = exact.checkpoint
    again = write_checkpoint(
        tmp_path / "again",
        name="again",
        task="relevance",
        config=checkpoint.config,
        tensors=read_tensors(checkpoint),
        storage=storage,
        contract=checkpoint.contract,
        tokenizer_path=checkpoint.tokenizer_path,
    )
    loaded = load_for_worker(again.folder, "float32", tmp_path)
    asked = Decide(query="the pump", passages=("the pump was replaced",))
    (verdict,), (before,) = (one.decide(asked).verdicts for one in (loaded, exact))
    assert verdict.score == pytest.approx(before.score, abs=0.05)
