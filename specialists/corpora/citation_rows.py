"""Rows for q-doccite: a question with one sentence, which says the answer or does not.

Sentences that people judged (SelQA) and those that a real question fits beyond doubt come first,
then questions made from sentences and from made-up notes. The near-misses are the sentences around
the answer, the same fact of another thing, and copies that tell of another name, number or date.
Texts are written as the job writes them.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import TypeVar

import Stemmer

from specialists.corpora.asking import Asked, ask_by_question, sentences
from specialists.corpora.cloze import Section, split_sections
from specialists.corpora.fact_notes import NoteQuestion, note_questions
from specialists.corpora.labels import LabelRow, interleave
from specialists.corpora.relevance import QueryGroup, read_pair_groups
from specialists.corpora.swaps import names_in, swap_all
from specialists.corpora.text import data_folder, read_documents
from specialists.corpora.words import STOPWORDS
from specialists.jobs.quotes import Quotable, leans, quotable, quotable_text, shown

JUDGED = ("selqa",)
"""Pairs of a question and a sentence."""
ASKED = (
    "squadshifts_wiki",
    "xquad_en",
    "nq_qed",
    "nq_open_oracle",
    "ares_nq",
    "quoref_drop_contrast",
    "medquad",
)
"""Pairs of a question and a passage that answers it somewhere."""
WRITTEN = ("wikipedia_core", "wikipedia_misc", "tech_docs_markdown", "debian_docs")
_SHARES = {"notes": 2.0, "judged": 1.6, "asked": 4.0, "written": 2.6}
_MOST_GROUPS = 6_000
_MOST_DOCUMENTS = 1_000
_LEAST_SHARED, _MOST_OTHERS = 0.62, 0.34
"""A sentence surely answers when it holds so much of the question, and no other so much."""
_WORD = re.compile(r"[^\W_]+")
_ASKS = (
    (
        re.compile(
            r"\b(?:how (?:many|much|long|old|high|far|tall|deep)|what (?:year|date))\b", re.I
        ),
        re.compile(
            r"[0-9]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred)\b", re.I
        ),
    ),
    (re.compile(r"\bwhen\b", re.I), re.compile(r"[0-9]|\b(?:after|before|during|when)\b", re.I)),
    (re.compile(r"\bwho(?:m|se)?\b", re.I), re.compile(r"(?<!^)[A-Z]")),
    (re.compile(r"\bwhy\b", re.I), re.compile(r"\b(?:because|due|since|so that|to)\b", re.I)),
)
"""What a question asks for, and what an answer to it must hold."""
_THING = re.compile(
    r"\b[Tt]he ([a-z]{4,}(?: [a-z]{4,})?)(?<!s) (?:is|was|has|had|of|for|in|that|which)\b"
)
_PROBES = (
    ("What does the {} cost?", r"[$€£]|cost|price|pay|paid|free|cheap|expensive|charge|fee"),
    ("Who made the {}?", r"\bby\b|made|creat|invent|design|writ|wrote|develop|build|built"),
    ("When was the {} made?", r"[0-9]|century|year"),
    ("How heavy is the {}?", r"[0-9]|weigh|heav|light"),
    ("How many people use the {}?", r"[0-9]|people|user|million|hundred|thousand"),
    ("What colour is the {}?", r"colou?r|red|green|blue|white|black|grey|gray|yellow|brown"),
    ("Who owns the {}?", r"own|belong|property|hold|held|by"),
    ("How long does the {} take?", r"[0-9]|hour|minute|second|day|week|month|year|long|time"),
    ("How old is the {}?", r"[0-9]|old|age|year|century|ancient"),
    ("What is the {} made of?", r"made|consist|compos|material|contain|built|wood|metal|stone"),
    ("How often is the {} checked?", r"often|every|each|daily|once|twice|check|inspect|regular"),
)
_stemmer = Stemmer.Stemmer("english")
T = TypeVar("T")


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows, question by question, the same ones for the same seed. Raises
    `CorpusError` where the data is missing."""
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    pairs, text = data_folder(data, "pairs"), data_folder(data, "text")
    streams = {
        "notes": _note_rows(choice),
        "judged": _judged_rows(pairs, choice, seed=seed),
        "asked": _asked_rows(pairs, choice, seed=seed),
        "written": _written_rows(text, choice),
    }
    yield from interleave(streams, _SHARES, most=most, choice=choice)


def _note_rows(choice: Random) -> Iterator[list[LabelRow]]:
    for number, asked in enumerate(note_questions(choice)):
        yield [row for one in asked for row in _of_note(one, f"note {number}", choice)]


def _of_note(asked: NoteQuestion, group: str, choice: Random) -> Iterator[LabelRow]:
    """The answer, and sentences beside it; more of those that share a word with the question."""
    heading = choice.choice(("", "", "Notice", "House rules", "From the minutes", "Page 2"))
    wrong = [place for place in range(len(asked.sentences)) if place != asked.answer]
    choice.shuffle(wrong)
    wrong.sort(key=lambda place: -_shared(asked.question, asked.sentences[place]))
    places = wrong[: 3 if asked.answer is None else 2]
    places += [] if asked.answer is None else [asked.answer]
    for place in places:
        text = shown(asked.sentences[place], heading=heading)
        yield _row(asked.question, text, place == asked.answer, group, "templates")


def _judged_rows(folder: Path, choice: Random, *, seed: int) -> Iterator[list[LabelRow]]:
    for source in JUDGED:
        for group in _groups(folder, source, seed):
            right = list(group.positives[:2])
            wrong = choice.sample(group.negatives, min(3, len(group.negatives)))
            yield [
                _row(group.query, _one_line(text), text in right, group.name, f"pairs/{source}")
                for text in right + wrong
            ]


def _asked_rows(folder: Path, choice: Random, *, seed: int) -> Iterator[list[LabelRow]]:
    """Sentences of the passages that answer a real question, and of passages that do not."""
    names: list[str] = []
    asked = {source: _groups(folder, source, seed) for source in ASKED}
    for _, group in _by_turns(asked, choice):
        rows = list(_of_passages(group, names, choice))
        names += names_in(group.query)
        if rows:
            yield rows


def _of_passages(group: QueryGroup, names: Sequence[str], choice: Random) -> Iterator[LabelRow]:
    source = f"pairs/{group.source}"
    query = group.query
    passage = choice.choice(group.positives) if group.positives else ""
    found = list(quotable([passage])) if passage else []
    sure = _sure_answer(query, found)
    if sure is not None:
        yield _row(query, quotable_text(found[sure]), True, group.name, source)
        others = [one for place, one in enumerate(found) if place != sure]
        for one in _likest(query, others)[:2]:
            if _shared(query, one.text) < _MOST_OTHERS:
                yield _row(query, quotable_text(one), False, group.name, source)
        swapped = _other_name(query, found[sure].text, names, choice)
        if swapped:
            yield _row(swapped, quotable_text(found[sure]), False, group.name, source)
    if group.negatives and (sure is not None or choice.random() < 0.06):
        beside = list(quotable([choice.choice(group.negatives)]))
        for one in _likest(query, beside)[:2]:
            if _shared(query, one.text) < _LEAST_SHARED:
                yield _row(query, quotable_text(one), False, group.name, source)


def _sure_answer(query: str, found: Sequence[Quotable]) -> int | None:
    """The one sentence that holds most of the question's words and what it asks for."""
    if not found or any(len(one.text) > 330 for one in found):
        return None
    if len(found) == 1:
        return 0 if _fits(query, found[0].text) else None
    shares = [_shared(query, one.text) for one in found]
    best = max(range(len(found)), key=shares.__getitem__)
    others = max(share for place, share in enumerate(shares) if place != best)
    sure = shares[best] >= _LEAST_SHARED and others <= _MOST_OTHERS
    return best if sure and _fits(query, found[best].text) else None


def _fits(query: str, sentence: str) -> bool:
    return all(needs.search(sentence) for asks, needs in _ASKS if asks.search(query))


def _other_name(query: str, sentence: str, names: Sequence[str], choice: Random) -> str | None:
    """The question asked of another name, which the sentence does not hold."""
    mine = [name for name in names_in(query) if name in sentence]
    if not mine or len(names) < 50:
        return None
    name = choice.choice(mine)
    like = [one for one in choice.sample(names, 50) if len(one.split()) == len(name.split())]
    other = next((one for one in like if one.split()[-1] not in sentence), None)
    return query.replace(name, other) if other and other not in query else None


def _written_rows(folder: Path, choice: Random) -> Iterator[list[LabelRow]]:
    """Questions made from a sentence, with its neighbours and copies of it."""
    written = {
        source: split_sections(islice(read_documents(path), _MOST_DOCUMENTS))
        for source in WRITTEN
        for path in sorted(folder.glob(f"{source}.txt*"))[:1]
    }
    for source, section in _by_turns(written, choice):
        rows = [*_of_section(section, source, choice), *_probes(section, source, choice)]
        if rows:
            yield rows


def _of_section(section: Section, source: str, choice: Random) -> Iterator[LabelRow]:
    told = list(sentences(section.text))
    asked = [one for sentence in told if (one := ask_by_question(sentence))]
    if not asked or len(told) < 3:
        return
    one = choice.choice(asked)
    heading = section.title.rpartition(" > ")[2] if choice.random() < 0.4 else ""
    group, name = f"{source} {section.document}", f"text/{source}"
    yield _row(one.query, shown(one.sentence, heading=heading), True, group, name)
    others = [sentence for sentence in told if sentence != one.sentence]
    others.sort(key=lambda sentence: -_shared(one.query, sentence))
    for sentence in others[:2]:
        if _shared(one.query, sentence) < _LEAST_SHARED:
            before = one.sentence if leans(sentence) else ""
            yield _row(
                one.query, shown(sentence, heading=heading, before=before), False, group, name
            )
    yield from _copies(one, heading, names_in(section.text), group, name, choice)


def _probes(section: Section, source: str, choice: Random) -> Iterator[LabelRow]:
    """A question about a thing that the text names and whose answer it does not hold."""
    things = _THING.findall(section.text)
    if not things or choice.random() < 0.5:
        return
    thing = choice.choice(things)
    form, answers = choice.choice(_PROBES)
    told = [
        sentence
        for sentence in sentences(section.text)
        if thing in sentence and not re.search(answers, sentence, re.IGNORECASE)
    ]
    for sentence in told[:2]:
        yield _row(
            form.format(thing),
            shown(sentence),
            False,
            f"{source} {section.document}",
            f"text/{source}",
        )


def _copies(
    one: Asked, heading: str, names: list[str], group: str, name: str, choice: Random
) -> Iterator[LabelRow]:
    swaps = list(swap_all(one, one.sentence, names=(names,), choice=choice))
    for swap in swaps[:2]:
        yield _row(one.query, shown(swap.text, heading=heading), False, group, name)


def _by_turns(streams: Mapping[str, Iterator[T]], choice: Random) -> Iterator[tuple[str, T]]:
    """What is next of a stream drawn at random, with its name, until all are at their end."""
    left = dict(streams)
    while left:
        name = choice.choice(list(left))
        found = next(left[name], None)
        if found is None:
            del left[name]
        else:
            yield name, found


def _groups(folder: Path, source: str, seed: int) -> Iterator[QueryGroup]:
    path = next(iter(sorted(folder.glob(f"{source}.jsonl*"))), None)
    if path is not None:
        yield from read_pair_groups(path, most=_MOST_GROUPS, seed=seed)


def _likest(query: str, found: Sequence[Quotable]) -> list[Quotable]:
    return sorted(found, key=lambda one: -_shared(query, one.text))


def _shared(query: str, sentence: str) -> float:
    """The share of the question's words that a sentence holds."""
    asked = _stems(query)
    return len(asked & _stems(sentence)) / len(asked) if asked else 1.0


def _stems(text: str) -> set[str]:
    words = [word for word in _WORD.findall(text.lower()) if word not in STOPWORDS]
    return set(_stemmer.stemWords(words))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _row(query: str, text: str, fits: bool, group: str, source: str) -> LabelRow:
    return LabelRow(query=query, text=text, label=str(int(fits)), group=group, source=source)
