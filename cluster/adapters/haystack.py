"""The filter as a component of Haystack (extra `haystack`).

with open_blocking() as cluster:
    pipeline.add_component("filter", QshellFilter(cluster))
    pipeline.connect("retriever.documents", "filter.documents")
"""

from dataclasses import replace

from haystack import Document, component

from cluster.adapters.judging import SPECIALIST, keep_relevant
from cluster.blocking import BlockingCluster


@component
class QshellFilter:
    """Keeps the documents that answer the query, in their order, with the specialist's score. The
    cluster must be open."""

    def __init__(self, cluster: BlockingCluster, specialist: str = SPECIALIST) -> None:
        self._cluster = cluster
        self._specialist = specialist

    @component.output_types(documents=list[Document])
    def run(self, query: str, documents: list[Document]) -> dict[str, list[Document]]:
        """Documents without text are dropped. Raises `CallError` when the specialist cannot be
        asked."""
        kept = keep_relevant(
            self._cluster,
            self._specialist,
            query,
            [document for document in documents if document.content],
            lambda d: d.content or "",
        )
        return {"documents": [replace(document, score=verdict.score) for document, verdict in kept]}
