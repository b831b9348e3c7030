"""Word matching by BM25: it mines the negatives of a task and stands beside every mark.

Settings are those of bm25s (Lucene's variant, its default k1 and b) with English stopwords and
the Snowball English stemmer. It stands alone so that mining and baseline can never drift apart,
and knows no judgement: it never sees which passage is relevant.
"""

from collections.abc import Mapping, Sequence

import bm25s
import numpy as np
import numpy.typing as npt
import Stemmer

from specialists.errors import CorpusError
from specialists.evaluation.tasks import Scored

SETTINGS = "BM25 (Lucene variant, k1 1.5, b 0.75, English stopwords, Snowball English stemmer)"


class Lexical:
    """A search over the passages of one collection; ranks them, and scores them for marking."""

    name = "BM25"

    def __init__(self, passages: Mapping[str, str]) -> None:
        if not passages:
            raise CorpusError("the corpus holds no passage with any text")
        self._ids = list(passages)
        self._place_by_text = {text: place for place, text in enumerate(passages.values())}
        self._stemmer = Stemmer.Stemmer("english")
        self._search = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        tokens = bm25s.tokenize(
            list(passages.values()), stopwords="en", stemmer=self._stemmer, show_progress=False
        )
        self._search.index(tokens, show_progress=False)

    def ranking(self, query: str, /) -> Sequence[str]:
        """All passage ids, best first; equal scores stand in the order of the corpus."""
        order = np.argsort(-self._scores(query), kind="stable")
        return [self._ids[place] for place in order]

    def score(self, query: str, passages: Sequence[str], /) -> Scored:
        """Raises `CorpusError` for a passage outside the corpus: its word statistics are of that
        corpus alone."""
        try:
            places = [self._place_by_text[passage] for passage in passages]
        except KeyError as error:
            raise CorpusError("BM25 can only score passages of the corpus it indexed") from error
        return Scored(scores=tuple(self._scores(query)[places].tolist()))

    def _scores(self, query: str) -> npt.NDArray[np.float64]:
        (tokens,) = bm25s.tokenize(
            [query],
            stopwords="en",
            stemmer=self._stemmer,
            return_ids=False,
            show_progress=False,
        )
        known = [token for token in tokens if token in self._search.vocab_dict]
        if not known:
            return np.zeros(len(self._ids))
        return np.asarray(self._search.get_scores(known), dtype=np.float64)
