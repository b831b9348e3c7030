import csv
import io
import json
import lzma
from itertools import islice
from pathlib import Path
from random import Random

from specialists.corpora.sources import LICENCES
from specialists.corpora.tool_call_rows import make_rows
from specialists.corpora.tool_frames import all_frames
from specialists.corpora.tool_intents import banking_tools, clinc_tools
from specialists.corpora.tool_requests import draw_request
from specialists.corpora.tool_verbs import verb_requests
from specialists.evaluation.rules import RULES


def tiny_data(folder: Path) -> Path:
    specialists = folder / "specialists"
    (specialists / "apibench").mkdir(parents=True)
    clinc = {
        "train": [["wake me at six", "alarm"], ["what is my balance", "balance"]],
        "oos_train": [["who painted this", "oos"]],
        "test": [["never trained on", "alarm"]],
    }
    (specialists / "clinc150_data_full.json.xz").write_bytes(
        lzma.compress(json.dumps(clinc).encode())
    )
    table = io.StringIO()
    csv.writer(table).writerows([["text", "category"], ["my card is lost", "lost_or_stolen_card"]])
    (specialists / "banking77_train.csv.xz").write_bytes(lzma.compress(table.getvalue().encode()))
    lines = [
        {
            "code": f"###Instruction: I need a model that does the job number {n}.\n###Output: x",
            "api_data": {"functionality": f"Job {n}", "api_name": f"org/model{n}"},
        }
        for n in range(12)
    ]
    packed = lzma.compress("\n".join(map(json.dumps, lines)).encode())
    (specialists / "apibench" / "torchhub_train.json.xz").write_bytes(packed)
    return folder


def test_rows_are_the_same_for_a_seed_and_each_source_has_a_licence(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    rows = list(make_rows(data, seed=3, most=1_500))
    assert rows == list(make_rows(data, seed=3, most=1_500))
    assert len(rows) == 1_500
    assert {row.label for row in rows} == {"1", "0"}
    assert not any("never trained on" in row.query for row in rows)
    for source in {row.source for row in rows} - {"templates"}:
        folder, _, name = source.rpartition("/")
        assert name in LICENCES[folder], source


def test_no_pair_of_request_and_text_is_both_right_and_wrong(tmp_path: Path) -> None:
    labels: dict[tuple[str, str, str], set[str]] = {}
    for row in make_rows(tiny_data(tmp_path), seed=4, most=6_000):
        labels.setdefault((row.group, row.query, row.text), set()).add(row.label)
    assert all(len(each) == 1 for each in labels.values())


def test_out_of_scope_requests_fit_no_tool(tmp_path: Path) -> None:
    rows = make_rows(tiny_data(tmp_path), seed=1, most=3_000)
    assert {row.label for row in rows if row.query == "who painted this"} == {"0"}


def test_every_frame_can_be_asked_for_and_its_values_stand_where_they_are_said_to() -> None:
    choice = Random(0)
    for frame in all_frames():
        for asked in (draw_request(frame, choice) for _ in range(12)):
            assert "{" not in asked.request
            for start, end in asked.spans.values():
                assert asked.request[start:end].strip('" ') == asked.request[start:end] != ""


def test_each_intent_has_one_tool() -> None:
    for blocks in (clinc_tools(), banking_tools()):
        names = [name for block in blocks for name in block]
        assert len(names) == len(set(names)) > 70
        assert all(said.endswith(".") for block in blocks for said in block.values())


def test_each_made_tool_has_near_misses_and_one_that_fits() -> None:
    for asked, tools in islice(verb_requests(Random(1)), 200):
        assert asked
        assert sum(fits for _, _, fits in tools) == 1
        assert len(tools) >= 4


def test_the_rule_calls_what_shares_words_and_refuses_the_rest() -> None:
    tool = {"name": "set_timer", "args": {"minutes": {"type": "integer", "required": True}}}
    rule = RULES["q-toolcall"]
    said = rule({"request": "set a timer to 9 minutes", "tools": [tool]})
    assert said == {"refused": False, "tool": "set_timer", "args": {"minutes": 9}}
    assert rule({"request": "set a timer", "tools": [tool]})["refused"]
    assert rule({"request": "sing", "tools": [tool]})["refused"]
