"""What the screen reckons without drawing: trails, places, sources, comparisons, exports."""

from pathlib import Path
from typing import Any

import pytest

from cluster.errors import DocumentError
from shell.errors import SettingsError
from shell.session import Session, Turn
from shell.settings import read_settings
from shell.tui.comparison import compare_reports
from shell.tui.dialogs.documents import folders_like
from shell.tui.place import Place, read_place, write_place
from shell.tui.source_text import LINES_AROUND, read_source
from shell.tui.trail import sparkline
from shell.tui.writing import answer_text, write_export
from shell.tui.yaml_text import read_registry_text


def passage(source: str, start: int, score: float, *, kept: bool) -> dict[str, Any]:
    return {"source": source, "start": start, "score": score, "kept": kept, "line": 1, "page": None}


def report(**changes: object) -> dict[str, Any]:
    citation = {"number": 1, "source": "a.md", "line": 3, "page": None, "heading": "", "score": 0.9}
    plain = {"question": "Why?", "answer": "So. [1]", "refused": False, "reason": ""}
    return {**plain, "citations": [citation], "passages": [], **changes}


def test_a_sparkline_shows_the_last_values_on_the_right() -> None:
    assert sparkline([0, 1, 2], width=4) == " ·▄█"
    assert sparkline([5, 5, 5, 5], width=2) == "██"
    assert sparkline([10], width=1, top=100) == "▁"
    assert sparkline([], width=3) == "   "


def test_a_place_is_found_again_and_a_damaged_one_is_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "screen.json"
    assert read_place(path) == Place()
    place = Place(screen="log", session="pumps", docs="/notes", draft="And")
    write_place(path, place)
    assert read_place(path) == place
    for damaged in ("{", "[]", '{"screen": 3}', '{"colour": "red"}'):
        path.write_text(damaged)
        assert read_place(path) == Place()


def test_a_place_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    write_place(tmp_path / "file" / "screen.json", Place())


def test_a_quote_is_marked_where_it_stands(tmp_path: Path) -> None:
    text = "one\ntwo words\nthree\n"
    (tmp_path / "a.txt").write_text(text)
    start = text.index("words")
    found = read_source(tmp_path, "a.txt", start=start, end=start + 11, quote="words\nthree")
    assert not found.changed
    assert found.marked == {2: (4, 9), 3: (0, 5)}
    assert found.first_marked == 2


def test_a_quote_that_has_moved_is_found_by_its_words(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("new first line\nthe quote\n")
    found = read_source(tmp_path, "a.txt", start=0, end=9, quote="the quote")
    assert found.changed
    assert found.marked == {2: (0, 9)}


def test_of_a_long_document_only_the_lines_around_are_kept(tmp_path: Path) -> None:
    text = "line\n" * 5_000 + "the quote\n" + "line\n" * 5_000
    (tmp_path / "a.txt").write_text(text)
    at = text.index("the quote")
    found = read_source(tmp_path, "a.txt", start=at, end=at + 9, quote="the quote")
    assert len(found.lines) == 2 * LINES_AROUND + 1
    assert found.first_marked == 5_001


def test_lines_are_those_that_were_counted_and_a_far_quote_is_shown(tmp_path: Path) -> None:
    pages = "one\x0ctwo\u2028three\n" * 400 + "x " * 3_000 + "the quote" + " y" * 900
    (tmp_path / "a.txt").write_text(pages, "utf-8")
    at = pages.index("the quote")
    found = read_source(tmp_path, "a.txt", start=at, end=at + 9, quote="the quote")
    ((number, (left, right)),) = found.marked.items()
    assert number == 401
    assert dict(found.lines)[401][left:right] == "the quote"


def test_a_source_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        read_source(tmp_path, "gone.txt", start=0, end=1, quote="x")


def test_where_two_reports_differ_comes_first() -> None:
    first = report(passages=[passage("a", 0, 0.9, kept=True), passage("b", 0, 0.6, kept=True)])
    second = report(passages=[passage("a", 0, 0.8, kept=True), passage("b", 0, 0.1, kept=False)])
    pairs = compare_reports(first, second)
    assert [(pair.place, pair.differs) for pair in pairs] == [("b:1", True), ("a:1", False)]


def test_a_passage_that_only_one_has_seen_differs() -> None:
    (pair,) = compare_reports(report(passages=[passage("a", 0, 0.2, kept=False)]), report())
    assert pair.second is None and pair.differs


def test_the_copied_answer_names_its_sources_and_steers_no_terminal() -> None:
    assert (
        answer_text(report(answer="So. [1]\x1b[2J"))
        == "Why?\n\nSo. [1]�[2J\n\n[1] a.md:3  (0.90)\n"
    )
    assert "No evidence. None." in answer_text(report(refused=True, reason="None."))


def test_an_export_never_replaces_a_file(tmp_path: Path) -> None:
    turn = Turn(asked_at="2026-01-01T00:00:00+00:00", docs="/notes", report=report())
    session = Session(name="pumps", started_at=turn.asked_at, turns=(turn,))
    path = write_export(session, tmp_path / "pumps.md")
    with pytest.raises(FileExistsError):
        write_export(session, path)
    assert path.read_text().startswith("# pumps")


def test_folders_are_completed_from_what_is_typed(tmp_path: Path) -> None:
    for name in ("notes", "Nothing", "other", ".notes"):
        (tmp_path / name).mkdir()
    (tmp_path / "note.txt").write_text("no folder")
    assert [path.name for path in folders_like(f"{tmp_path}/no")] == ["Nothing", "notes"]
    assert [path.name for path in folders_like(f"{tmp_path}/.n")] == [".notes"]
    assert folders_like(f"{tmp_path}/nowhere/") == []


def test_problems_stand_at_the_line_they_are_about(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text("specialists:\n  a:\n    task: relevance\n    checkpont: a\n")
    found = read_registry_text(path)
    (file,) = found.files
    assert found.sound is None
    assert sorted(file.problems) == [2, 4]
    assert "did you mean 'checkpoint'?" in file.problems[4][0]


def test_a_sound_registry_has_no_problem_until_its_checkpoints_are_opened(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text("specialists:\n  a: {task: relevance, checkpoint: a}\n")
    assert read_registry_text(path).problems == 0
    proved = read_registry_text(path, prove=True)
    assert (proved.problems, proved.sound) == (1, 0)


def test_theme_keys_and_plain_are_read_from_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("theme: nord\nplain: true\nkeys:\n  session.copy: ctrl+g\n")
    settings = read_settings({"QSHELL_HOME": str(tmp_path)})
    assert (settings.theme, settings.plain) == ("nord", True)
    assert settings.keys == {"session.copy": "ctrl+g"}


@pytest.mark.parametrize("wrong", ["keys: ctrl+g", "keys: {a: [b]}", "plain: perhaps"])
def test_settings_of_the_screen_that_make_no_sense_are_refused(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "config.yaml").write_text(wrong + "\n")
    with pytest.raises(SettingsError, match=r"config\.yaml:1"):
        read_settings({"QSHELL_HOME": str(tmp_path)})
