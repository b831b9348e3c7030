"""The filter inside LangChain's own retrievers, with the real library."""

from pathlib import Path

import pytest

from cluster.backends.stub import StubBackend
from cluster.blocking import open_blocking

pytest.importorskip("langchain_core")

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda

from cluster.adapters.langchain import QshellCompressor

QUESTION = "when was the pump replaced"
DOCUMENTS = [
    Document(page_content="the pump was replaced in march", metadata={"source": "pump.md"}),
    Document(page_content="the roses are pruned", metadata={"source": "roses.md"}),
]


class Everything(BaseRetriever):
    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return DOCUMENTS


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "registry.yaml"
    path.write_text("specialists:\n  q-rag: {task: relevance, checkpoint: .}\n")
    return path


def test_a_chain_keeps_what_answers(registry: Path) -> None:
    with open_blocking(registry, backend=StubBackend()) as cluster:
        compressor = QshellCompressor(cluster=cluster)
        chain = Everything() | RunnableLambda(
            lambda found: compressor.compress_documents(found, QUESTION)
        )
        kept = chain.invoke(QUESTION)
    assert [d.metadata["source"] for d in kept] == ["pump.md"]
    assert kept[0].metadata["relevance_score"] == 0.8
    assert "relevance_score" not in DOCUMENTS[0].metadata


def test_it_stands_in_the_compression_retriever(registry: Path) -> None:
    classic = pytest.importorskip("langchain_classic.retrievers")
    with open_blocking(registry, backend=StubBackend()) as cluster:
        retriever = classic.ContextualCompressionRetriever(
            base_compressor=QshellCompressor(cluster=cluster), base_retriever=Everything()
        )
        assert [d.metadata["source"] for d in retriever.invoke(QUESTION)] == ["pump.md"]
        assert retriever.invoke("who is the mayor of lisbon") == []
