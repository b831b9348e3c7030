"""Groups out of the forge: the answer against its near-misses, at times asked in other words."""

from specialists.corpora.cloze import Section
from specialists.corpora.forge import LEAST_NEAR, MOST_NEAR, forge_rows
from specialists.corpora.forged_groups import forged_groups

THINGS = ("pump", "boiler", "gate", "roof", "well", "stove", "fence", "barn", "tower", "bridge")
SECTIONS = [
    Section(
        document=number,
        title=f"Yard > The {thing}",
        text=f"The {thing} of yard {number} was built in May {1950 + number} by the people of "
        f"Harrow Farm. The {thing} is used by about {10 * number + 20} children every summer. "
        f"A new {thing} is located near the main road and has several doors of oak.",
    )
    for number, thing in enumerate(THINGS)
] + [
    Section(
        document=100 + number,
        title="Night sky",
        text=f"Galaxy {number} glitters; comets {number} wander among faint nebulae, spiralling.",
    )
    for number in range(8)
]


def test_a_group_is_one_query_with_its_answer_and_its_near_misses() -> None:
    made = list(forged_groups(SECTIONS, count=15, seed=1))
    assert 5 <= len(made) <= 15
    for group in made:
        assert group.source == "forge"
        assert len(group.positives) == 1
        assert LEAST_NEAR <= len(group.negatives) <= MOST_NEAR
        assert group.positives[0] not in group.negatives
    assert made == list(forged_groups(SECTIONS, count=15, seed=1))


def test_some_are_asked_in_other_words_and_their_passages_stay() -> None:
    made = list(forged_groups(SECTIONS, count=15, seed=1))
    queries = dict.fromkeys(row.query for row in forge_rows(SECTIONS, most_queries=15, seed=1))
    assert len(made) == len(queries)
    changed = [group.query for group, query in zip(made, queries, strict=True)]
    assert 0 < sum(one != query for one, query in zip(changed, queries, strict=True)) < len(made)
