"""What travels between a cluster and its worker: frames of a length and plain JSON.

Both ends stand in this one file so that they cannot drift apart. It knows no process and no
loop: bytes in, values out. Nothing here is ever unpickled, so a damaged frame is an error and
not a program.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, BinaryIO

from cluster.errors import CallError, WorkerFailed
from specialists.requests import (
    Decide,
    Decided,
    Generate,
    Generated,
    Represent,
    Represented,
    SpecialistReply,
    SpecialistRequest,
    Verdict,
)

MAX_FRAME_BYTES = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")
_VERDICT = tuple(field.name for field in fields(Verdict))


@dataclass(frozen=True, kw_only=True, slots=True)
class Hello:
    """The first frame of a worker: who it is."""

    pid: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Beat:
    """A sign of life, also sent while the worker computes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """The specialist is loaded and warm. `load_s` is the time from the fork until here."""

    load_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CannotStart:
    """The specialist cannot be loaded; trying again changes nothing."""

    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Replied:
    """The reply to one batch, the wall time and the CPU time it took inside the worker."""

    batch_id: int
    reply: SpecialistReply
    seconds: float
    cpu_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """The specialist refused one batch; the worker goes on."""

    batch_id: int
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """The worker is gone: stopped as asked, crashed, killed or never started. No worker sends
    this; its handle reports it, once and last."""

    reason: str


WorkerMessage = Hello | Beat | Ready | CannotStart | Replied | Refused
WorkerReport = Hello | Ready | CannotStart | Replied | Refused | Lost
Report = Callable[[WorkerReport], None]


class FrameReader:
    """Cuts a stream of bytes back into messages. Raises `WorkerFailed` for what is no frame."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        self._bytes += data
        messages = []
        at = 0
        while len(self._bytes) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes, at)
            if length > MAX_FRAME_BYTES:
                raise WorkerFailed(f"a frame of {length} bytes is over {MAX_FRAME_BYTES}")
            end = at + _LENGTH.size + length
            if end > len(self._bytes):
                break
            messages.append(_parse(self._bytes[at + _LENGTH.size : end]))
            at = end
        if at:
            del self._bytes[:at]
        return messages


def read_frame(stream: BinaryIO) -> dict[str, Any] | None:
    """One message from a blocking stream; None when the other end is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        return None
    body = stream.read(length)
    return _parse(body) if len(body) == length else None


def frame(message: dict[str, Any]) -> bytes:
    """Raises `CallError` when the message is larger than a frame may be."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(body) > MAX_FRAME_BYTES:
        raise CallError(
            f"a request of {len(body)} bytes is over the {MAX_FRAME_BYTES} a worker takes at once; "
            "send shorter passages"
        )
    return _LENGTH.pack(len(body)) + body


STOP = frame({"stop": True})


def encode_request(batch_id: int, request: SpecialistRequest) -> bytes:
    match request:
        case Decide(query=query, passages=passages):
            return frame({"id": batch_id, "decide": [query, passages]})
        case Generate():
            fields = [request.prompt, request.max_new_tokens, request.temperature, request.seed]
            return frame({"id": batch_id, "generate": fields})
        case Represent(texts=texts):
            return frame({"id": batch_id, "represent": texts})


def decode_request(message: dict[str, Any]) -> tuple[int, SpecialistRequest] | None:
    """The batch id and its request; None for the order to stop."""
    if "decide" in message:
        query, passages = message["decide"]
        return message["id"], Decide(query=query, passages=tuple(passages))
    if "generate" in message:
        prompt, new_tokens, temperature, seed = message["generate"]
        return message["id"], Generate(
            prompt=prompt, max_new_tokens=new_tokens, temperature=temperature, seed=seed
        )
    if "represent" in message:
        return message["id"], Represent(texts=tuple(message["represent"]))
    return None


def encode_message(message: WorkerMessage) -> bytes:
    match message:
        case Hello(pid=pid):
            return frame({"hello": pid})
        case Beat():
            return frame({"beat": True})
        case Ready(load_s=load_s):
            return frame({"ready": load_s})
        case CannotStart(message=text):
            return frame({"cannot_start": text})
        case Refused(batch_id=batch_id, message=text):
            return frame({"id": batch_id, "refused": text})
        case Replied(batch_id=batch_id, reply=reply, seconds=seconds, cpu_s=cpu_s):
            kind, value = _plain_reply(reply)
            return frame({"id": batch_id, kind: value, "took": [seconds, cpu_s]})


def decode_message(message: dict[str, Any]) -> WorkerMessage:
    """Raises `WorkerFailed` for a message that no worker of ours sends."""
    try:
        if "took" in message:
            seconds, cpu_s = message["took"]
            reply = _reply_from_plain(message)
            return Replied(batch_id=message["id"], reply=reply, seconds=seconds, cpu_s=cpu_s)
        if "beat" in message:
            return Beat()
        if "refused" in message:
            return Refused(batch_id=message["id"], message=message["refused"])
        if "ready" in message:
            return Ready(load_s=message["ready"])
        if "cannot_start" in message:
            return CannotStart(message=message["cannot_start"])
        return Hello(pid=message["hello"])
    except (KeyError, TypeError, ValueError) as error:
        raise WorkerFailed(f"the worker sent a message that cannot be read ({error!r})") from error


def _plain_reply(reply: SpecialistReply) -> tuple[str, list[Any]]:
    match reply:
        case Decided(verdicts=verdicts):
            return "decided", [[getattr(v, name) for name in _VERDICT] for v in verdicts]
        case Generated(text=text, prompt_tokens=prompt_tokens, new_tokens=new_tokens):
            return "generated", [text, prompt_tokens, new_tokens]
        case Represented(features=features, decisions=decisions, tokens=tokens):
            return "represented", [features, decisions, tokens]


def _reply_from_plain(message: dict[str, Any]) -> SpecialistReply:
    if "generated" in message:
        text, prompt_tokens, new_tokens = message["generated"]
        return Generated(text=text, prompt_tokens=prompt_tokens, new_tokens=new_tokens)
    if "represented" in message:
        features, decisions, tokens = message["represented"]
        return Represented(
            features=tuple(map(tuple, features)),
            decisions=tuple(map(tuple, decisions)),
            tokens=tuple(tokens),
        )
    plain = [dict(zip(_VERDICT, values, strict=True)) for values in message["decided"]]
    return Decided(
        verdicts=tuple(Verdict(**{**values, "logits": tuple(values["logits"])}) for values in plain)
    )


def _parse(body: bytes | bytearray) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except ValueError as error:
        raise WorkerFailed(f"a frame is not JSON ({error})") from error
    if not isinstance(message, dict):
        raise WorkerFailed("a frame holds no JSON object")
    return message
