"""Finding passages by the words of a question."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.retrieval.index import Index
from cluster.retrieval.retrieve import retrieve

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.open_or_build(ROOT / "shell/sample_docs", tmp_path_factory.mktemp("cache")) as index:
        yield index


@pytest.mark.parametrize(
    ("question", "source", "words"),
    [
        ("When is the visitor centre closed?", "visitor-guide.md", "closed\non Mondays"),
        ("What does error code E23 mean?", "dome-control.md", "16 amperes"),
        ("How wide is the lens of the Teal refractor?", "telescopes.rst", "25\ncentimetres"),
        ("How long do comet buns bake?", "cafe-recipe.md", "12 to 14 minutes"),
        ("Who was the first director?", "history.html", "Amalie Brandt"),
        ("When are bookings deleted?", "privacy-notice.html", "30 days after the visit"),
        ("At which wind must the shutter be closed?", "safety-rules.txt", "55 km/h"),
        ("What was the strongest gust?", "weather-station.txt", "131 km/h"),
    ],
)
def test_the_answer_is_among_the_first_passages(
    samples: Index, question: str, source: str, words: str
) -> None:
    found = retrieve(samples, question, k=5)
    assert any(p.source == source and words in p.text for p in found)


def test_scores_fall_and_k_is_the_limit(samples: Index) -> None:
    found = retrieve(samples, "dome shutter telescope visitors", k=7)
    scores = [p.retrieval_score for p in found]
    assert len(found) == 7
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0


@pytest.mark.parametrize("question", ["", "  \n", "what is the of", "?!", "qwertzuiop"])
def test_a_question_without_a_known_word_finds_nothing(samples: Index, question: str) -> None:
    assert retrieve(samples, question) == ()


def test_no_passages_are_asked_for_and_none_come(samples: Index) -> None:
    assert retrieve(samples, "dome", k=0) == ()


def test_the_same_text_in_two_files_is_found_once(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "docs" / name).write_text("The moon is\nfar away.")
    (tmp_path / "docs" / "c.txt").write_text("The moon is\n   far away.")
    with Index.open_or_build(tmp_path / "docs", tmp_path / "cache") as index:
        assert [p.source for p in retrieve(index, "moon")] == ["a.txt"]


def test_a_heading_alone_makes_its_passages_findable(tmp_path: Path) -> None:
    words = "plain words of a text that goes on. " * 40
    (tmp_path / "a.md").write_text(f"# Zebras\n\n{words}\n")
    with Index.open_or_build(tmp_path / "a.md", tmp_path / "cache") as index:
        assert len(retrieve(index, "zebra")) > 1


def test_importing_the_retriever_loads_nothing_heavy() -> None:
    code = (
        "import sys, cluster.retrieval.retrieve, cluster.answering.answer;"
        "print({'numpy', 'bm25s', 'torch', 'httpx', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
