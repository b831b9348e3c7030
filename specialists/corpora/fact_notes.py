"""Short made-up notes about things, and questions that they answer or just do not.

Each note tells a few facts of a few things. A question asks one fact of one thing; what stands
beside it is the same fact of another thing, another fact of the same thing, and the question after
a fact that nobody told. It stands alone because no collection of real questions says of every
sentence that it does not answer. Facts are `facts.txt`: three lines each, the values, the sentences
and the questions; X is the thing, V the value.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from specialists.corpora.tool_values import draw_value
from specialists.errors import CorpusError

FACTS = Path(__file__).parent / "facts.txt"
_THINGS = """
    boiler room/old sawmill/north gate/chapel organ/harbour crane/reading room/climbing wall/
    mobile library/summer camp/guest house/pottery kiln/bread oven/night bus/rowing boat/
    town archive/fire drill/blood test/flu vaccine/staff canteen/bicycle shed/roof garden/
    water mill/cable car/video archive/court hearing/maths exam/driving licence/parking permit/
    fishing licence/library card/season ticket/student pass/loan agreement/sick note/
    travel grant/repair fund/choir rehearsal/first-aid course/pension plan/annual report/
    backup server/test database/mail gateway/data centre/label printer/laser cutter/
    milling machine/forklift/delivery van/snow plough/rescue helicopter/ambulance/lifeboat/
    diving suit/rope bridge/mountain hut/ski lift/toboggan run/skating rink/tennis court/
    football pitch/swimming lesson/wave pool/steam bath/herb garden/apple press/bee house/
    hen house/goat cheese/honey wine/plum cake/fish soup/school trip/music lesson/dance class/
    drama group/chess evening/book sale/flea market/winter fair/harvest festival/flower show/
    lantern parade/wine tasting/stone oven/clock tower/bell frame/crypt/west wing/glass dome/
    conference room/sound studio/dark room/observatory/greenhouse/weather mast/wind turbine/
    solar roof/heat pump/water tank/drainage pump/emergency generator/smoke detector/
    fire ladder/cash desk/coffee machine/photocopier/lost property office/night watch/
    cleaning service/window cleaning/insurance claim/warranty/customer hotline/newsletter/
    membership/charity run/donation box/painting by Rehn/bronze statue/sea chart/silver cup/
    viola/grand piano/theatre curtain/dinosaur bone
    """
_OPENERS = (
    "",
    "",
    "",
    "",
    "At present, ",
    "As a rule, ",
    "Since last year, ",
    "By order of the board, ",
)
_PADS = (
    "All staff have been told.",
    "Please pass this on to your colleagues.",
    "We thank everybody who helped.",
    "More about this in the next issue.",
    "The weather was kind to us again.",
    "Some of the older members may remember other times.",
    "Nobody complained.",
    "The photographs turned out well.",
    "It was a busy spring.",
    "Suggestions are always welcome.",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    kinds: tuple[str, ...]
    sentences: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteQuestion:
    """A question with the sentences of a note; `answer` is the place of the one that tells it,
    None where none does."""

    question: str
    sentences: tuple[str, ...]
    answer: int | None


def note_questions(choice: Random) -> Iterator[list[NoteQuestion]]:
    """Without end: the questions after one note."""
    facts = read_facts()
    things = [" ".join(thing.split()) for thing in _THINGS.split("/")]
    while True:
        yield _note(facts, choice.sample(things, choice.randint(2, 4)), choice)


def read_facts() -> tuple[Fact, ...]:
    """Raises `CorpusError` for a file of another form."""
    facts = []
    for block in FACTS.read_text("utf-8").strip().split("\n\n"):
        lines = block.splitlines()
        if len(lines) != 3:
            raise CorpusError(f"{FACTS}: {lines[0]!r} needs values, sentences and questions")
        values, told, asked = (tuple(line.split(" / ")) for line in lines)
        facts.append(Fact(kinds=values, sentences=told, questions=asked))
    return tuple(facts)


def _note(facts: tuple[Fact, ...], things: list[str], choice: Random) -> list[NoteQuestion]:
    told: list[tuple[str, int]] = []
    shared = choice.randrange(len(facts))
    for thing in things:
        mine = set(choice.sample(range(len(facts)), choice.randint(1, 3)))
        if choice.random() < 0.5:
            mine.add(shared)
        told += [(thing, number) for number in sorted(mine)]
    choice.shuffle(told)
    sentences = [_tell(facts[number], thing, choice) for thing, number in told]
    for _ in range(choice.randint(0, 2)):
        at = choice.randint(0, len(sentences))
        sentences.insert(at, choice.choice(_PADS))
        told.insert(at, ("", -1))
    texts = tuple(sentences)
    asked = []
    for place in choice.sample([p for p, (thing, _) in enumerate(told) if thing], 2):
        thing, number = told[place]
        asked.append(
            NoteQuestion(question=_ask(facts[number], thing, choice), sentences=texts, answer=place)
        )
    for _ in range(choice.randint(1, 2)):
        thing = choice.choice(things)
        number = choice.choice([n for n in range(len(facts)) if (thing, n) not in told])
        if choice.random() < 0.5 and (thing, shared) not in told:
            number = shared
        asked.append(
            NoteQuestion(question=_ask(facts[number], thing, choice), sentences=texts, answer=None)
        )
    return asked


def _tell(fact: Fact, thing: str, choice: Random) -> str:
    text = choice.choice(fact.sentences)
    if "V" in re.findall(r"\bV\b", text):
        kind = choice.choice(fact.kinds)
        value = draw_value(kind.removeprefix("="), choice) if kind.startswith("=") else kind
        text = re.sub(r"\bV\b", lambda _: value.strip('"'), text)
    text = re.sub(r"\bX\b", thing, text)
    opener = choice.choice(_OPENERS) if text.startswith("The ") else ""
    return opener + (text[0].lower() + text[1:] if opener else text[0].upper() + text[1:])


def _ask(fact: Fact, thing: str, choice: Random) -> str:
    text = re.sub(r"\bX\b", thing, choice.choice(fact.questions))
    return text.rstrip("?").lower() if choice.random() < 0.12 else text
