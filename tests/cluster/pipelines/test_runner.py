"""What a runner holds for its rows: the indexes it has open, and what its results depend on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models

from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.pipelines.reading import parse_pipeline
from cluster.pipelines.runner import INDEXES_KEPT, House, PipelineRunner
from cluster.records import Passage
from specialists.contract import Contract
from specialists.model.config import DecoderConfig
from specialists.model.shapes import expected_shapes
from specialists.tensors import write_checkpoint

CONFIG = DecoderConfig(
    vocab_size=32, n_layer=2, d_model=16, n_head=4, n_kv_head=2, d_ff=24, max_seq_len=64
)
CONTRACT = Contract(
    label_ids=(1, 2), head="Q: {query}\n", tail="\nA:", max_tokens=32, max_query_tokens=8
)
ROUTE = """
pipeline: p
inputs: {text: text}
steps:
  found: {do: route, text: $text}
output: {name: $found.route}
"""
FILTER = (
    "pipeline: p\ninputs: {q: text, p: list of passage}\n"
    "steps: {f: {do: filter, question: $q, passages: $p}}\noutput: {f: $f}"
)
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
        do=cluster.do,
        route=cluster.route,
        takes=lambda _: (),
        first_judge=lambda: "judge",
        open_index=folders.open_index,
        identify=str,
        identify_routes=str,
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


async def test_results_are_kept_by_weights_prompt_and_arithmetic(tmp_path: Path) -> None:
    Tokenizer(models.BPE()).save(str(tmp_path / "tokenizer.json"))
    tensors = {name: torch.zeros(shape) for name, shape in expected_shapes(CONFIG).items()}
    pipeline = parse_pipeline(FILTER, "p")

    async def known_by(contract: Contract, entry: str = "") -> str:
        write_checkpoint(
            tmp_path / "judge",
            name="judge",
            task="relevance",
            config=CONFIG,
            tensors=tensors,
            storage="float32",
            contract=contract,
            tokenizer_path=None,
        )
        registry = tmp_path / "registry.yaml"
        registry.write_text(
            f"specialists:\n  judge: {{task: relevance, checkpoint: judge{entry}}}\n"
        )
        async with Cluster.open(registry, backend=StubBackend()) as cluster:
            return cluster.runner(pipeline, root=tmp_path).run_id({})

    plain = await known_by(CONTRACT)
    assert await known_by(CONTRACT) == plain
    others = [
        await known_by(replace(CONTRACT, tail="\nAnswer:")),
        await known_by(CONTRACT, ", dtype: int8"),
    ]
    assert len({plain, *others}) == 3


async def test_another_example_for_the_router_makes_another_run_where_one_routes(
    tmp_path: Path,
) -> None:
    registry = tmp_path / "registry.yaml"

    async def run_ids(entry: str) -> list[str]:
        registry.write_text(entry)
        async with Cluster.open(registry, backend=StubBackend()) as cluster:
            pipelines = [parse_pipeline(text, "p") for text in (ROUTE, FILTER)]
            return [cluster.runner(one, root=tmp_path).run_id({}) for one in pipelines]

    entry = "specialists:\n  judge:\n    task: relevance\n    checkpoint: .\n"
    before = await run_ids(entry)
    after = await run_ids(f"{entry}    route: {{examples: [is this passage any good]}}\n")
    assert before[0] != after[0]
    assert before[1] == after[1]
