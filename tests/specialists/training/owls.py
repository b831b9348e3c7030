"""Questions about owls, each with its answer and three passages beside it: a training in small."""

from pathlib import Path

from specialists.checkpoint import Checkpoint
from specialists.corpora.relevance import QueryGroup, write_rows
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.tensors import write_checkpoint
from specialists.tokenizer import train_tokenizer
from specialists.training.base_run import record_sources
from specialists.training.relevance_run import SOURCES

TINY = DecoderConfig(
    vocab_size=420, n_layer=2, d_model=32, n_head=4, n_kv_head=2, d_ff=48, max_seq_len=1_024
)


def owl_groups(count: int) -> list[QueryGroup]:
    return [
        QueryGroup(
            source="birds",
            name=f"birds {number}",
            query=f"How long do owls of kind {number} live?",
            positives=(
                f"An owl of kind {number} lives for {number} years. Some live much longer.",
            ),
            negatives=("Trains run daily.", f"Kind {number} is a word.", "Swans swim; owls don't."),
        )
        for number in range(count)
    ]


def owl_base(run: Path) -> Checkpoint:
    """An untrained base in `run`, with the rows of a training beside it."""
    groups = owl_groups(200)
    texts = [text for group in groups for text in (group.query, *group.positives)]
    tokenizer = train_tokenizer(iter([*texts, "Q: a\nP: b\nA:1 A:0"]), vocab_size=420)
    (run / "weights").mkdir()
    tokenizer.save(str(run / "weights" / "tokenizer.json"))
    write_rows(groups, tokenizer, run / "rows")
    record_sources(run / "rows" / SOURCES, [])
    model = FinanceDecoder(TINY)
    initialize(model, seed=0)
    return write_checkpoint(
        run / "weights" / "base",
        name="base",
        task="generate",
        config=TINY,
        tensors=model.state_dict(),
        storage="float32",
        contract=None,
        tokenizer_path=None,
    )
