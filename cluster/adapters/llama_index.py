"""The filter as a node postprocessor of LlamaIndex (extra `llama-index`).

with open_blocking() as cluster:
    engine = index.as_query_engine(node_postprocessors=[QshellPostprocessor(cluster=cluster)])
"""

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle
from pydantic import Field

from cluster.adapters.judging import SPECIALIST, keep_relevant
from cluster.blocking import BlockingCluster


class QshellPostprocessor(BaseNodePostprocessor):
    """Keeps the nodes that answer the query, in their order, with the specialist's score. The
    cluster must be open."""

    cluster: BlockingCluster = Field(exclude=True)
    specialist: str = SPECIALIST

    @classmethod
    def class_name(cls) -> str:
        return "QshellPostprocessor"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        """Raises `ValueError` without a query, `CallError` when the specialist cannot be asked."""
        if query_bundle is None:
            raise ValueError("a query is needed to judge nodes; give query_str")
        kept = keep_relevant(
            self.cluster,
            self.specialist,
            query_bundle.query_str,
            nodes,
            lambda n: str(n.node.get_content(metadata_mode=MetadataMode.NONE)),
        )
        return [NodeWithScore(node=node.node, score=verdict.score) for node, verdict in kept]
