"""Rules for the specialists that judge texts: words counted, words shared.

They stand alone beside the table of all rules because they share how a text becomes words.
"""

import re
from collections.abc import Mapping

from specialists.contract import DOMAINS
from specialists.jobs.job import Inputs, Result

_WORD = re.compile(r"[a-z0-9]+")
_NEGATION = re.compile(r"\b(?:not|no|never|cannot|without)\b|n't\b", re.IGNORECASE)

_DOMAIN_WORDS: Mapping[str, str] = {
    "medicine": """
        patient doctor disease symptom treatment dose pain hospital blood infection drug surgery
        clinic cancer vaccine fever nurse therapy diagnos pregnan child tablet wound heart lung
    """,
    "law": """
        court law legal judge act statute parliament election vote minister tribunal liab licence
        contract tenant clause crime police constitution bill offence appeal witness sue copyright
    """,
    "computing": """
        software computer server file code program data query memory linux windows password
        database user network browser error install python docker git app laptop cache thread
    """,
    "science": """
        species cell energy star planet chemical atom molecule theorem prime physics gene plant
        animal water temperature protein evolution electron equation ocean acid gas number
    """,
    "engineering": """
        engine pump valve steel bolt concrete bridge voltage wire motor bearing pressure boiler
        pipe load machine cable weld tunnel aircraft wing gear hydraulic duct circuit
    """,
    "history": """
        war king emperor century empire revolt battle ancient roman medieval treaty army 1
        dynasty abolition conquest greek soldiers crown prince revolution bronze colony
    """,
    "geography": """
        river mountain lake island town village coast valley country capital ferry airport hotel
        visa hike map border population climate tourist travel north south road sea
    """,
    "business": """
        sales market price profit margin bank tax revenue share invoice customer supplier cost
        payment rate account cash loan company budget capital employee dividend payroll
    """,
    "arts": """
        film novel song music play painting poem album actor artist theatre movie singer opera
        scene stage director composer chord paint prose audience photograph ballet
    """,
    "sport": """
        match goal team league player season win ball cup race coach champion tennis football chess
        score final referee game defender captain rugby marathon olympic striker
    """,
}
_STEMS = {name: tuple(line.split()) for name, line in _DOMAIN_WORDS.items()}


def words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def domain_rule(inputs: Inputs) -> Result:
    """The domain with most words that begin like one of its own; history where there is none."""
    there = words(inputs["text"])
    hits = {
        name: sum(any(word.startswith(stem) for stem in _STEMS[name]) for word in there)
        for name in DOMAINS
    }
    best = max(DOMAINS, key=lambda name: hits[name])
    return {"domain": best if hits[best] else "history"}


def duplicate_rule(inputs: Inputs) -> Result:
    """Most words shared, the same numbers, and neither denied while the other is not."""
    first, second = inputs["first"], inputs["second"]
    mine, theirs = set(words(first)) - _COMMON, set(words(second)) - _COMMON
    shared = len(mine & theirs) / max(1, len(mine | theirs))
    numbers = [{word for word in words_of if word.isdigit()} for words_of in (mine, theirs)]
    denied = [bool(_NEGATION.search(text)) for text in (first, second)]
    same = shared >= _MOSTLY and numbers[0] == numbers[1] and denied[0] == denied[1]
    return {"duplicate": same}


def grounding_rule(inputs: Inputs) -> Result:
    """Supported where most words of the statement stand in the passage; contradicted where they do
    but for a number or a negation; unsettled otherwise."""
    statement, passage = inputs["statement"], inputs["passage"]
    asked = set(words(statement)) - _COMMON
    there = set(words(passage))
    content = {word for word in asked if not word.isdigit()} - {"no", "not", "never"}
    if len(content & there) < 0.7 * len(content):
        return {"verdict": "unsettled"}
    other_number = any(word.isdigit() and word not in there for word in asked)
    best = max(re.split(r"(?<=[.!?;])\s+", passage), key=lambda part: len(asked & set(words(part))))
    denied = bool(_NEGATION.search(statement)) != bool(_NEGATION.search(best))
    return {"verdict": "contradicts" if other_number or denied else "supports"}


_MOSTLY = 0.5
_COMMON = frozenset(
    """
    a an the is are was were be been do does did can could will would should may must have has had i
    my me you your we our it its of in on at to for from by with and or what how when where which
    who why that this there if as please tell
    """.split()  # noqa: SIM905  a page of words, not of quotes
)
