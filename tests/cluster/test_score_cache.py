"""Verdicts are kept by everything they depend on, and nothing that is kept can do harm."""

import sqlite3
from pathlib import Path

import pytest

from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.score_cache import ScoreCache
from specialists.requests import Decide, Verdict
from tests.bench.pocket_checkpoints import TINY, write_pocket_registry


def verdict(score: float) -> Verdict:
    return Verdict(
        label="1" if score > 0.5 else "0",
        positive=score > 0.5,
        score=score,
        logits=(score, 1 - score),
        truncated=False,
        tokens=7,
    )


def opened(path: Path) -> tuple[ScoreCache, list[str]]:
    told: list[str] = []
    return ScoreCache(path, tell=told.append), told


def test_a_verdict_is_found_again_by_question_and_passage_alone(tmp_path: Path) -> None:
    cache, _ = opened(tmp_path / "scores")
    cache.keep("q-rag", "who?", {"the pump": verdict(0.8), "": verdict(0.1)})
    cache.close()
    again, _ = opened(tmp_path / "scores")
    asked = Decide(query="who?", passages=("", "owls", "the pump"))
    assert again.find("q-rag", asked) == {"": verdict(0.1), "the pump": verdict(0.8)}
    assert again.find("another", asked) == {}
    assert again.find("q-rag", Decide(query="when?", passages=("the pump",))) == {}
    assert again.knows("q-rag", "who?")
    assert not again.knows("q-rag", "when?")
    again.close()


def test_two_that_have_it_open_see_what_the_other_keeps(tmp_path: Path) -> None:
    (one, _), (other, _) = opened(tmp_path / "scores"), opened(tmp_path / "scores")
    one.keep("a", "who?", {"pump": verdict(0.9)})
    other.keep("a", "who?", {"owls": verdict(0.2)})
    asked = Decide(query="who?", passages=("pump", "owls"))
    assert len(one.find("a", asked)) == len(other.find("a", asked)) == 2
    one.close()
    other.close()


def test_the_oldest_go_when_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.score_cache.MOST_ROWS", 3)
    cache, _ = opened(tmp_path / "scores")
    for number in range(5):
        cache.keep("a", "who?", {f"p{number}": verdict(0.3)})
    asked = Decide(query="who?", passages=tuple(f"p{number}" for number in range(5)))
    assert set(cache.find("a", asked)) == {"p2", "p3", "p4"}
    cache.close()


def test_a_damaged_file_is_moved_aside_and_told(tmp_path: Path) -> None:
    path = tmp_path / "scores"
    path.write_bytes(b"no database at all, and long enough to be looked at " * 40)
    cache, told = opened(path)
    cache.keep("a", "who?", {"pump": verdict(0.9)})
    assert cache.find("a", Decide(query="who?", passages=("pump",)))
    cache.close()
    assert "was damaged" in told[0]
    assert len(list(tmp_path.glob("scores.damaged-*"))) == 1


def test_a_verdict_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    cache, _ = opened(tmp_path / "scores")
    cache.keep("a", "who?", {"pump": verdict(0.9)})
    with sqlite3.connect(tmp_path / "scores") as db:
        db.execute("UPDATE score SET verdict = '[1, 2]'")
    db.close()
    assert cache.find("a", Decide(query="who?", passages=("pump",))) == {}
    cache.close()


async def test_only_passages_without_a_verdict_reach_the_worker(tmp_path: Path) -> None:
    registry = write_pocket_registry(tmp_path, 1, config=TINY)
    first = Decide(query="the pump", passages=("the pump", "owls"))
    more = Decide(query="the pump", passages=("owls", "the lease", "owls", "the pump"))
    plain = Cluster.open(registry, backend=StubBackend())
    async with plain:
        expected = await plain.call("s0", more)
    kept = Cluster.open(registry, backend=StubBackend(), score_cache=tmp_path / "scores")
    async with kept:
        await kept.call("s0", first)
        assert await kept.call("s0", more) == expected
    last = Cluster.open(registry, backend=StubBackend(), score_cache=tmp_path / "scores")
    async with last:
        assert await last.call("s0", more) == expected
        assert not any(event.kind == "starting" for event in last.events.recent)
