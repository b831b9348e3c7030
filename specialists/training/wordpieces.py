"""Texts of the rows as an encoder's own tokens, cut into sentences, by several processes.

A sentence ends where a token closes one and the next begins a word, so that its end is known in our
tokens and in the encoder's. No torch here: the processes that do it have none.

Shapes: N texts, S sentences of all of them, W the encoder's tokens of all of them, V vocabulary.
"""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from specialists.corpora.relevance import RelevanceRows
from specialists.corpora.tokens import TokenIds

LONGEST = 384
"""Of our tokens of a text that are read."""
SHORTEST = 4
"""Of our tokens in a sentence; what is shorter belongs to the next."""
PORTION = 20_000
"""Texts that a process takes at once."""
_CLOSING = (".", "!", "?", "\n")
_AROUND = "\"')]}”’ "


@dataclass(frozen=True, kw_only=True, slots=True)
class WordPieces:
    """Text n has the sentences `start_N1[n]` up to `start_N1[n + 1]`; sentence s ends before the
    text's token `end_S[s]`, and is the encoder's tokens `begin_S1[s]` up to `begin_S1[s + 1]` of
    `ids_W`."""

    ids_W: npt.NDArray[np.uint16]
    begin_S1: npt.NDArray[np.int64]
    end_S: npt.NDArray[np.int32]
    start_N1: npt.NDArray[np.int64]


def split_into_pieces(
    rows: RelevanceRows, tokenizer_path: Path, encoder_path: Path, *, processes: int
) -> WordPieces:
    """Every text of the rows; `encoder_path` is the encoder's tokenizer.json."""
    end_S, start_N1 = _sentence_ends(rows, Tokenizer.from_file(str(tokenizer_path)))
    text_of_S = np.repeat(np.arange(len(start_N1) - 1), np.diff(start_N1))
    stop_S = rows.text_start[text_of_S] + end_S
    first_S = np.ones(len(end_S), dtype=np.bool_)
    first_S[1:] = text_of_S[1:] != text_of_S[:-1]
    from_S = np.where(first_S, rows.text_start[text_of_S], np.roll(stop_S, 1))
    spans = [
        (int(start_N1[a]), int(start_N1[b]))
        for a, b in pairwise([*range(0, len(start_N1) - 1, PORTION), len(start_N1) - 1])
    ]
    tokens = np.asarray(rows.tokens)
    found = list(
        _in_processes(
            [
                (
                    tokens[from_S[a] : stop_S[b - 1]],
                    from_S[a:b] - from_S[a],
                    stop_S[a:b] - from_S[a],
                )
                for a, b in spans
            ],
            (str(tokenizer_path), str(encoder_path)),
            processes,
        )
    )
    lengths = np.concatenate([one for _, one in found])
    return WordPieces(
        ids_W=np.concatenate([ids for ids, _ in found]),
        begin_S1=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
        end_S=end_S,
        start_N1=start_N1,
    )


def _sentence_ends(
    rows: RelevanceRows, tokenizer: Tokenizer
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Every text has one sentence at least, for its first `LONGEST` tokens are always closed."""
    closes_V, opens_V = _borders(tokenizer)
    tokens = np.asarray(rows.tokens)
    start_N, length_N = rows.text_start[:-1], np.diff(rows.text_start)
    closing = closes_V[tokens]
    closing[:-1] &= opens_V[tokens[1:]]
    text = np.repeat(np.arange(len(start_N)), length_N)
    place = np.arange(len(tokens)) - np.repeat(start_N, length_N)
    last_N = np.minimum(length_N, LONGEST) - 1
    final = place == last_N[text]
    at = np.flatnonzero((closing & (place < last_N[text])) | final)
    before = np.concatenate([[-1], at[:-1]])
    fresh = np.concatenate([[True], text[at[1:]] != text[at[:-1]]])
    length = np.where(fresh, place[at] + 1, at - before)
    at = at[(length >= SHORTEST) | final[at]]
    counts = np.bincount(text[at], minlength=len(start_N))
    return (place[at] + 1).astype(np.int32), np.concatenate([[0], np.cumsum(counts)])


def _borders(tokenizer: Tokenizer) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Of each token: may a sentence end with it, and does it begin a word or a line?"""
    texts = [tokenizer.decode([index]) for index in range(tokenizer.get_vocab_size())]
    closes = ["\n" in text or text.rstrip(_AROUND).endswith(_CLOSING) for text in texts]
    return np.array(closes), np.array([text[:1].isspace() for text in texts])


Portion = tuple[TokenIds, npt.NDArray[np.int64], npt.NDArray[np.int64]]
Pieces = tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]


def _in_processes(
    portions: list[Portion], paths: tuple[str, str], processes: int
) -> Iterator[Pieces]:
    if processes == 1 or len(portions) == 1:
        _open_tokenizers(*paths)
        yield from map(_pieces_of, portions)
        return
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_open_tokenizers, initargs=paths
    ) as pool:
        yield from pool.map(_pieces_of, portions)


_opened: list[Tokenizer] = []


def _open_tokenizers(ours: str, theirs: str) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the processes have one core each
    encoder = Tokenizer.from_file(theirs)
    encoder.no_truncation()
    encoder.no_padding()
    _opened[:] = Tokenizer.from_file(ours), encoder


def _pieces_of(portion: Portion) -> Pieces:
    tokens, from_S, to_S = portion
    ours, theirs = _opened
    ids = tokens.tolist()
    said = ours.decode_batch(
        [ids[a:b] for a, b in zip(from_S.tolist(), to_S.tolist(), strict=True)]
    )
    encoded = [one.ids for one in theirs.encode_batch_fast(said, add_special_tokens=False)]
    lengths = np.array([len(one) for one in encoded], dtype=np.int64)
    flat = np.fromiter(
        (token for one in encoded for token in one), dtype=np.uint16, count=int(lengths.sum())
    )
    return flat, lengths
