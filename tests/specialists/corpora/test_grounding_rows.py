import json
import lzma
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from specialists.corpora.grounding_rows import make_rows
from specialists.corpora.restating import SHAPES, reshaped, reworded
from specialists.corpora.text import DOCUMENT_MARK
from tests.specialists.corpora.test_domain_rows import tiny_data

RIVERS = "Lenne Oker Aller Leine Ruhr Emscher Nahe Lahn Ahr Sieg".split()  # noqa: SIM905


@pytest.mark.parametrize(
    ("sentence", "shape"),
    [
        ("In May, the mill burned down.", "The mill burned down in May"),
        ("The mill was founded by Ada Byron in 1840.", "Ada Byron founded the mill in 1840"),
        ("The mill, which was old, burned down in May.", "The mill burned down in May"),
        ("The mill burned down in May; the village was spared.", "The mill burned down in May"),
        ("However, the mill (a new one) was very big.", "The mill was very big"),
    ],
)
def test_a_sentence_is_reshaped(sentence: str, shape: str) -> None:
    assert shape in {reshaped(sentence, number) for number in range(SHAPES)}


def test_rewording_keeps_numbers_in_one_form_or_the_other() -> None:
    for seed in range(100):
        said = reworded("The pump has 3 valves and cost 5,000 euros", Random(seed))
        assert "3 valves" in said or "three valves" in said
        assert "5,000" in said or "5000" in said


def test_rows_are_balanced_and_no_word_of_a_copy_tells_the_label(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    documents = [
        f"# {name}\n\nThe {name} was dammed by the Count of Waldeck in {1800 + number}. Its mills"
        f" were larger than those of the Weser. The first bridge over the stream opened in the town"
        f" of Arnsberg after the war.\n\nThe northern bank belongs to farmers who sell wood to the"
        f" council of the province. The villages along the shore have {number + 12} churches."
        for number, name in enumerate(RIVERS * 3)
    ]
    with lzma.open(data / "text/wikipedia_misc.txt.xz", "wt", encoding="utf-8") as file:
        file.write(f"\n{DOCUMENT_MARK}\n".join(documents))
    own = "We dam small rivers. The mills along them lose a third of their power in dry summers."
    other = "Bread is baked in the morning. Its crust tells how hot the oven was."
    said = "Mills lose a third of their power when summers along small rivers are dry."
    summaries = [
        {"query": said, "passage": passage, "label": label, "source": "scitldr", "group": "p1"}
        for passage, label in ((own, 1), (other, 0))
    ]
    with lzma.open(data / "pairs/scitldr.jsonl.xz", "wt", encoding="utf-8") as file:
        file.write("\n".join(map(json.dumps, summaries)) + "\n")
    rows = list(make_rows(data, seed=2, most=90))
    assert {row.label for row in rows if row.text == own} & {"supports", "contradicts"}
    assert {row.label for row in rows if row.text == other} <= {"unsettled"}
    assert rows == list(make_rows(data, seed=2, most=90))
    counts = Counter(row.label for row in rows)
    assert set(counts) == {"supports", "contradicts", "unsettled"}
    assert len(set(counts.values())) == 1
    labels_of_last = {row.label for row in rows if "last bridge" in row.query.lower()}
    assert "supports" in labels_of_last or not labels_of_last
