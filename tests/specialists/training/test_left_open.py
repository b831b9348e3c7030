"""What a passage leaves open is asked about it, and about nothing else."""

from pathlib import Path

import numpy as np

from specialists.corpora.relevance import QueryGroup, open_rows, write_rows
from specialists.tokenizer import train_tokenizer
from specialists.training.left_open import LeftOpen, answered

OWLS, SWANS = "Owls hunt at night.", "Swans sleep on water."


def group(query: str, *, right: tuple[str, ...] = (), wrong: tuple[str, ...] = ()) -> QueryGroup:
    return QueryGroup(source="birds", name="b", query=query, positives=right, negatives=wrong)


def test_only_what_the_right_passage_leaves_open_is_asked(tmp_path: Path) -> None:
    groups = [
        group("When do owls hunt?", right=(OWLS,), wrong=(SWANS,)),
        group("What do owls weigh?", wrong=(OWLS,)),
        group("Where do owls hunt?", wrong=(OWLS,)),
        group("Where do swans sleep?", right=(SWANS,), wrong=(OWLS,)),
    ]
    texts = [text for one in groups for text in (one.query, *one.positives, *one.negatives)]
    tokenizer = train_tokenizer(iter(texts * 9), vocab_size=400)
    write_rows(groups, tokenizer, tmp_path)
    rows = open_rows(tmp_path)
    assert answered(rows).tolist() == [True, False, False, True]
    others, choice = LeftOpen(rows), np.random.default_rng(0)
    asked = [others.beside(0, choice) for _ in range(20)]
    said = {tokenizer.decode(words.ids.tolist()).strip() for words in asked if words is not None}
    assert said == {"what do owls weigh?", "where do owls hunt?"}
    assert others.beside(3, choice) is None
    assert others.beside(1, choice) is None
