import json
import lzma
from itertools import islice
from pathlib import Path
from random import Random

from specialists.corpora.citation_rows import make_rows
from specialists.corpora.fact_notes import note_questions, read_facts
from specialists.corpora.sources import LICENCES
from specialists.corpora.text import DOCUMENT_MARK
from specialists.evaluation.rules import RULES

TEXT = """# The Lorn bridge

The bridge was built by the Halls in 1904 after a flood. The toll house was sold to a baker.
The arches are 12 metres high. The river is 40 metres wide at this place. If the river rises, the
gate is closed by the keeper. The keeper lives in the old mill beside the river and walks there.
"""


def tiny_data(folder: Path) -> Path:
    (folder / "pairs").mkdir()
    (folder / "text").mkdir()
    rows = [
        {"query": f"Who built bridge {n}?", "group": str(n), "label": label, "passage": passage}
        for n in range(30)
        for label, passage in (
            (1, f"Bridge {n}: Bridge {n} was built by Ada Hall."),
            (0, f"Bridge {n}: Bridge {n} is painted green."),
        )
    ]
    for source in ("selqa", "xquad_en"):
        packed = lzma.compress("\n".join(map(json.dumps, rows)).encode())
        (folder / "pairs" / f"{source}.jsonl.xz").write_bytes(packed)
    documents = f"\n{DOCUMENT_MARK}\n".join([TEXT] * 20)
    (folder / "text" / "wikipedia_core.txt.xz").write_bytes(lzma.compress(documents.encode()))
    return folder


def test_rows_are_the_same_for_a_seed_and_each_source_has_a_licence(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    rows = list(make_rows(data, seed=3, most=900))
    assert rows == list(make_rows(data, seed=3, most=900))
    assert len(rows) == 900
    assert {row.label for row in rows} == {"1", "0"}
    sources = {row.source for row in rows} - {"templates"}
    assert sources == {"pairs/selqa", "pairs/xquad_en", "text/wikipedia_core"}
    for source in sources:
        folder, _, name = source.rpartition("/")
        assert name in LICENCES[folder], source


def test_no_sentence_is_right_and_wrong_under_the_same_question(tmp_path: Path) -> None:
    labels: dict[tuple[str, str, str], set[str]] = {}
    for row in make_rows(tiny_data(tmp_path), seed=4, most=4_000):
        labels.setdefault((row.group, row.query, row.text), set()).add(row.label)
    assert all(len(each) == 1 for each in labels.values())


def test_a_note_answers_one_question_in_one_place_and_leaves_another_open() -> None:
    for questions in islice(note_questions(Random(2)), 100):
        told = [one for one in questions if one.answer is not None]
        assert 0 < len(told) < len(questions)
        for one in questions:
            assert one.answer is None or one.answer < len(one.sentences)
            assert not any(" X " in f" {text} " for text in (one.question, *one.sentences))


def test_every_fact_has_values_sentences_and_questions() -> None:
    facts = read_facts()
    assert len(facts) >= 30
    for fact in facts:
        assert len(fact.kinds) >= 3
        assert all("X" in text for text in (*fact.sentences, *fact.questions))
        assert all("V" in text for text in fact.sentences)


def test_the_rule_quotes_what_shares_half_of_the_question_and_refuses_the_rest() -> None:
    rule = RULES["q-doccite"]
    pages = ["The lamp burns oil. The door is red."]
    assert rule({"question": "What does the lamp burn?", "pages": pages})["quote"] == (
        "The lamp burns oil."
    )
    assert rule({"question": "Who painted the old tower?", "pages": pages})["refused"]
