"""How many passages a second a checkpoint decides, each way of asking it beside the others.

The plain way is what a model card's example does: the whole prompt of every passage through the
whole network, all logits of all positions, then the two that matter. Rounds alternate between the
ways, so that a busy moment of the machine is bad luck for all of them alike.
"""

import itertools
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from specialists.allocator import keep_freed_memory
from specialists.checkpoint import TOKENIZER
from specialists.evaluation.baselines import MiniLm, packaged_minilm
from specialists.evaluation.floor import Floor, measure_floor
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.evaluation.peers import ARITHMETICS, PEERS, Peer, can_run
from specialists.model.arithmetic import Arithmetic
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.prompts import PUBLISHED_RELEVANCE, build_prompt, build_prompts, resolve_labels
from specialists.requests import Decide
from specialists.specialist import PROBE_QUERY, PROBES, Specialist, load_model
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer

PLAIN = "plain"

Labels = list[str]
Decider = Callable[[str, Sequence[str]], Labels | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """Of one way with `passages` of `tokens` each under one query: passages a second, milliseconds
    for all of them (median, 95th percentile and the slowest round), passages a second of processor
    time, which other programs hardly change, the median ratio of that to the plain way's in the
    same round, and how many labels are those of the plain way, where there are any."""

    way: str
    passages: int
    tokens: int
    per_second: float
    median_ms: float
    p95_ms: float
    slowest_ms: float
    per_cpu_second: float
    times_plain: float
    same_labels: float | None


def measure_speed(
    specialist: Specialist,
    *,
    counts: Sequence[int],
    lengths: Sequence[int],
    rounds: int,
    threads: int,
    arithmetics: Sequence[Arithmetic],
    border: float,
    peers: bool = True,
    on_progress: Callable[[int, int, str], None] = lambda done, total, doing: None,
) -> list[Speed]:
    """One line for each way, count and length. `specialist` is loaded in float32, which decides
    again where the margins of int8 are below `border`, as in a worker. Freed memory is kept, as in
    a worker, for all of them."""
    torch.set_num_threads(threads)
    keep_freed_memory()
    ways = _ways(specialist, threads, arithmetics, border)
    if peers:
        ways |= _peers(threads)
    found: list[Speed] = []
    total = len(counts) * len(lengths)
    for done, (length, count) in enumerate((n, k) for n in lengths for k in counts):
        on_progress(done, total, f"{count} passages of {length} tokens")
        passages = make_passages(specialist, count=count, tokens=length)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        cpu_seconds: dict[str, list[float]] = {name: [] for name in ways}
        labels: dict[str, Labels | None] = {}
        for turn in range(rounds + 1):
            for name, decide in ways.items():
                began, began_cpu = time.perf_counter(), time.process_time()
                labels[name] = decide(PROBE_QUERY, passages)
                if turn:  # the first round only warms up
                    seconds[name].append(time.perf_counter() - began)
                    cpu_seconds[name].append(time.process_time() - began_cpu)
        for name in ways:
            median = statistics.median(seconds[name])
            found.append(
                Speed(
                    way=name,
                    passages=count,
                    tokens=length,
                    per_second=count / median,
                    median_ms=1e3 * median,
                    p95_ms=1e3 * _percentile(seconds[name], 0.95),
                    slowest_ms=1e3 * max(seconds[name]),
                    per_cpu_second=count / statistics.median(cpu_seconds[name]),
                    times_plain=statistics.median(
                        plain / own
                        for plain, own in zip(cpu_seconds[PLAIN], cpu_seconds[name], strict=True)
                    ),
                    same_labels=_agreement(labels[name], labels[PLAIN]),
                )
            )
    return found


def longest_passage(specialist: Specialist) -> int:
    """Tokens of a passage that are still read whole beside the question of the measurement."""
    contract = replace(specialist.contract, max_tokens=1 << 20)
    prompt = build_prompt(contract, specialist.tokenizer, PROBE_QUERY, PROBES[0])
    return specialist.contract.max_tokens - len(prompt.all_ids) + len(prompt.passage_ids)


def measure_floors(
    specialist: Specialist,
    *,
    passages: int,
    tokens: int,
    rounds: int,
    threads: int,
    arithmetics: Sequence[Arithmetic],
    border: float,
) -> list[Floor]:
    """How near each arithmetic comes to what this machine can multiply; `border` as in
    `measure_speed`."""
    torch.set_num_threads(threads)
    keep_freed_memory()
    texts = make_passages(specialist, count=passages, tokens=tokens)
    return [
        measure_floor(asked, PROBE_QUERY, texts, tokens=tokens, rounds=rounds)
        for asked in _in_each(arithmetics, specialist, threads, border)
    ]


def random_50m() -> Specialist:
    """The published shape and prompt with random weights and the shipped tokenizer: its speed is
    that of the trained one, its verdicts mean nothing."""
    tokenizer_path = WEIGHTS_FOLDER / TOKENIZER
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


def _ways(
    specialist: Specialist, threads: int, arithmetics: Sequence[Arithmetic], border: float
) -> dict[str, Decider]:
    def by(asked: Specialist) -> Decider:
        return lambda query, passages: [
            verdict.label
            for verdict in asked.decide(Decide(query=query, passages=tuple(passages))).verdicts
        ]

    ways: dict[str, Decider] = {PLAIN: lambda query, passages: _plain(specialist, query, passages)}
    for asked in _in_each(arithmetics, specialist, threads, border):
        ways[asked.arithmetic] = by(asked)
    return ways


def _peers(threads: int) -> dict[str, Decider]:
    """The encoder in torch, as a library for sentence encoders would run it, and all under ONNX
    Runtime."""
    ways: dict[str, Decider] = {}
    minilm = packaged_minilm()
    if minilm is not None:
        ways[f"{minilm.name}, torch"] = _encoding(minilm)
    if can_run():
        for name, arithmetic in itertools.product(PEERS, ARITHMETICS):
            ways[f"{name}, ONNX {arithmetic}"] = _scoring(
                Peer(name, arithmetic=arithmetic, threads=threads)
            )
    return ways


def _in_each(
    arithmetics: Sequence[Arithmetic], specialist: Specialist, threads: int, border: float
) -> list[Specialist]:
    return [
        Specialist(
            specialist.checkpoint,
            specialist.model,
            specialist.tokenizer,
            arithmetic=arithmetic,
            border=border if arithmetic == "int8" else 0.0,
            threads=threads,
        )
        for arithmetic in arithmetics
    ]


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


def _scoring(peer: Peer) -> Decider:
    def score(query: str, passages: Sequence[str]) -> None:
        peer.score(query, passages)

    return score


def make_passages(specialist: Specialist, *, count: int, tokens: int) -> list[str]:
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


def _percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
