"""Small grammars for templates: `[a|b|]` is one of these, also nested; `{slot}` is filled in.

It stands alone because several generators write sentences. What fills a slot is never read as
grammar again, so that a command or a passage may hold brackets and bars.
"""

import re
from collections.abc import Callable
from random import Random

_SLOT = re.compile(r"\{([a-z][a-z0-9]*)\}")


def expand(template: str, fill: Callable[[str], str | None], choice: Random) -> str:
    """One sentence of `template`. `fill` is asked for each slot; None leaves it as it stands."""
    sentence = _choose(template, choice)
    return _SLOT.sub(lambda slot: _filled(fill(slot[1]), slot[0]), sentence)


def _filled(value: str | None, slot: str) -> str:
    return slot if value is None else value


def _choose(template: str, choice: Random) -> str:
    parts: list[str] = []
    at = 0
    while at < len(template):
        if template[at] != "[":
            parts.append(template[at])
            at += 1
            continue
        options, at = _options(template, at + 1)
        parts.append(_choose(choice.choice(options), choice))
    return "".join(parts)


def _options(template: str, at: int) -> tuple[list[str], int]:
    """The alternatives from `at`, just behind a bracket, and the place behind its end."""
    options, start, depth = [], at, 0
    while True:
        assert at < len(template), f"a bracket stays open in {template!r}"
        sign = template[at]
        if depth == 0 and sign in "|]":
            options.append(template[start:at])
            start = at + 1
            if sign == "]":
                return options, at + 1
        depth += (sign == "[") - (sign == "]")
        at += 1
