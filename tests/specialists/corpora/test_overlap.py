"""Whether two texts say the same words."""

from specialists.corpora.overlap import tells


def test_a_short_answer_is_found_and_an_empty_passage_tells_nothing() -> None:
    assert tells("The pump was replaced in March 1987 by us.", ["in March 1987"])
    assert not tells("The pump was replaced in May 1987 by us.", ["in March 1987"])
    assert not tells("...", ["in March 1987"])
