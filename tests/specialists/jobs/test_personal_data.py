from dataclasses import replace

import pytest

from specialists.jobs.job import carry_out
from specialists.jobs.personal_data import JOB, KINDS, has_checked_account
from specialists.requests import Decide, Decided, Verdict


def all_at(score: float) -> Decided:
    verdict = Verdict(
        label=str(int(score > 0.5)),
        positive=score > 0.5,
        score=score,
        logits=(score, 0.0),
        truncated=False,
        tokens=1,
    )
    return Decided(verdicts=(verdict,) * len(KINDS))


def test_the_text_is_the_query_and_every_kind_a_passage() -> None:
    asked: list[Decide] = []

    def answer(request: Decide) -> Decided:
        asked.append(request)
        return all_at(0.1)

    assert carry_out(JOB, {"text": "Ask Lena Fuchs."}, answer)["kinds"] == []
    assert asked == [Decide(query="Ask Lena Fuchs.", passages=KINDS)]


def test_a_kind_that_the_signs_of_a_text_rule_out_is_never_found() -> None:
    found = carry_out(JOB, {"text": "Ask Lena Fuchs."}, lambda _: all_at(0.9))["kinds"]
    assert found == ["name", "address", "birth date", "credential", "health", "location"]


def test_an_account_with_right_check_digits_counts_in_doubt() -> None:
    for text, kinds in (
        ("DE89 3704 0044 0532 0130 00", ["bank or card"]),
        ("DE89 3704 0044 0532 0130 01", []),
    ):
        assert carry_out(JOB, {"text": text}, lambda _: all_at(0.3))["kinds"] == kinds


def test_each_kind_keeps_its_highest_score_over_a_long_text() -> None:
    text = "Nothing is told here at all. " * 40 + "Her number is 0171 555 0192."

    def answer(request: Decide) -> Decided:
        return all_at(0.8 if "0171" in request.query else 0.2)

    result = carry_out(JOB, {"text": text}, answer)
    assert result["scores"]["phone"] == 0.8
    assert "phone" in result["kinds"]


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("card 4111 1111 1111 1111", True),
        ("card 4111 1111 1111 1112", False),
        ("NL91ABNA0417164300", True),
        ("order 1234 5678", False),
    ],
)
def test_check_digits_are_checked(text: str, valid: bool) -> None:
    assert has_checked_account(text) is valid


@pytest.mark.parametrize(
    "text",
    [
        "IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX",
        "4111 1111 1111 1111 12/27",
        "4111 1111 1111 1111 123",
        "2223000048400011",
    ],
)
def test_a_number_is_checked_without_what_follows_it(text: str) -> None:
    assert has_checked_account(text)


def test_what_is_not_read_to_its_end_is_read_in_smaller_pieces() -> None:
    def reads_fifty(request: Decide) -> Decided:
        found = all_at(0.9 if "anna@example.org" in request.query[:50] else 0.1)
        cut = len(request.query) > 50
        verdicts = tuple(replace(verdict, query_truncated=cut) for verdict in found.verdicts)
        return Decided(verdicts=verdicts)

    text = "Nothing is told here at all. " * 10 + "Write to anna@example.org"
    assert "email" in carry_out(JOB, {"text": text}, reads_fifty)["kinds"]
