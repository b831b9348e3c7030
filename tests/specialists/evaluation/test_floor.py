"""The floor counts what the blocks multiply, and the account adds up."""

from pathlib import Path

import pytest

from specialists.evaluation.floor import block_operations, measure_floor
from specialists.model.config import DecoderConfig
from specialists.specialist import load_specialist
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry


def test_operations_are_those_of_the_matrices_and_the_last_block_reads_one_position() -> None:
    config = DecoderConfig(
        vocab_size=8, n_layer=1, d_model=8, n_head=2, n_kv_head=1, d_ff=16, max_seq_len=64
    )
    keys_and_values, query_and_output, gates = 2 * 8 * 4, 2 * 8 * 8, 3 * 8 * 16
    at_one = query_and_output + gates
    assert block_operations(config, 10) == 2 * (10 * keys_and_values + at_one)


def test_the_account_names_all_of_the_time(tmp_path: Path) -> None:
    write_pocket_registry(tmp_path, 1, config=TINY)
    specialist = load_specialist(tmp_path / "s0")
    floor = measure_floor(specialist, "the pump", ["the pump", "owls"], tokens=2, rounds=2)
    assert 0 < floor.share < 1
    assert floor.decided_again == 0
    assert sum(floor.account.values()) == pytest.approx(1.0, abs=0.2)
    assert floor.account["matrices"] > 0
