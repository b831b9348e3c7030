"""The filter inside a query engine of LlamaIndex, with the real library."""

import warnings
from pathlib import Path

import pytest

from cluster.backends.stub import StubBackend
from cluster.blocking import open_blocking

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("llama_index.core")
    from llama_index.core import SummaryIndex
    from llama_index.core.llms.mock import MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine
    from llama_index.core.schema import TextNode

    from cluster.adapters.llama_index import QshellPostprocessor

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
QUESTION = "when was the pump replaced"
NODES = [
    TextNode(text="the pump was replaced in march", metadata={"source": "pump.md"}),
    TextNode(text="the roses are pruned", metadata={"source": "roses.md"}),
]


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "registry.yaml"
    path.write_text("specialists:\n  q-rag: {task: relevance, checkpoint: .}\n")
    return path


def test_a_query_engine_reads_only_what_answers(registry: Path) -> None:
    with open_blocking(registry, backend=StubBackend()) as cluster:
        engine = RetrieverQueryEngine.from_args(
            SummaryIndex(NODES).as_retriever(),
            llm=MockLLM(),
            node_postprocessors=[QshellPostprocessor(cluster=cluster)],
        )
        response = engine.query(QUESTION)
    assert [n.node.metadata["source"] for n in response.source_nodes] == ["pump.md"]
    assert response.source_nodes[0].score == 0.8
    assert "roses" not in str(response)


def test_without_a_query_it_says_so(registry: Path) -> None:
    with (
        open_blocking(registry, backend=StubBackend()) as cluster,
        pytest.raises(ValueError, match="query_str"),
    ):
        QshellPostprocessor(cluster=cluster).postprocess_nodes([])
