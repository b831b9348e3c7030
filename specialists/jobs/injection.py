"""The injection job: does a text try to instruct the model that reads it?

A long text is judged in pieces, and the piece most likely to instruct decides; one that is not read
to its end, because its letters take many tokens, is judged in smaller ones. Signs that nobody sees
are taken out before the text is cut, so that they cannot break words apart, and letters hidden in
Unicode's tag block are made readable; the piece given back is the text's own.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Sequence

from specialists.jobs.chunks import chunk_spans, parts_of
from specialists.jobs.job import Inputs, Job, Steps, text_input
from specialists.requests import Decide

NAME = "injection"
LONGEST, SHARED = 420, 80
BATCH = 64
THRESHOLD = 0.5
_TAGS = 0xE0000
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Beside Unicode's format signs: joiners, fillers and variation selectors."""


def run(inputs: Inputs) -> Steps:
    whole = text_input(inputs, "text", job=NAME)
    text, places = without_unseen(whole)
    spans = deque(chunk_spans(text, longest=LONGEST, shared=SHARED))
    best, where = 0.0, ""
    while spans:
        some = [spans.popleft() for _ in range(min(BATCH, len(spans)))]
        reply = yield Decide(query="", passages=tuple(seen(text[a:b]) for a, b in some))
        for (begin, end), verdict in zip(some, reply.verdicts, strict=True):
            if verdict.score > best:
                best, where = verdict.score, whole[places[begin] : places[end - 1] + 1]
            if verdict.truncated:
                spans.extend(parts_of(begin, end))
    found = best >= THRESHOLD
    return {"injection": found, "score": round(best, 4), "where": where if found else None}


def without_unseen(text: str) -> tuple[str, Sequence[int]]:
    """The text without signs that nobody sees, and where each of its signs stood."""
    if text.isascii():
        return text, range(len(text))
    places = [place for place, sign in enumerate(text) if _is_tag(sign) or not _is_unseen(sign)]
    return "".join(text[place] for place in places), places


def seen(text: str) -> str:
    """As a reader takes it in: invisible signs gone, wide, styled and hidden letters plain."""
    if text.isascii():
        return text
    kept, _ = without_unseen(text)
    shown = "".join(chr(ord(sign) - _TAGS) if _is_tag(sign) else sign for sign in kept)
    return unicodedata.normalize("NFKC", shown)


def _is_tag(sign: str) -> bool:
    return _TAGS + 32 <= ord(sign) < _TAGS + 127


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) == "Cf" or bool(_UNSEEN.match(sign))


JOB = Job(
    name=NAME,
    summary="Says whether a text tries to instruct the model that reads it, and where.",
    inputs={"text": "What a model is about to read: a page, a mail, a file, a tool's reply."},
    main="text",
    run=run,
)
