"""How many passages a second a checkpoint decides, each way of asking it beside the others.

The plain way is what a model card's example does: the whole prompt of every passage through the
whole network, all logits of all positions, then the two that matter. Rounds alternate between the
ways, so that a busy moment of the machine is bad luck for all of them alike.
"""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from specialists.checkpoint import TOKENIZER
from specialists.evaluation.baselines import MiniLm, packaged_minilm
from specialists.evaluation.gate import find_folder
from specialists.model.arithmetic import Arithmetic
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.prompts import PUBLISHED_RELEVANCE, build_prompts, resolve_labels
from specialists.requests import Decide
from specialists.specialist import PROBE_QUERY, PROBES, Specialist, load_model
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer

PLAIN = "plain"
WAYS: tuple[Arithmetic, ...] = ("float32", "int8")

Labels = list[str]
Decider = Callable[[str, Sequence[str]], Labels | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """Of one way with `passages` of `tokens` each under one query: passages a second, milliseconds
    for all of them (median and the slowest round), and how many labels are those of the plain way,
    where there are labels."""

    way: str
    passages: int
    tokens: int
    per_second: float
    median_ms: float
    slowest_ms: float
    same_labels: float | None


def measure_speed(
    specialist: Specialist,
    *,
    counts: Sequence[int],
    lengths: Sequence[int],
    rounds: int,
    threads: int,
    on_progress: Callable[[int, int, str], None] = lambda done, total, doing: None,
) -> list[Speed]:
    """One line for each way, count and length. `specialist` is loaded in float32."""
    torch.set_num_threads(threads)
    ways = _ways(specialist)
    found: list[Speed] = []
    total = len(counts) * len(lengths)
    for done, (length, count) in enumerate((n, k) for n in lengths for k in counts):
        on_progress(done, total, f"{count} passages of {length} tokens")
        passages = _passages(specialist, count=count, tokens=length)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        labels: dict[str, Labels | None] = {}
        for turn in range(rounds + 1):
            for name, decide in ways.items():
                began = time.perf_counter()
                labels[name] = decide(PROBE_QUERY, passages)
                if turn:  # the first round only warms up
                    seconds[name].append(time.perf_counter() - began)
        for name in ways:
            median = statistics.median(seconds[name])
            found.append(
                Speed(
                    way=name,
                    passages=count,
                    tokens=length,
                    per_second=count / median,
                    median_ms=1e3 * median,
                    slowest_ms=1e3 * max(seconds[name]),
                    same_labels=_agreement(labels[name], labels[PLAIN]),
                )
            )
    return found


def random_50m() -> Specialist:
    """The published shape and prompt with random weights and the shipped tokenizer: its speed is
    that of the trained one, its verdicts mean nothing."""
    tokenizer_path = find_folder("q-rag").parent / TOKENIZER
    config = DecoderConfig(vocab_size=32_000)
    model = FinanceDecoder(config)
    initialize(model, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = write_checkpoint(
            Path(folder) / "random-50m",
            name="random-50m",
            task="relevance",
            config=config,
            tensors=model.state_dict(),
            storage="float32",
            contract=resolve_labels(
                PUBLISHED_RELEVANCE, open_tokenizer(tokenizer_path), labels="separate"
            ),
            tokenizer_path=tokenizer_path,
        )
        return Specialist(checkpoint, load_model(checkpoint), open_tokenizer(tokenizer_path))


def _ways(specialist: Specialist) -> dict[str, Decider]:
    def by(asked: Specialist) -> Decider:
        return lambda query, passages: [
            verdict.label
            for verdict in asked.decide(Decide(query=query, passages=tuple(passages))).verdicts
        ]

    ways: dict[str, Decider] = {PLAIN: lambda query, passages: _plain(specialist, query, passages)}
    for arithmetic in WAYS:
        ways[arithmetic] = by(
            Specialist(
                specialist.checkpoint,
                specialist.model,
                specialist.tokenizer,
                arithmetic=arithmetic,
            )
        )
    minilm = packaged_minilm()
    if minilm is not None:
        ways[minilm.name] = _encoding(minilm)
    return ways


@torch.inference_mode()
def _plain(specialist: Specialist, query: str, passages: Sequence[str]) -> Labels:
    contract = specialist.contract
    head_ids, prompts = build_prompts(contract, specialist.tokenizer, query, passages)
    labels = []
    for prompt in prompts:
        logits = specialist.model(torch.tensor([[*head_ids, *prompt.ids]])).logits[0, -1]
        best = max(range(len(contract.labels)), key=lambda n: logits[contract.label_ids[n]])
        labels.append(contract.outcomes[best])
    return labels


def _encoding(encoder: MiniLm) -> Decider:
    """Sentence encodings of query and passages; a running number keeps it from remembering any."""
    number = itertools.count()

    def encode(query: str, passages: Sequence[str]) -> None:
        encoder.score(query, [f"{next(number)} {passage}" for passage in passages])

    return encode


def _passages(specialist: Specialist, *, count: int, tokens: int) -> list[str]:
    """Ordinary sentences, each passage beginning at another one, cut to `tokens`."""
    texts = []
    for first in range(count):
        words = itertools.cycle(" ".join((*PROBES[first % len(PROBES) :], *PROBES)).split()[first:])
        text = " ".join(next(words) for _ in range(tokens))
        encoding = specialist.tokenizer.encode(text, add_special_tokens=False)
        texts.append(text[: encoding.offsets[min(tokens, len(encoding.ids)) - 1][1]])
    return texts


def _agreement(labels: Labels | None, plain: Labels | None) -> float | None:
    if labels is None or plain is None:
        return None
    return sum(a == b for a, b in zip(labels, plain, strict=True)) / len(plain)
