import json
import random
import re
from pathlib import Path

import pytest

from specialists.corpora.duplicate_rows import OTHER, SAME, make_rows
from specialists.corpora.paraphrase import paraphrase
from specialists.corpora.question_frames import FRAMES, GAPS, fill, refill
from specialists.corpora.question_swaps import ask_of_something_else, swap_question
from tests.specialists.corpora.test_domain_rows import tiny_data, write

CHOICE = random.Random(5)
NAMES = ("Bremen", "Lisbon", "Ada Byron")


def swaps_of(question: str) -> set[str]:
    return {
        text for seed in range(40) for text in swap_question(question, NAMES, random.Random(seed))
    }


def test_a_paraphrase_keeps_the_numbers_and_the_names() -> None:
    question = "How do I send 300 euros to Bremen in May?"
    for seed in range(200):
        said = paraphrase(question, random.Random(seed))
        assert "300" in said
        assert "bremen" in said.lower()
        assert "may" in said.lower()


def test_a_paraphrase_differs_in_its_opening() -> None:
    said = {paraphrase("Can I park here?", random.Random(seed)).lower() for seed in range(60)}
    assert any("allowed to park here" in one for one in said)
    assert len(said) > 15


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("When does the pool open?", "When does the pool close?"),
        ("What is the first rule?", "What is the second rule?"),
        ("How do I fly from Rome to Oslo?", "How do I fly from Oslo to Rome?"),
        ("Who painted the ceiling?", "Who was painted by the ceiling?"),
        ("When was the mill built?", "Where was the mill built?"),
        ("Can I bring my dog?", "Can I bring my cat?"),
        ("Can I come with a guest?", "Can I come without a guest?"),
        ("How far is it to Bremen by train?", "How far is it to Lisbon by train?"),
    ],
)
def test_one_thing_is_exchanged(question: str, other: str) -> None:
    assert other in swaps_of(question)


def test_a_swap_never_gives_the_question_back() -> None:
    for question in ("Is it 12 or 21?", "How do I remove a user?", "Why?"):
        assert question not in swaps_of(question)


def test_what_is_asked_of_something_else_is_neither_denied_nor_asked_in_another_way() -> None:
    for question in ("When was the mill built?", "Is the pool open to guests?"):
        for seed in range(40):
            found = list(ask_of_something_else(question, random.Random(seed)))
            assert not any("not" in text or text.startswith("Where") for text in found), found
    assert "When does the pool close?" in {
        text
        for seed in range(9)
        for text in ask_of_something_else("When does the pool open?", random.Random(seed))
    }


def test_every_gap_of_a_frame_is_known_and_stands_in_every_wording() -> None:
    for frame in FRAMES:
        gaps = [set(re.findall(r"\{(\w+)\}", wording)) for wording in frame]
        assert len(frame) > 1
        assert all(each == gaps[0] <= GAPS.keys() for each in gaps), frame
    assert len(set(FRAMES)) == len(FRAMES)


def test_a_refilled_frame_asks_something_else() -> None:
    for frame in range(len(FRAMES)):
        filling = fill(frame, CHOICE)
        assert refill(filling, CHOICE) != filling


def test_rows_are_balanced_and_the_same_for_a_seed(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    for name in ("ares_nq", "ares_wow", "ares_hotpotqa", "js_interview_faq", "nomiracl_en_nonrel"):
        write(data / f"pairs/{name}.jsonl.xz", "")
    asked = [
        {"query": f"Who built the {what} of Bremen in {year}?", "passage": "", "label": 1,
         "group": f"{what} {year}"}
        for what in ("mill", "gate", "harbour") for year in range(1701, 1711)
    ]  # fmt: skip
    write(data / "pairs/selqa.jsonl.xz", "\n".join(map(json.dumps, asked)))
    intents = [[f"how long do i cook {food}", "cook_time"] for food in ("rice", "beef", "eggs")]
    train = json.dumps({"train": intents * 4})
    write(data / "specialists/clinc150_data_full.json.xz", train)
    rows = list(make_rows(data, seed=1, most=160))
    assert rows == list(make_rows(data, seed=1, most=160))
    labels = [row.label for row in rows]
    assert labels.count(SAME) == labels.count(OTHER) > 40
    assert {"frames", "pairs/selqa"} <= {row.source for row in rows}
    assert all(row.query and row.text for row in rows)
