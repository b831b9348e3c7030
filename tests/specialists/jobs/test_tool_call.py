import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialists.errors import JobError
from specialists.jobs.call_check import check_call
from specialists.jobs.job import carry_out
from specialists.jobs.numbers import numbers_of
from specialists.jobs.spans import spans_of
from specialists.jobs.tool_call import JOB, MOST_CANDIDATES
from tests.specialists.jobs.deciders import accepting, at_random

TIMER = {
    "name": "start_timer",
    "description": "Count down.",
    "args": {
        "minutes": {"type": "integer", "description": "how long", "required": True},
        "label": {"type": "string", "description": "what for"},
    },
}
DOOR = {
    "name": "lockDoor",
    "args": {"door": {"enum": ["front", "back"], "required": True}},
}
TOOLS = [TIMER, DOOR]


def call(request: str, *accepted: str, tools: Any = None) -> dict[str, Any]:
    inputs = {"request": request, "tools": TOOLS if tools is None else tools}
    result = carry_out(JOB, inputs, accepting(*accepted))
    assert check_call(inputs, result) == ()
    return result


def test_a_call_takes_its_number_and_its_words_from_the_request() -> None:
    result = call(
        "12 minutes for the pasta",
        "start timer:",
        "[12]",
        "label (what for) = minutes for the [pasta]",
    )
    assert result["tool"] == "start_timer"
    assert result["args"] == {"minutes": 12, "label": "pasta"}


def test_a_declared_value_need_not_stand_in_the_request() -> None:
    result = call("shut the one to the garden", "lock door (door)", "= [back]")
    assert (result["tool"], result["args"]) == ("lockDoor", {"door": "back"})


def test_no_fitting_tool_is_a_refusal_that_tells_the_best_score() -> None:
    result = call("sing a song", "nothing")
    assert result["refused"] and result["tool"] is None and result["args"] == {}
    assert result["reason"] == "none of 2 tools fits the request; the best scored 0.10"


def test_a_missing_argument_is_a_refusal_that_names_it() -> None:
    result = call("start a timer for the pasta", "start timer:", "[pasta]")
    assert result["refused"]
    assert result["reason"] == "start_timer needs 'minutes', which the request does not give"


def test_two_arguments_never_share_a_part_of_the_request() -> None:
    copy = {
        "name": "copy",
        "args": {"source": {"required": True}, "target": {"required": True}},
    }
    assert call("copy a.txt to b.txt", "copy (", "[a.txt]", tools=[copy])["refused"]
    result = call("copy a.txt to b.txt", "copy (", "source = copy [a.txt]", "[b.txt]", tools=[copy])
    assert result["args"] == {"source": "a.txt", "target": "b.txt"}


def test_without_tools_everything_is_refused() -> None:
    assert call("lock the door", tools=[])["reason"] == "no tool is allowed"


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ("turn_on", "must be a list of tools"),
        ([{"name": "a b"}], r"tools\[0\]: name must be made of"),
        ([{"name": "a"}, {"name": "a"}], "two tools are named 'a'"),
        ([{"name": "a", "arguments": {}}], "unknown key 'arguments'; known are name"),
        ([{"name": "a", "args": {"x": {"type": "list"}}}], r"args.x: type must be one of string"),
        ([{"name": "a", "args": {"x": {"type": "integer", "enum": [1, True]}}}], "of type integer"),
        ([{"name": "a", "args": {"x": {"enum": []}}}], "a list of 1 to 64 values"),
        ([{"name": "a", "args": {"x": {"required": 1}}}], "required must be true or false"),
        ([{"name": "a", "args": 3}], "args must be an object"),
        ([{"name": f"t{n}"} for n in range(65)], "65 tools are too many"),
    ],
)
def test_a_wrong_declaration_is_told_with_its_place(tools: Any, said: str) -> None:
    with pytest.raises(JobError, match=said):
        call("lock the door", tools=tools)


def test_a_request_that_is_too_long_is_told() -> None:
    with pytest.raises(JobError, match="2,001 characters; give one request of at most 2,000"):
        call("x" * 2_001)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("21.5 and $1,200", [21.5, 1200]),
        ("twenty-five of a hundred", [25, 100]),
        ("5km, 80% and -3", [5, 80, -3]),
        ("two thousand", [2000]),
        ("4,50 or 3k or 7am or 12/5 or v2.4 or 555-0142 or M-3 or 2 1/2", []),
        ("two hundred thirty, 3 million, ten and a half", []),
        ("12345678901234567890 and ٣", []),
    ],
)
def test_a_number_is_read_where_it_can_be_read_in_one_way_only(
    text: str, values: list[float]
) -> None:
    assert [number.value for number in numbers_of(text)] == values


@pytest.mark.parametrize(
    ("request_", "span"),
    [
        ('post "see you there" now', "see you there"),
        ("mail jo.li@fjord.example please", "jo.li@fjord.example"),
        ("move /tmp/a.log to ~/old/", "/tmp/a.log"),
        ("meet Ada Byron next Friday at 5pm", "next Friday at 5pm"),
        ("meet Ada Byron next Friday at 5pm", "Ada Byron"),
        ("close ticket AB-1204, it works", "AB-1204"),
        ("add brown rice to the pantry list", "brown rice"),
        ("tell her that the bus is late.", "the bus is late"),
        ("remind me to feed the cat tomorrow", "feed the cat"),
    ],
)
def test_the_grammar_of_spans_holds_what_people_name(request_: str, span: str) -> None:
    spans = [request_[start:end] for start, end in spans_of(request_, most=MOST_CANDIDATES)]
    assert span in spans
    assert len(set(spans_of(request_, most=5))) <= 5


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
KINDS = st.sampled_from(["string", "integer", "number", "boolean"])
FREE = st.fixed_dictionaries(
    {"type": KINDS}, optional={"required": st.booleans(), "description": st.text(max_size=20)}
)
CHOICES = st.fixed_dictionaries(
    {"enum": st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=4, unique=True)},
    optional={"required": st.booleans()},
)
DECLARED = st.fixed_dictionaries(
    {"name": NAMES, "args": st.dictionaries(NAMES, FREE | CHOICES, max_size=4)},
    optional={"description": st.text(max_size=40)},
)
PIECES = """move|"a b"|/tmp/x.py|to|12|-5|1,200|٣|4,50|Ada|at|5pm|“q ”|''|🙂|tomorrow|,|.|[|]"""
WORDS = st.sampled_from([*PIECES.split("|"), "\x00", "\ud800"])
REQUESTS = st.text(max_size=80) | st.lists(WORDS, max_size=14).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(
    request=REQUESTS,
    tools=st.lists(DECLARED, max_size=4, unique_by=lambda tool: str(tool["name"])),
    seed=st.integers(0, 99),
)
def test_whatever_is_decided_a_call_is_well_formed_and_nothing_in_it_is_invented(
    request: str, tools: list[dict[str, Any]], seed: int
) -> None:
    inputs = {"request": request, "tools": tools}
    try:
        result = carry_out(JOB, inputs, at_random(seed))
    except JobError:
        assert not request.strip() or "\ud800" in request
        return
    assert check_call(inputs, result) == ()
    assert json.loads(json.dumps(result)) == result


def test_the_check_sees_what_is_invented() -> None:
    inputs = {"request": "12 minutes for the pasta", "tools": TOOLS}
    right = {
        "refused": False,
        "reason": "start_timer scored 0.99",
        "tool": "start_timer",
        "args": {"minutes": 12},
    }
    assert check_call(inputs, right) == ()
    wrongs: list[dict[str, Any]] = [
        {"tool": "launch"},
        {"args": {}},
        {"args": {"minutes": 13}},
        {"args": {"minutes": "12"}},
        {"args": {"minutes": True}},
        {"args": {"minutes": 12, "label": "rice"}},
        {"args": {"minutes": 12, "loud": "pasta"}},
        {"refused": True},
        {"extra": 1},
    ]
    for wrong in wrongs:
        assert check_call(inputs, {**right, **wrong}), wrong
