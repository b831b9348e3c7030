"""Saved conversations, and what happens when their file is in a bad way."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from shell.errors import SessionError
from shell.report import Report
from shell.session import Sessions, checked_name


def report(question: str, *, refused: bool = False) -> Report:
    citation = {
        "number": 1,
        "quote": "It was replaced in May.",
        "source": "pump.md",
        "line": 3,
        "page": None,
        "heading": "Pump",
        "score": 0.9,
    }
    return {
        "question": question,
        "answer": "" if refused else "It was replaced in May. [1]",
        "refused": refused,
        "reason": "nothing relevant" if refused else "",
        "citations": [] if refused else [citation],
    }


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(tmp_path / "data" / "sessions.sqlite3")


def test_a_conversation_is_saved_and_reopened(sessions: Sessions) -> None:
    sessions.save("pumps", report=report("When?"), docs="notes")
    sessions.save("pumps", report=report("Who?"), docs="other")
    session = sessions.read("pumps")
    assert [turn.report["question"] for turn in session.turns] == ["When?", "Who?"]
    (summary,) = sessions.list()
    assert (summary.name, summary.turns, summary.docs) == ("pumps", 2, "other")


def test_the_list_has_the_last_asked_first(sessions: Sessions) -> None:
    for name in ("a", "b", "a"):
        sessions.save(name, report=report("When?"), docs="notes")
    assert [one.name for one in sessions.list()] == ["a", "b"]


def test_looking_creates_no_file(sessions: Sessions, tmp_path: Path) -> None:
    assert sessions.list() == ()
    with pytest.raises(SessionError, match="no session is called x"):
        sessions.read("x")
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_conversation_is_gone_with_its_turns(sessions: Sessions, tmp_path: Path) -> None:
    sessions.save("pumps", report=report("When?"), docs="notes")
    sessions.delete("pumps")
    assert sessions.list() == ()
    with closing(sqlite3.connect(tmp_path / "data" / "sessions.sqlite3")) as db:
        assert db.execute("SELECT count(*) FROM turn").fetchone() == (0,)
    with pytest.raises(SessionError, match="no session is called"):
        sessions.delete("pumps")


def test_the_file_is_private_and_in_wal_mode(sessions: Sessions, tmp_path: Path) -> None:
    sessions.save("pumps", report=report("When?"), docs="notes")
    path = tmp_path / "data" / "sessions.sqlite3"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_export_holds_answers_sources_and_refusals(sessions: Sessions) -> None:
    sessions.save("pumps", report=report("When?"), docs="notes")
    sessions.save("pumps", report=report("Why?", refused=True), docs="notes")
    text = sessions.read("pumps").to_markdown()
    assert "## When?" in text
    assert "- [1] pump.md:3  Pump  (0.90)" in text
    assert "**No evidence.** nothing relevant" in text


def test_a_damaged_file_is_one_sentence(sessions: Sessions, tmp_path: Path) -> None:
    path = tmp_path / "data" / "sessions.sqlite3"
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all" * 100)
    for act in (sessions.list, lambda: sessions.save("a", report=report("?"), docs="")):
        with pytest.raises(SessionError, match="damaged; move the file away"):
            act()


def test_a_file_cut_in_the_middle_is_one_sentence(sessions: Sessions, tmp_path: Path) -> None:
    for _ in range(50):
        sessions.save("pumps", report=report("When? " * 200), docs="notes")
    path = tmp_path / "data" / "sessions.sqlite3"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SessionError, match=r"sessions\.sqlite3"):
        sessions.read("pumps")


def test_a_locked_file_is_one_sentence(
    sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions.save("pumps", report=report("When?"), docs="notes")
    monkeypatch.setattr("shell.session._BUSY_TIMEOUT_S", 0.01)
    with closing(sqlite3.connect(tmp_path / "data" / "sessions.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SessionError, match="locked by another program"):
            sessions.save("pumps", report=report("Who?"), docs="notes")


def test_a_full_disk_is_one_sentence(sessions: Sessions, tmp_path: Path) -> None:
    sessions.save("pumps", report=report("When?"), docs="notes")
    real_open = sqlite3.connect

    class Full(sqlite3.Connection):
        """A database that may not grow by a single page."""

        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            if sql.startswith("BEGIN"):
                super().execute("PRAGMA max_page_count = 1")
            return super().execute(sql, *values)  # type: ignore[arg-type]  # passed on unchanged

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *a, **k: real_open(*a, **k, factory=Full))
        with pytest.raises(SessionError, match="the disk is full"):
            sessions.save("pumps", report=report("When? " * 5000), docs="notes")
    assert len(sessions.read("pumps").turns) == 1


def test_a_file_of_another_version_is_not_touched(sessions: Sessions, tmp_path: Path) -> None:
    sessions.save("pumps", report=report("When?"), docs="notes")
    with closing(sqlite3.connect(tmp_path / "data" / "sessions.sqlite3")) as db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(SessionError, match="another version"):
        sessions.list()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands here")
    with pytest.raises(SessionError, match="cannot be opened"):
        Sessions(tmp_path / "data" / "sessions.sqlite3").save("a", report=report("?"), docs="")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[2J", "x" * 81])
def test_names_that_cannot_be_listed_are_refused(name: str) -> None:
    with pytest.raises(SessionError, match="a session name is"):
        checked_name(name)


def test_documents_whose_name_is_in_latin_1_are_remembered(sessions: Sessions) -> None:
    docs = os.fsdecode(b"/tmp/caf\xe9")
    sessions.save("a", report=report("When?"), docs=docs)
    assert sessions.list()[0].docs == docs
    assert sessions.read("a").turns[0].docs == docs
