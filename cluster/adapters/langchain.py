"""The filter as a document compressor of LangChain (extra `langchain`).

with open_blocking() as cluster:
    retriever = ContextualCompressionRetriever(
        base_compressor=QshellCompressor(cluster=cluster), base_retriever=yours
    )
"""

from collections.abc import Sequence

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import ConfigDict

from cluster.adapters.judging import SPECIALIST, keep_relevant
from cluster.blocking import BlockingCluster


class QshellCompressor(BaseDocumentCompressor):
    """Keeps the documents that answer the query, in their order; `relevance_score` is added to
    the metadata of copies. The cluster must be open."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    cluster: BlockingCluster
    specialist: str = SPECIALIST

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Raises `CallError` when the specialist cannot be asked."""
        kept = keep_relevant(
            self.cluster, self.specialist, query, documents, lambda d: d.page_content
        )
        return [
            document.model_copy(
                update={"metadata": {**document.metadata, "relevance_score": verdict.score}}
            )
            for document, verdict in kept
        ]
