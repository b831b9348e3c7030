"""Queries that a passage answers, made from its own sentences by rules of English.

Four forms, after what people type: the question a sentence answers, the sentence as a claim, its
rare words as keywords, and the heading. A rule that cannot be sure makes nothing: few good queries
are worth more than many. It knows no corpus and draws nothing by chance but through the `Random`
it is handed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from specialists.corpora.words import STOPWORDS

Form = Literal["question", "yes/no", "claim", "keywords", "heading"]

_LEAST_WORDS, _MOST_WORDS = 6, 30
_MARKUP = re.compile(r"[*_`|\[\]{}<>$\\#=~^@→]|https?:|::|\.\.\.|\(\)|(?<!\w)/\w|\s[-–]\w")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)]|\([a-z0-9]\))\s+")
_RULER = re.compile(r"^\s*([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“(])")
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|cf|vs|[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Ss]t|[Nn]os?|[Ff]igs?|[Ss]ec|[Cc]h|pp?"
    r"|vol|ca|approx|al|[A-Z])\.$"
)
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_LEANING = re.compile(
    r"^(?:it|its|this|that|these|those|they|their|them|he|she|his|her|we|our|us|i|my|there|here|"
    r"such|both|but|and|or|so|then|thus|hence|however|therefore|moreover|furthermore|also|instead|"
    r"otherwise|additionally|similarly|consequently|afterwards|meanwhile|likewise|again|yet|"
    r"nevertheless|nonetheless|subsequently|still|indeed|of note|for now|fortunately|"
    r"finally|first|second|third|next|another|other|others|one|some|many|most|none|neither|either|"
    r"everyone|everybody|everything|someone|somebody|something|nobody|nothing|anyone|anything|"
    r"as|for example|for instance|in addition|in this|in that|in these|in such|in any case|"
    r"at this|at that|on this|with this|by this|after this|after that|from this|because of this|"
    r"note|see|example|examples|not|no|yes|nor|what|which|who|why|how|let|once again|to this|"
    r"the latter|the former|the following|the above|the same|the other|the rest|the first|"
    r"the second|the result|the next|the last|the two|the new)\b",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(?:above|below|following|previous|aforementioned|latter|former|see|this|these|those|"
    r"such|here|figure|table|section|chapter|said)\b",
    re.IGNORECASE,
)
_OF_CONTEXT = re.compile(r"What \w+ the \w+\?")
_ORDER = re.compile(
    r"(?!(?:in|on|at|by|from|with|within|during|for|under|since|between|despite|after|before|of|"
    r"among|unlike|like|without|through|throughout|towards?|over|near|behind|beside|until|while|"
    r"although|though|because|where|whether|whoever|only|even|half|both|all|not)\b)"
    r"(?:[A-Z][a-z]+s? (?:the|an?|your|that|whether|if|how|to|one|all|any|each|this|its|it|on|in|"
    r"multiple|additional|details|information|sure)\b"
    r"|(?:Enter|Use|Specify|Select|Set|Type|Click|Run|Add|Create|Choose|Make|Press|Open|Write|Put|"
    r"Take|Keep|Give|Check|Ensure|Remember|Avoid|Provide|Consider|Install|Remove|Copy|Move|Get|Try|"
    r"Read|Go|Turn|Start|Stop|Change|Replace|Leave|Place|Bring|Call|Send|Ask|Wait|Do|Always|Never|"
    r"Typically|Usually|Refer|Please|Begin|Gets|Sets|Returns|Specifies|Provides|Indicates|Require|"
    r"Allow|Define|Store|Restrict|Limit|Implement|Apply|Perform|Review|Configure|Enable|Disable|"
    r"Follow|Include|Identify|Validate|Verify|Test|Update|Find|Show|Look|List|A list|Options|"
    r"Number|Force|Prefer|Hardcode|Support|Whether|Optional|Required)\b)",
    re.IGNORECASE,
)
_ORDER_AFTER = re.compile(
    r"^[A-Z][^,]*, (?:then |please )?(?:make|use|block|determine|select|run|do|set|ensure|check|"
    r"click|press|right|see|add|create|choose|consider|try|keep|be|enter|type|open|specify|avoid|note|"
    r"remember|follow|put|take|turn|remove|install|write|read|call|go|move|copy|enable|disable)\b"
)
_LABEL = re.compile(r"^[\w-]+ (?:The|A|An|Each|Every|All|This|If|When|It|You|To)\b")
"""A word that has lost its colon: "Description Every change is logged"."""
_PAST = re.compile(
    r"\b(?:was|were|had|did|died|came|went|took|[a-z]{3,}ed)\b|\b1\d\d\d\b|\b20\d\d\b"
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|must|should|can|cannot|may|might|will|would|could|does|do|"
    r"did|became|began|came|went|took|made|gave|won|led|ran|fell|held|kept|left|lost|met|sent|told|"
    r"wrote|[a-z]+ed|[a-z]{2,}s)\b"
)
"""A claim does not order, nor say of something left unsaid what it does ("Specifies the ...")."""
_OPENERS = frozenset("the a an each every all any no".split())  # noqa: SIM905  a line of words
_SUBJECT = r"(?P<subject>(?:The|A|An|Each|Every|All|Any|[A-Z][\w'’-]+)(?: [\w'’-]+){0,7}?)"
_CLAUSE_WORDS = re.compile(
    r"\b(?:that|which|who|whom|whose|where|when|while|if|because|and|or|but|is|are|was|were|has|"
    r"have|had|does|do|did|will|can|may|must|should|it|they|he|she|we|you|i|not|there|than|to|"
    r"as|so|then)\b",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_DAY = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)s?"
_WHEN = re.compile(
    rf" (?:(?:in|on|by|until|since|from|before|after|at)(?: the)?(?: (?:early|late|mid|end of|"
    rf"beginning of|spring of|summer of|autumn of|winter of|night of|morning of))* "
    rf"(?:\d{{1,2}} {_MONTH}(?: \d{{4}})?|{_MONTH}(?: \d{{1,2}})?(?:,? \d{{4}})?|{_DAY}|"
    rf"1[5-9]\d\d|20\d\d|\d{{1,2}}(?::\d\d)? (?:am|pm|o'clock)|\d{{1,2}}:\d\d|noon|midnight))"
    r"(?=[ .]|$)"
)
_PLACE = re.compile(
    r"^(?P<verb>(?:kept|stored|located|found|placed|held|installed|built|shown|situated|parked|"
    r"sold|buried|displayed|filed|written|saved|hung|grown|served|made|taught|printed|stationed)) "
    r"(?:in|at|on|under|behind|beside|near|inside|below|above|outside|next to|opposite) "
)
_AUX = r"(?P<aux>is|are|was|were|must|should|can|cannot|may|will|has|have|had|could|would)"
_HAS_AUX = re.compile(rf"^{_SUBJECT} {_AUX} (?P<rest>.+)\.$")
_MEASURE = re.compile(
    rf"^{_SUBJECT} (?P<verb>costs?|weighs?|takes?|lasts?) (?:only |about |around |roughly |up to |"
    rf"at least |at most |less than |more than |nearly |almost |between )*(?:[$€£]? ?\d|an? (?:hour"
    rf"|day|week|month|year|minute)\b|(?:two|three|four|five|six|seven|eight|nine|ten|twelve)\b)"
    rf"[^,;]*(?:[,;].*)?\.$"
)
_SIZE = re.compile(
    r"^(?:only |about |around |roughly |nearly |almost )?\d[\d.,]* [a-z]+ "
    r"(?P<size>long|wide|high|deep|tall|thick|old|heavy)\b"
)
_CONDITION = re.compile(
    r"^(?P<word>If|When|Whenever|Unless|Once) (?P<clause>[^,;:()]{12,90}), (?:then )?"
    r"(?P<main>[^;]{12,})\.$"
)
_PURPOSE = re.compile(r"^To (?P<verb>[a-z]+) (?P<object>[^,;:()]{6,80}), (?P<main>[^;]{12,})\.$")
_NO_VERB = frozenset(
    """
    the a an this that these those my your our his her its their some any all each every no what
    which whom be begin start summarise summarize put sum date do
    """.split()  # noqa: SIM905  a page of words, not of quotes
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A query, and the sentence of the passage that answers it (empty for a heading)."""

    form: Form
    query: str
    sentence: str = ""


def sentences(text: str) -> Iterator[str]:
    """Whole sentences that can stand alone, on one line each: no markup, no leaning on what was
    said before. Headings, rulers, code and table rows are passed over."""
    for block in _blocks(text):
        for sentence in _split(block):
            words = sentence.split()
            if (
                _LEAST_WORDS <= len(words) <= _MOST_WORDS
                and sentence.endswith(".")
                and sentence[0].isupper()
                and not _MARKUP.search(sentence)
                and not _LEANING.match(sentence)
                and not _LABEL.match(sentence)
                and sentence.count("(") == sentence.count(")")
                and sentence.count('"') % 2 == 0
                and sum(word[:1].isalpha() for word in words) >= 0.7 * len(words)
            ):
                yield sentence


def ask_by_question(sentence: str) -> Asked | None:
    """The question that a sentence answers, by the first rule that is sure of itself; none that
    only its context explains."""
    if _POINTING.search(sentence):
        return None
    question = (
        _by_condition(sentence)
        or _by_purpose(sentence)
        or _by_measure(sentence)
        or _by_auxiliary(sentence)
    )
    if question is None or _OF_CONTEXT.fullmatch(question):
        return None
    form: Form = "question" if question.split()[0] in _ASKING else "yes/no"
    return Asked(form=form, query=question, sentence=sentence)


def ask_by_claim(sentence: str) -> Asked | None:
    """The sentence itself, without what stands in brackets."""
    if _POINTING.search(sentence) or sentence.split()[0] in ("If", "When", "To", "Please"):
        return None
    claim = re.sub(r"\s*\([^()]*\)", "", sentence).rstrip(".")
    if (
        _ORDER.match(claim)
        or _ORDER_AFTER.match(claim)
        or not _VERB.search(claim)
        or len(claim.split()) < _LEAST_WORDS
    ):
        return None
    return Asked(form="claim", query=claim, sentence=sentence)


def ask_by_keywords(sentence: str, rarity: Mapping[str, float], choice: Random) -> Asked | None:
    """Three to six of the rarest words, in their order."""
    found = {word.lower(): word for word in _WORD.findall(sentence)}
    content = [word for word in found if word not in STOPWORDS and len(word) > 1]
    if len(content) < 4:
        return None
    rare = sorted(content, key=lambda word: -rarity.get(word, 0.0))[: choice.randint(3, 6)]
    return Asked(
        form="keywords", query=" ".join(word for word in found if word in rare), sentence=sentence
    )


def ask_by_heading(title: str, *, unique: bool) -> Asked | None:
    """The innermost heading with the one around it, or alone where there is no other."""
    path = [part.strip() for part in title.split(" > ") if part.strip()]
    if not path:
        return None
    query = ": ".join(path[-2:])
    words = [w for w in _WORD.findall(query) if w.lower() not in STOPWORDS and not w.isdigit()]
    if len(words) < 2 or _MARKUP.search(query) or len(query) > 90 or not (unique or len(path) > 1):
        return None
    return Asked(form="heading", query=query)


_ASKING = frozenset("When Where Why What How Who Which".split())  # noqa: SIM905


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs and list items, each on one line."""
    held: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        marked = line.lstrip().startswith(("```", "~~~"))
        fenced ^= marked
        breaks = (
            marked
            or fenced
            or not line.strip()
            or line.lstrip().startswith(("#", "|", ">", ".. ", ":"))
            or _RULER.match(line)
            or (line.startswith(("    ", "\t")) and not held)
        )
        item = None if breaks else _ITEM.match(line)
        if (breaks or item) and held:
            if not _RULER.match(line):
                yield " ".join(" ".join(held).split())
            held = []
        if not breaks:
            held.append(line[item.end() :] if item else line)


def _split(block: str) -> Iterator[str]:
    held = ""
    for piece in _SENTENCE_END.split(block):
        held = f"{held} {piece}" if held else piece
        if not _ABBREVIATION.search(held):
            yield held.strip()
            held = ""
    if held:
        yield held.strip()


def _by_condition(sentence: str) -> str | None:
    found = _CONDITION.match(sentence)
    if not found:
        return None
    clause, word = found["clause"], found["word"].lower()
    if _LEANING.match(clause) or re.search(r"\b(?:it|they|them|he|she)\b", clause):
        return None
    if word != "if" and _PAST.search(clause.replace("installed", "")):
        # What happened once is no rule, and the question would stand in the wrong tense.
        return None
    ordered = re.match(r"(?:you |the \w+ )?(?:must|should|have to|need to)\b", found["main"])
    asks = "What has to be done" if ordered else "What happens"
    return f"{asks} {'when' if word in ('once', 'whenever') else word} {clause}?"


def _by_purpose(sentence: str) -> str | None:
    found = _PURPOSE.match(sentence)
    if not found or found["verb"] in _NO_VERB or re.search(r"\b(?:it|them)\b", found["object"]):
        return None
    wanted = f"{found['verb']} {found['object']}"
    wanted = re.sub(r"\byour\b", "my", re.sub(r"\byou\b", "I", wanted))
    return f"How do I {wanted}?"


def _by_measure(sentence: str) -> str | None:
    found = _MEASURE.match(sentence)
    if not found or not _fits(found["subject"]):
        return None
    subject, verb = _lowered(found["subject"]), found["verb"].rstrip("s")
    verb = {"cost": "cost", "weigh": "weigh", "take": "take", "last": "last"}[verb]
    does = "does" if found["verb"].endswith("s") else "do"
    return f"How {'long' if verb in ('take', 'last') else 'much'} {does} {subject} {verb}?"


def _by_auxiliary(sentence: str) -> str | None:
    found = _HAS_AUX.match(sentence)
    if not found or not _fits(found["subject"]):
        return None
    subject, aux, rest = _lowered(found["subject"]), found["aux"], found["rest"]
    if rest.startswith("not ") or aux == "cannot" or re.match(r"(?:been )?there\b", rest):
        return None
    because = re.match(r"(?P<fact>(?!now\b|that\b)[^,;]{8,80}),? because (?!of\b)", rest)
    if because:
        return f"Why {aux} {subject} {because['fact']}?"
    when = _WHEN.search(f" {rest}")
    if when and re.match(r"\w+(?:ed|en|t|lt|wn|ne|un|ld|de|ut|ft)\b", rest) and "," not in rest:
        fact = f" {rest}"[: when.start()].strip()
        after = f" {rest}"[when.end() :].strip()
        if fact and len(after.split()) <= 6 and not re.search(r"\d{4}", after):
            return f"When {aux} {subject} {' '.join(filter(None, (fact, after)))}?"
    if aux in ("is", "are", "was", "were"):
        size = _SIZE.match(rest)
        if size:
            return f"How {size['size']} {aux} {subject}?"
        place = _PLACE.match(rest)
        if place and "," not in rest and len(rest.split()) < 14:
            return f"Where {aux} {subject} {place['verb']}?"
        if re.match(
            r"(?:an?|the) \w+ (?:\w+ )?(?:of|that|which|for|used|in|to|with|whose)\b", rest
        ):
            return f"What {aux} {subject}?"
    if (
        aux in ("must", "can", "may", "should")
        and subject.split()[0] in _OPENERS
        and re.fullmatch(r"(?!also\b|only\b|then\b|still\b|even\b)[^,;:()]{12,90}", rest)
    ):
        return f"{aux.capitalize()} {subject} {rest}?"
    return None


def _fits(subject: str) -> bool:
    """A subject that names something by itself: an article with a noun, or a name."""
    words = subject.split()
    if _CLAUSE_WORDS.search(subject) or _LEANING.match(subject) or words[-1].endswith("ly"):
        return False
    return len(words) > 1 if words[0].lower() in _OPENERS else True


def _lowered(subject: str) -> str:
    first, _, rest = subject.partition(" ")
    return f"{first.lower()} {rest}" if first.lower() in _OPENERS else subject
