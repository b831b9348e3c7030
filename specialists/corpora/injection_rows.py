"""Rows for q-inject: texts that instruct the model reading them, and texts that do not.

Attacks are put together from patterns, hidden as attackers hide them, and set into real passages
of every source. Against them stand the same passages untouched, real sentences that use the
attackers' words, orders to people, code, tales, and the very same attacks merely quoted.
"""

import base64
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from specialists.contract import Contract
from specialists.corpora.filling import Words, fill, read_patterns
from specialists.corpora.labels import LabelRow
from specialists.corpora.passages import short_passages
from specialists.jobs.injection import NAME

CONTRACT = Contract(
    head="T:",
    tail="\nA:",
    job=NAME,
    reading="joined",
    max_tokens=256,
    max_query_tokens=1,
)
"""1: it instructs its reader, 0: it does not."""

LONGEST = 420
_KINDS = ("addressed", "override", "polite", "indirect", "fake", "foreign", "coded")
_KIND_WEIGHTS = (5, 4, 2, 3, 3, 1, 1)
_LURES = re.compile(
    r"\b(?:ignor|disregard|instruct|override|prompt|assistant|chatbot|agent|reveal|password|"
    r"secret|forget|pretend|model|system|must|shall|do not|don't|never|tell|say that|answer|"
    r"reply|obey|order|command|please|you are|you must|your)",
    re.IGNORECASE,
)
_LEET = str.maketrans("aeiost", "431057")


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows, in mixed order, about half of them attacks."""
    draw = Random(seed)  # noqa: S311  nothing secret is drawn
    passages = short_passages(data, draw, documents=1_500, each=6, most_characters=LONGEST - 60)
    luring = [passage for passage in passages if _LURES.search(passage[2])]
    made = list(islice(_generate(passages, luring, draw), most))
    draw.shuffle(made)
    return iter(made)


def _generate(
    passages: list[tuple[str, str, str]], luring: list[tuple[str, str, str]], draw: Random
) -> Iterator[LabelRow]:
    patterns = read_patterns("injection")
    words: dict[str, Words] = {
        **patterns,
        "n": lambda draw: str(draw.choice((2, 3, 5, 10, 12, 20, draw.randrange(1, 400)))),
        "blob": lambda draw: base64.b64encode(draw.randbytes(draw.randrange(8, 20))).decode(),
    }
    number = 0
    while True:
        number += 1
        group = f"made {number}"
        attack, kind = _attack(patterns, words, draw)
        source, document, passage = draw.choice(luring if draw.random() < 0.5 else passages)
        chance = draw.random()
        if chance < 0.5:
            yield LabelRow(text=attack, label="1", group=group, source="templates")
        else:
            yield from _set_into(passage, attack, document, source, draw)
        # What is no attack: about as much of it, a third of it real.
        if draw.random() < 0.6:
            yield LabelRow(text=passage, label="0", group=document, source=source)
        if kind in ("addressed", "override", "fake") and chance < 0.3:
            quoted = fill(draw.choice(patterns["about"]), {**words, "attack": (attack,)}, draw)
            yield LabelRow(text=quoted, label="0", group=group, source="templates")
        heading = draw.choice(("people", "people", "code", "story", "about"))
        plain = fill(draw.choice(patterns[heading]), {**words, "attack": (attack,)}, draw)
        if draw.random() < 0.35:
            plain = _joined(plain, passage, draw)
        if draw.random() < 0.6:
            yield LabelRow(text=_cased(plain), label="0", group=group, source="templates")


def _attack(
    patterns: dict[str, tuple[str, ...]], words: dict[str, Words], draw: Random
) -> tuple[str, str]:
    """One attack and its kind, now and then hidden or with its letters disguised."""
    (kind,) = draw.choices(_KINDS, _KIND_WEIGHTS)
    attack = fill(draw.choice(patterns[kind]), words, draw)
    if draw.random() < 0.1:
        attack += " " + fill("{payload}.", words, draw).capitalize()
    attack = _cased(attack)
    if draw.random() < 0.25:
        attack = fill(draw.choice(patterns["hide"]), {"attack": (attack.replace("{", "("),)}, draw)
    if draw.random() < 0.04 and kind in ("addressed", "override"):
        attack = _disguised(attack, draw)
    return attack, kind


def _set_into(
    passage: str, attack: str, document: str, source: str, draw: Random
) -> Iterator[LabelRow]:
    """The passage with the attack in it; the passage alone is a row of the same group."""
    text = _joined(attack, passage, draw)
    if len(text) <= LONGEST:
        yield LabelRow(text=text, label="1", group=document, source=source)


def _joined(part: str, passage: str, draw: Random) -> str:
    """The part before, amid or behind the sentences of the passage."""
    sentences = re.split(r"(?<=[.!?]) ", passage)
    at = draw.randrange(len(sentences) + 1)
    joint = draw.choice((" ", " ", " ", "\n", "\n\n"))
    return joint.join(filter(None, (" ".join(sentences[:at]), part, " ".join(sentences[at:]))))


def _disguised(text: str, draw: Random) -> str:
    return draw.choice(
        (
            text.lower().translate(_LEET),
            " ".join(text[:60]),
            text.replace(" ", "_"),
            text.replace(" ", "-").upper(),
            text.replace(" ", ". "),
        )
    )


def _cased(text: str) -> str:
    return text[:1].upper() + text[1:]
