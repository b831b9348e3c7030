"""What all adapters do: ask a specialist which of some texts answer a question.

It stands alone because the libraries differ in everything else. It knows none of them.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from cluster.blocking import BlockingCluster
from specialists.requests import Decide, Verdict

SPECIALIST = "q-rag"

D = TypeVar("D")


def keep_relevant(
    cluster: BlockingCluster,
    specialist: str,
    question: str,
    documents: Sequence[D],
    text_of: Callable[[D], str],
) -> list[tuple[D, Verdict]]:
    """The documents whose verdict is positive, in their order, each with it. Raises `CallError`."""
    request = Decide(query=question, passages=tuple(map(text_of, documents)))
    verdicts = cluster.call(specialist, request).verdicts
    return [(d, v) for d, v in zip(documents, verdicts, strict=True) if v.positive]
