"""The contract between a checkpoint and its callers: the exact text around query and passage,
the label tokens, and how much may be read. It travels with the checkpoint as `contract.json`.

Here are its fields, its file, and how its labels become token ids, once, at registration. How a
prompt is built from it is told in `prompts.py`; nothing here knows a model.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Protocol, Self, get_args

from specialists.errors import ContractError

EncodingKind = Literal["segments", "whole"]
Reading = Literal["auto", "separate", "joined"]

_SURROGATES = re.compile(r"[\ud800-\udfff]")


class Encoding(Protocol):
    """What a `tokenizers.Encoding` offers and the contract needs."""

    @property
    def ids(self) -> list[int]: ...
    @property
    def offsets(self) -> list[tuple[int, int]]: ...


class Encoder(Protocol):
    """The part of `tokenizers.Tokenizer` that a contract leans on."""

    def encode(self, sequence: str, *, add_special_tokens: bool = ...) -> Encoding: ...
    def encode_batch(
        self, input: list[str], *, add_special_tokens: bool = ...
    ) -> Sequence[Encoding]: ...
    def token_to_id(self, token: str) -> int | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """`head` holds `{query}` once, or not at all where each text stands alone. `echo`, between
    passage and tail, says the question again: a causal model that reads it after the passage can
    ask of each of its words whether the passage holds it (Springer et al. 2024). It holds
    `{query}` once, or is empty. Limits are in tokens.

    `meanings` says what each label stands for, where the labels themselves do not. `job` names
    the job of `specialists.jobs` that makes requests and results out of what people give.
    `label_ids` and `tail_ids` are resolved once, by `resolve_labels`: the tokens that really stand
    before the label, and the id of each label there. `reading` says how to find them.
    """

    head: str
    tail: str
    echo: str = ""
    labels: tuple[str, ...] = ("1", "0")
    meanings: tuple[str, ...] = ()
    positive: str = "1"
    job: str = ""
    label_ids: tuple[int, ...] = ()
    tail_ids: tuple[int, ...] = ()
    reading: Reading = "auto"
    encoding: EncodingKind = "segments"
    max_tokens: int = 512
    max_query_tokens: int = 128

    def __post_init__(self) -> None:
        if self.head.count("{query}") > 1:
            raise ContractError("contract head must hold {query} once, or not at all")
        if self.echo and (self.echo.count("{query}") != 1 or self.encoding == "whole"):
            raise ContractError(
                "contract echo must hold {query} exactly once, or be empty; it needs "
                "encoding: segments"
            )
        if self.positive not in self.labels or len(set(self.labels)) != len(self.labels):
            raise ContractError(
                f"contract labels {self.labels}: must differ and include positive={self.positive!r}"
            )
        if self.meanings and not (
            len(set(self.meanings)) == len(self.meanings) == len(self.labels)
        ):
            raise ContractError("contract meanings: one for each label, all different")
        if self.label_ids and len(self.label_ids) != len(self.labels):
            raise ContractError("contract label_ids: one id for each label")
        if len(set(self.label_ids)) != len(self.label_ids):
            raise ContractError(f"contract label_ids {self.label_ids}: two labels share an id")
        if not 0 < self.max_query_tokens < self.max_tokens:
            raise ContractError("contract max_query_tokens must be above 0 and below max_tokens")
        for name, allowed in (("reading", get_args(Reading)), ("encoding", get_args(EncodingKind))):
            if getattr(self, name) not in allowed:
                raise ContractError(
                    f"contract {name}={getattr(self, name)!r}: expected one of {allowed}"
                )

    @property
    def positive_index(self) -> int:
        return self.labels.index(self.positive)

    @property
    def asks(self) -> bool:
        """Whether a query belongs to each prompt."""
        return "{query}" in self.head

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What a verdict's `label` can be, in the order of the labels."""
        return self.meanings or self.labels

    def head_text(self, query: str) -> str:
        return self.head.replace("{query}", query)

    def echo_text(self, query: str) -> str:
        return self.echo.replace("{query}", query)

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
        wrong = [key for key, value in values.items() if not _has_right_type(key, value)]
        if wrong:
            raise ContractError(f"{where}: {', '.join(wrong)} of the wrong type")
        lists = {k: tuple(v) for k, v in values.items() if isinstance(v, list | tuple)}
        return cls(**{**values, **lists})


def read_contract(path: Path) -> Contract:
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ContractError(f"{path}: no contract; the checkpoint cannot be prompted") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ContractError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(values, dict):
        raise ContractError(f"{path}: expected a JSON object")
    return Contract.from_dict(values, where=str(path))


def resolve_labels(contract: Contract, tokenizer: Encoder, *, labels: Reading = "auto") -> Contract:
    """The contract with the `label_ids` and `tail_ids` that hold at its answer's position.

    Two readings may exist. `separate`: the prompt is the encoded tail, and the label is encoded on
    its own. `joined`: tail and label are encoded together, and the label is the last token. They
    differ where the tail ends with a space that belongs to the label's token. `auto` leaves the
    choice to the contract's own `reading`. Raises `ContractError` when both readings exist, differ
    and none is chosen, and when the chosen one does not exist.
    """
    choice = labels if labels != "auto" else contract.reading
    separate, joined = _read_separately(contract, tokenizer), _read_jointly(contract, tokenizer)
    if choice == "auto" and separate and joined and separate != joined:
        raise ContractError(
            f"labels {contract.labels} after {contract.tail!r} are ambiguous with this tokenizer: "
            f"read separately (tail, labels) are {separate}, read jointly {joined}; choose "
            "--labels separate or --labels joined, as the model was trained"
        )
    reading: Reading = choice if choice != "auto" else "separate" if separate else "joined"
    found = separate if reading == "separate" else joined
    if found is None:
        raise ContractError(
            f"labels {contract.labels} after {contract.tail!r} are not one token each, or share "
            f"one, when read {reading}; use labels that are single tokens of this tokenizer"
        )
    return replace(contract, tail_ids=found[0], label_ids=found[1], reading=reading)


def _read_separately(
    contract: Contract, tokenizer: Encoder
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    alone = [ids_of(tokenizer, label) for label in contract.labels]
    ids = tuple(label_ids[0] for label_ids in alone if len(label_ids) == 1)
    if len(set(ids)) != len(contract.labels):
        return None
    return tuple(ids_of(tokenizer, contract.tail)), ids


def _read_jointly(
    contract: Contract, tokenizer: Encoder
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    joined = [ids_of(tokenizer, contract.tail + label) for label in contract.labels]
    tails = {tuple(ids[:-1]) for ids in joined}
    labels = tuple(ids[-1] for ids in joined if ids)
    if len(tails) != 1 or len(set(labels)) != len(contract.labels):
        return None
    return tails.pop(), labels


def ids_of(tokenizer: Encoder, text: str) -> list[int]:
    return tokenizer.encode(cleaned(text), add_special_tokens=False).ids


def cleaned(text: str) -> str:
    """The text with lone surrogates, which no tokenizer can read, replaced one for one."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def _has_right_type(key: str, value: object) -> bool:
    if key in ("labels", "meanings", "label_ids", "tail_ids"):
        wanted: type = int if key.endswith("_ids") else str
        return isinstance(value, list | tuple) and all(type(item) is wanted for item in value)
    return type(value) is (int if key.startswith("max_") else str)


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
    head="Q: {query}\nP:",
    echo="\nQ: {query}",
    tail="\nA:",
    reading="joined",
    max_tokens=640,
    max_query_tokens=96,
)
"""The shorter surface our pocket q-rag is trained on: fewer tokens to read for every passage."""

DOMAINS = (
    "medicine",
    "law",
    "computing",
    "science",
    "engineering",
    "history",
    "geography",
    "business",
    "arts",
    "sport",
)
"""What a text may be about, for q-domain. Each is a shelf that office and technical collections
have: medicine and health; law, government and politics; software and computers; natural science and
mathematics; engineering, building and machines; history; geography and travel; business, finance
and work; arts, literature and entertainment; sport and games."""

POCKET_DOMAIN = Contract(
    head="T:",
    tail="\nA:",
    labels=("A", "B", "C", "D", "E", "F", "G", "H", "I", "J"),
    positive="A",
    meanings=DOMAINS,
    job="domain",
    reading="joined",
    max_tokens=384,
    max_query_tokens=96,
)
"""One text, ten domains."""

POCKET_DUPLICATE = replace(POCKET_RELEVANCE, meanings=("same", "other"), job="duplicate")
"""Two questions: do they ask the same?"""

POCKET_GROUNDING = replace(
    POCKET_RELEVANCE,
    labels=("1", "0", "2"),
    meanings=("supports", "unsettled", "contradicts"),
    job="grounding",
)
"""A statement and a passage. `unsettled` keeps q-rag's 0: the passage does not answer."""

POCKET_TOOL_CALL = replace(POCKET_RELEVANCE, job="tool-call")
"""A request, and a tool or a value of an argument: is it the one that is asked for?"""

POCKET_CITATION = replace(POCKET_RELEVANCE, job="citation")
"""A question and one sentence: does the sentence say it?"""
