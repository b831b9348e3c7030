"""The injection job: does a text try to instruct the model that reads it?

A long text is judged in pieces, and the piece most likely to instruct decides. Signs that nobody
sees are taken out before the specialist reads, so that they cannot break words apart, and letters
hidden in Unicode's tag block are made readable; the piece given back is the text's own.
"""

import unicodedata

from specialists.jobs.chunks import chunk_spans
from specialists.jobs.job import Inputs, Job, Steps, text_input
from specialists.requests import Decide

NAME = "injection"
LONGEST, SHARED = 420, 80
BATCH = 64
THRESHOLD = 0.5
_TAGS = 0xE0000


def run(inputs: Inputs) -> Steps:
    text = text_input(inputs, "text", job=NAME)
    spans = list(chunk_spans(text, longest=LONGEST, shared=SHARED))
    best, where = 0.0, ""
    for first in range(0, len(spans), BATCH):
        chunks = [text[begin:end] for begin, end in spans[first : first + BATCH]]
        reply = yield Decide(query="", passages=tuple(seen(chunk) for chunk in chunks))
        for chunk, verdict in zip(chunks, reply.verdicts, strict=True):
            if verdict.score > best:
                best, where = verdict.score, chunk
    found = best >= THRESHOLD
    return {"injection": found, "score": round(best, 4), "where": where if found else None}


def seen(text: str) -> str:
    """The text as a reader takes it in: wide and styled letters plain, invisible signs gone."""
    if text.isascii():
        return text
    shown = (
        chr(ord(sign) - _TAGS) if _TAGS + 32 <= ord(sign) < _TAGS + 127 else sign for sign in text
    )
    return "".join(
        sign
        for sign in unicodedata.normalize("NFKC", "".join(shown))
        if unicodedata.category(sign) != "Cf"
    )


JOB = Job(
    name=NAME,
    summary="Says whether a text tries to instruct the model that reads it, and where.",
    inputs={"text": "What a model is about to read: a page, a mail, a file, a tool's reply."},
    main="text",
    run=run,
)
