from specialists.contract import DOMAINS
from specialists.jobs.domain import JOB, MOST_PLACES, PLACE_CHARACTERS, places
from specialists.jobs.job import carry_out
from specialists.requests import Decide, Decided, Verdict


def by_name(request: Decide) -> Decided:
    """A reader that counts how often a text names each domain."""

    def verdict(text: str) -> Verdict:
        logits = tuple(3.0 * text.lower().count(name) for name in DOMAINS)
        best = max(range(len(DOMAINS)), key=logits.__getitem__)
        return Verdict(
            label=DOMAINS[best], positive=False, score=0.0, logits=logits, truncated=False, tokens=9
        )

    assert request.query == ""
    return Decided(verdicts=tuple(verdict(text) for text in request.passages))


def test_the_likeliest_domain_is_named_with_the_score_of_each() -> None:
    result = carry_out(JOB, {"text": "Sport for the masses"}, by_name)
    assert result["domain"] == "sport"
    assert list(result["scores"]) == list(DOMAINS)
    assert abs(sum(result["scores"].values()) - 1) < 0.001


def test_a_long_text_is_judged_by_all_of_its_places() -> None:
    text = "sport " * 150 + "history " * 2_000
    assert carry_out(JOB, {"text": text}, by_name)["domain"] == "history"


def test_a_long_text_is_read_in_few_places_from_its_beginning_to_its_end() -> None:
    text = " ".join(f"word{number}" for number in range(30_000))
    cut = places(text)
    assert len(cut) == MOST_PLACES
    assert all(len(place) <= PLACE_CHARACTERS for place in cut)
    assert cut[0].startswith("word0 ")
    assert all(word in text.split() for place in cut for word in place.split()[1:-1])


def test_a_text_without_spaces_is_read_too() -> None:
    assert all(places("x" * 5_000))


def test_a_short_text_is_one_place() -> None:
    assert places(" one\n text ") == ("one text",)
