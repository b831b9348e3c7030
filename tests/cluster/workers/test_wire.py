"""The wire: what goes in at one end comes out at the other, however the bytes are cut."""

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import CallError, WorkerFailed
from cluster.workers import wire
from cluster.workers.wire import (
    Beat,
    CannotStart,
    FrameReader,
    Hello,
    Ready,
    Refused,
    Replied,
    WorkerMessage,
)
from specialists.requests import (
    Decide,
    Decided,
    Generate,
    Generated,
    Represent,
    Represented,
    SpecialistRequest,
    Verdict,
)

TEXT = st.text(st.characters(), max_size=40)
NUMBER = st.floats(allow_nan=False)
COUNT = st.integers(0, 10**6)
REQUESTS: st.SearchStrategy[SpecialistRequest] = st.one_of(
    st.builds(Decide, query=TEXT, passages=st.lists(TEXT, max_size=4).map(tuple)),
    st.builds(Generate, prompt=TEXT, max_new_tokens=COUNT, temperature=NUMBER, seed=COUNT),
    st.builds(Represent, texts=st.lists(TEXT, max_size=4).map(tuple)),
)
ROWS = st.lists(st.lists(NUMBER, max_size=4).map(tuple), max_size=3).map(tuple)
VERDICTS = st.builds(
    Verdict,
    label=TEXT,
    positive=st.booleans(),
    score=NUMBER,
    logits=st.lists(NUMBER, max_size=3).map(tuple),
    truncated=st.booleans(),
    tokens=COUNT,
)
REPLIES = st.one_of(
    st.builds(Decided, verdicts=st.lists(VERDICTS, max_size=4).map(tuple)),
    st.builds(Generated, text=TEXT, prompt_tokens=COUNT, new_tokens=COUNT),
    st.builds(
        Represented, features=ROWS, decisions=ROWS, tokens=st.lists(COUNT, max_size=3).map(tuple)
    ),
)
MESSAGES: st.SearchStrategy[WorkerMessage] = st.one_of(
    st.builds(Hello, pid=COUNT),
    st.just(Beat()),
    st.builds(Ready, load_s=NUMBER),
    st.builds(CannotStart, message=TEXT),
    st.builds(Refused, batch_id=COUNT, message=TEXT),
    st.builds(Replied, batch_id=COUNT, reply=REPLIES, seconds=NUMBER, cpu_s=NUMBER),
)


@given(COUNT, REQUESTS)
def test_a_request_arrives_as_it_was_sent(batch_id: int, request: SpecialistRequest) -> None:
    message = wire.read_frame(io.BytesIO(wire.encode_request(batch_id, request)))
    assert message is not None
    assert wire.decode_request(message) == (batch_id, request)


@given(st.lists(MESSAGES, max_size=5), st.lists(st.integers(1, 50), min_size=1))
def test_messages_arrive_whole_however_the_bytes_are_cut(
    messages: list[WorkerMessage], cuts: list[int]
) -> None:
    data = b"".join(map(wire.encode_message, messages))
    reader = FrameReader()
    arrived: list[WorkerMessage] = []
    while data:
        cut = cuts[len(data) % len(cuts)]
        arrived += map(wire.decode_message, reader.feed(data[:cut]))
        data = data[cut:]
    assert arrived == messages


def test_the_order_to_stop_is_no_request() -> None:
    message = wire.read_frame(io.BytesIO(wire.STOP))
    assert message is not None
    assert wire.decode_request(message) is None


def test_a_frame_that_is_cut_off_is_the_end() -> None:
    data = wire.encode_message(Ready(load_s=1.0))
    assert wire.read_frame(io.BytesIO(data[:-1])) is None
    assert wire.read_frame(io.BytesIO(b"")) is None


@pytest.mark.parametrize("body", [b"not json", b"[1]", b"\xff\xff"])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(WorkerFailed):
        FrameReader().feed(struct.pack(">I", len(body)) + body)


@pytest.mark.parametrize(
    "message",
    [{}, {"took": 1}, {"took": [1, 2], "decided": [[1]]}, {"took": [1, 2], "id": 1, "decided": 3}],
)
def test_a_message_no_worker_sends_is_refused(message: dict[str, object]) -> None:
    with pytest.raises(WorkerFailed, match="cannot be read"):
        wire.decode_message(json.loads(json.dumps(message)))


def test_a_frame_of_absurd_length_is_refused_before_it_arrives() -> None:
    with pytest.raises(WorkerFailed, match="is over"):
        FrameReader().feed(struct.pack(">I", wire.MAX_FRAME_BYTES + 1))


def test_a_request_too_large_for_a_frame_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FRAME_BYTES", 100)
    with pytest.raises(CallError, match="send shorter passages"):
        wire.encode_request(1, Decide(query="q", passages=("x" * 200,)))
