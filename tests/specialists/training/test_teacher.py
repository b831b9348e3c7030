"""What a sentence encoder says reaches the right places of a prompt."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import specialists.training.teacher as teaching
from specialists.corpora.relevance import QueryGroup, RelevanceRows, open_rows, write_rows
from specialists.errors import RecipeError
from specialists.evaluation.peers import can_run
from specialists.prompts import POCKET_RELEVANCE, resolve_labels
from specialists.tokenizer import train_tokenizer
from specialists.training.batches import Row, Taught, Words, prompt_ids, relevance_batch
from specialists.training.teacher import (
    Teacher,
    TeacherHead,
    encode_rows,
    open_teacher,
    teacher_loss,
)

QUERY = "when was the pump replaced?"
RIGHT = "the station stands in the north. the pump was renewed in 1987. owls nest in it."
WRONG = "trains run daily. buses run at night."
GROUP = QueryGroup(
    source="pumps", name="pump 1", query=QUERY, positives=(RIGHT,), negatives=(WRONG,)
)
TOKENIZER = train_tokenizer(iter([QUERY, RIGHT, WRONG, "Q: a\nP: b\nA:1 A:0"] * 3), vocab_size=400)


@pytest.fixture
def rows(tmp_path: Path) -> RelevanceRows:
    write_rows([GROUP], TOKENIZER, tmp_path / "rows")
    return open_rows(tmp_path / "rows")


def words(text: str) -> Words:
    ids = np.array(TOKENIZER.encode(text, add_special_tokens=False).ids, dtype=np.uint16)
    return Words(ids=ids, stems=np.zeros(len(ids), dtype=np.uint32))


@pytest.mark.skipif(not can_run(), reason="needs the extra `train`")
def test_the_sentence_that_answers_is_the_nearest(rows: RelevanceRows, tmp_path: Path) -> None:
    told: list[tuple[int, int, int]] = []
    encode_rows(
        rows,
        TOKENIZER,
        tmp_path / "teacher",
        groups={"pumps": 1},
        seed=0,
        threads=1,
        on_progress=lambda *now: told.append(now),
    )
    assert told[-1][:2] == (3, 3)
    teacher = open_teacher(tmp_path / "teacher")
    query, (right, wrong) = 0, (int(text) for text in rows.candidate)
    taught = teacher.taught(query, right)
    other = teacher.taught(query, wrong)
    assert taught is not None
    assert other is not None
    ids = rows.tokens[rows.text(right)]
    said = [TOKENIZER.decode(ids[:end].tolist()).strip() for end in taught.ends]
    assert [text[-9:] for text in said] == ["he north.", " in 1987.", "st in it."]
    assert taught.near.argmax() == 1
    assert taught.near.max() > other.near.max() + 0.2
    assert taught.whole > other.whole
    assert teacher.taught(query, 999) is None


@pytest.mark.skipif(not can_run(), reason="needs the extra `train`")
def test_what_was_encoded_before_a_stop_is_not_encoded_again(
    rows: RelevanceRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching, "PORTION", 1)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"

    def encode(folder: Path, *, stop_at: int = -1) -> None:
        def tell(done: int, total: int, tokens: int) -> None:
            if done == stop_at:
                raise KeyboardInterrupt

        encode_rows(
            rows, TOKENIZER, folder, groups={"pumps": 1}, seed=0, threads=1, on_progress=tell
        )

    encode(whole)
    with pytest.raises(KeyboardInterrupt):
        encode(stopped, stop_at=2)
    first = stopped / "part-0000.npz"
    written = first.stat().st_mtime_ns
    with pytest.raises(KeyboardInterrupt):
        encode(stopped, stop_at=1)
    assert first.stat().st_mtime_ns == written
    encode(stopped)
    one, other = open_teacher(whole), open_teacher(stopped)
    assert np.array_equal(one.sentence_SD, other.sentence_SD)
    assert np.array_equal(one.end_S, other.end_S)
    assert not list(stopped.glob("part-*"))


def test_nothing_encoded_is_said_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="give the training command again"):
        open_teacher(tmp_path)


@pytest.mark.skipif(not can_run(), reason="needs the extra `train`")
def test_a_folder_of_other_rows_is_refused(rows: RelevanceRows, tmp_path: Path) -> None:
    folder = tmp_path / "teacher"
    encode_rows(rows, TOKENIZER, folder, groups={"pumps": 1}, seed=0, threads=1)
    write_rows([GROUP, replace(GROUP, name="pump 2", query="who?")], TOKENIZER, tmp_path / "more")
    with pytest.raises(RecipeError, match="other rows or another recipe; delete it"):
        encode_rows(
            open_rows(tmp_path / "more"), TOKENIZER, folder, groups={"pumps": 2}, seed=0, threads=1
        )


def test_a_text_that_was_not_encoded_is_not_taught() -> None:
    teacher = Teacher(
        text_N=np.array([3, 8], dtype=np.int32),
        whole_ND=np.eye(2, dtype=np.float16),
        start_N1=np.array([0, 1, 2]),
        end_S=np.array([4, 4], dtype=np.int32),
        sentence_SD=np.eye(2, dtype=np.float16),
    )
    assert teacher.taught(3, 8) is not None
    assert teacher.taught(3, 7) is None
    assert teacher.taught(9, 8) is None


def test_the_head_is_asked_where_sentences_end_and_over_the_echo() -> None:
    prompt = prompt_ids(resolve_labels(POCKET_RELEVANCE, TOKENIZER), TOKENIZER)
    passage = words(RIGHT)
    taught = Taught(
        ends=np.array([3, len(passage)], dtype=np.int32),
        near=np.array([0.25, 0.75], dtype=np.float32),
        whole=0.5,
    )
    known = Row(query=words(QUERY), passage=passage, relevant=True, group=0, taught=taught)
    unknown = Row(query=words(QUERY), passage=words(WRONG), relevant=False, group=0)
    batch = relevance_batch([known, unknown], prompt, max_length=200)
    assert batch.taught is not None
    first = int(batch.passage_BT[0].nonzero()[0])
    places = (~batch.taught.near_BT[0].isnan()).nonzero().flatten().tolist()
    assert places == [first + 2, first + len(passage) - 1]
    assert batch.taught.near_BT[1].isnan().all()
    assert batch.taught.nearest_B[0] == 0.75
    cut = relevance_batch([known], prompt, max_length=int(batch.last_B[0]))
    assert cut.taught is not None
    assert cut.taught.nearest_B.tolist() == [0.25]
    head = TeacherHead(4)
    silent = torch.zeros(*batch.ids_BT.shape, 4)
    with torch.no_grad():
        head.top.bias.copy_(torch.tensor([0.25, 0.5, 0.75]))
        near_wrong = teacher_loss(head, silent, batch)
    assert float(near_wrong) == pytest.approx(8.0 * 0.5**2 / 2)
    alone = relevance_batch([unknown], prompt, max_length=200)
    assert float(teacher_loss(head, silent[1:, : alone.ids_BT.shape[1]], alone)) == 0.0
