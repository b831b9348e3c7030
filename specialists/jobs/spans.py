"""The parts of a request that may be the value of an argument: a closed grammar of spans.

It stands alone because it is the reason why a call cannot be invented: what it does not list can
never be a value. Spans are (start, end) into the request, so each is the request's own letters.
It offers and does not choose; it knows no tool and no verdict.
"""

import re
from collections.abc import Iterator

Span = tuple[int, int]

_TRAILING = ".,;:!?)]}>'\"”’…"
_LEADING = "([{<'\"“‘¿¡"
_QUOTED = re.compile(r"\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|«([^»\n]{1,400})»|`([^`\n]{1,400})`")
_SINGLE = re.compile(r"(?<!\w)['‘]([^'’\n]{2,400})['’](?!\w)")
_PATTERNS = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}"  # addresses
    r"|https?://[^\s\"'<>]{1,400}"
    r"|[#@][\w-]{1,64}"  # channels, people
    r"|(?<![\w./])(?:~|\.{1,2})?/[\w.~/*-]{1,200}|[A-Z]:\\[^\s\"]{1,200}"  # paths
    r"|(?<![\w./-])[\w-]{1,64}(?:[/][\w.-]{1,64})+/?"
    r"|(?<![\w.])[\w-]{1,64}\.[A-Za-z][A-Za-z0-9]{1,5}(?![\w])"  # file names
    r"|\bv?[0-9]{1,4}(?:\.[0-9]{1,6}){2,3}\b"  # versions, addresses of machines
    r"|\b(?=[\w-]{0,40}[0-9])(?=[\w-]{0,40}[A-Za-z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\b"  # ids
    r"|\b[0-9]{1,20}(?:-[0-9]{1,20})+\b|\b[0-9]{3,20}\b"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_TIME_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)"
_TIME = (
    rf"(?:(?:the )?day after tomorrow|today|tomorrow|tonight|yesterday"
    rf"|(?:this |next |last |every |coming )?{_WEEKDAY}"
    rf"|(?:this|next|last|every) (?:week|weekend|month|year|morning|afternoon|evening|night|day)"
    rf"|[0-9]{{1,2}}(?:[:.][0-9]{{2}})? ?(?:am|pm|a\.m\.|p\.m\.|o'clock)(?!\w)"
    rf"|[0-9]{{1,2}}:[0-9]{{2}}(?!\w)"
    rf"|(?:half past|quarter past|quarter to) [a-z0-9]{{1,8}}|noon|midnight|midday"
    rf"|(?:the )?[0-9]{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?!\w)(?:,? [0-9]{{4}}(?![0-9]))?"
    rf"|{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?(?![\w:])(?:,? [0-9]{{4}}(?![0-9]))?"
    rf"|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[0-9]{{1,2}}/[0-9]{{1,2}}(?:/[0-9]{{2,4}})?"
    rf"|(?:the )?[0-9]{{1,2}}(?:st|nd|rd|th)(?!\w)"
    rf"|in (?:[0-9]{{1,4}}|an?|two|three|four|five|six|ten|twenty|thirty) {_TIME_UNIT}"
    rf"|(?:morning|afternoon|evening|night|weekend)(?!\w))"
)
_TIMES = re.compile(
    rf"(?<!\w){_TIME}(?:,? (?:(?:at|on|by|in the|around) )?{_TIME}"
    rf"|(?: at) [0-9]{{1,2}}(?![\w:])){{0,3}}",
    re.IGNORECASE,
)
_ONE_TIME = re.compile(rf"(?<!\w){_TIME}", re.IGNORECASE)
_CAPITALS = re.compile(
    r"(?:[0-9]{1,5} )?(?:(?:Dr|Mr|Mrs|Ms|St|Prof)\. )?[A-Z][\w'’&-]*"
    r"(?: (?:(?:of|the|de|la|and|&|van|von) ){0,2}[A-Z0-9][\w'’&-]*){0,7}"
)
_MEASURED = re.compile(
    r"(?<![\w.,])(?:[$€£] ?)?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?:\.[0-9]{1,9})?"
    r"(?: ?(?:%|percent|dollars?|euros?|pounds?|degrees?|[kmc]?m|k?g|km/h|mph|miles?|met(?:re|er)s?"
    rf"|kilomet(?:re|er)s?|lit(?:re|er)s?|grams?|kilos?|cups?|people|{_TIME_UNIT})(?!\w))?"
)
_BREAK = frozenset(
    """
    to from for at in into on onto with by about called named titled labelled labeled as of under
    below over between and or via until till before after around near off out saying says say that
    than then because is are was were it's inside within without against through since per up down
    reading mentioning regarding concerning using plus but if when where who
    """.split()  # noqa: SIM905  a page of words, not of quotes
)
_EDGE = frozenset(
    """
    the a an my our your his her its their this these those some any all me us i we you it he she
    they please pls thanks thank can could would will shall should must may might do does did don't
    can't won't isn't be been am hey hi ok okay just also again now what's what which how there here
    not no yes not's i'd i'm i've i'll let's want need like let get have has
    """.split()  # noqa: SIM905  a page of words, not of quotes
)
_SENTENCE_END = re.compile(r"[.!?;](?:\s|$)|\n")
_MOST_RUN = 4
_MESSAGE = re.compile(
    r"\b(?:that|saying|says?|tell(?:ing)? \w+|reads|reading|to say)[:,]? (?=\w)|(?<=\w): (?=\w)",
    re.IGNORECASE,
)
"""After these a whole clause may follow, small words and all."""


def spans_of(text: str, *, most: int) -> tuple[Span, ...]:
    """Spans in the order of how plain they are, at most `most`, each once."""
    found: dict[Span, None] = {}
    quoted = [*_group_spans(_QUOTED, text), *_group_spans(_SINGLE, text)]
    for span in _all_spans(text, quoted):
        start, end = span
        inside = any(
            left <= start and end <= right and span != (left, right) for left, right in quoted
        )
        if start < end and not inside and not _empty(text[start:end]):
            found.setdefault(span)
        if len(found) == most:
            break
    return tuple(found)


def _all_spans(text: str, quoted: list[Span]) -> Iterator[Span]:
    yield from quoted
    for found in _PATTERNS.finditer(text):
        yield _trimmed(text, *found.span())
    times = [found.span() for found in _TIMES.finditer(text)]
    for start, end in times:
        yield start, end
        parts = [one.span() for one in _ONE_TIME.finditer(text, start, end)]
        yield from parts if len(parts) > 1 else ()
    for found in _CAPITALS.finditer(text):
        yield from _capitals(text, *found.span())
    for found in _MEASURED.finditer(text):
        yield found.span()
    pieces = _pieces(text, times)
    yield from pieces
    yield from _clauses(text)
    words = _words(text)
    yield from _joined(text, pieces, times)
    yield from _inside(text, words, pieces)


def _words(text: str) -> list[Span]:
    spans = (_trimmed(text, *found.span()) for found in re.finditer(r"\S+", text))
    return [span for span in spans if span[0] < span[1]]


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without the punctuation and the 's around it."""
    while start < end and text[end - 1] in _TRAILING:
        end -= 1
    while start < end and text[start] in _LEADING:
        start += 1
    if text[start:end].endswith(("'s", "’s")):
        end -= 2
    return start, end


def _pieces(text: str, times: list[Span]) -> list[Span]:
    """Runs of words between small words, punctuation and times, without articles before them."""
    pieces: list[Span] = []
    held: list[Span] = []

    def flush() -> None:
        while held and text[slice(*held[0])].lower() in _EDGE:
            held.pop(0)
        while held and text[slice(*held[-1])].lower() in _EDGE:
            held.pop()
        if held:
            pieces.append((held[0][0], held[-1][1]))
        held.clear()

    before = 0
    for start, end in _words(text):
        in_time = any(left <= start < right for left, right in times)
        if re.search(r"[,;:.!?\n\"“”](?:\s|$)|[\n\"“”]", text[before:start]):
            flush()
        if in_time or text[start:end].lower() in _BREAK:
            flush()
        else:
            held.append((start, end))
        before = end
    flush()
    return pieces


def _inside(text: str, words: list[Span], pieces: list[Span]) -> Iterator[Span]:
    """Every run of words of a short piece: first without its first word, mostly a verb."""
    for start, end in pieces:
        inner = [word for word in words if start <= word[0] and word[1] <= end]
        rest = _bare(text, inner[1:])
        if rest:
            yield rest[0][0], end
        for size in range(min(len(inner), _MOST_RUN), 0, -1):
            for at in range(len(inner) - size + 1):
                run = inner[at : at + size]
                if not _small(text[slice(*run[0])]) and not _small(text[slice(*run[-1])]):
                    yield run[0][0], run[-1][1]


def _joined(text: str, pieces: list[Span], times: list[Span]) -> Iterator[Span]:
    """Neighbouring pieces as one, and from each piece on to the next time or the sentence's end."""
    for place, (start, end) in enumerate(pieces):
        stop = _SENTENCE_END.search(text, end)
        until = stop.start() if stop else len(text)
        if place + 1 < len(pieces):
            follows = pieces[place + 1]
            if not any(end <= left < follows[0] for left, _ in times) and follows[0] < until:
                yield start, follows[1]
        before_time = next((left for left, _ in times if end < left < until), None)
        if before_time is not None:
            yield _without_small_words(text, start, before_time)
        last = max(right for left, right in (*pieces, *times) if left < until)
        if last > end:
            yield start, last


def _clauses(text: str) -> Iterator[Span]:
    for found in _MESSAGE.finditer(text):
        yield _trimmed(text, found.end(), len(text.rstrip()))
        stop = _SENTENCE_END.search(text, found.end())
        if stop:
            yield _trimmed(text, found.end(), stop.start())


def _bare(text: str, words: list[Span]) -> list[Span]:
    """The words from the first on that is not a small one."""
    at = next((i for i, word in enumerate(words) if not _small(text[slice(*word)])), len(words))
    return words[at:]


def _small(word: str) -> bool:
    return word.lower() in _BREAK or word.lower() in _EDGE


def _without_small_words(text: str, start: int, end: int) -> Span:
    words = [(start + left, start + right) for left, right in _words(text[start:end])]
    while words and _small(text[slice(*words[-1])]):
        words.pop()
    return (start, words[-1][1]) if words else (start, start)


def _capitals(text: str, start: int, end: int) -> Iterator[Span]:
    """A run of capitals; without its first word too where that begins the request."""
    start, end = _trimmed(text, start, end)
    run = text[start:end]
    lead = len(run) - len(run.lstrip())
    start += lead
    words = [(start + left, start + right) for left, right in _words(text[start:end])]
    words = _bare(text, words)
    if not words:
        return
    begins = not text[: words[0][0]].strip() or text[: words[0][0]].rstrip()[-1:] in ".!?:"
    if begins and len(words) > 1:
        yield words[1][0], words[-1][1]
    yield words[0][0], words[-1][1]


def _group_spans(pattern: re.Pattern[str], text: str) -> list[Span]:
    return [found.span(found.lastindex) for found in pattern.finditer(text) if found.lastindex]


def _empty(piece: str) -> bool:
    return not any(letter.isalnum() for letter in piece) or _small(piece)
