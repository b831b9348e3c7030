"""Rows for q-pii: texts asked about each kind of personal data, one yes or no for each.

Texts are made of one to three things that hold personal data or only look like it, alone or amid
real sentences. Real sentences, full of names and dates of public persons, stand alone as well: they
hold nothing personal. Every kind that a text holds is asked, and some that it does not, above all
the one that it resembles.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from random import Random

from specialists.contract import Contract
from specialists.corpora.filling import Words, fill, read_patterns
from specialists.corpora.labels import LabelRow
from specialists.corpora.passages import short_passages
from specialists.corpora.private_words import PRIVATE_WORDS, read_names
from specialists.jobs.personal_data import KINDS, NAME

CONTRACT = Contract(
    head="Q: {query}\nP:",
    tail="\nA:",
    job=NAME,
    reading="joined",
    max_tokens=288,
    max_query_tokens=256,
)
"""The text is the head, so that it is read once for all kinds. 1: it holds the kind, 0: not."""

NEAR = "near "
LONGEST = 420
ASKED = 3
_HELD = {
    "{person}": "name",
    "{given}": "name",
    "{surname}": "name",
    "{mail}": "email",
    "{number}": "phone",
    "{date}": "birth date",
    "{iban}": "bank or card",
    "{pass}": "credential",
    "{disease}": "health",
    "{ip}": "location",
    "{street}": "address",
}
"""What a slot of a pattern says about the kinds it holds, where the pattern is one of a person."""


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows, in mixed order."""
    draw = Random(seed)  # noqa: S311  nothing secret is drawn
    passages = short_passages(data, draw, documents=900, each=3, most_characters=260)
    words = {**PRIVATE_WORDS, **read_names(data)}
    made = list(islice(_generate(passages, words, draw), most))
    draw.shuffle(made)
    return iter(made)


def _generate(
    passages: list[tuple[str, str, str]], words: Mapping[str, Words], draw: Random
) -> Iterator[LabelRow]:
    patterns = read_patterns("personal_data")
    number = 0
    while True:
        number += 1
        source, document, passage = draw.choice(passages)
        parts: list[str] = []
        held: set[str] = set()
        near: set[str] = set()
        for _ in range(draw.choice((1, 1, 1, 1, 2, 2, 3))):
            part, holds, resembles = _part(patterns, words, draw)
            parts.append(part)
            held |= holds
            near |= resembles
        group, origin = f"made {number}", "templates"
        if draw.random() < 0.12:
            parts, held, near = [passage], set(), {"name", "birth date", "location", "health"}
            group, origin = document, source
        elif draw.random() < 0.2:
            parts.insert(draw.randrange(len(parts) + 1), passage)
            group, origin = document, source
        text = draw.choice((" ", "\n", ". ", ", ", " ")).join(parts)
        if draw.random() < 0.15:
            text = text.lower()
        if len(text) > LONGEST:
            continue
        for kind in _asked(held, near - held, draw):
            yield LabelRow(
                query=text,
                text=kind,
                label="1" if kind in held else "0",
                group=group,
                source=origin,
            )


def _part(
    patterns: dict[str, tuple[str, ...]], words: Mapping[str, Words], draw: Random
) -> tuple[str, set[str], set[str]]:
    """One thing said, the kinds it holds and those it resembles."""
    kind = draw.choice(KINDS)
    if draw.random() < 0.6:
        pattern = draw.choice(patterns[kind])
        chosen = fill(pattern, {}, draw)
        held = {kind} | {holds for slot, holds in _HELD.items() if slot in chosen}
        return fill(chosen, words, draw), held, {kind}
    if draw.random() < 0.1:
        return fill(draw.choice(patterns["plain"]), words, draw), set(), set()
    return fill(draw.choice(patterns[NEAR + kind]), words, draw), set(), {kind}


def _asked(held: set[str], near: set[str], draw: Random) -> list[str]:
    """Kinds to ask: those held, those resembled, and others until there are enough."""
    asked = sorted(held) + sorted(near)
    others = [kind for kind in KINDS if kind not in asked]
    draw.shuffle(others)
    return asked + others[: max(1, ASKED - len(asked))]
