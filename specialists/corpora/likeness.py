"""Passages of a large text that are like given examples (Moore and Lewis 2010, with naive Bayes in
place of two language models): by how much more likely the words of each are among the examples'
than among the text's own.
"""

import random
from collections.abc import Sequence

from specialists.corpora.cloze import Section
from specialists.corpora.naive_bayes import NaiveBayes

SAMPLE = 12_000
"""Passages that stand for the text."""


def most_alike(
    sections: Sequence[Section], examples: Sequence[str], *, most: int, seed: int
) -> list[Section]:
    """The `most` sections likest to the examples, in the order in which they stand."""
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    plain = [s.text for s in choice.sample(sections, min(SAMPLE, len(sections)))]
    words = NaiveBayes([*plain, *examples], [0] * len(plain) + [1] * len(examples), 2)
    by_odds = sorted(range(len(sections)), key=lambda n: -_odds(words, sections[n].text))
    return [sections[n] for n in sorted(by_odds[:most])]


def _odds(words: NaiveBayes, text: str) -> float:
    """For one word of the text, so that length does not count."""
    plain, alike = words.score(text)
    return float(alike - plain) / (1 + len(text.split()))
