"""Short real passages: a few sentences on end, out of a block or of each file of training text."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from specialists.corpora.text import data_folder, read_documents, text_files

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(\d])|\n\s*\n")
_BORDER = re.compile(r"(?<=[a-z0-9)][.!?])\s+(?=[A-Z])")
_SPACE = re.compile(r"[ \t]*\n[ \t]*|[ \t]{2,}")


def short_passages(
    data: Path, draw: Random, *, documents: int, each: int, most_characters: int
) -> list[tuple[str, str, str]]:
    """Source, document and text of up to `each` passages of one to four sentences out of the first
    `documents` of every file."""
    passages = []
    for path in text_files(data_folder(data, "text")):
        source = path.name.split(".")[0]
        for number, document in enumerate(islice(read_documents(path), documents)):
            sentences = list(_sentences(document))
            for _ in range(min(each, len(sentences))):
                at = draw.randrange(len(sentences))
                text = " ".join(sentences[at : at + draw.choice((1, 1, 2, 2, 3, 4))])
                if 30 <= len(text) <= most_characters:
                    passages.append((f"text/{source}", f"{source} {number}", text))
    draw.shuffle(passages)
    return passages


def draw_passage(block: str, choice: Random, *, least: int, most: int, beyond: int) -> str:
    """Whole neighbouring sentences, beginning anywhere in the block, up to a drawn number of words
    from `least` to `most`. The first is taken whatever its length; empty where that makes fewer
    words than `least` or more than `beyond` over `most`."""
    pieces = _BORDER.split(block)
    start = choice.randrange(len(pieces))
    wanted = choice.randint(least, most)
    words: list[str] = []
    for piece in pieces[start:]:
        if words and len(words) + len(piece.split()) > wanted:
            break
        words += piece.split()
    return " ".join(words) if least <= len(words) <= most + beyond else ""


def _sentences(document: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(document[:40_000]):
        text = _SPACE.sub(" ", sentence).strip()
        if len(text) > 20:
            yield text
