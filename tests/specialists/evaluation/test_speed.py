"""Speed is measured of the same verdicts, on passages of the asked length."""

from pathlib import Path

import pytest
import torch

from specialists.evaluation.speed import PLAIN, measure_speed
from specialists.model.arithmetic import Arithmetic
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.prompts import POCKET_RELEVANCE, resolve_labels
from specialists.specialist import PROBES, Specialist, load_specialist
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer, train_tokenizer

ARITHMETICS: tuple[Arithmetic, ...] = ("float32", "int8")


@pytest.fixture
def specialist(tmp_path: Path) -> Specialist:
    config = DecoderConfig(
        vocab_size=400, n_layer=2, d_model=32, n_head=4, n_kv_head=2, d_ff=48, max_seq_len=1_024
    )
    train_tokenizer(iter([*PROBES, "Q: P: A:1 A:0"] * 4), vocab_size=400).save(
        str(tmp_path / "tokenizer.json")
    )
    model = FinanceDecoder(config)
    initialize(model, seed=2)
    write_checkpoint(
        tmp_path / "tiny",
        name="tiny",
        task="relevance",
        config=config,
        tensors=model.state_dict(),
        storage="float32",
        contract=resolve_labels(POCKET_RELEVANCE, open_tokenizer(tmp_path / "tokenizer.json")),
        tokenizer_path=None,
    )
    return load_specialist(tmp_path / "tiny")


def test_every_way_decides_the_same_passages_alike(specialist: Specialist) -> None:
    threads = torch.get_num_threads()
    heard: list[int] = []
    try:
        found = measure_speed(
            specialist,
            counts=(1, 3),
            lengths=(16,),
            rounds=2,
            threads=1,
            arithmetics=ARITHMETICS,
            border=0.0,
            peers=False,
            on_progress=lambda done, total, doing: heard.append(total),
        )
    finally:
        torch.set_num_threads(threads)
    ours = [speed for speed in found if speed.way in (PLAIN, *ARITHMETICS)]
    assert [(s.way, s.passages) for s in ours] == [
        (way, count) for count in (1, 3) for way in (PLAIN, *ARITHMETICS)
    ]
    assert all(speed.same_labels == 1.0 for speed in ours)
    assert all(0 < speed.median_ms <= speed.p95_ms <= speed.slowest_ms for speed in found)
    assert heard == [2, 2]
