"""Rows for the router, from a data folder of a few lines."""

import csv
import io
import json
import lzma
from pathlib import Path
from random import Random

import pytest

from specialists.corpora.labels import LabelRow
from specialists.corpora.route_matter import CLAIMS, QUESTIONS, TOPICS, UNSEEN
from specialists.corpora.route_phrases import CONTENT, REQUESTS, SUBJECTS
from specialists.corpora.route_rows import NONE, ROUTES, kind_of, make_rows, typed
from specialists.errors import CorpusError

PAGE = (
    "# pump\n\nControls pumps.\n\n- Start a [p]ump:\n\npump start {{[-n|--name]}} {{path/to/it}}\n"
)


def pack(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode()))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    for name in (*QUESTIONS, *TOPICS, CLAIMS):
        rows = [
            {
                "query": f"when was the {name} {number} replaced?",
                "passage": f"The {name} {number} was replaced in 19{number:02}. It was old.",
                "label": label,
                "source": name,
                "group": str(number),
            }
            for number in range(30)
            for label in (1, 0)
        ]
        pack(data / "pairs" / f"{name}.jsonl.xz", "\n".join(map(json.dumps, rows)))
    clinc = {
        "train": [[f"set alarm {n}", "alarm"] for n in range(9)]
        + [[f"how are you {n}", "greeting"] for n in range(9)]
        + [[f"convert {n} feet", "measurement_conversion"] for n in range(9)],
        "oos_train": [["how is glue made", "oos"]],
    }
    pack(data / "specialists" / "clinc150_data_full.json.xz", json.dumps(clinc))
    table = io.StringIO()
    csv.writer(table).writerows([("text", "category"), ("Where is my card?", "card_arrival")])
    pack(data / "specialists" / "banking77_train.csv.xz", table.getvalue())
    pack(data / "text" / "tldr_pages.txt.xz", PAGE)
    return data


@pytest.fixture(scope="module")
def rows(data: Path) -> list[LabelRow]:
    return list(make_rows(data, seed=3, most=3_000))


def test_the_same_seed_gives_the_same_rows(data: Path, rows: list[LabelRow]) -> None:
    again = list(make_rows(data, seed=3, most=300))
    assert len(again) > 200 and again == rows[: len(again)]
    assert list(make_rows(data, seed=4, most=20)) != rows[:20]


def test_every_route_has_its_share_and_none_the_largest(rows: list[LabelRow]) -> None:
    share = {route: sum(row.label == route for row in rows) / len(rows) for route in ROUTES}
    assert 0.2 < share[NONE] < 0.4
    assert min(share.values()) > 0.03
    assert len({row.text for row in rows}) == len(rows)


def test_no_slot_is_left_open(rows: list[LabelRow]) -> None:
    slots = {"q", "q2", "p", "ps", "pages", "claim", "t", "maybe", "cmd", "n", *CONTENT}
    left = [row.text for row in rows if any(f"{{{slot}}}" in row.text for slot in slots)]
    assert left == []


def test_real_requests_go_to_tools_or_to_nobody(rows: list[LabelRow]) -> None:
    by_kind = {kind_of(row): row.label for row in rows if row.source.startswith("specialists/")}
    assert by_kind["alarm"] == "q-toolcall"
    assert by_kind["greeting"] == by_kind["card_arrival"] == by_kind["oos"] == NONE
    assert not UNSEEN & by_kind.keys()


def test_commands_come_as_a_person_would_type_them(rows: list[LabelRow]) -> None:
    commands = [row.text for row in rows if row.label == "q-cmdsafe" and "pump start" in row.text]
    assert commands and all("pump start -n it" in text for text in commands)


def test_each_route_but_one_gives_something_to_decline() -> None:
    assert {*SUBJECTS, "q-toolcall", NONE} == set(REQUESTS)


def test_a_command_is_typed_exactly_and_white_space_is_tidied() -> None:
    assert typed("  rm   -rf X \n  y ", Random(0), exact=True) == "rm -rf X\ny"
    assert len({typed("What is the Pump for?", Random(seed)) for seed in range(60)}) > 5


def test_data_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="tldr_pages"):
        next(make_rows(tmp_path, seed=0, most=1))
