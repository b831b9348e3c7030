"""The tour through the sample documents: three stations, each one key away.

An answer, the place it stands on, and a refusal. Only words stand here; the session screen
walks.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["ask", "source"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Station:
    """`hint` is shown when the station is reached and says what the next Enter does."""

    kind: Kind
    hint: str
    question: str = ""
    refused: bool = False
    """Whether a refusal is what is to be shown; the hint is left out where there was none."""


STATIONS = (
    Station(
        kind="ask",
        question="When is the dome open in winter?",
        hint="Tour 1 of 3: an answer made of quotes. Enter shows where [1] stands.",
    ),
    Station(kind="source", hint="Tour 2 of 3: the quote in its text. Enter asks something else."),
    Station(
        kind="ask",
        refused=True,
        question="Which horses won the Lindmere derby last autumn?",
        hint="Tour 3 of 3: nothing answers this, so it is refused. Now ask what you like.",
    ),
)
