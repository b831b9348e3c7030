"""What a sentence answers, by rules that rather make nothing than something wrong."""

from random import Random

import pytest

from specialists.corpora.asking import (
    ask_by_claim,
    ask_by_heading,
    ask_by_keywords,
    ask_by_question,
    sentences,
)


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        (
            "If the pump fails, the valve closes by itself within a minute.",
            "What happens if the pump fails?",
        ),
        (
            "If a visitor feels ill, the guide must call the office at once.",
            "What has to be done if a visitor feels ill?",
        ),
        (
            "To empty your tank, open the lower valve and wait until it is dry.",
            "How do I empty my tank?",
        ),
        ("The old pump was replaced in May 2019.", "When was the old pump replaced?"),
        (
            "The ladder costs about 40 crowns in the shop at the gate.",
            "How much does the ladder cost?",
        ),
        ("The spare key is kept in the blue box.", "Where is the spare key kept?"),
        (
            "The dome is closed on windy days because the slit may jam.",
            "Why is the dome closed on windy days?",
        ),
        ("The eastern wall is about 12 metres high.", "How high is the eastern wall?"),
        (
            "A groin vault is a kind of vault that two barrels make.",
            "What is a groin vault?",
        ),
        (
            "The deposit may be paid in two parts by members.",
            "May the deposit be paid in two parts by members?",
        ),
    ],
)
def test_a_question_is_made_of_the_sentence_that_answers_it(sentence: str, question: str) -> None:
    asked = ask_by_question(sentence)
    assert asked is not None
    assert (asked.query, asked.sentence) == (question, sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The pump that was replaced leaked again in the winter.",
        "The following table was written in 1999.",
        "When the king died in 1993, the bells were rung for days.",
        "If it fails, the valve closes by itself within a minute.",
        "Rollback can also be performed when there is a single copy.",
        "The default is a minimum version of two and a maximum of nine.",
    ],
)
def test_no_question_is_made_where_a_rule_is_not_sure(sentence: str) -> None:
    assert ask_by_question(sentence) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Specifies the culture that is to be used for comparisons.",
        "Enter a path that describes where the file is.",
        "Require manual approval before each and every release.",
        "At a minimum, block merges when issues of any kind are found.",
        "CWE Entry 77 on Command Injection in General.",
    ],
)
def test_orders_and_scraps_are_no_claims(sentence: str) -> None:
    assert ask_by_claim(sentence) is None


def test_a_claim_leaves_out_what_stands_in_brackets() -> None:
    asked = ask_by_claim("The hall (built in 1880) was sold to the club in May.")
    assert asked is not None
    assert asked.query == "The hall was sold to the club in May"


def test_only_sentences_that_stand_alone_are_taken() -> None:
    text = (
        "# The pump\n\nThe pump in the cellar was replaced in May. It had leaked all winter long.\n"
        "\n    some code that is indented here.\n\n- The key hangs behind the second door on the "
        "left.\n- Dr. Amsel keeps the list of all members in the office.\n\n```\nThe code in a "
        "fence is no sentence at all.\n```\n| The | table | is | none | either. |\n"
    )
    assert list(sentences(text)) == [
        "The pump in the cellar was replaced in May.",
        "The key hangs behind the second door on the left.",
        "Dr. Amsel keeps the list of all members in the office.",
    ]


def test_keywords_are_the_rarest_words_in_their_order() -> None:
    rarity = {"pump": 5.0, "cellar": 4.0, "replaced": 3.0, "firm": 0.5, "may": 0.1}
    asked = ask_by_keywords("The pump in the cellar was replaced by a firm.", rarity, Random(0))
    assert asked is not None
    assert asked.query.startswith("pump cellar replaced")


def test_a_heading_is_named_with_the_one_around_it() -> None:
    inner = ask_by_heading("Town > House > Opening hours", unique=True)
    alone = ask_by_heading("Opening hours", unique=True)
    assert inner is not None
    assert alone is not None
    assert (inner.query, alone.query) == ("House: Opening hours", "Opening hours")
    assert ask_by_heading("Opening hours", unique=False) is None
