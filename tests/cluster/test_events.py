"""Events: kept, told, written, and never in the way."""

import json
from pathlib import Path

import pytest

from cluster import events
from cluster.events import Event, EventLog


def test_listeners_hear_until_they_stop() -> None:
    log, heard = EventLog(), list[Event]()
    stop = log.listen(heard.append)
    log.tell("ready", "a", "one")
    stop()
    log.tell("ready", "a", "two")
    assert [event.message for event in heard] == ["one"]
    assert [event.message for event in log.recent] == ["one", "two"]


def test_lines_of_json_are_written(tmp_path: Path) -> None:
    log = EventLog()
    log.write_to(tmp_path / "logs" / "events.jsonl")
    log.tell("failed", "a", 'it said "no"\n')
    log.close()
    (line,) = (tmp_path / "logs" / "events.jsonl").read_text().splitlines()
    assert json.loads(line)["message"] == 'it said "no"\n'


def test_a_log_that_grew_too_long_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_LOG_BYTES", 10)
    path = tmp_path / "events.jsonl"
    path.write_text("x" * 11)
    log = EventLog()
    log.write_to(path)
    log.tell("ready", "a", "one")
    log.close()
    assert path.with_name("events.jsonl.1").read_text() == "x" * 11
    assert len(path.read_text().splitlines()) == 1


def test_a_log_that_cannot_be_written_is_told_once_and_left(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("no folder")
    log = EventLog()
    log.write_to(tmp_path / "taken" / "events.jsonl")
    log.tell("ready", "a", "one")
    assert [event.kind for event in log.recent] == ["log", "ready"]


def test_a_listener_that_raises_harms_nobody_and_is_told_of_once() -> None:
    log, heard = EventLog(), list[Event]()

    def broken(event: Event) -> None:
        raise ValueError("a full screen")

    stop = log.listen(broken)
    log.listen(heard.append)
    log.tell("ready", "a", "one")
    log.tell("ready", "a", "two")
    stop()
    assert sorted(event.kind for event in heard) == ["log", "ready", "ready"]
    assert ["a full screen" in event.message for event in log.recent] == [False, True, False]
