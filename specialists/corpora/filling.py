"""Sentences and commands out of patterns: `⟨a|b⟩` stands for one of its choices, `{slot}` for a
draw from the words of that name. Braces that name no slot stay as they are, so that shell and
program text can be written plainly; so does a `|` with a space on both sides, or at the start of
a choice with a space behind it: that one is a shell's pipe.

Patterns lie in `patterns/*.txt`, one a line under the heading that labels it (`=== heading`);
a pattern's own line break is written ⏎.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

from specialists.corpora.text import open_text

PATTERNS_FOLDER = Path(__file__).parent / "patterns"
HEADING = "=== "

Words = Sequence[str] | Callable[[Random], str]

_CHOICE = re.compile(r"⟨([^⟨⟩]*)⟩")
_BETWEEN = re.compile(r"(?<=[^ |])\||(?<=[ |])\|(?! )|^\|(?! )")
_SLOT = re.compile(r"\{(\w+)\}")


def fill(pattern: str, words: Mapping[str, Words], draw: Random) -> str:
    """The pattern with every choice and every known slot drawn anew; what a slot draws may hold
    choices and slots itself. Inner choices are made before outer ones."""
    while "⟨" in pattern:
        pattern = _CHOICE.sub(lambda found: draw.choice(_BETWEEN.split(found[1])), pattern)

    def word(found: re.Match[str]) -> str:
        source = words.get(found[1])
        if source is None:
            return found[0]
        drawn = source(draw) if callable(source) else draw.choice(source)
        return fill(drawn, words, draw) if "{" in drawn or "⟨" in drawn else drawn

    return _SLOT.sub(word, pattern)


def read_patterns(name: str) -> dict[str, tuple[str, ...]]:
    """The patterns of `patterns/<name>.txt` by their headings."""
    patterns: dict[str, list[str]] = {}
    under: list[str] = []
    with open_text(PATTERNS_FOLDER / f"{name}.txt") as lines:
        for line in lines:
            text = line.strip().replace("⏎", "\n")
            if text.startswith(HEADING):
                under = patterns.setdefault(text.removeprefix(HEADING), [])
            elif text:
                under.append(text)
    return {heading: tuple(found) for heading, found in patterns.items()}


def words_of(block: str) -> tuple[str, ...]:
    """The words of a block that is easier to read without quotation marks."""
    return tuple(block.split())
