"""Editing keeps what people wrote: comments, order, spacing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cluster.errors import RegistryError
from cluster.registry import read_registry
from cluster.registry_edit import add_entry, editing, remove_entry, set_examples

COMMENTED = """\
# my specialists
specialists:

  # the first, and the best
  first:
    task: relevance  # what else
    checkpoint: a

  # the second
  second: {task: relevance, checkpoint: b}
# the end
"""
VALUES = {"task": "relevance", "checkpoint": "c"}
SCHEMA = Path("schema.json")


def test_an_entry_is_added_and_every_comment_stays(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(COMMENTED)
    add_entry(path, "third", VALUES, schema=SCHEMA)
    wanted = COMMENTED.replace(
        "# the end", "  third:\n    task: relevance\n    checkpoint: c\n# the end"
    )
    assert path.read_text() == wanted


def test_an_entry_is_removed_and_every_comment_around_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(COMMENTED)
    remove_entry(path, "first")
    text = path.read_text()
    assert list(read_registry(path).specs) == ["second"]
    assert all(f"# {words}" in text for words in ("my specialists", "the second", "the end"))


def test_a_file_is_begun_with_the_schema_for_editors(tmp_path: Path) -> None:
    path = tmp_path / "new" / "registry.yaml"
    add_entry(path, "only", VALUES, schema=SCHEMA)
    assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")
    assert list(read_registry(path).specs) == ["only"]


def test_the_last_entry_can_go_and_another_come(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    add_entry(path, "only", VALUES, schema=SCHEMA)
    remove_entry(path, "only")
    assert not read_registry(path).specs
    add_entry(path, "again", VALUES, schema=SCHEMA)
    assert list(read_registry(path).specs) == ["again"]


def test_a_name_that_stands_there_already_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(COMMENTED)
    with pytest.raises(RegistryError, match=r"registry.yaml:5: specialists.first stands here"):
        add_entry(path, "first", VALUES, schema=SCHEMA)
    assert path.read_text() == COMMENTED


def test_what_cannot_be_edited_by_lines_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    flow = "specialists: {first: {task: relevance, checkpoint: a}}\n"
    path.write_text(flow)
    with pytest.raises(RegistryError, match="edit it by hand"):
        add_entry(path, "second", VALUES, schema=SCHEMA)
    assert path.read_text() == flow
    assert [file.name for file in tmp_path.iterdir()] == ["registry.yaml"]


@settings(deadline=None)
@given(st.permutations(["first", "second", "third", "fourth"]), st.text(max_size=30))
@example(["first", "second", "third", "fourth"], "a \x85 b\u2028c")
def test_adding_and_removing_in_any_order_ends_where_it_began(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], description: str
) -> None:
    path = tmp_path_factory.mktemp("edit") / "registry.yaml"
    path.write_text("specialists:\n  stays: {task: relevance, checkpoint: a}  # here\n")
    before = path.read_text()
    for name in ("first", "second", "third", "fourth"):
        add_entry(path, name, {**VALUES, "description": description}, schema=SCHEMA)
    for name in order:
        remove_entry(path, name)
    assert path.read_text() == before


_TEXT = st.text(
    st.characters(exclude_characters="$", exclude_categories=["Cs", "Cc", "Cn"]),
    min_size=1,
    max_size=30,
)
ROUTED = """\
# mine
specialists:
  bare:
    task: relevance
    checkpoint: a  # of letters

  # it has rules
  ruled:
    task: relevance
    route:
      rules: [x]  # one
    checkpoint: b
  shown:
    task: relevance
    checkpoint: c
    route:
      examples:
      # the plain one
      - one
      # and with a colon
      - "two: too"  # quoted
      description: last
  short:
    checkpoint: d
    task: relevance
    route: # why
      examples: [one, two]
# the end
"""


@pytest.mark.parametrize(
    ("name", "examples", "before", "after"),
    [
        ("bare", ["a: b"], "  # of letters\n", "  # of letters\n    route:\n      examples:\n"),
        ("ruled", ["a"], "  # one\n", "  # one\n      examples:\n      - a\n"),
        ("shown", ["one", "two: too", "3"], "  # quoted\n", "  # quoted\n      - '3'\n"),
        ("shown", ["two: too"], "      - one\n", ""),
        ("short", ["one", "two", "#"], " [one, two]\n", "\n        - one\n        - two\n"),
        ("short", [], " [one, two]\n", " []\n"),
    ],
)
def test_examples_are_changed_and_every_comment_stays(
    tmp_path: Path, name: str, examples: list[str], before: str, after: str
) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(ROUTED)
    set_examples(path, name, examples)
    assert read_registry(path).specs[name].entry.route.examples == tuple(examples)
    text = path.read_text()
    head, _, tail = ROUTED.partition(before)
    assert text.startswith(head + after) and text.endswith(tail)


def test_the_last_example_can_go_and_another_come(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(ROUTED)
    set_examples(path, "shown", [])
    assert read_registry(path).specs["shown"].entry.route.examples == ()
    set_examples(path, "shown", ["again"])
    assert read_registry(path).specs["shown"].entry.route.examples == ("again",)
    assert "# the plain one" in path.read_text() and "description: last" in path.read_text()


def test_examples_of_an_entry_in_braces_are_left_to_people(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(COMMENTED)
    with pytest.raises(RegistryError, match="edit it by hand"):
        set_examples(path, "second", ["a"])
    with pytest.raises(RegistryError, match=r"there is no specialists\.third"):
        set_examples(path, "third", ["a"])
    assert path.read_text() == COMMENTED


@settings(deadline=None, max_examples=30)
@given(st.lists(_TEXT, min_size=1, max_size=3, unique=True))
@example(["- a", "# b", "c: d", "'", '"', "\\"])
@example(["\u2028", "\x85", "a\nb", "word " * 40])
def test_any_example_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("edit") / "registry.yaml"
    path.write_text(ROUTED)
    for count in range(len(texts) + 1):
        set_examples(path, "bare", texts[:count])
    assert read_registry(path).specs["bare"].entry.route.examples == tuple(texts)


def test_changes_at_once_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(COMMENTED)
    before = threading.Barrier(4)

    def example_of(number: int) -> None:
        before.wait()
        with editing(path):
            now = read_registry(path).specs["first"].entry.route.examples
            set_examples(path, "first", [*now, f"example {number}"])

    with ThreadPoolExecutor() as pool:
        list(pool.map(example_of, range(4)))
    assert len(read_registry(path).specs["first"].entry.route.examples) == 4
