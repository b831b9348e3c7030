"""Cutting documents: nothing lost, offsets exact, sizes bounded, borders where they belong."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.records import Passage
from cluster.retrieval.chunks import MAX_WORDS, split_passages
from cluster.retrieval.documents import Document, parse_document, read_document
from cluster.retrieval.folder import find_documents

SAMPLES = Path(__file__).parents[3] / "shell" / "sample_docs"
PIECES = st.sampled_from(
    (
        *("# A\n", "## B c\n\n", "T\n===\n", "word ", "One. Two! ", "\n", "\n\n", "- x\n", "\t"),
        *(
            "```\n",
            "1) n\n",
            "    code\n",
            "ö",
            "long" * 50,
            " " * 700,
            "a b c d " * 80,
            "1" * 2000,
        ),
    )
)


def split(text: str, name: str = "a.md") -> tuple[Passage, ...]:
    return split_passages(parse_document(text.encode(), source=name))


def assert_sound(document: Document, passages: tuple[Passage, ...]) -> None:
    rest, at = [], 0
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.text.strip() == passage.text != ""
        assert passage.line == document.text.count("\n", 0, passage.start) + 1
        assert passage.start >= at
        assert len(passage.text.split()) <= MAX_WORDS
        assert len(passage.text) <= MAX_WORDS * 8
        rest.append(document.text[at : passage.start])
        at = passage.end
    rest.append(document.text[at:])
    assert "".join(rest).strip() == ""


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(["a.md", "a.rst", "a.html"]))
def test_passages_hold_the_whole_text_at_exact_offsets(text: str, name: str) -> None:
    document = parse_document(f"{text}\nend".encode(), source=name)
    assert_sound(document, split_passages(document))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
def test_any_text_at_all_is_cut_soundly(text: str) -> None:
    document = Document(source="a.txt", text=text, pages=(), headings=(), notes=())
    assert_sound(document, split_passages(document))


@pytest.mark.parametrize("file", find_documents(SAMPLES).files, ids=lambda file: file.source)
def test_the_sample_documents_are_cut_soundly(file: object) -> None:
    path = SAMPLES / str(getattr(file, "source", ""))
    document = read_document(path)
    passages = split_passages(document)
    assert_sound(document, passages)
    assert all(passage.heading for passage in passages) or path.suffix == ".txt"


def test_a_passage_carries_the_path_of_its_headings() -> None:
    passages = split("# Install\n\nText.\n\n## From source\n\nMore.\n\n# Use\n\nLast.\n")
    assert [p.heading for p in passages] == ["Install", "Install > From source", "Use"]
    assert [p.line for p in passages] == [1, 5, 9]


def test_a_title_repeated_as_first_heading_is_said_once() -> None:
    page = "<title>Sort</title><h2>Sort</h2><p>Text.</p><h2>Options</h2><p>More.</p>"
    assert [p.heading for p in split(page, "a.html")] == ["Sort", "Sort > Options"]


def test_a_heading_with_nothing_under_it_opens_the_next_passage() -> None:
    (passage,) = split("# Install\n\n## From source\n\nText.\n")
    assert passage.heading == "Install > From source"
    assert passage.text.startswith("# Install")


def test_a_heading_at_the_very_end_is_kept() -> None:
    assert split("Text.\n\n# Closed on Mondays\n")[-1].text == "# Closed on Mondays"


def test_a_long_paragraph_is_cut_at_the_ends_of_sentences() -> None:
    sentence = "The quick brown fox jumps over the lazy dog in the yard. "
    passages = split(sentence * 40)
    assert len(passages) > 3
    assert all(p.text.endswith("yard.") for p in passages)


def test_a_long_list_is_cut_between_items() -> None:
    items = "".join(
        f"- item {n} has a line\n  and goes on in another one here\n" for n in range(60)
    )
    assert all(p.text.startswith("- item") for p in split(items))


def test_small_code_with_blank_lines_stays_whole() -> None:
    prose = "word " * 108
    for code in ("```\nfirst\n\nsecond\n\nthird\n```", "    first\n\n    second\n\n    third"):
        passages = split(f"{prose}\n\n{code}\n\n{prose}")
        assert any(code.strip() in p.text for p in passages)


def test_one_endless_line_becomes_bounded_passages() -> None:
    passages = split("x" * 300_000, "a.txt")
    assert sum(len(p.text) for p in passages) == 300_000
    assert max(len(p.text) for p in passages) <= MAX_WORDS * 8


def test_a_passage_knows_its_page() -> None:
    text = "\n\n".join(["word " * 100] * 3)
    starts = (0, text.index("\n\n") + 2, text.rindex("\n\n") + 2)
    document = Document(source="a.pdf", text=text, pages=starts, headings=(), notes=())
    assert [p.page for p in split_passages(document)] == [1, 2, 3]
