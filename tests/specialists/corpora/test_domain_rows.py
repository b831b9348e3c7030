import json
import lzma
from collections import Counter
from pathlib import Path

from specialists.corpora.domain_cues import (
    domain_of_definition,
    domain_of_field,
    domain_of_heading,
)
from specialists.corpora.domain_rows import make_rows
from specialists.corpora.naive_bayes import HeldOutVote
from specialists.corpora.text import DOCUMENT_MARK

ILLNESSES = "Fever Cough Colic Gout Croup Mumps Rickets Scurvy Shingles Measles".split()  # noqa: SIM905
RIVERS = "Lenne Oker Aller Leine Ruhr Emscher Nahe Lahn Ahr Sieg".split()  # noqa: SIM905


def test_a_first_sentence_tells_the_domain_by_the_noun_it_ends_its_definition_with() -> None:
    assert domain_of_definition("Scurvy is a disease that sailors had.") == "medicine"
    assert domain_of_definition("Ada was an English professional footballer, born") == "sport"
    assert domain_of_definition("It is the largest river in the country.") == "geography"
    assert domain_of_definition("C is a general-purpose programming language by") == "computing"


def test_a_definition_that_names_nothing_known_tells_nothing() -> None:
    assert domain_of_definition("Love is a feeling of many.") is None
    assert domain_of_definition("The quick brown fox.") is None


def test_headings_and_fields_tell_the_domain_too() -> None:
    assert domain_of_heading(" Economy ") == "business"
    assert domain_of_heading("See also") is None
    assert domain_of_field("(law) a wrong") == ("law", "a wrong")
    assert domain_of_field("(slang) a thing") is None


def test_the_vote_doubts_a_label_by_what_other_groups_say() -> None:
    texts = [*(f"fever and cough number {n}" for n in range(40)), "fever and cough again"]
    texts += [f"river and valley number {n}" for n in range(40)]
    labels = [0] * 40 + [1] + [1] * 40
    vote = HeldOutVote(texts, labels, [f"group {n}" for n in range(81)], 2)
    assert vote.doubt("fever and cough again", "group 40", 1) > 2
    assert vote.doubt("fever and cough again", "group 40", 0) == 0
    assert vote.doubt("unheard words", "group 1", 1) == 0


def test_rows_are_the_same_for_a_seed_and_no_text_stands_in_two_domains(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    rows = list(make_rows(data, seed=3, most=200))
    assert rows == list(make_rows(data, seed=3, most=200))
    assert {row.label for row in rows} == {"medicine", "geography", "business"}
    assert all(row.query == "" and row.text for row in rows)
    labels: dict[str, set[str]] = {}
    for row in rows:
        labels.setdefault(row.text, set()).add(row.label)
    assert all(len(each) == 1 for each in labels.values())
    assert Counter(row.source for row in rows)["text/wikipedia_core"] > 10


def tiny_data(folder: Path) -> Path:
    for part in ("text", "pairs", "specialists"):
        (folder / part).mkdir()
    illnesses = [
        f"# {name}\n\n{name} is a disease of children. Patients with fever need rest and a doctor"
        f" who watches the infection of ward {number}.\n\n## Treatment\n\nDoctors treat fever of"
        f" patients with rest, and the infection number {number} with a strong medicine."
        for number, name in enumerate(ILLNESSES)
    ]
    rivers = [
        f"# {name}\n\nThe {name} is a river in the north. Its valley winds between hills and woods"
        f" for {number + 20} kilometres until it joins the greater stream.\n\n## Geography\n\nThe"
        f" valley lies between wooded hills, and {number + 2} villages stand beside the stream."
        for number, name in enumerate(RIVERS)
    ]
    write(folder / "text/wikipedia_core.txt.xz", f"\n{DOCUMENT_MARK}\n".join(illnesses + rivers))
    for name in (
        "wikipedia_vital_summaries", "wikipedia_recent", "wikipedia_misc", "world_factbook",
        "debian_docs", "tech_docs_markdown", "linux_howtos", "us_presidential_speeches",
        "standard_ebooks",
    ):  # fmt: skip
        write(folder / f"text/{name}.txt.xz", "")
    for name in (
        "medquad", "wordnet_definitions", "tldr_pages", "squadshifts_wiki", "selqa",
        "nq_open_oracle", "nq_qed", "xquad_en", "hotpotqa", "neural_bridge_rag", "pubmedqa",
    ):  # fmt: skip
        write(folder / f"pairs/{name}.jsonl.xz", "")
    write(folder / "specialists/banking77_train.csv.xz", "text,category\nWhere is my card?,card\n")
    write(folder / "specialists/clinc150_data_full.json.xz", json.dumps({"train": []}))
    return folder


def write(path: Path, text: str) -> None:
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write(text)
