"""A sentence of a text told again as a statement of its own: the same facts, or fewer of them.

Two steps. `reshaped` changes the form (a clause alone, no aside, active for passive) and is the
same for two sentences that differ in one word, so that a false copy can be reshaped like the
true one. `reworded` changes words and draws anew each time. Both know no corpus.
"""

import re
from collections.abc import Callable
from random import Random

_INTRO = re.compile(
    r"^(?:However|Moreover|Furthermore|In addition|Additionally|Therefore|Thus|Also|Similarly|"
    r"Nevertheless|Indeed|For example|For instance|As a result|In fact|Consequently|Today|Overall|"
    r"Traditionally|Historically|Generally|Then|Later|Meanwhile|Instead), "
)
_ASIDE = re.compile(
    r", (?:which|who|whose|where|including|such as|especially|particularly)\b[^,;]+,"
)
_LAST_ASIDE = re.compile(
    r",? (?:which|whose|where|although|though|because|while|whereas|since|including|"
    r"such as)\b[^;]+$"
)
_JOINED = re.compile(
    r"(?:; |, (?:and|but|while|whereas) )"
    r"(?=[A-Z]|the |its |his |her |their |an? |it |they |he |she )"
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|may|must|will|would|became|began|made|took|led|lies|"
    r"won|lost|held|[a-z]{3,}ed|[a-z]{3,}s)\b"
)
_FRONT = re.compile(
    r"^(?P<when>(?:In|On|At|During|After|Before|Since|By|From|Until|For|Within|Under|Near) "
    r"[^,]{3,40}), (?P<rest>[A-Za-z][^;]+)$"
)
_PASSIVE = re.compile(
    r"^(?P<a>(?:The |A |An |[A-Z])[\w'’ -]{1,50}?) (?:was|were) (?:also |first |later |finally )?"
    r"(?P<verb>[a-z]{3,}ed) by (?P<b>(?:the |an? )?[\w'’-]+(?: (?:of|de|von|[A-Z])[\w'’-]*){0,4})"
    r"(?P<rest>(?: (?:in|on|at|during|after|from|for|with)\b.*)?)$"
)
_TAIL = re.compile(
    r" (?:in|on|at|during|since|until|by|near|from|for) (?:the |early |late )?"
    r"[A-Z\d][\w’'-]*(?: [A-Z\d][\w’'-]*){0,3}$"
)
_ONES = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty
    """.split()  # noqa: SIM905  a line of words
_SAME = """
    began/started ended/finished big/large built/constructed founded/established about/approximately
    around/roughly many/numerous often/frequently usually/normally people/persons died/passed_away
    became/turned_into located/situated lies/is_situated main/principal important/significant
    also/in_addition bought/purchased children/kids wrote/authored received/got however/yet
    because/since begins/starts needs/requires must/has_to cannot/can_not helps/assists
    shows/displays uses/makes_use_of used/employed creates/makes created/made contains/holds
    consists_of/is_made_up_of includes/comprises known_as/called named/called several/a_number_of
    near/close_to whole/entire almost/nearly only/just before/prior_to after/following
    per_cent/percent the_same/an_identical city/town doctor/physician film/movie illness/disease
    deleted/removed changes/modifies allows/permits allowed/permitted killed/slain won/gained
    various/different famous/well-known first/initially country/nation work/labour happens/occurs
    happened/occurred highest/greatest biggest/largest beginning/start end/close part/portion
    """
_OTHER: dict[str, list[str]] = {}
for _pair in _SAME.split():
    _left, _right = (_part.replace("_", " ") for _part in _pair.split("/"))
    _OTHER.setdefault(_left, []).append(_right)
    _OTHER.setdefault(_right, []).append(_left)
_UNSAFE = ("since", "just", "first", "initially", "close", "start", "end", "work", "labour", "got")
for _word in _UNSAFE:
    _OTHER.pop(_word)
_KNOWN = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, _OTHER), key=len, reverse=True))})\b")
_OPENERS = (
    "According to the text, {}", "It is said that {}", "The text says that {}",
    "It is true that {}",
    "As a matter of fact, {}", "We learn that {}", "Apparently {}",
)  # fmt: skip


def reshaped(sentence: str, shape: int) -> str:
    """The sentence in the form of that number, without its full stop; unchanged where it does not
    fit. The same number does the same to sentences of the same build."""
    text = re.sub(r"\s*\([^()]*\)", "", sentence).strip().rstrip(".")
    text = _capital(_INTRO.sub("", text))
    for place in (shape % len(_SHAPES), shape // len(_SHAPES) % len(_SHAPES)):
        text = _capital(_SHAPES[place](text))
    return text


def reworded(text: str, choice: Random) -> str:
    """Other words for some, numbers in another form, at times an opening of its own."""
    if choice.random() < 0.6:
        text = _KNOWN.sub(
            lambda found: choice.choice(_OTHER[found[0]]) if choice.random() < 0.5 else found[0],
            text,
        )
    if choice.random() < 0.4:
        text = _numbers(text)
    if choice.random() < 0.08:
        first, _, rest = text.partition(" ")
        lowered = first.lower() if first in _LOWERED else first
        text = choice.choice(_OPENERS).format(f"{lowered} {rest}")
    return text + ("." if choice.random() < 0.75 else "")


_LOWERED = frozenset(
    "The A An In On At During After Before Since By From It This These He She".split()  # noqa: SIM905
)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _as_it_is(text: str) -> str:
    return text


def _without_aside(text: str) -> str:
    shorter = _ASIDE.sub("", text)
    shorter = shorter if shorter != text else _LAST_ASIDE.sub("", text)
    return shorter if len(shorter.split()) >= 5 and _VERB.search(shorter) else text


def _first_clause(text: str) -> str:
    return _clause(text, 0)


def _last_clause(text: str) -> str:
    clause = _clause(text, -1)
    leans = re.match(r"(?:it|they|he|she|its|his|her|their)\b", clause, re.IGNORECASE)
    return text if leans else clause


def _clause(text: str, place: int) -> str:
    clauses = _JOINED.split(text)
    clause = clauses[place].strip(" ,")
    whole = len(clause.split()) >= 5 and _VERB.search(clause)
    return clause if len(clauses) > 1 and whole else text


def _turned(text: str) -> str:
    """What stands before the comma is put at the end."""
    found = _FRONT.match(text)
    if not found:
        return text
    when, rest = found["when"], found["rest"]
    return f"{rest} {when[:1].lower()}{when[1:]}"


def _active(text: str) -> str:
    found = _PASSIVE.match(text)
    if not found:
        return text
    return f"{found['b']} {found['verb']} {_small(found['a'])}{found['rest']}"


def _without_tail(text: str) -> str:
    shorter = _TAIL.sub("", text)
    return shorter if len(shorter.split()) >= 5 and _VERB.search(shorter) else text


def _plainer(text: str) -> str:
    """Without adverbs that a fact can spare."""
    return re.sub(r" (?:also|very|quite|rather|[a-z]{4,}ly)(?= [a-z])", "", text)


def _small(subject: str) -> str:
    first, _, rest = subject.partition(" ")
    return f"{first.lower()} {rest}" if first in ("The", "A", "An") else subject


_SHAPES: tuple[Callable[[str], str], ...] = (
    _as_it_is, _without_aside, _first_clause, _last_clause, _turned, _active, _without_tail,
    _plainer,
)  # fmt: skip
SHAPES = len(_SHAPES) ** 2


def _numbers(text: str) -> str:
    def turn(found: re.Match[str]) -> str:
        word = found[0]
        if word.isdigit():
            return _ONES[int(word)] if 1 < int(word) <= 20 else word
        return str(_ONES.index(word)) if _ONES.index(word) > 1 else word

    text = re.sub(rf"(?<![\w.,$€£])(?:\d{{1,2}}(?![\w.,%:/-])|(?:{'|'.join(_ONES)})\b)", turn, text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text) if "," in text else text
    return text.replace(" per cent", "%") if " per cent" in text else text.replace("%", " per cent")
