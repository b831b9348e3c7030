"""Prompts as token ids: what the model reads for one query and its passages.

A prompt is made of three segments: the head (system text and query), the passage, and the tail
(with the contract's echo of the query before it), after which the label token follows. With
`encoding: segments` each is encoded on its own; with `encoding: whole` the text is encoded in one
piece, as models trained elsewhere expect. Either way the head's tokens are the same for every
passage of a query, so what was computed for them can be used again. The contract's names are
offered here too, for whoever builds prompts needs them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from specialists.contract import (
    POCKET_RELEVANCE,
    PUBLISHED_RELEVANCE,
    Contract,
    Encoder,
    Encoding,
    Reading,
    cleaned,
    ids_of,
    read_contract,
    resolve_labels,
)
from specialists.errors import ContractError

__all__ = [
    "POCKET_RELEVANCE",
    "PUBLISHED_RELEVANCE",
    "Contract",
    "Encoder",
    "PassagePrompt",
    "Prompt",
    "Reading",
    "build_prompt",
    "build_prompts",
    "read_contract",
    "resolve_encoding",
    "resolve_labels",
]

CHARACTERS_PER_TOKEN = 16
"""Text beyond this many characters for each token left is cut before it is encoded, so that a
line of a hundred megabytes costs nothing. Ordinary English needs four to five."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PassagePrompt:
    """What follows the shared head for one passage.

    `truncated` says that the end of the passage was not read, `query_truncated` the same of the
    query.
    """

    passage_ids: list[int]
    tail_ids: list[int]
    truncated: bool
    query_truncated: bool

    @property
    def ids(self) -> list[int]:
        """The tokens to read after those of the head."""
        return self.passage_ids + self.tail_ids


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt(PassagePrompt):
    """One whole prompt; the label is expected after the last of `all_ids`."""

    head_ids: list[int]

    @property
    def all_ids(self) -> list[int]:
        return self.head_ids + self.passage_ids + self.tail_ids


def build_prompt(contract: Contract, tokenizer: Encoder, query: str, passage: str) -> Prompt:
    """The prompt of one pair. Raises `ContractError` when head and tail leave no room."""
    head_ids, (rest,) = build_prompts(contract, tokenizer, query, [passage])
    return Prompt(
        head_ids=head_ids,
        passage_ids=rest.passage_ids,
        tail_ids=rest.tail_ids,
        truncated=rest.truncated,
        query_truncated=rest.query_truncated,
    )


def build_prompts(
    contract: Contract, tokenizer: Encoder, query: str, passages: Sequence[str]
) -> tuple[list[int], list[PassagePrompt]]:
    """The head's tokens, shared by all, and what follows them for each passage.

    The query is cut to `max_query_tokens`, each passage to what then remains of `max_tokens`.
    Raises `ContractError` when head and tail leave no room for a passage, and for a query where the
    contract has no place for one.
    """
    if query and not contract.asks:
        raise ContractError(
            "this specialist reads each text alone and takes no query; leave the query empty"
        )
    read, query_truncated = _cut_query(contract, tokenizer, query)
    head = cleaned(contract.head_text(read))
    head_ids = ids_of(tokenizer, head)
    tail_ids = [
        *(ids_of(tokenizer, contract.echo_text(read)) if contract.echo else ()),
        *(contract.tail_ids or ids_of(tokenizer, contract.tail)),
    ]
    room = contract.max_tokens - len(head_ids) - len(tail_ids)
    if room < 1:
        raise ContractError(
            f"the contract's head and tail with this query take {len(head_ids) + len(tail_ids)} of "
            f"max_tokens={contract.max_tokens} tokens and leave none for a passage; raise "
            "max_tokens or lower max_query_tokens"
        )
    texts = [cleaned(passage[: room * CHARACTERS_PER_TOKEN]) for passage in passages]
    shortened = [len(passage) > room * CHARACTERS_PER_TOKEN for passage in passages]
    if contract.encoding == "whole" and texts:
        return _whole_prompts(contract, tokenizer, head, texts, shortened, query_truncated)
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    return head_ids, [
        PassagePrompt(
            passage_ids=encoding.ids[:room],
            tail_ids=tail_ids,
            truncated=short or len(encoding.ids) > room,
            query_truncated=query_truncated,
        )
        for encoding, short in zip(encodings, shortened, strict=True)
    ]


PROBES = (
    ("What was the net revenue in 2023?", "Net revenue rose 4.2% to $1,204 million in 2023."),
    ("who may prescribe it", "only a physician (see section 3)"),
    ("Is A > B?", "“Yes”, said the 2nd report, but it gave no reason\n"),
    ("list the costs", "the total in a year"),
    ("état", "  – naïve question, 42"),
)
"""Pairs whose texts begin and end in different ways: the borders are where encodings differ."""


def resolve_encoding(contract: Contract, tokenizer: Encoder) -> Contract:
    """The contract with `encoding: whole` when encoding segments gives other tokens than encoding
    the whole text, tried on `PROBES`; for models trained on whole texts. Needs resolved labels."""
    room = replace(contract, max_tokens=1 << 20)
    same = all(
        build_prompt(replace(room, encoding="segments"), tokenizer, query, passage).all_ids
        == build_prompt(replace(room, encoding="whole"), tokenizer, query, passage).all_ids
        for query, passage in PROBES
    )
    return replace(contract, encoding="segments" if same else "whole")


def _cut_query(contract: Contract, tokenizer: Encoder, query: str) -> tuple[str, bool]:
    limit = contract.max_query_tokens
    text = cleaned(query[: limit * CHARACTERS_PER_TOKEN])
    while True:
        encoding = tokenizer.encode(text, add_special_tokens=False)
        if len(encoding.ids) <= limit:
            return text, len(text) < len(query)
        text = text[: min(encoding.offsets[limit - 1][1], len(text) - 1)]


def _whole_prompts(
    contract: Contract,
    tokenizer: Encoder,
    head: str,
    texts: list[str],
    shortened: list[bool],
    query_truncated: bool,
) -> tuple[list[int], list[PassagePrompt]]:
    """Prompts encoded in one piece, split again where head and passage end in the text."""
    label = contract.labels[0] if contract.reading == "joined" else ""
    ending = cleaned(contract.tail + label)
    kept = [len(text) for text in texts]
    encodings = list(
        tokenizer.encode_batch([head + text + ending for text in texts], add_special_tokens=False)
    )
    limit = contract.max_tokens + bool(label)
    for row, text in enumerate(texts):
        while len(encodings[row].ids) > limit:
            if not kept[row]:
                raise ContractError(
                    f"the contract's head and tail with this query exceed {contract.max_tokens} "
                    "tokens; raise max_tokens or lower max_query_tokens"
                )
            kept[row] = _shorter(encodings[row], limit, len(head), kept[row])
            encodings[row] = tokenizer.encode(
                head + text[: kept[row]] + ending, add_special_tokens=False
            )
    all_ids = [encoding.ids[:-1] if label else encoding.ids for encoding in encodings]
    n_head = min(
        _shared(all_ids),
        *(sum(end <= len(head) for _, end in encoding.offsets) for encoding in encodings),
    )
    prompts = []
    for row, encoding in enumerate(encodings):
        ends_at = len(head) + kept[row]
        inside = sum(end <= ends_at for _, end in encoding.offsets)
        n_text = min(max(n_head, inside), len(all_ids[row]))
        prompts.append(
            PassagePrompt(
                passage_ids=all_ids[row][n_head:n_text],
                tail_ids=all_ids[row][n_text:],
                truncated=shortened[row] or kept[row] < len(texts[row]),
                query_truncated=query_truncated,
            )
        )
    return all_ids[0][:n_head], prompts


def _shorter(encoding: Encoding, limit: int, head_length: int, kept: int) -> int:
    """How many characters of a passage to keep so that the prompt loses its excess tokens."""
    inside = [end for _, end in encoding.offsets if head_length < end <= head_length + kept]
    excess = len(encoding.ids) - limit
    at = inside[-excess - 1] - head_length if excess < len(inside) else 0
    return min(at, kept - 1)


def _shared(rows: list[list[int]]) -> int:
    """How many tokens all rows begin with."""
    columns = zip(*rows, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
