"""The saved index: what is read again, what survives damage, a full disk and a second process."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from cluster.errors import ClusterError, DocumentError
from cluster.retrieval.index import Index, IndexReport
from cluster.retrieval.matrix import Matrix
from cluster.retrieval.refresh import IndexProgress
from cluster.retrieval.store import Store

ROOT = Path(__file__).parents[3]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, animal in (("a.txt", "badger"), ("b.md", "falcon"), ("c.html", "otter")):
        (folder / name).write_text(f"The {animal} sleeps in winter and eats in summer.")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def refreshed(docs: Path, cache: Path) -> IndexReport:
    with Index.open_or_build(docs, cache) as index:
        return index.report


def sources(docs: Path, cache: Path, question: str) -> list[str]:
    with Index.open_or_build(docs, cache) as index:
        return [passage.source for passage in index.search(question, 10)]


def database(cache: Path) -> Path:
    (path,) = cache.glob("index-*/passages.sqlite")
    return path


def test_the_second_run_indexes_nothing_and_finds_the_same(docs: Path, cache: Path) -> None:
    with Index.open_or_build(docs, cache) as index:
        first = index.search("badger winter", 5)
        assert (index.report.files, index.report.reindexed, index.report.unchanged) == (3, 3, 0)
    with Index.open_or_build(docs, cache) as index:
        assert (index.report.reindexed, index.report.unchanged) == (0, 3)
        assert index.report.passages == 3
        assert index.report.bytes == sum(f.stat().st_size for f in docs.iterdir())
        assert index.search("badger winter", 5) == first


def test_one_changed_file_is_indexed_alone(
    docs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshed(docs, cache)
    (docs / "b.md").write_text("The heron stands in the river.")
    read: list[str] = []
    known: Callable[..., object] = sys.modules["cluster.retrieval.refresh"].__dict__[
        "split_passages"
    ]

    def counted(document: object) -> object:
        read.append(str(getattr(document, "source", "")))
        return known(document)

    monkeypatch.setattr("cluster.retrieval.refresh.split_passages", counted)
    report = refreshed(docs, cache)
    assert read == ["b.md"]
    assert (report.reindexed, report.unchanged, report.removed) == (1, 2, 0)
    assert sources(docs, cache, "heron") == ["b.md"]
    assert sources(docs, cache, "falcon") == []
    assert sources(docs, cache, "otter") == ["c.html"]


def test_the_same_bytes_saved_again_are_no_change(docs: Path, cache: Path) -> None:
    refreshed(docs, cache)
    os.utime(docs / "a.txt", ns=(1, 1))
    assert refreshed(docs, cache).reindexed == 0


def test_a_removed_file_is_forgotten(docs: Path, cache: Path) -> None:
    refreshed(docs, cache)
    (docs / "a.txt").unlink()
    assert refreshed(docs, cache).removed == 1
    assert sources(docs, cache, "badger") == []


def test_what_was_skipped_is_named_in_every_run(docs: Path, cache: Path) -> None:
    (docs / "x.txt").write_bytes(b"\0\1\2")
    for _ in range(2):
        assert refreshed(docs, cache).skipped == (("x.txt", "binary data, not text"),)


def test_a_file_that_was_binary_and_is_text_now_is_indexed(docs: Path, cache: Path) -> None:
    (docs / "x.txt").write_bytes(b"\0\1\2")
    refreshed(docs, cache)
    (docs / "x.txt").write_text("A walrus.")
    assert sources(docs, cache, "walrus") == ["x.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_skipped(docs: Path, cache: Path) -> None:
    (docs / "a.txt").chmod(0)
    assert refreshed(docs, cache).skipped == (("a.txt", "may not be read (no permission)"),)


def test_when_no_file_may_be_read_the_first_is_named(
    docs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *, max_bytes: int) -> bytes:
        raise DocumentError("may not be read (no permission)")

    monkeypatch.setattr("cluster.retrieval.refresh.read_bytes", refuse)
    with pytest.raises(DocumentError, match=r"of 3 found.*a\.txt: may not be read"):
        refreshed(docs, cache)


def test_a_wrong_path_leaves_no_trace_in_the_cache(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for wrong in ("none", "loop", "a\0b", "x" * 999):
        with pytest.raises(DocumentError, match="name a folder of documents"):
            Index.open_or_build(tmp_path / wrong, cache)
    assert not cache.exists()


def test_pdfs_without_the_extra_give_one_notice_and_come_when_it_is_there(
    docs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docs / "x.pdf").write_bytes(b"%PDF")
    (docs / "y.pdf").write_bytes(b"%PDF")
    with monkeypatch.context() as patch:
        patch.setattr("cluster.retrieval.refresh.pdf_can_be_read", lambda: False)
        report = refreshed(docs, cache)
        assert [source for source, _ in report.skipped] == ["x.pdf", "y.pdf"]
        (notice,) = report.notices
        assert notice.startswith('2 files passed over, being PDF: install the extra "pdf"')
    assert "cannot be read" in refreshed(docs, cache).skipped[0][1]


def test_another_encoding_is_told_in_a_notice(docs: Path, cache: Path) -> None:
    (docs / "x.txt").write_bytes("Eine Möwe.".encode("cp1252"))
    assert refreshed(docs, cache).notices == ("1 file: not UTF-8, read as Windows-1252",)


def test_texts_without_any_word_that_counts_are_indexed_and_never_found(
    tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "a.txt").write_text("it is what it is")
    assert sources(tmp_path / "a.txt", cache, "what is it") == []


def test_progress_names_each_file_and_ends_with_the_weights(docs: Path, cache: Path) -> None:
    seen: list[IndexProgress] = []
    Index.open_or_build(docs, cache, seen.append).close()
    assert [(p.step, p.done, p.source) for p in seen] == [
        ("read", 0, "a.txt"),
        ("read", 1, "b.md"),
        ("read", 2, "c.html"),
        ("weigh", 3, ""),
    ]


@pytest.mark.parametrize("batch_bytes", [0, 4 << 20])
def test_stopping_in_the_middle_keeps_what_was_finished(
    docs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, batch_bytes: int
) -> None:
    monkeypatch.setattr("cluster.retrieval.refresh._BATCH_BYTES", batch_bytes)

    def stop(progress: IndexProgress) -> None:
        if progress.source == "c.html":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Index.open_or_build(docs, cache, stop)
    report = refreshed(docs, cache)
    assert (report.reindexed, report.unchanged) == (1, 2)
    assert sources(docs, cache, "winter") == ["a.txt", "b.md", "c.html"]


def test_stopping_before_the_weights_are_saved_is_mended_by_the_next_run(
    docs: Path, cache: Path
) -> None:
    refreshed(docs, cache)
    (docs / "a.txt").write_text("A lynx.")

    def stop(progress: IndexProgress) -> None:
        if progress.step == "weigh":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Index.open_or_build(docs, cache, stop)
    assert sources(docs, cache, "lynx") == ["a.txt"]
    assert sources(docs, cache, "badger") == []


@pytest.mark.parametrize("damage", [b"garbage" * 999, b"SQLite format 3\0" + b"x" * 9999])
def test_a_damaged_database_is_built_anew_with_a_notice(
    docs: Path, cache: Path, damage: bytes
) -> None:
    refreshed(docs, cache)
    database(cache).write_bytes(damage)
    report = refreshed(docs, cache)
    assert report.reindexed == 3
    assert "damaged" in report.notices[0]
    assert sources(docs, cache, "badger") == ["a.txt"]
    assert not list(cache.glob("*.damaged-*"))


@pytest.mark.parametrize("part", ["data", "indices", "indptr", "passage_ids"])
def test_damaged_weights_are_noticed(docs: Path, cache: Path, part: str) -> None:
    refreshed(docs, cache)
    (path,) = cache.glob(f"index-*/weights-*/{part}.npy")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    report = refreshed(docs, cache)
    assert "damaged" in report.notices[0]
    assert sources(docs, cache, "otter") == ["c.html"]


def test_missing_weights_are_noticed(docs: Path, cache: Path) -> None:
    refreshed(docs, cache)
    for path in cache.glob("index-*/weights-*/*"):
        path.unlink()
    assert "damaged" in refreshed(docs, cache).notices[0]


@pytest.mark.parametrize(
    "change",
    ["UPDATE passages SET text = 'The badger lies.'", "DELETE FROM passages", "DROP TABLE files"],
)
def test_damage_met_while_searching_is_mended_before_the_answer(
    docs: Path, cache: Path, change: str
) -> None:
    refreshed(docs, cache)
    connection = sqlite3.connect(database(cache))
    connection.execute(change)
    connection.commit()
    connection.close()
    with Index.open_or_build(docs, cache) as index:
        (passage,) = index.search("badger", 5)
        assert passage.text.startswith("The badger sleeps")
        assert "damaged" in index.report.notices[0]


def test_an_index_of_another_format_is_built_anew(docs: Path, cache: Path) -> None:
    refreshed(docs, cache)
    with Store(database(cache)) as store:
        store.write_meta("format", "0")
    assert "format 0" in refreshed(docs, cache).notices[0]


def test_a_full_disk_keeps_the_index_in_memory(
    docs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Store.__dict__["_prepare"]

    def small(store: Store) -> None:
        known(store)
        if store._db.execute("PRAGMA database_list").fetchone()[2]:
            store._db.execute("PRAGMA max_page_count = 20")

    (docs / "long.txt").write_text("\n\n".join(f"Line {n} of a long text." for n in range(9000)))
    monkeypatch.setattr(Store, "_prepare", small)
    with Index.open_or_build(docs, cache) as index:
        assert "full" in index.report.notices[0]
        assert "kept in memory" in index.report.notices[0]
        assert [p.source for p in index.search("badger", 5)] == ["a.txt"]


def test_a_cache_that_cannot_be_written_keeps_the_index_in_memory(
    docs: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with Index.open_or_build(docs, tmp_path / "file" / "cache") as index:
        assert "kept in memory" in index.report.notices[0]
        assert len(index.search("winter", 5)) == 3


def test_a_changed_folder_does_not_disturb_an_index_in_use(docs: Path, cache: Path) -> None:
    with Index.open_or_build(docs, cache) as index:
        (docs / "a.txt").write_text("A lynx.")
        assert sources(docs, cache, "lynx") == ["a.txt"]
        assert [p.source for p in index.search("badger", 5)] == ["a.txt"]
        assert index.search("lynx", 5) == ()
        assert index.report.notices == ()


def test_an_index_is_searched_from_several_threads(docs: Path, cache: Path) -> None:
    found: list[int] = []
    with Index.open_or_build(docs, cache) as index:
        threads = [
            threading.Thread(target=lambda: found.append(len(index.search("winter", 9))))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [3] * 8


def test_processes_at_once_build_one_sound_index(docs: Path, cache: Path) -> None:
    for n in range(60):
        (docs / f"n{n}.txt").write_text(f"Number {n} and the marmot. " * 50)
    code = (
        "import json, sys; from pathlib import Path; from cluster.retrieval.index import Index\n"
        "index = Index.open_or_build(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "print(json.dumps([len(index.search('marmot', 999)), index.report.notices]))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(docs), str(cache)], cwd=ROOT, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    answers = [json.loads(process.communicate()[0]) for process in running]
    expected = refreshed(docs, cache).passages - 3
    assert answers == [[expected, []]] * 4


def test_the_same_folder_by_another_path_is_the_same_index(
    docs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshed(docs, cache)
    monkeypatch.chdir(docs.parent)
    assert refreshed(Path("docs"), cache).unchanged == 3


def test_closing_during_a_search_is_no_damage_and_builds_nothing_anew(
    docs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, known = Index.open_or_build(docs, cache), Matrix.best
    before = database(cache).stat().st_ino

    def closed_meanwhile(matrix: Matrix, term_ids: Iterable[int]) -> Iterator[tuple[int, float]]:
        index.close()
        return known(matrix, term_ids)

    monkeypatch.setattr(Matrix, "best", closed_meanwhile)
    with pytest.raises(ClusterError, match="closed"):
        index.search("badger", 5)
    assert database(cache).stat().st_ino == before
    assert refreshed(docs, cache).unchanged == 3


def test_an_index_closed_while_it_is_mended_leaves_no_store_open(
    docs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Store] = []
    known = Store.hold_snapshot

    def noted(store: Store) -> None:
        made.append(store)
        known(store)

    monkeypatch.setattr(Store, "hold_snapshot", noted)
    index: Index | None = None

    def close_meanwhile(_: IndexProgress) -> None:
        if index is not None:
            index.close()

    index = Index.open_or_build(docs, cache, close_meanwhile)
    with sqlite3.connect(database(cache)) as db:
        db.execute("UPDATE passages SET text = 'The yak.'")
    db.close()
    made[0].commit()
    with pytest.raises(ClusterError, match="closed"):
        index.search("badger", 5)
    assert len(made) == 2
    for store in made:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            store.totals()


def test_names_that_are_no_text_are_told_apart(docs: Path, cache: Path) -> None:
    for name, animal in ((b"caf\xe9.txt", "lynx"), (b"caf\xe8.txt", "marten")):
        try:
            (docs / os.fsdecode(name)).write_text(f"The {animal} sleeps.")
        except OSError:
            pytest.skip("this file system takes only names that are text")
    assert sources(docs, cache, "lynx") == ["caf\\xe9.txt"]
    assert sources(docs, cache, "marten") == ["caf\\xe8.txt"]


def test_whoever_waits_for_another_process_may_stop_waiting(docs: Path, cache: Path) -> None:
    refreshed(docs, cache)
    (lock_file,) = cache.glob("*.lock")
    steps: list[str] = []

    def stop(progress: IndexProgress) -> None:
        steps.append(progress.step)
        raise KeyboardInterrupt

    with contextlib.closing(sqlite3.connect(lock_file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(KeyboardInterrupt):
            Index.open_or_build(docs, cache, stop)
    assert steps == ["wait"]


def test_weights_that_are_written_in_part_leave_an_index_in_memory(
    docs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("35920 requested and 6112 written")  # numpy's words for a full disk

    monkeypatch.setattr("cluster.retrieval.matrix.np.save", full)
    report = refreshed(docs, cache)
    assert "No space left on device" in report.notices[0]
    assert "kept in memory" in report.notices[0]


def test_what_is_kept_of_the_documents_is_for_their_reader_alone(
    docs: Path, tmp_path: Path
) -> None:
    refreshed(docs, tmp_path / "fresh")
    kept = [tmp_path / "fresh", *(p for p in (tmp_path / "fresh").iterdir() if p.is_dir())]
    assert [folder.stat().st_mode & 0o077 for folder in kept] == [0, 0]
