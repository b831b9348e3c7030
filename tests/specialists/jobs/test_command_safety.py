import math

import pytest

from specialists.errors import JobError
from specialists.jobs.command_safety import ACTIONS, JOB, REASONS, TOO_LONG, split_parts
from specialists.jobs.job import carry_out
from specialists.requests import Decide, Decided, Verdict


def scripted(truncated: bool = False, **shares: float) -> Verdict:
    """A verdict whose reasons have these shares; the others have next to none."""
    named = {reason.replace(" ", "_"): reason for reason in REASONS}
    wanted = {named[name]: share for name, share in shares.items()}
    logits = tuple(math.log(wanted.get(reason, 1e-9)) for reason in REASONS)
    return Verdict(
        label="", positive=False, score=0.0, logits=logits, truncated=truncated, tokens=1
    )


def answering(request: Decide) -> Decided:
    """Whoever sees `rm -rf /` alone refuses; everything else only reads."""
    return Decided(
        verdicts=tuple(
            scripted(deletes_beyond_recovery=0.9)
            if passage == "rm -rf /"
            else scripted(only_reads=0.9)
            for passage in request.passages
        )
    )


def test_the_action_whose_reasons_are_likeliest_together_wins() -> None:
    shared = scripted(only_reads=0.4, changes_rows_or_tables=0.35, deletes_or_overwrites_files=0.25)
    result = carry_out(JOB, {"command": "x"}, lambda _: Decided(verdicts=(shared,)))
    assert result["action"] == "confirm"
    assert result["reason"] == "changes rows or tables"
    assert result["score"] == pytest.approx(0.6, abs=1e-3)


def test_the_worst_part_of_a_chain_decides() -> None:
    assert carry_out(JOB, {"command": "ls; rm -rf /"}, answering)["action"] == "refuse"
    assert carry_out(JOB, {"command": "echo 'ls; rm -rf /'"}, answering)["action"] == "allow"


def test_what_cannot_be_read_whole_is_not_allowed_unasked() -> None:
    cut = scripted(truncated=True, only_reads=1.0)
    result = carry_out(JOB, {"command": "ls " * 500}, lambda _: Decided(verdicts=(cut,)))
    assert (result["action"], result["reason"]) == ("confirm", TOO_LONG)


def test_a_script_of_very_many_parts_is_not_allowed_unasked() -> None:
    assert carry_out(JOB, {"command": "ls\n" * 500}, answering)["action"] == "confirm"


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("a && b || c; d\ne", ["a", "b", "c", "d", "e"]),
        ("echo 'a; b' && ls", ["echo 'a; b'", "ls"]),
        ("ls # x; y\nps", ["ls # x; y", "ps"]),
        ("x=$(a; b); c", ["x=$(a; b)", "c"]),
        ("find . -exec rm {} \\; ; ls", ["find . -exec rm {} \\;", "ls"]),
        ("cat <<E\na; b\nE", ["cat <<E\na; b\nE"]),
        ("echo a | sh", ["echo a | sh"]),
        ("echo 'open; quote", ["echo 'open; quote"]),
        ("echo 'C:\\logs\\'; rm -rf ~", ["echo 'C:\\logs\\'", "rm -rf ~"]),
        ("cat <<< x; rm -rf ~", ["cat <<< x", "rm -rf ~"]),
        ("echo $((1<<3)); rm -rf ~", ["echo $((1<<3))", "rm -rf ~"]),
        ("cat <<-'E'\na; b\nE", ["cat <<-'E'\na; b\nE"]),
    ],
)
def test_parts_end_outside_quotes_brackets_and_comments(command: str, parts: list[str]) -> None:
    assert list(split_parts(command)) == parts


def test_each_reason_stands_for_one_of_three_actions() -> None:
    assert set(ACTIONS.values()) == {"allow", "confirm", "refuse"}


def test_an_empty_command_is_refused_in_a_sentence() -> None:
    with pytest.raises(JobError, match="command is empty"):
        carry_out(JOB, {"command": "  "}, answering)
