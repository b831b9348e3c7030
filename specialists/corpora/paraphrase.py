"""The same question in other words, by rules of English: another opening, another order, synonyms,
politeness, a few words typed in haste.

Each rule keeps what is asked. It knows no corpus and draws only through the `Random` it is handed.
"""

import re
from collections.abc import Callable
from random import Random

from specialists.corpora.words import STOPWORDS

_OPENINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"^how (?:do|can|could|would|should) (?:i|you|we|one) (?P<x>.+)$",
        (
            "how to {x}", "how can I {x}", "how do you {x}", "what is the way to {x}",
            "what do I have to do to {x}", "what are the steps to {x}", "is there a way to {x}",
            "I want to {x}, how do I do that", "what's the best way to {x}",
            "can you explain how to {x}", "{x} - how", "how does one {x}", "I need to {x}",
            "what must I do in order to {x}", "how would I go about it if I want to {x}",
        ),
    ),
    (
        r"^how to (?P<x>.+)$",
        (
            "how do I {x}", "how can I {x}", "what is the way to {x}", "what should I do to {x}",
            "can you show me how to {x}", "is there any way to {x}", "steps to {x}", "{x} how",
            "I would like to {x}", "what's needed to {x}",
        ),
    ),
    (
        r"^what (?:is|are|was|were) the (?P<n>[a-z]+(?: [a-z]+)?) of (?P<x>[^,]+)$",
        (
            "what {n} does {x} have", "tell me the {n} of {x}", "{n} of {x}", "{x} {n}",
            "{x}: what is the {n}", "I'd like to know the {n} of {x}", "what's {x}'s {n}",
            "could you give me the {n} of {x}",
        ),
    ),
    (r"^what (?:is|are) (?:the )?symptoms of (?P<x>.+)$", (
        "which symptoms does {x} have", "how do I recognise {x}", "what are the signs of {x}",
        "how does {x} show itself", "{x} symptoms", "signs that someone has {x}")),
    (r"^what (?:is|are) the treatments? for (?P<x>.+)$", (
        "how is {x} treated", "how can {x} be treated", "treatment options for {x}",
        "what can be done against {x}", "{x} treatment", "which therapies exist for {x}")),
    (r"^what causes (?P<x>.+)$", (
        "what is the cause of {x}", "what are the causes of {x}", "where does {x} come from",
        "{x} causes", "what leads to {x}", "what is {x} caused by", "why do people get {x}")),
    (r"^is (?P<x>.+) inherited$", (
        "can {x} be inherited", "is {x} hereditary", "does {x} run in families",
        "do parents pass {x} on to their children", "is {x} passed on in families")),
    (r"^how many people are affected by (?P<x>.+)$", (
        "how common is {x}", "how frequent is {x}", "what is the number of people with {x}",
        "how many patients have {x}", "how widespread is {x}")),
    (r"^how to diagnose (?P<x>.+)$", (
        "how is {x} diagnosed", "what tests show that someone has {x}", "diagnosis of {x}",
        "how do doctors find out whether it is {x}")),
    (r"^how to prevent (?P<x>.+)$", (
        "how can {x} be prevented", "how can I avoid {x}", "prevention of {x}",
        "what can be done so that {x} does not occur")),
    (r"^what research .*done for (?P<x>.+)$", (
        "which studies are there on {x}", "is anybody researching {x}", "current research on {x}")),
    (r"^who is at risk for (?P<x>.+)$", (
        "which people are likely to get {x}", "what are the risk factors for {x}",
        "who is likely to develop {x}", "{x} risk groups")),
    (
        r"^when (?P<a>was|were|did|is|does|do|will) (?P<x>.+)$",
        (
            "at what time {a} {x}", "on what date {a} {x}", "do you know when {a} {x}", "{x} when",
            "I need to know when {a} {x}",
        ),
    ),
    (r"^when (?P<a>was|were|did) (?P<x>.+)$", ("in what year {a} {x}", "what year {a} {x}")),
    (
        r"^where (?P<a>is|are|was|were|did|do|does|can) (?P<x>.+)$",
        ("in which place {a} {x}", "in what location {a} {x}", "{x} where",
         "do you know where {a} {x}", "at what place {a} {x}"),
    ),
    (r"^where (?:is|are) (?P<x>[^,]+) located$", (
        "where can {x} be found", "what is the location of {x}", "where is {x}")),
    (
        r"^who (?P<v>[a-z]+ed) (?P<x>[^,]+)$",
        ("by whom was {x} {v}", "which person {v} {x}", "{x} was {v} by whom",
         "who was it that {v} {x}", "do you know who {v} {x}", "who was {x} {v} by"),
    ),
    (r"^who (?:wrote|has written) (?P<x>[^,]+)$", (
        "who is the author of {x}", "by whom was {x} written", "{x} was written by whom",
        "{x} author")),
    (r"^who (?:is|was) (?P<x>(?:the|an?) .+)$", (
        "which person is {x}", "what is the name of {x}", "{x} is who", "name {x}")),
    (r"^who (?P<x>(?:is|was|plays|played|sings|sang|won|made|owns|has) .+)$", (
        "which person {x}", "do you know who {x}", "can you tell me who {x}",
        "name the one who {x}")),
    (r"^how many (?P<x>[a-z]+) (?P<r>(?:are|were|is) .+)$", (
        "what is the number of {x} that {r}", "what number of {x} {r}", "{x} {r}, how many",
        "can you tell me how many {x} {r}")),
    (r"^how many (?P<x>[a-z]+) (?P<r>(?:does|do|did|has|have|can|will) .+)$", (
        "what number of {x} {r}", "what is the count of {x}: how many {r}",
        "{x} - how many {r}")),
    (r"^how much (?:does|do|did) (?P<x>.+) cost$", (
        "what is the price of {x}", "what does {x} cost", "{x} price", "how expensive is {x}",
        "what do I pay for {x}")),
    (r"^how long (?:does|do|will|did) (?P<x>.+) (?:take|last)$", (
        "how much time does {x} take", "what is the duration of {x}", "{x} duration",
        "how many minutes or days does {x} need")),
    (r"^how old (?:is|was) (?P<x>.+)$", ("what is the age of {x}", "{x} age")),
    (r"^how (?:tall|high) is (?P<x>.+)$", ("what is the height of {x}", "{x} height")),
    (r"^how far is (?P<x>.+)$", ("what is the distance: {x}", "how many miles is {x}")),
    (
        r"^why (?P<a>is|are|was|were|do|does|did|can't|has|have) (?P<x>.+)$",
        ("for what reason {a} {x}", "what is the reason: why {a} {x}", "how come {a} {x}",
         "do you know why {a} {x}", "the reason why {a} {x}"),
    ),
    (
        r"^(?:can|may|could) i (?P<x>.+)$",
        ("am I allowed to {x}", "is it possible to {x}", "may I {x}", "would I be able to {x}",
         "is it okay to {x}", "I'd like to {x}, is that possible", "am I able to {x}"),
    ),
    (r"^(?:do i need to|do i have to|must i) (?P<x>.+)$", (
        "is it necessary to {x}", "must I {x}", "do I have to {x}", "am I required to {x}",
        "is it required that I {x}", "is there any need to {x}")),
    (r"^(?:what|which) (?P<n>[a-z]+) (?P<x>(?:is|are|was|were|did|does|do|has|have|can) .+)$", (
        "which {n} {x}", "what {n} {x}", "tell me which {n} {x}", "what sort of {n} {x}",
        "name the {n}: which {x}")),
    (r"^what (?:is|are) (?P<x>[^,]{3,40})$", (
        "what's {x}", "define {x}", "what is meant by {x}", "explain {x}", "{x} meaning",
        "could you explain what {x} is", "tell me about {x}: what is it", "what does {x} mean")),
    (r"^(?:i want|i need|i would like|i'd like) to (?P<x>.+)$", (
        "how can I {x}", "could you help me {x}", "is it possible to {x}", "please {x} for me",
        "I have to {x}", "I wish to {x}", "help me to {x}")),
    (r"^(?:what's|whats) (?P<x>.+)$", ("what is {x}", "tell me {x}", "could you say what {x} is")),
    (r"^(?P<a>is|are|was|were) (?P<x>.+)$", (
        "can you tell me: {a} {x}", "{a} it so that {x}", "I'd like to know, {a} {x}",
        "{a} {x} or not")),
    (r"^(?P<a>does|do|did) (?P<x>.+)$", (
        "can you tell me, {a} {x}", "{a} {x} or not", "I want to know: {a} {x}")),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), others) for pattern, others in _OPENINGS)
_SYNONYMS = """
    buy/purchase begin/start big/large doctor/physician car/automobile movie/film allowed/permitted
    need/require get/obtain fix/repair picture/photo kids/children display/show find/locate
    help/assist called/named company/firm phone/telephone quick/fast often/frequently
    located/situated built/constructed founded/established job/occupation near/close_to
    illness/disease error/fault choose/select use/employ send/dispatch reply/answer
    happen/occur type/kind make/produce entire/whole wrong/incorrect
    trip/journey shop/store money/cash garbage/rubbish flat/apartment
    holiday/vacation employees/staff salary/pay boss/manager
    maximum/highest_possible minimum/lowest_possible required/needed main/principal
    biggest/largest mobile_phone/cell_phone laptop/notebook password/passcode folder/directory
    delete/erase modify/change list/enumerate display/print specific/particular created/made
    several/some current/present purpose/aim usually/normally various/different famous/well-known
    written/authored killed/slain died/passed_away received/got ended/finished won/was_victorious_in
    people/persons sum/total amount/quantity whole/complete cancel/call_off
    check/verify top_up/add_money confirm/verify
    how_come/why problem/trouble immediately/at_once remove/take_out
    """
_PAIRS = tuple(
    (left.replace("_", " "), right.replace("_", " "))
    for left, right in (pair.split("/") for pair in _SYNONYMS.split())
)
_OTHER: dict[str, list[str]] = {}
for _left, _right in _PAIRS:
    _OTHER.setdefault(_left, []).append(_right)
    _OTHER.setdefault(_right, []).append(_left)
_KNOWN = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, _OTHER), key=len, reverse=True))})\b")
_BEFORE = (
    "hi, ", "hello, ", "please tell me: ", "quick question: ", "can somebody tell me, ", "sorry, ",
    "I was wondering, ", "hey, ", "just to be sure: ", "could you help me? ", "question - ",
    "good morning, ", "ok so ", "I would like to know: ", "do you know ", "does anyone know ",
)  # fmt: skip
_AFTER = (
    ", please", " please", ", thanks", " again", ", do you know", " by the way", ", roughly",
    " exactly", ", any idea", " thank you", ", can you tell me",
)  # fmt: skip
_FRONTED = re.compile(
    r"^(?P<rest>\w.{12,}?) (?P<end>(?:in|on|at|during|before|after|without|for|within|with) "
    r"(?:[A-Z\d][\w'’.-]*|the|an?|my|your)(?: [\w'’.-]+){0,3})$"
)
_CONTRACTED = (
    ("what is", "what's"), ("who is", "who's"), ("where is", "where's"), ("do not", "don't"),
    ("does not", "doesn't"), ("is not", "isn't"), ("cannot", "can't"), ("I am", "I'm"),
    ("did not", "didn't"), ("how is", "how's"), ("I have", "I've"),
)  # fmt: skip
_KEPT = frozenset(
    """
    who whose whom when where why how many much long often far old no not never without to from
    before after than more less least most over under above below first last can must may should
    with by first between in out off on up down all any each every only
    """.split()  # noqa: SIM905  a page of words, not of quotes
)


def paraphrase(question: str, choice: Random, *, strength: float = 0.7) -> str:
    """The question in other words; a `strength` of 0 changes next to nothing, 1 much."""
    text = question.strip().rstrip("?.! ")
    if choice.random() < strength:
        text = _reopened(text, choice)
    if choice.random() < strength:
        text = with_synonyms(text, choice)
    for rule, share in _LIGHT:
        if choice.random() < share * (0.5 + strength):
            text = rule(text, choice)
    return _finished(text, choice)


def _finished(text: str, choice: Random) -> str:
    if choice.random() < 0.55:
        text = f"{text}?"
    return text if choice.random() < 0.35 else text[:1].upper() + text[1:]


def _reopened(text: str, choice: Random) -> str:
    fitting = [(found, others) for pattern, others in _COMPILED if (found := pattern.match(text))]
    if not fitting:
        return text
    # The first that fit know the question best.
    found, others = fitting[0] if choice.random() < 0.75 else choice.choice(fitting)
    return choice.choice(others).format(**found.groupdict())


def with_synonyms(text: str, choice: Random) -> str:
    return _KNOWN.sub(
        lambda found: choice.choice(_OTHER[found[0]]) if choice.random() < 0.6 else found[0], text
    )


def _fronted(text: str, choice: Random) -> str:
    found = _FRONTED.match(text)
    if not found or re.search(r"\b(?:is|are|was|were|look|live|come|from|of|to)$", found["rest"]):
        return text
    rest = found["rest"][:1].lower() + found["rest"][1:]
    return f"{found['end']}, {rest}"


def _polite(text: str, choice: Random) -> str:
    lowered = text[:1].lower() + text[1:] if not text[:2].isupper() else text
    before = choice.random() < 0.6
    return choice.choice(_BEFORE) + lowered if before else text + choice.choice(_AFTER)


def _contracted(text: str, choice: Random) -> str:
    turned = choice.random() < 0.3
    for full, short in _CONTRACTED:
        old, new = (short, full) if turned else (full, short)
        text = re.sub(rf"\b{old}\b", new, text, flags=re.IGNORECASE)
    return text


def _terse(text: str, choice: Random) -> str:
    words = text.split()
    kept = [w for w in words if w.lower() not in STOPWORDS or w.lower() in _KEPT]
    return " ".join(kept) if len(kept) >= 3 else text


def _typed_in_haste(text: str, choice: Random) -> str:
    words = text.split()
    long = [
        n for n, word in enumerate(words) if len(word) > 5 and word.isalpha() and word.islower()
    ]
    if not long:
        return text
    n = choice.choice(long)
    word = words[n]
    at = choice.randrange(1, len(word) - 2)
    words[n] = choice.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
    )
    return " ".join(words)


def _small(text: str, choice: Random) -> str:
    return text.lower()


_LIGHT: tuple[tuple[Callable[[str, Random], str], float], ...] = (
    (_fronted, 0.35),
    (_contracted, 0.3),
    (_terse, 0.1),
    (_polite, 0.22),
    (_typed_in_haste, 0.08),
    (_small, 0.25),
)
