"""From a question to the passages that share words with it.

It stands alone as the name of the first step of every answer; the work is the index's. Importing
it loads neither numpy nor the index.
"""

from typing import Protocol

from cluster.records import Passage


class Searchable(Protocol):
    """What a retriever needs: `cluster.retrieval.index.Index` is one."""

    def search(self, question: str, k: int) -> tuple[Passage, ...]: ...


def retrieve(index: Searchable, question: str, k: int = 20) -> tuple[Passage, ...]:
    """The best `k` passages, best first, with `retrieval_score` set; () when no word is shared."""
    return index.search(question, k) if k > 0 else ()
