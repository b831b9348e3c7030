"""A query said in other words: some of its words give way to near ones.

Queries that were written with the passage in view share its words, those of a stranger do not. The
near words are those of the taught vectors, so the same query still means about the same; whole
words of letters alone change, never numbers.

Shapes: V vocabulary, K near words of each token.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from specialists.corpora.words import Stems, stem_words, word_borders
from specialists.training.batches import Words
from specialists.training.coverage import Matcher

NEAR, KINDS = 0.6, 6
"""Cosine from which on a word may stand for another, and of how many one is drawn."""
CHANGED = 0.3
"""Share of the words that change."""
SHORTEST = 4
"""Letters of a word that changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thesaurus:
    """For every token that is a word by itself its stem in `stem_V`, 0 for others, and up to K
    tokens in `near_VK` that say about the same, the last ones -1."""

    stem_V: Stems
    near_VK: npt.NDArray[np.int32]


def make_thesaurus(matcher: Matcher, tokenizer: Tokenizer) -> Thesaurus:
    borders = word_borders(tokenizer)
    count = len(borders.texts)
    stem_V = np.array([stem_words(np.array([i]), borders)[0] for i in range(count)])
    texts = [text.strip() for text in borders.texts]
    whole_V = np.array([len(text) >= SHORTEST and text.isalpha() for text in texts])
    whole_V &= borders.begins & (stem_V != 0)
    whole = np.flatnonzero(whole_V)
    near_VK = np.full((count, KINDS), -1, dtype=np.int32)
    vectors_ND = matcher.vectors_VD[torch.from_numpy(whole)]
    for start in range(0, len(whole), 1_024):
        part_PN = vectors_ND[start : start + 1_024] @ vectors_ND.T
        part_PN[torch.arange(len(part_PN)), torch.arange(start, start + len(part_PN))] = -1.0
        cosine_PK, place_PK = part_PN.topk(min(KINDS, len(whole)))
        found_PK = np.where(cosine_PK >= NEAR, whole[place_PK], -1)
        near_VK[whole[start : start + 1_024], : found_PK.shape[1]] = found_PK
    return Thesaurus(stem_V=np.where(whole_V, stem_V, 0).astype(np.uint32), near_VK=near_VK)


def reword(query: Words, thesaurus: Thesaurus, choice: np.random.Generator) -> Words:
    """The same length; a copy where something changes."""
    alone = (thesaurus.stem_V[query.ids] == query.stems) & (query.stems != 0)
    near_TK = thesaurus.near_VK[query.ids]
    known = (near_TK >= 0).sum(1)
    changed = np.flatnonzero(alone & (known > 0) & (choice.random(len(query)) < CHANGED))
    if not len(changed):
        return query
    ids, stems = np.array(query.ids), np.array(query.stems)
    drawn = (choice.random(len(changed)) * known[changed]).astype(int)
    ids[changed] = near_TK[changed, drawn]
    stems[changed] = thesaurus.stem_V[ids[changed]]
    return Words(ids=ids, stems=stems)
