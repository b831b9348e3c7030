"""Word stems under token ids: which word each token closes, so that "the same word" can be asked
of two token sequences without going back to text.

A word is a run of tokens up to the next token that begins a new word. Only the last token of a
word carries its stem, for only there a causal reader knows the word. Stopwords, punctuation and
single letters carry 0.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import Stemmer
from tokenizers import Tokenizer

from specialists.corpora.tokens import TokenIds

Stems = npt.NDArray[np.uint32]
HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)
STOPWORDS = frozenset(
    """
    a about after all also an and any are as at be been before being between both but by can
    could did do does during each for from get got had has have having he her here him his how
    i if in into is it its itself just made make many may might more most much must my no nor
    not of off on one only or other our out over own per same she should since so some such
    than that the their them then there these they this those through to too under until up
    upon us use used using very was we were what when where which while who whom whose why
    will with within without would you your
    """.split()  # noqa: SIM905  a page of words, not of quotes
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WordBorders:
    """For every token id: does it begin a word, and is it made of letters or digits?"""

    begins: npt.NDArray[np.bool_]
    texts: tuple[str, ...]


def word_borders(tokenizer: Tokenizer) -> WordBorders:
    texts = [tokenizer.decode([index]) for index in range(tokenizer.get_vocab_size())]
    pieces = [tokenizer.id_to_token(index) or "" for index in range(len(texts))]
    begins = [
        piece.startswith("Ġ") or not text[:1].isalnum()
        for piece, text in zip(pieces, texts, strict=True)
    ]
    return WordBorders(begins=np.array(begins), texts=tuple(texts))


def stem_words(token_ids: TokenIds, borders: WordBorders) -> Stems:
    """Stem hash at the last token of each word, 0 elsewhere. Same length as `token_ids`.

    A token that follows one without letters or digits begins a word too ("(dog" holds "dog").
    """
    if len(token_ids) == 0:
        return np.zeros(0, dtype=np.uint32)
    ids = np.asarray(token_ids)
    wordless = np.array([not any(c.isalnum() for c in text) for text in borders.texts])
    begins = borders.begins[ids].copy()
    begins[0] = True
    begins[1:] |= wordless[ids[:-1]]
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(ids))
    with np.errstate(over="ignore"):
        position = np.arange(len(ids)) - np.repeat(starts, ends - starts)
        mixed = (ids.astype(np.uint64) + np.uint64(1)) * _powers(int(position.max()) + 1)[position]
        word_hash = np.add.reduceat(mixed, starts)
    _, first, inverse = np.unique(word_hash, return_index=True, return_inverse=True)
    words = [
        "".join(borders.texts[token] for token in ids[starts[i] : ends[i]]).strip() for i in first
    ]
    stems = np.zeros(len(ids), dtype=np.uint32)
    stems[ends - 1] = _stem_hashes(words)[inverse]
    return stems


def _powers(count: int) -> npt.NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        return np.cumprod(np.full(count, HASH_FACTOR), dtype=np.uint64)


def _stem_hashes(words: list[str]) -> Stems:
    stemmer = Stemmer.Stemmer("english")
    hashes = np.zeros(len(words), dtype=np.uint32)
    bare = ["".join(c for c in word if c.isalnum()) for word in words]
    for index, (word, stem) in enumerate(zip(bare, stemmer.stemWords(bare), strict=True)):
        if word not in STOPWORDS and len(word) > 1:
            hashes[index] = _fnv1a(stem)
    return hashes


def _fnv1a(text: str) -> int:
    """FNV-1a, 32 bit: the same on every run, unlike `hash`."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value or 1
