"""What may be asked of a specialist, and what it replies. Plain values that travel between
processes: no tensors, no torch, nothing that needs the model to be loaded.
"""

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


SpecialistRequest = Decide | Generate
SpecialistReply = Decided | Generated
