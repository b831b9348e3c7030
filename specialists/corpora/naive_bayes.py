"""A naive Bayes classifier over words, which sorts wrong labels out of rows that carry weak ones.

It is trained on one half of the groups and asked about the other, so that no row vouches for
itself. It stands alone because it knows neither domains nor files.
"""

import re
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from specialists.corpora.words import STOPWORDS

_WORD = re.compile(r"[a-z][a-z'-]+")
_RARE = 3
_SMOOTHING = 0.5


class NaiveBayes:
    """Log-probabilities of words by label."""

    def __init__(self, texts: Sequence[str], labels: Sequence[int], n_labels: int) -> None:
        counts: list[Counter[str]] = [Counter() for _ in range(n_labels)]
        for text, label in zip(texts, labels, strict=True):
            counts[label].update(set(_words(text)))
        total: Counter[str] = Counter()
        for one in counts:
            total.update(one)
        known = [word for word, count in total.items() if count >= _RARE]
        self._index = {word: place for place, word in enumerate(known)}
        table = np.array([[one[word] for one in counts] for word in known], dtype=np.float64)
        table = table.reshape(len(known), n_labels) + _SMOOTHING
        self._log = np.log(table / table.sum(axis=0, keepdims=True))
        self._n_labels = n_labels

    def score(self, text: str) -> npt.NDArray[np.float64]:
        """Log-probability of each label, up to a constant, all labels being as likely before."""
        rows = [self._index[word] for word in set(_words(text)) if word in self._index]
        return self._log[rows].sum(axis=0) if rows else np.zeros(self._n_labels)


class HeldOutVote:
    """Two classifiers, each trained on the groups that the other is asked about."""

    def __init__(
        self, texts: Sequence[str], labels: Sequence[int], groups: Sequence[str], n_labels: int
    ) -> None:
        halves = [_half(group) for group in groups]
        self._models = [
            NaiveBayes(
                [text for text, half in zip(texts, halves, strict=True) if half != asked],
                [label for label, half in zip(labels, halves, strict=True) if half != asked],
                n_labels,
            )
            for asked in (0, 1)
        ]

    def score(self, text: str, group: str) -> npt.NDArray[np.float64]:
        return self._models[_half(group)].score(text)

    def doubt(self, text: str, group: str, label: int) -> float:
        """By how much the best label fits the text better than this one, in nats."""
        scores = self.score(text, group)
        return float(scores.max() - scores[label])


def _half(group: str) -> int:
    return zlib.crc32(f"half {group}".encode()) & 1


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in STOPWORDS]
