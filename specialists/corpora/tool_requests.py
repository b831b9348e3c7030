"""Requests made from frames: what is said, and where in it each argument's value stands.

It stands alone because the places must be exact: the rows take a candidate for right only where it
begins and ends with the value. It knows neither the candidates nor the labels.
"""

import re
from dataclasses import dataclass
from random import Random

from specialists.corpora.tool_frames import Frame, Slot
from specialists.corpora.tool_values import draw_value
from specialists.jobs.spans import Span

_OPENERS = (
    "please {}",
    "can you {}",
    "could you {}",
    "hey, {}",
    "I need you to {}",
    "would you {}",
    "hi, please {}",
    "{} please",
    "{}, thanks",
    "{} for me",
    "I want you to {}",
    "ok, {}",
    "{}, if you can",
    "kindly {}",
    "quick one: {}",
    "now {}",
)
_ASIDES = (
    "I am in a hurry.",
    "We are 4 at home today.",
    "It is already 10:30 here.",
    "My sister Clara asked for it.",
    "I did that 3 times already.",
    "The last one was on Monday.",
    "That is for the team in Geneva.",
    "It was number 12 before.",
    "My boss, Mr. Hale, insists.",
    "The old one was called Phoenix.",
    "Sorry to bother.",
    "I tried it 20 minutes ago.",
    "Not like last Friday.",
)
_MANNERS = re.compile(
    r"^(?:what|when|how|is|are|do|does|will|where|which|who|did|any|may|should|am)\b|\bI\b"
)
_NO_ORDER = re.compile(
    r"^(?:the|no|it|there|that|this|next|last|more|and|so|nobody|did|\{)", re.IGNORECASE
)
_FLAGS = (
    ("urgent", "whether it is urgent", "it is urgent", "there is no hurry"),
    (
        "recursive",
        "with everything below it",
        "including everything below it",
        "without what is below",
    ),
    ("notify", "whether others are told", "and let everyone know", "but tell nobody"),
    ("silent", "make no sound", "without a sound", "and do it out loud"),
    ("force", "even when warned", "by force if need be", "but do not force it"),
    ("dry_run", "only show what would be done", "as a dry run", "for real, not as a dry run"),
    ("repeat", "again and again", "and repeat it", "only once"),
    ("confirm", "ask before it is done", "but ask me first", "without asking me"),
    ("private", "only I may see it", "keep it private", "make it public"),
)
_MORE = (
    (("priority", "how important", ("low", "medium", "high")), "with {} priority"),
    (("color", "which colour", ("red", "green", "blue", "yellow")), "in {}"),
    (("format", "form of the result", ("short", "long", "table")), "as {}"),
    (("account", "which account", ("work", "personal", "family")), "with my {} account"),
    (("channel", "how to be told", ("phone", "screen", "watch")), "on my {}"),
)
_TRUE_WORDS = {"secret": (("private", "secret", "invitation only"), ("public", "open to everyone"))}
_ARTICLE = re.compile(r"(?:the|a|an|my|our) ", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """`spans` are the places of the values of free arguments, `declared` the chosen values of the
    others (text, or true and false). `complete`: every argument that must be given is."""

    request: str
    frame: Frame
    spans: dict[str, Span]
    declared: dict[str, str | bool]

    @property
    def complete(self) -> bool:
        return all(
            slot.name in self.spans or slot.name in self.declared
            for slot in self.frame.slots
            if slot.required
        )


def draw_request(frame: Frame, choice: Random) -> Asked:
    """One request for the tool of a frame, as a person might type or say it."""
    template = choice.choice(frame.requests)
    if not all("{" + slot.name + "}" in template for slot in frame.slots if slot.required):
        # The frames hold more requests that lack what is needed than people make.
        template = choice.choice(frame.requests)
    slots = {slot.name: slot for slot in frame.slots}
    extra: list[Slot] = []
    declared: dict[str, str | bool] = {}
    if choice.random() < 0.12:
        flag, about, yes, no = choice.choice(_FLAGS)
        said = choice.choice((yes, no, ""))
        if flag not in slots:
            extra.append(Slot(name=flag, kind="bool", description=about, values=(), required=False))
            template += f", {said}" if said else ""
            if said:
                declared[flag] = said == yes
    elif choice.random() < 0.14:
        (name, about, values), form = choice.choice(_MORE)
        if name not in slots:
            extra.append(
                Slot(name=name, kind="declared", description=about, values=values, required=False)
            )
            if choice.random() < 0.7:
                template += f" {form.format('{' + name + '}')}"
    frame = Frame(
        domain=frame.domain,
        name=frame.name,
        descriptions=frame.descriptions,
        slots=(*frame.slots, *extra),
        requests=frame.requests,
    )
    if choice.random() < 0.45 and not (_MANNERS.search(template) or _NO_ORDER.match(template)):
        template = choice.choice(_OPENERS).replace("{}", template)
    if choice.random() < 0.12:
        aside = choice.choice(_ASIDES)
        template = choice.choice((f"{aside} {template}", f"{template}. {aside}"))
    return _filled(frame, template, declared, choice)


def _filled(frame: Frame, template: str, declared: dict[str, str | bool], choice: Random) -> Asked:
    slots = {slot.name: slot for slot in frame.slots}
    request = ""
    spans: dict[str, Span] = {}
    for part in re.split(r"(\{[+-]?\w+\})", template):
        if not part.startswith("{"):
            request += part
            continue
        name = part.strip("{}+-")
        slot = slots[name]
        if part[1] in "+-":
            declared[name] = part[1] == "+"
            request += choice.choice(_TRUE_WORDS[name][part[1] == "-"])
        elif slot.kind == "declared":
            value = choice.choice(slot.values)
            declared[name] = value
            request += value
        else:
            value = draw_value(slot.kind, choice)
            if request.endswith(("the ", "my ", "a ")):
                value = _ARTICLE.sub("", value, count=1) if _ARTICLE.match(value) else value
            spans[name] = _place(request, value, slot)
            request += value
    request = _finished(request, choice)
    return Asked(request=request, frame=frame, spans=spans, declared=declared)


def _place(before: str, value: str, slot: Slot) -> Span:
    """Where the value itself stands: without quotation marks and, but for sentences, articles."""
    start, end = len(before), len(before) + len(value)
    if value.startswith('"'):
        return start + 1, end - 1
    article = _ARTICLE.match(value)
    if article and slot.kind not in ("message", "task", "day", "when"):
        start += article.end()
    return start, end


def _finished(request: str, choice: Random) -> str:
    """Capitals and an end as people leave them. No letter is added or taken before a value."""
    way = choice.random()
    if way < 0.15:
        return request.lower()
    if way < 0.6:
        request = request[:1].upper() + request[1:]
    return request + choice.choice(("", "", ".", "?" if _MANNERS.search(request) else "", "!"))
