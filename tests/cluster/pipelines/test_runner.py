"""What a runner holds for its rows: the indexes it has open."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.pipelines.reading import parse_pipeline
from cluster.pipelines.runner import INDEXES_KEPT, House, PipelineRunner
from cluster.records import Passage

RETRIEVE = (
    "pipeline: p\ninputs: {q: text, docs: path}\n"
    "steps: {r: {do: retrieve, question: $q, docs: $docs}}\noutput: {n: $r.count}"
)


class Folders:
    """Opens indexes and counts them."""

    def __init__(self) -> None:
        self.open: list[Path] = []
        self.opened = 0
        self.most = 0

    async def open_index(self, docs: Path) -> "Shelf":
        self.open.append(docs)
        self.opened += 1
        self.most = max(self.most, len(self.open))
        return Shelf(self, docs)


class Shelf:
    def __init__(self, folders: Folders, docs: Path) -> None:
        self._folders = folders
        self._docs = docs

    def search(self, question: str, k: int) -> tuple[Passage, ...]:
        assert self._docs in self._folders.open, "searched after it was closed"
        return ()

    def close(self) -> None:
        self._folders.open.remove(self._docs)


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    path = tmp_path / "registry.yaml"
    path.write_text("specialists:\n  judge: {task: relevance, checkpoint: .}\n")
    async with Cluster.open(path, backend=StubBackend()) as opened:
        yield opened


async def test_only_the_folders_used_last_stay_open(cluster: Cluster, tmp_path: Path) -> None:
    for n in range(40):
        (tmp_path / f"d{n}").mkdir()
    pipeline, folders = parse_pipeline(RETRIEVE, "p"), Folders()
    house = House(
        call=cluster.call,
        first_judge=lambda: "judge",
        open_index=folders.open_index,
        identify=str,
        cache_dir=tmp_path / "cache",
    )
    async with PipelineRunner(pipeline, house, root=tmp_path) as runner:
        # The first folder is needed by every other row, so it is never the one to go.
        rows = [{"q": "x", "docs": f"d{n // 2 if n % 2 else 0}"} for n in range(80)]
        results = [result async for result in runner.stream(rows, at_once=4)]
        assert {result.status for result in results} == {"done"}, results
        assert (folders.opened, len(folders.open)) == (40, INDEXES_KEPT)
        assert folders.most <= INDEXES_KEPT + 4
        everyone = [runner.run({"q": "x", "docs": f"d{n}"}) for n in range(40)]
        assert {result.status for result in await asyncio.gather(*everyone)} == {"done"}
    assert folders.open == []
