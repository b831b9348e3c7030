"""The contract between a checkpoint and its callers: the exact text around query and passage,
the label tokens, and how much may be read. It travels with the checkpoint as `contract.json`.

A prompt is made of three segments, each encoded on its own: the head (system text and query),
the passage, and the tail. So the head's tokens are the same for every passage, and what was
computed for them can be used again. The tail ends where the label token follows.
"""

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol, Self

from specialists.errors import ContractError


class Encoding(Protocol):
    """What a `tokenizers.Encoding` offers and the contract needs."""

    @property
    def ids(self) -> list[int]: ...


class Encoder(Protocol):
    """The part of `tokenizers.Tokenizer` that a contract leans on."""

    def encode(self, sequence: str, *, add_special_tokens: bool = ...) -> Encoding: ...
    def token_to_id(self, token: str) -> int | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """`head` must hold `{query}` once; `tail` holds neither field. Limits are in tokens.

    `label_ids` are resolved once, by `resolve_labels`, with the exact prompt: the id that stands
    at the answer's position when a label follows the tail.
    """

    head: str
    tail: str
    labels: tuple[str, ...] = ("1", "0")
    positive: str = "1"
    label_ids: tuple[int, ...] = ()
    max_tokens: int = 512
    max_query_tokens: int = 128

    def __post_init__(self) -> None:
        if self.head.count("{query}") != 1:
            raise ContractError("contract head must hold {query} exactly once")
        if self.positive not in self.labels or len(set(self.labels)) != len(self.labels):
            raise ContractError(
                f"contract labels {self.labels}: must differ and include positive={self.positive!r}"
            )
        if self.label_ids and len(self.label_ids) != len(self.labels):
            raise ContractError("contract label_ids: one id for each label")
        if self.max_query_tokens >= self.max_tokens:
            raise ContractError("contract max_query_tokens must be below max_tokens")

    @property
    def positive_index(self) -> int:
        return self.labels.index(self.positive)

    def head_text(self, query: str) -> str:
        return self.head.replace("{query}", query)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any], *, where: str = "contract") -> Self:
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        missing = sorted({"head", "tail"} - set(values))
        if unknown or missing:
            raise ContractError(
                f"{where}: unknown keys {unknown or 'none'}, missing keys {missing or 'none'}"
            )
        lists = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
        return cls(**{**values, **lists})


def read_contract(path: Path) -> Contract:
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ContractError(f"{path}: no contract; the checkpoint cannot be prompted") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ContractError(f"{path}: not JSON ({error})") from error
    if not isinstance(values, dict):
        raise ContractError(f"{path}: expected a JSON object")
    return Contract.from_dict(values, where=str(path))


def resolve_labels(contract: Contract, tokenizer: Encoder) -> Contract:
    """The contract with `label_ids` that hold after its exact tail.

    Raises `ContractError` when a label is more than one token there, when the tail's own tokens
    change as the label is added, or when two labels share an id.
    """
    tail_ids = tokenizer.encode(contract.tail, add_special_tokens=False).ids
    ids = []
    for label in contract.labels:
        with_label = tokenizer.encode(contract.tail + label, add_special_tokens=False).ids
        if with_label[:-1] == tail_ids:
            ids.append(with_label[-1])
            continue
        alone = tokenizer.encode(label, add_special_tokens=False).ids
        raise ContractError(
            f"label {label!r} after {contract.tail!r} is not one clean token: the tail is "
            f"{tail_ids}, with the label {with_label}, the label alone {alone}; change the tail so "
            "that it ends at a token border (a trailing space often belongs to the next token)"
        )
    if len(set(ids)) != len(ids):
        raise ContractError(f"labels {contract.labels} share token ids {ids}")
    return replace(contract, label_ids=tuple(ids))


PUBLISHED_RELEVANCE = Contract(
    head=(
        "SYSTEM: You are Q-RAG, a relevance scorer. Answer with exactly one character: "
        "1 if the passage is relevant to the query, 0 if it is not.\n"
        "USER: Q: {query}\n"
        "PASSAGE: "
    ),
    tail="\nASSISTANT: ",
    max_tokens=1024,
    max_query_tokens=256,
)
"""The surface of the published 50M relevance card."""

POCKET_RELEVANCE = Contract(
    head="Q: {query}\nP: ", tail="\nA:", max_tokens=384, max_query_tokens=96
)
"""The shorter surface our pocket q-rag is trained on: fewer tokens to read for every passage."""
