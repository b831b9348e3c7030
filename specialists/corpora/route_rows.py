"""Rows for q-route: what people ask a house of specialists, with the one it is for, or none.

Half is really said: requests that people made of an assistant or a bank, questions they asked,
commands from manual pages. Half are sentences of small grammars around such things: the same
question, passage or command stands in requests for every route, so that the words of a thing do
not give away what is wanted with it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from specialists.corpora.grammar import expand
from specialists.corpora.labels import LabelRow
from specialists.corpora.route_matter import Matter, Said, read_matter
from specialists.corpora.route_phrases import CONTENT, DECLINED, REQUESTS, SUBJECTS
from specialists.corpora.route_things import Things

NONE = "none"
ROUTES = (*(route for route in REQUESTS if route != NONE), NONE)
NONE_SHARE = 0.3
REAL_NONE, REAL_ACTION = 0.45, 0.5
"""Of the rows for none, and for tools, those that people said."""
DECLINED_SHARE = 0.12
TYPO_SHARE = 0.08


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows, in a drawn order. Raises `CorpusError`."""
    choice = Random(seed)  # noqa: S311 - it draws texts, not secrets
    writer = _Writer(read_matter(data, seed=seed), choice)
    shares = [(1 - NONE_SHARE) / (len(ROUTES) - 1)] * (len(ROUTES) - 1) + [NONE_SHARE]
    seen: set[str] = set()
    for _ in range(most):
        (route,) = choice.choices(ROUTES, shares)
        row = writer.row(route)
        if row.text.strip() and row.text not in seen:
            seen.add(row.text)
            yield row


class _Writer:
    def __init__(self, matter: Matter, choice: Random) -> None:
        self._matter, self._choice = matter, choice

    def row(self, route: str) -> LabelRow:
        choice = self._choice
        if route == NONE and choice.random() < REAL_NONE:
            return self._real(choice.choice(self._matter.requests), route)
        if route == "q-toolcall" and choice.random() < REAL_ACTION:
            polite = choice.choice(CONTENT["polite"]) if choice.random() < 0.3 else ""
            return self._real(choice.choice(self._matter.actions), route, before=polite)
        asked = choice.choice(self._matter.asked)
        things = Things(self._matter, asked, choice)
        text = expand(choice.choice(REQUESTS[route]), things.fill, choice)
        if route in SUBJECTS and choice.random() < DECLINED_SHARE and len(text) < 400:
            other = SUBJECTS[choice.choice([name for name in SUBJECTS if name != route])]
            text = expand(DECLINED, lambda slot: other, choice) + text
        return LabelRow(
            text=typed(text, choice, exact=route == "q-cmdsafe"),
            label=route,
            group=asked.group,
            source=things.source,
        )

    def _real(self, said: Said, route: str, *, before: str = "") -> LabelRow:
        return LabelRow(
            text=typed(before + said.text, self._choice),
            label=route,
            group=f"{said.kind}:{said.text}",
            source=said.source,
        )


def kind_of(row: LabelRow) -> str:
    """Finer than the route where the row was really said: what people filed it under."""
    return row.group.split(":", 1)[0] if row.source.startswith("specialists/") else row.label


def typed(text: str, choice: Random, *, exact: bool = False) -> str:
    """As people type: white space tidied; unless `exact`, often without capitals or marks at the
    end, at times with a slip of the finger."""
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \t]+", " ", text)).strip()
    if exact:
        return text
    if choice.random() < 0.3:
        text = text.lower()
    elif choice.random() < 0.5:
        text = text[:1].upper() + text[1:]
    if choice.random() < 0.25:
        text = text.rstrip("?.!:")
    if choice.random() < TYPO_SHARE and len(text) > 8:
        at = choice.randrange(1, min(len(text) - 1, 60))
        swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        text = choice.choice((swapped, text[:at] + text[at + 1 :], text[:at] + text[at:]))
    return text
