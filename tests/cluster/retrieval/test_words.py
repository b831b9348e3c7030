"""Which words count."""

from cluster.retrieval.words import split_words, stems


def test_a_number_with_a_decimal_point_is_one_word() -> None:
    assert split_words("max_speed = 2.0, v15.3") == ["max", "speed", "2.0", "v15", "3"]


def test_stopwords_are_left_out_and_forms_of_a_word_are_one() -> None:
    assert stems("What are the opening hours?") == stems("open hour")


def test_accents_make_no_difference() -> None:
    assert stems("Café") == stems("cafe")


def test_a_word_without_end_is_bounded() -> None:
    assert len(stems("x" * 10_000)[0]) <= 64
