"""Which words of a text count for finding it: lower case, without stopwords, stemmed (English).

It stands alone because the index and the choice of sentences must cut words the same way. It
knows no passages and no scores.
"""

import re
import unicodedata

import Stemmer

_WORD = re.compile(r"\d+(?:\.\d+)+|[^\W_]+")
_MAX_WORD_CHARS = 64

_STOPWORDS_EN = """
a about an and any are as at be been being but by can could did do does doing for from had has
have he her him his how i if in into is it its just may me might must my no nor not of off on
or our out over shall she should so some such than that the their them then there these they
this those to too under up upon us very was we were what when where which while who whom whose
why will with would you your s t d ll m re ve don doesn didn isn aren wasn weren won
"""
STOPWORDS = frozenset(_STOPWORDS_EN.split())


def split_words(text: str) -> list[str]:
    """All words in order, in lower case; a number with a decimal point is one word."""
    return _WORD.findall(text.lower())


class WordStemmer:
    """From a word to its stem, or to "" for a stopword. Not to be shared between threads."""

    def __init__(self) -> None:
        self._stem = Stemmer.Stemmer("english").stemWord

    def stem(self, word: str) -> str:
        if word in STOPWORDS:
            return ""
        if not word.isascii():
            word = _without_accents(word)
        return str(self._stem(word[:_MAX_WORD_CHARS]))


def stems(text: str) -> list[str]:
    """The stems of all words that count, in order and with repeats."""
    stemmer = WordStemmer()
    return [stem for stem in map(stemmer.stem, split_words(text)) if stem]


def _without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)) or word
