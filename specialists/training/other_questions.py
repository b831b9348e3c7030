"""What people asked, asked of something else: another number, thing or name. The passage that
answered the question is about all the rest of it, and still does not answer.

Near-misses of this kind are forged in passages where queries are forged too (`corpora/forge.py`);
this is the same for questions that people asked. They are kept as token ids, so they may have lost
their capitals: what stands for a name is a word of more tokens than one that few questions hold.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from random import Random

import numpy as np
from tokenizers import Tokenizer

from specialists.corpora.question_swaps import ask_of_something_else
from specialists.corpora.relevance import RelevanceRows
from specialists.training.batches import Words

RARE = 2
"""Questions of a source that hold a word which is taken for a name, at most."""
_WORD = re.compile(r"[^\W\d_]{4,}")


class OtherQuestions:
    """Asks them of the queries of `rows` that are of the sources `asked_by_people`. Nothing says
    which words of such a question closed, so their stems are all 0."""

    def __init__(
        self, rows: RelevanceRows, tokenizer: Tokenizer, *, asked_by_people: Collection[str]
    ) -> None:
        self.rows, self.tokenizer = rows, tokenizer
        self.sources = {n for n, name in enumerate(rows.source_names) if name in asked_by_people}
        self.names = cache(self._names)

    def beside(self, group: int, choice: np.random.Generator) -> Words | None:
        """None where nothing of the group's query can be exchanged."""
        source = int(self.rows.source[group])
        if source not in self.sources:
            return None
        question = self._text(group)
        random = Random(int(choice.integers(2**32)))  # noqa: S311  sampling, not secrecy
        found = [next(ask_of_something_else(question, random), None)]
        found.append(_another_name(question, self.names(source), random))
        fitting = [text for text in found if text]
        if not fitting:
            return None
        encoded = self.tokenizer.encode(random.choice(fitting), add_special_tokens=False)
        ids = np.array(encoded.ids, dtype=self.rows.tokens.dtype)
        return Words(ids=ids, stems=np.zeros(len(ids), dtype=self.rows.stems.dtype))

    def _names(self, source: int) -> Sequence[str]:
        count: Counter[str] = Counter()
        for group in np.flatnonzero(np.asarray(self.rows.source) == source):
            count.update(set(_WORD.findall(self._text(int(group)))))
        seldom = sorted(word for word, times in count.items() if times <= RARE)
        pieces = self.tokenizer.encode_batch_fast(
            [f" {word}" for word in seldom], add_special_tokens=False
        )
        return [word for word, found in zip(seldom, pieces, strict=True) if len(found.ids) > 1]

    def _text(self, group: int) -> str:
        ids = self.rows.tokens[self.rows.text(int(self.rows.query[group]))]
        return str(self.tokenizer.decode(ids.tolist(), skip_special_tokens=False)).strip()


def _another_name(question: str, names: Sequence[str], random: Random) -> str | None:
    words = set(_WORD.findall(question))
    mine = sorted(words.intersection(names))
    others = [name for name in random.sample(names, min(8, len(names))) if name not in words]
    if not mine or not others:
        return None
    return re.sub(rf"\b{re.escape(random.choice(mine))}\b", lambda found: others[0], question)
