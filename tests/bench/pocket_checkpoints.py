"""Checkpoint folders of pocket shape with random weights, and a registry of them.

For benchmarks that are about processes and memory: what the specialists say does not matter, that
they are as large and as slow as real ones does.
"""

from pathlib import Path

import torch

from specialists.contract import Contract, resolve_labels
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer, train_tokenizer

POCKET = DecoderConfig(
    vocab_size=8_000, n_layer=6, d_model=256, n_head=8, n_kv_head=2, d_ff=704, max_seq_len=1_024
)
TINY = DecoderConfig(
    vocab_size=512, n_layer=1, d_model=32, n_head=2, n_kv_head=1, d_ff=64, max_seq_len=256
)
_WORDS = "the pump was replaced in march and the lease is signed by the tenant 0 1"


def write_pocket_registry(folder: Path, count: int, *, config: DecoderConfig = POCKET) -> Path:
    """`count` checkpoints s0, s1, ... that share a tokenizer. Returns the path of registry.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer_path = folder / "tokenizer.json"
    texts = (f"{_WORDS} {number} Q: P: A:\n" * 4 for number in range(200))
    train_tokenizer(texts, vocab_size=512).save(str(tokenizer_path))
    contract = resolve_labels(
        Contract(head="Q: {query}\nP: ", tail="\nA:", max_tokens=200, max_query_tokens=60),
        open_tokenizer(tokenizer_path),
        labels="joined",
    )
    lines = ["specialists:"]
    for number in range(count):
        name = f"s{number}"
        model = FinanceDecoder(config)
        initialize(model, seed=number)
        with torch.inference_mode():
            write_checkpoint(
                folder / name,
                name=name,
                task="relevance",
                config=config,
                tensors=dict(model.state_dict()),
                storage="float32",
                contract=contract,
                tokenizer_path=None,
            )
        lines += [f"  {name}:", "    task: relevance", f"    checkpoint: {name}"]
        lines += ["    dtype: float32"]  # random weights would first be measured for int8
    path = folder / "registry.yaml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
