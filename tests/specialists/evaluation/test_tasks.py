"""What is asked follows from the files, the settings and the seed alone."""

import gzip
import json
import lzma
from collections.abc import Sequence
from pathlib import Path

import pytest

from specialists.errors import CorpusError
from specialists.evaluation.tasks import (
    Collection,
    Group,
    Settings,
    build_task,
    read_collection,
)


class InOrder:
    """Ranks every query the same: p00, p01, p02 ..."""

    def __init__(self, n_passages: int) -> None:
        self._ids = [f"p{number:02}" for number in range(n_passages)]

    def ranking(self, query: str, /) -> Sequence[str]:
        return self._ids


def collection(grades: dict[str, dict[str, int]], n_passages: int = 40) -> Collection:
    return Collection(
        name="tiny",
        passages={f"p{n:02}": f"passage {n:02}" for n in range(n_passages)},
        queries={key: f"query {key}" for key in grades},
        grades=grades,
    )


def only_group(grades: dict[str, int], settings: Settings, n_passages: int = 40) -> Group:
    task = build_task(collection({"q": grades}, n_passages), InOrder(n_passages), settings)
    (group,) = task.groups
    return group


def texts(group: Group, places: Sequence[int]) -> list[str]:
    return [group.passages[place] for place in places]


def write_folder(folder: Path, *, qrels: str, corpus: list[dict[str, str]]) -> Path:
    (folder / "qrels").mkdir(parents=True)
    rows = "\n".join(json.dumps(row) for row in corpus)
    (folder / "corpus.jsonl").write_text(rows, "utf-8")
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "why"}\n', "utf-8")
    (folder / "qrels" / "test.tsv").write_text(qrels, "utf-8")
    return folder


def test_rows_are_one_positive_and_negatives_from_the_wanted_ranks() -> None:
    group = only_group({"p02": 1}, Settings())
    assert [group.relevant[row] for row in group.rows] == [True, False, False, False, False]
    assert texts(group, group.rows)[0] == "passage 02"
    window = {f"passage {rank - 1:02}" for rank in range(7, 21)}
    assert set(texts(group, group.rows)[1:]) <= window


def test_a_judged_passage_is_never_a_negative() -> None:
    grades = {f"p{place:02}": 1 for place in range(6, 16)}
    group = only_group(grades, Settings())
    negatives = set(texts(group, group.rows[1:]))
    assert negatives == {f"passage {place}" for place in range(16, 20)}


def test_a_passage_judged_irrelevant_may_be_a_negative() -> None:
    group = only_group({"p00": 1, "p01": 0}, Settings(first_rank=2, last_rank=2, negatives=1))
    assert texts(group, group.rows) == ["passage 00", "passage 01"]


def test_the_ranks_below_serve_when_the_window_holds_too_few() -> None:
    group = only_group({"p00": 1}, Settings(first_rank=1, last_rank=4))
    assert set(texts(group, group.rows[1:])) == {f"passage 0{place}" for place in range(1, 5)}


def test_the_positive_is_of_the_highest_grade() -> None:
    for seed in range(10):
        group = only_group({"p00": 1, "p01": 3, "p02": 1}, Settings(seed=seed))
        assert texts(group, group.rows[:1]) == ["passage 01"]


def test_the_absent_twin_is_refilled_from_the_same_ranking() -> None:
    group = only_group({"p01": 1, "p03": 1, "p30": 1}, Settings(depth=3))
    assert texts(group, group.present) == ["passage 00", "passage 01", "passage 02"]
    assert texts(group, group.absent) == ["passage 00", "passage 02", "passage 04"]
    assert not any(group.relevant[place] for place in group.absent)


def test_a_ranking_without_a_positive_in_its_head_has_no_twin() -> None:
    group = only_group({"p30": 1}, Settings(depth=3))
    assert group.present == group.absent == ()


def test_the_same_seed_cuts_the_same_task_and_another_seed_another() -> None:
    whole = collection({f"q{n}": {f"p{n:02}": 1} for n in range(5)})
    first, again, other = (
        build_task(whole, InOrder(40), Settings(seed=seed)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first.groups != other.groups


def test_asking_fewer_queries_does_not_change_their_rows() -> None:
    whole = collection({f"q{n}": {f"p{n:02}": 1} for n in range(9)})
    everything = {g.query_id: g for g in build_task(whole, InOrder(40), Settings()).groups}
    some = build_task(whole, InOrder(40), Settings(max_queries=3)).groups
    assert len(some) == 3
    assert all(everything[group.query_id] == group for group in some)


def test_a_collection_without_any_usable_query_is_refused() -> None:
    with pytest.raises(CorpusError, match="no query has a relevant passage"):
        build_task(collection({"q": {"p00": 0}}), InOrder(40), Settings())


def test_ranks_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(CorpusError, match="ranks 9-3"):
        Settings(first_rank=9, last_rank=3)


def test_a_passage_is_its_title_a_full_stop_and_its_text(tmp_path: Path) -> None:
    corpus = [
        {"_id": "a", "title": "Pumps.", "text": "They move water."},
        {"_id": "b", "text": "No title here."},
        {"_id": "c", "title": "on wings .", "text": "on wings . lift was measured"},
        {"_id": "d", "title": "", "text": "  "},
    ]
    folder = write_folder(tmp_path / "set", qrels="q\ta\t1\n", corpus=corpus)
    assert read_collection(folder).passages == {
        "a": "Pumps. They move water.",
        "b": "No title here.",
        "c": "on wings . lift was measured",
    }


@pytest.mark.parametrize(("ending", "compress"), [(".xz", lzma.compress), (".gz", gzip.compress)])
def test_compressed_files_are_read(tmp_path: Path, ending: str, compress: object) -> None:
    folder = write_folder(tmp_path / "set", qrels="q\ta\t1\n", corpus=[{"_id": "a", "text": "x"}])
    plain = read_collection(folder)
    assert callable(compress)
    data = (folder / "corpus.jsonl").read_bytes()
    (folder / f"corpus.jsonl{ending}").write_bytes(compress(data))
    (folder / "corpus.jsonl").unlink()
    assert read_collection(folder) == plain


def test_queries_of_which_nothing_can_be_asked_are_counted() -> None:
    some = collection({"q1": {"p00": 1}, "q2": {"lost": 1}})
    assert build_task(some, InOrder(40), Settings()).left_out == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"_id": "q", "text": "how"}', r":2: the id 'q' stands here again"),
        (b'{"_id": "r", "text": "K\xf6ln"}', r":2: byte 24 \(0xf6\) is not UTF-8; save the file"),
        (b'{"_id": "r",', r":2: not JSON \(.* at column 13\)"),
        (b"[" * 100_000, r":2: not JSON"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_with_its_place(
    tmp_path: Path, line: bytes, said: str
) -> None:
    folder = write_folder(tmp_path, qrels="", corpus=[{"_id": "d", "text": "text"}])
    (folder / "queries.jsonl").write_bytes(b'\xef\xbb\xbf{"_id": "q", "text": "why"}\n' + line)
    with pytest.raises(CorpusError, match=r"queries\.jsonl" + said):
        read_collection(folder)


def test_the_head_line_of_the_judgements_is_skipped(tmp_path: Path) -> None:
    qrels = "query-id\tcorpus-id\tscore\nq\ta\t2\n"
    folder = write_folder(tmp_path / "set", qrels=qrels, corpus=[{"_id": "a", "text": "x"}])
    assert read_collection(folder).grades == {"q": {"a": 2}}


def test_a_broken_line_is_named_with_its_place(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", qrels="q\ta\t1\n", corpus=[{"_id": "a", "text": "x"}])
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "why"}\n{"_id":\n', "utf-8")
    with pytest.raises(CorpusError, match=r"queries\.jsonl:2: not JSON"):
        read_collection(folder)
    (folder / "queries.jsonl").write_text('{"_id": "q"}\n', "utf-8")
    with pytest.raises(CorpusError, match=r"queries\.jsonl:1: expected a text under 'text'"):
        read_collection(folder)


def test_a_damaged_archive_is_one_sentence(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", qrels="q\ta\t1\n", corpus=[{"_id": "a", "text": "x"}])
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.xz").write_bytes(b"no archive")
    with pytest.raises(CorpusError, match=r"corpus\.jsonl\.xz: cannot be read"):
        read_collection(folder)


@pytest.mark.parametrize("line", ["q a 1", "q\ta\tmuch", "q\ta"])
def test_a_judgement_of_another_form_is_refused(tmp_path: Path, line: str) -> None:
    folder = write_folder(tmp_path / "set", qrels=f"q\ta\t1\n{line}\n", corpus=[])
    with pytest.raises(CorpusError, match=r"test\.tsv:2: expected query id"):
        read_collection(folder)


def test_a_judgement_of_an_unknown_query_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", qrels="lost\ta\t1\n", corpus=[])
    with pytest.raises(CorpusError, match="judges query 'lost'"):
        read_collection(folder)


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"corpus\.jsonl: no such file"):
        read_collection(tmp_path)
