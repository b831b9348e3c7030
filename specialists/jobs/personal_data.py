"""The personal-data job: which kinds of data about a private person does a text hold?

The text is read once and every kind is asked about it; a long text is read in pieces, in smaller
ones where one is not read to its end, and each kind keeps its highest score. The verdict is the
specialist's. By rule is checked only what a kind cannot be without: an e-mail address has its sign,
numbers have digits enough, and a number that is a card's or an account's by its check digits counts
when the specialist is in doubt.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from specialists.jobs.chunks import chunk_spans, parts_of
from specialists.jobs.job import Inputs, Job, Steps, text_input
from specialists.requests import Decide

NAME = "personal-data"

KINDS: tuple[str, ...] = (
    "name",
    "address",
    "email",
    "phone",
    "birth date",
    "identity number",
    "bank or card",
    "credential",
    "health",
    "location",
)
LONGEST, SHARED = 420, 60
THRESHOLD, IN_DOUBT = 0.5, 0.15

_AT = re.compile(r"\S@\S+\.\w|[(\[{ ]at[)\]} ]", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_CARD = re.compile(r"(?<![\d-])(?:\d[ -]?){12,}\d(?![\d-])")
_SHORTEST_IBAN, _MOST_GROUPS = 15, 34


def run(inputs: Inputs) -> Steps:
    text = text_input(inputs, "text", job=NAME)
    scores = dict.fromkeys(KINDS, 0.0)
    spans = deque(chunk_spans(text, longest=LONGEST, shared=SHARED))
    while spans:
        begin, end = spans.popleft()
        piece = text[begin:end]
        reply = yield Decide(query=piece, passages=KINDS)
        if any(verdict.query_truncated for verdict in reply.verdicts):
            spans.extend(parts_of(begin, end))
        for kind, verdict in zip(KINDS, reply.verdicts, strict=True):
            if _POSSIBLE.get(kind, bool)(piece):
                scores[kind] = max(scores[kind], round(verdict.score, 4))
    checked = has_checked_account(text)
    found = [
        kind
        for kind, score in scores.items()
        if score >= THRESHOLD or (kind == "bank or card" and checked and score >= IN_DOUBT)
    ]
    return {"kinds": found, "scores": scores}


def has_checked_account(text: str) -> bool:
    """Whether a card number that fulfils Luhn's rule, or a valid IBAN, stands in the text."""
    ibans = (number for found in _IBAN.finditer(text) for number in _runs(found[0].split()))
    cards = (
        number for found in _CARD.finditer(text) for number in _runs(re.findall(r"\d+", found[0]))
    )
    return any(map(_is_iban, ibans)) or any(map(_fulfils_luhn, cards))


def _runs(groups: Sequence[str]) -> Iterator[str]:
    """The first group, the first two, and so on: what follows a number may look like part of it."""
    return ("".join(groups[:count]) for count in range(1, min(len(groups), _MOST_GROUPS) + 1))


def _is_iban(number: str) -> bool:
    digits = "".join(str(int(sign, 36)) for sign in number[4:] + number[:4])
    return len(number) >= _SHORTEST_IBAN and int(digits) % 97 == 1


def _fulfils_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = (2 * digit - 9 * (digit > 4) for digit in digits[1::2])
    of_a_maker = number[0] in "3456" or 2221 <= int(number[:4]) <= 2720
    return 13 <= len(number) <= 19 and of_a_maker and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _digits(least: int) -> Callable[[str], bool]:
    return lambda text: sum(sign.isdigit() for sign in text) >= least


_POSSIBLE: Mapping[str, Callable[[str], bool]] = {
    "email": lambda text: bool(_AT.search(text)),
    "phone": _digits(6),
    "identity number": _digits(4),
    "bank or card": _digits(6),
}
"""What must hold of a text for a kind to be in it at all."""


JOB = Job(
    name=NAME,
    summary="Says which kinds of personal data a text holds; public persons are not personal.",
    inputs={"text": "A mail, a ticket, a log line, a document."},
    main="text",
    run=run,
)
