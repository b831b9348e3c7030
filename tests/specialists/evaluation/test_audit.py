"""The answer is taken away whole, and what is refused then is counted."""

from collections.abc import Sequence

import pytest

from specialists.corpora.overlap import tells
from specialists.errors import CorpusError
from specialists.evaluation.audit import (
    Known,
    at_threshold,
    build_twins,
    known_answers,
    misled,
)
from specialists.evaluation.measure import mark_task
from specialists.evaluation.tasks import Scored

PASSAGES = [
    "Pumps: the pump in the cellar was replaced in May by Anna and Otto",
    "the pump in the attic leaks",
    "roses are pruned in March, hedges in August",
    "the lease ends in June if nobody objects in writing",
]


def search(question: str, most: int) -> Sequence[str]:
    """The corpus in its order."""
    return PASSAGES[:most]


PUMP = Known(
    question="When was the pump in the cellar replaced?",
    answers=("the pump in the cellar was replaced in May by Anna and Otto",),
)


def test_a_piece_of_the_answer_counts_as_the_answer() -> None:
    assert tells(PASSAGES[0], PUMP.answers)
    assert tells("in the cellar was replaced in May", PUMP.answers)
    assert not tells(PASSAGES[1], PUMP.answers)


def test_the_list_without_the_answer_is_refilled_from_further_down() -> None:
    (group,) = build_twins([PUMP], search, depth=2).groups
    assert [group.passages[i] for i in group.present] == PASSAGES[:2]
    assert [group.passages[i] for i in group.absent] == PASSAGES[1:3]
    assert group.relevant == (True, False, False)


def test_an_answer_that_the_search_does_not_find_makes_no_twin() -> None:
    lost = Known(question="Who sings?", answers=("nobody sings in this house at night",))
    task = build_twins([PUMP, lost], search, depth=2)
    assert [bool(group.present) for group in task.groups] == [True, False]


def test_questions_about_other_documents_are_refused() -> None:
    lost = Known(question="Who sings?", answers=("nobody sings in this house at night",))
    with pytest.raises(CorpusError, match="none of the answers was found"):
        build_twins([lost], search, depth=2)


def test_who_accepts_a_passage_that_is_left_is_named_with_it() -> None:
    task = build_twins([PUMP], search, depth=2)
    scored = (Scored(scores=(0.9, 0.6, 0.2), decisions=(True, True, False)),)
    (wrong,) = misled(task, scored)
    assert (wrong.question, wrong.passage, wrong.score) == (PUMP.question, PASSAGES[1], 0.6)
    marks = mark_task(task, scored, scorer="s").marks
    assert (marks["answered"].value, marks["false_answers"].value) == (1, 1)


def test_a_threshold_in_force_decides_instead() -> None:
    task = build_twins([PUMP], search, depth=2)
    scored = (Scored(scores=(0.9, 0.6, 0.2), decisions=(True, True, False)),)
    assert misled(task, at_threshold(scored, 0.7)) == ()
    assert at_threshold(scored, None) == scored


def test_only_questions_with_an_answer_are_asked() -> None:
    task = build_twins([PUMP], search, depth=2)
    assert [known.question for known in known_answers(task)] == [PUMP.question]
