"""Only what the query names is exchanged, and everywhere in the copy."""

from random import Random

import pytest

from specialists.corpora.asking import Asked, Form
from specialists.corpora.swaps import Swapped, names_in, swap_all

NAMES = (("Arden Hall", "Berta Quist"), ("Celia Moor", "Dover Lane"))


def swaps(query: str, passage: str, form: Form = "question", sentence: str = "") -> list[Swapped]:
    asked = Asked(form=form, query=query, sentence=sentence or passage)
    return list(swap_all(asked, passage, names=NAMES, choice=Random(1)))


def kinds(query: str, passage: str, form: Form = "question") -> list[str]:
    return [one.kind for one in swaps(query, passage, form)]


def test_the_answer_is_left_alone() -> None:
    passage = "The pump was bought for 40 crowns in May 2019 from Berta Quist."
    assert swaps("What did the pump cost?", passage) == []


def test_a_number_of_the_query_becomes_another_everywhere() -> None:
    passage = "A circuit of 20 litres needs 8 litres; with 20 litres, mix it first."
    (found,) = [s for s in swaps("How much for 20 litres?", passage) if s.kind == "number"]
    assert "20" not in found.text
    assert "8 litres" in found.text


def test_a_day_of_a_month_and_a_share_above_a_hundred_are_not_made() -> None:
    assert "number" not in kinds("Who came on 31 May?", "They came on 31 May.")
    (found,) = swaps("What are 99 percent?", "Of all, 99 percent are gone.")
    assert int(found.what.split()[-1]) <= 100


def test_a_year_or_month_of_the_query_becomes_another() -> None:
    (found,) = swaps("What was built in 1988?", "In 1988 the hall was built.")
    assert found.kind == "date"
    assert "1988" not in found.text
    assert kinds("Which hall was built from 1868–1869?", "Built 1868–1869.") == []


def test_a_unit_gives_way_to_its_neighbour() -> None:
    (found,) = swaps("What does it cost per hour?", "It costs 8 crowns an hour, two hours least.")
    assert found.what in ("hour -> minute", "hour -> day")
    assert "hour" not in found.text


def test_a_name_gives_way_to_the_nearest_of_its_shape() -> None:
    passage = "The key of the shed is with Berta Quist, and old Quist is deaf."
    (found,) = swaps("Which key has Berta Quist?", passage)
    assert found.kind == "entity"
    assert "Arden Hall" in found.text
    assert "Quist" not in found.text


def test_capitals_at_the_start_of_a_sentence_are_no_names() -> None:
    assert names_in("Specifies the way. Loopback is used by Berta Quist in May.") == ["Berta Quist"]


def test_both_roles_change_places() -> None:
    (found,) = swaps("What does the tenant tell the landlord?", "The tenant tells the landlord.")
    assert found.text == "The landlord tells the tenant."


def test_keywords_are_answered_whatever_the_roles() -> None:
    assert kinds("tenant tells", "The tenant tells the landlord.", form="keywords") == []
    assert kinds("tenant tells", "The tenant tells it.", form="claim") == ["role"]


def test_roles_that_do_it_together_are_left() -> None:
    assert kinds("Do tenants and landlords pay?", "The tenant and the landlord pay.") == []


@pytest.mark.parametrize(
    ("sentence", "denied"),
    [
        ("The hall was sold in spring.", "The hall was not sold in spring."),
        ("Members can use the boat.", "Members cannot use the boat."),
    ],
)
def test_a_claim_is_denied_by_its_first_verb(sentence: str, denied: str) -> None:
    (found,) = swaps(sentence.rstrip("."), f"See here.\n{sentence}", "claim", sentence)
    assert found.kind == "negation"
    assert found.text.endswith(denied)


@pytest.mark.parametrize(
    "sentence", ["The doors aren't shut when it is late.", "Those who are late wait there."]
)
def test_what_is_denied_already_or_in_a_clause_is_left(sentence: str) -> None:
    assert swaps(sentence, sentence, "claim", sentence) == []


def test_a_question_for_yes_or_no_is_never_answered_by_its_copy() -> None:
    passage = "The boat of Berta Quist may be used by 4 members in May 2020."
    query = "May the boat of Berta Quist be used by 4 members in May 2020?"
    assert kinds(query, passage, "yes/no") == ["entity"]
