"""The filter inside a pipeline of Haystack, with the real library."""

import os
from pathlib import Path

import pytest

from cluster.backends.stub import StubBackend
from cluster.blocking import open_blocking

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
pytest.importorskip("haystack")

from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from cluster.adapters.haystack import QshellFilter

QUESTION = "when was the pump replaced"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "registry.yaml"
    path.write_text("specialists:\n  q-rag: {task: relevance, checkpoint: .}\n")
    return path


def test_a_pipeline_passes_on_what_answers(registry: Path) -> None:
    store = InMemoryDocumentStore()
    store.write_documents(
        [
            Document(content="the pump was replaced in march", meta={"source": "pump.md"}),
            Document(content="when the roses bloom", meta={"source": "roses.md"}),
        ]
    )
    with open_blocking(registry, backend=StubBackend()) as cluster:
        pipeline = Pipeline()
        pipeline.add_component("retriever", InMemoryBM25Retriever(store))
        pipeline.add_component("filter", QshellFilter(cluster))
        pipeline.connect("retriever.documents", "filter.documents")
        found = pipeline.run({"retriever": {"query": QUESTION}, "filter": {"query": QUESTION}})
    kept = found["filter"]["documents"]
    assert [(d.meta["source"], d.score) for d in kept] == [("pump.md", 0.8)]
