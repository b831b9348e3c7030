"""What may be asked of a specialist, and what it replies. Plain values that travel between
processes: no tensors, no torch, nothing that needs the model to be loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Decide:
    """One decision for each passage, all under the same query; "" for a specialist that reads each
    text alone."""

    query: str
    passages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One decision.

    `label` is the argmax over the contract's label tokens, by its meaning where it has one;
    `score` is the softmax probability of the contract's positive label among the labels; `logits`
    are the raw label logits in the contract's order. `truncated` says that the end of the passage
    was not read, `query_truncated` the same of the query; `tokens` counts prompt tokens read.
    """

    label: str
    positive: bool
    score: float
    logits: tuple[float, ...]
    truncated: bool
    tokens: int
    query_truncated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """Verdicts in the order of `Decide.passages`."""

    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Generate:
    """Free text after a prompt. `temperature` 0 is greedy."""

    prompt: str
    max_new_tokens: int = 64
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Generated:
    """The new text alone, with the tokens read and written."""

    text: str
    prompt_tokens: int
    new_tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Represent:
    """What the specialist makes of each text, before any label: for whoever decides elsewhere."""

    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Represented:
    """In the order of `Represent.texts`, one entry each.

    `features` are the normed states at the last position, as many numbers as the model is wide;
    `decisions` the logits of the decision head there, none without one; `tokens` count what was
    read.
    """

    features: tuple[tuple[float, ...], ...]
    decisions: tuple[tuple[float, ...], ...]
    tokens: tuple[int, ...]


SpecialistRequest = Decide | Generate | Represent
SpecialistReply = Decided | Generated | Represented


def request_size(request: SpecialistRequest) -> int:
    """In passages or texts; a generation is one."""
    match request:
        case Decide(passages=texts) | Represent(texts=texts):
            return len(texts)
        case Generate():
            return 1


def reply_size(reply: SpecialistReply) -> int:
    """Likewise."""
    match reply:
        case Decided(verdicts=entries) | Represented(tokens=entries):
            return len(entries)
        case Generated():
            return 1


def reply_part(reply: SpecialistReply, start: int, stop: int) -> SpecialistReply:
    """The answer to the passages or texts from `start` to `stop` alone."""
    match reply:
        case Decided(verdicts=verdicts):
            return Decided(verdicts=verdicts[start:stop])
        case Represented(features=features, decisions=decisions, tokens=tokens):
            return Represented(
                features=features[start:stop],
                decisions=decisions[start:stop],
                tokens=tokens[start:stop],
            )
        case Generated():
            return reply


def join_replies(parts: Sequence[SpecialistReply]) -> SpecialistReply:
    """One reply of parts that follow each other, all of one kind, at least one."""
    if len(parts) == 1:
        return parts[0]
    represented = [part for part in parts if isinstance(part, Represented)]
    if represented:
        return Represented(
            features=tuple(row for part in represented for row in part.features),
            decisions=tuple(row for part in represented for row in part.decisions),
            tokens=tuple(count for part in represented for count in part.tokens),
        )
    decided = [part for part in parts if isinstance(part, Decided)]
    return Decided(verdicts=tuple(verdict for part in decided for verdict in part.verdicts))
