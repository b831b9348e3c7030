"""A worker with a real, tiny checkpoint: the model side and the process side meet."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.cluster import Cluster
from cluster.errors import CallError, WorkerFailed
from cluster.registry import read_registry
from cluster.registry_check import check_specialist
from specialists.checkpoint import WEIGHTS
from specialists.requests import Decide, Generate
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry

SCRIPT = """
import asyncio, sys
from pathlib import Path
from cluster.cluster import Cluster
from specialists.requests import Decide

async def main():
    async with Cluster.open(Path(sys.argv[1])) as cluster:
        await cluster.call("s0", Decide(query="pump", passages=("the pump",)))

asyncio.run(main())
print("torch" in sys.modules)
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pocket_registry(tmp_path_factory.mktemp("tiny"), 2, config=TINY)


async def test_a_checkpoint_decides_and_generates_in_its_worker(registry: Path) -> None:
    passages = ("the pump was replaced", "the lease", "the pump was replaced")
    async with Cluster.open(registry) as cluster:
        decided = await cluster.call("s0", Decide(query="the pump", passages=passages))
        generated = await cluster.call("s0", Generate(prompt="the pump", max_new_tokens=3))
        other = await cluster.call("s1", Decide(query="the pump", passages=passages))
        status = await cluster.weigh()
    first, _, third = decided.verdicts
    assert first == third and 0.0 <= first.score <= 1.0 and first.tokens > 0
    assert generated.new_tokens == 3
    assert other.verdicts[0].logits != first.logits
    assert all(item.uss_bytes and item.rss_bytes for item in status.specialists)


async def test_a_cut_off_file_is_told_as_the_reason(tmp_path: Path) -> None:
    path = write_pocket_registry(tmp_path, 1, config=TINY)
    with (tmp_path / "s0" / WEIGHTS).open("r+b") as file:
        file.truncate(1000)
    async with Cluster.open(path) as cluster:
        with pytest.raises(WorkerFailed, match=r"s0: .*model.safetensors: sha256 is"):
            await cluster.call("s0", Decide(query="pump", passages=("the pump",)))
    registry = read_registry(path)
    (problem,) = check_specialist(registry.specs["s0"], registry)
    assert problem.startswith(f"{path}:2: specialists.s0.checkpoint: ")


async def test_what_the_model_side_refuses_fails_the_call_and_not_the_worker(
    tmp_path: Path,
) -> None:
    path = write_pocket_registry(tmp_path, 1, config=TINY)
    (tmp_path / "s0" / "contract.json").unlink()
    async with Cluster.open(path) as cluster:
        with pytest.raises(CallError, match=r"s0: .*no contract.json"):
            await cluster.call("s0", Decide(query="pump", passages=("the pump",)))
        (item,) = cluster.status().specialists
        assert item.state == "ready"


def test_the_parent_never_imports_torch(registry: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(registry)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        timeout=60,
    )
    assert done.stdout == "False\n"


def test_what_was_written_for_another_checkpoint_is_found_out(registry: Path) -> None:
    path = registry.with_name("other.yaml")
    path.write_text(
        "specialists:\n"
        "  s0: {task: routing, checkpoint: s0, contract: pocket-relevance, base: s1}\n"
        "  s1: {task: relevance, checkpoint: s1}\n"
    )
    found = read_registry(path)
    assert check_specialist(found.specs["s1"], found) == ()
    problems = check_specialist(found.specs["s0"], found)
    keys = [problem.split(": ")[1].rpartition(".")[2] for problem in problems]
    assert keys == ["task", "contract", "base"]
