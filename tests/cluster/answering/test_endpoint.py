"""An answer model on loopback: a real server in a thread, and what it must not get away with."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from cluster.answering.answer import answer_question
from cluster.answering.endpoint import (
    MAX_REPLY_BYTES,
    EndpointSettings,
    Unsupported,
    check_reply,
    checked_url,
    compose_by_endpoint,
)
from cluster.errors import EndpointError
from cluster.records import JudgedPassage, Passage
from specialists.requests import Decide, Decided, Verdict


class ChatServer(HTTPServer):
    """Sends `status` and `body`, and remembers what was asked."""

    status = 200
    body = b""
    location = ""
    wait: threading.Event | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    def says(self, content: str) -> None:
        self.body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()

    @property
    def settings(self) -> EndpointSettings:
        return EndpointSettings(
            url=f"http://127.0.0.1:{self.server_port}/v1",
            model="tiny",
            key_env="TINY_TEST_KEY",
            timeout_s=5,
        )


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.asked.append(
            (self.path, dict(self.headers), json.loads(self.rfile.read(length)))
        )
        if self.server.wait:
            self.server.wait.wait(30)
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def judged(*texts: str, kept: bool = True) -> tuple[JudgedPassage, ...]:
    verdict = Verdict(
        label="1", positive=kept, score=0.9, logits=(1.0, 0.0), truncated=False, tokens=9
    )
    return tuple(
        JudgedPassage(
            passage=Passage(text=text, source=f"{n}.md", start=0, end=len(text), line=1),
            verdict=verdict,
            kept=kept,
            reason="",
        )
        for n, text in enumerate(texts)
    )


class OneText:
    """An index of one passage."""

    def search(self, question: str, k: int) -> tuple[Passage, ...]:
        text = "The lens measures 25 centimetres. It is old."
        return (Passage(text=text, source="a.md", start=0, end=len(text), line=1),)


async def keep_all(name: str, request: Decide, /) -> Decided:
    verdict = judged("x")[0].verdict
    return Decided(verdicts=(verdict,) * len(request.passages))


async def test_the_model_gets_kept_passages_alone_and_its_citations_hold(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_TEST_KEY", "k-1")
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    server.says("Lenses are wide [2]. Mirrors are heavy [1, 2].")
    passages = judged("A mirror weighs much.") + judged("secret", kept=False) + judged("A lens.")
    composed = await compose_by_endpoint(server.settings, "What?", passages)
    assert composed.text == "Lenses are wide [1]. Mirrors are heavy [2] [1]."
    assert [c.quote for c in composed.citations] == ["A lens.", "A mirror weighs much."]
    assert composed.composed_by == "tiny"
    ((path, headers, body),) = server.asked
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer k-1"
    assert "[2] \nA lens." in body["messages"][1]["content"]
    assert "secret" not in json.dumps(body)


async def test_without_a_key_none_is_sent(server: ChatServer) -> None:
    server.says("Yes [1].")
    await compose_by_endpoint(server.settings, "What?", judged("A lens."))
    assert "Authorization" not in server.asked[0][1]


def test_citations_of_unknown_passages_are_removed_with_a_note() -> None:
    composed = check_reply("Yes [7][1].", judged("A lens."), model="tiny")
    assert composed.text == "Yes [1]."
    assert composed.reason.endswith("removed citations of passages that do not exist: [7]")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("It is 25 cm wide.", "cited no passage"),
        ("It is 25 cm wide [4].", "cited no passage"),
        ("", "cited no passage"),
        ('It says "the lens is 99 wide" [1].', "no cited passage holds"),
    ],
)
async def test_an_answer_that_does_not_stand_is_replaced_by_quotes(
    server: ChatServer, reply: str, reason: str
) -> None:
    server.says(reply)
    answer = await answer_question(keep_all, OneText(), "lens?", endpoint=server.settings)  # type: ignore[arg-type]  # overloads
    assert answer.composed_by == "extract"
    assert reason in answer.reason
    assert answer.citations[0].quote == "The lens measures 25 centimetres."


def test_a_quotation_must_stand_in_a_passage_that_is_cited() -> None:
    passages = judged("The lens measures\n25 centimetres.", "Another passage entirely.")
    reply = "It says “the lens measures 25 centimetres.” [{}]"
    assert check_reply(reply.format(1), passages, model="tiny").citations
    with pytest.raises(Unsupported, match="quoted words"):
        check_reply(reply.format(2), passages, model="tiny")


async def test_a_model_that_finds_no_answer_refuses(server: ChatServer) -> None:
    server.says("NO ANSWER.")
    answer = await answer_question(keep_all, OneText(), "lens?", endpoint=server.settings)  # type: ignore[arg-type]  # overloads
    assert answer.refused
    assert answer.reason.startswith("the answer model found no answer")


async def test_a_redirect_is_not_followed(server: ChatServer) -> None:
    server.status, server.location = 307, "/elsewhere"
    with pytest.raises(EndpointError, match="status 307"):
        await compose_by_endpoint(server.settings, "What?", judged("A lens."))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "not a chat completion"),
        (b"{}", "not a chat completion"),
        (b'{"choices": []}', "not a chat completion"),
        (b'{"choices": [{"message": {"content": null}}]}', "no text"),
        (b"x" * (MAX_REPLY_BYTES + 1), "is over"),
    ],
)
async def test_a_reply_that_is_none_is_one_sentence(
    server: ChatServer, body: bytes, reason: str
) -> None:
    server.body = body
    with pytest.raises(EndpointError, match=reason):
        await compose_by_endpoint(server.settings, "What?", judged("A lens."))


async def test_a_server_that_does_not_answer_is_given_up(server: ChatServer) -> None:
    server.wait = threading.Event()
    settings = EndpointSettings(url=server.settings.url, model="tiny", timeout_s=0.2)
    try:
        with pytest.raises(EndpointError, match=r"no answer within 0\.2 s"):
            await compose_by_endpoint(settings, "What?", judged("A lens."))
    finally:
        server.wait.set()


async def test_a_server_that_is_not_there_is_one_sentence() -> None:
    settings = EndpointSettings(url="http://127.0.0.1:9", model="tiny", timeout_s=2)
    with pytest.raises(EndpointError, match="cannot be reached"):
        await compose_by_endpoint(settings, "What?", judged("A lens."))


async def test_a_key_with_odd_letters_is_refused_without_showing_it(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_TEST_KEY", "secret\nkey")
    with pytest.raises(EndpointError, match="TINY_TEST_KEY") as caught:
        await compose_by_endpoint(server.settings, "What?", judged("A lens."))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1/v1", "http://127.9.9.9/v1/", "https://127.0.0.1", "http://[::1]:80/v1"],
)
def test_loopback_is_used_as_it_is(url: str) -> None:
    checked = checked_url(EndpointSettings(url=url, model="tiny"))
    assert checked == url.rstrip("/") + "/chat/completions"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.org/v1", "allow_remote"),
        ("http://localhost.example.org/v1", "allow_remote"),
        ("http://0.0.0.0/v1", "allow_remote"),
        ("http://10.0.0.1/v1", "allow_remote"),
        ("http://[2001:db8::1]/v1", "allow_remote"),
        ("http://user:key@127.0.0.1/v1", "environment variable"),
        ("http://127.0.0.1/v1?key=1", "environment variable"),
        ("ftp://127.0.0.1/v1", "expected an address"),
        ("127.0.0.1:80", "expected an address"),
        ("http://127.0.0.1:99999/v1", "not an address"),
        ("http://[::1/v1", "not an address"),
    ],
)
def test_other_addresses_are_refused(url: str, reason: str) -> None:
    with pytest.raises(EndpointError, match=reason):
        checked_url(EndpointSettings(url=url, model="tiny"))


def test_another_machine_is_reached_only_when_allowed_and_by_https() -> None:
    def settings(scheme: str) -> EndpointSettings:
        return EndpointSettings(url=f"{scheme}://example.org/v1", model="m", allow_remote=True)

    assert checked_url(settings("https")) == "https://example.org/v1/chat/completions"
    with pytest.raises(EndpointError, match="https only"):
        checked_url(settings("http"))


def test_what_stands_between_two_quotations_is_none() -> None:
    reply = 'The switch is "on" when the lamp says "ready" [1].'
    assert check_reply(reply, judged("The switch is on."), model="tiny").citations


@pytest.mark.parametrize("url", ["http://llm-server1/v1", "http://example.com1/v1", "http://./v1"])
def test_a_name_is_never_looked_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> list[object]:
        raise AssertionError("asked the network")

    monkeypatch.setattr("cluster.answering.endpoint.socket.getaddrinfo", nobody)
    with pytest.raises(EndpointError, match="is not this machine"):
        checked_url(EndpointSettings(url=url, model="tiny"))


async def test_an_address_that_may_not_be_used_is_told_before_anything_is_judged() -> None:
    async def nobody(name: str, request: Decide, /) -> Decided:
        raise AssertionError("judged for nothing")

    elsewhere = EndpointSettings(url="http://localhost:99999/v1", model="tiny")
    with pytest.raises(EndpointError, match="not an address"):
        await answer_question(nobody, OneText(), "lens?", endpoint=elsewhere)  # type: ignore[arg-type]  # overloads
