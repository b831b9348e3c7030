"""Rows for q-ground: a statement beside a passage that supports it, contradicts it, or leaves it
open.

A sentence of a passage and a copy with one fact exchanged make four rows: the passage may tell one
or the other, and so may the statement; where they agree it supports, where they differ it
contradicts. So no word gives the label away by being there. Open statements are the same sentences,
true and false, beside the passage without them, sentences from elsewhere in the document, and
statements that add what the passage does not say.

Those statements keep the words of their passage. That other words may say the same is learned from
summaries: one sentence that people wrote about a paper, beside the part of its abstract that bears
it out.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from specialists.corpora.asking import Asked, sentences
from specialists.corpora.labels import LabelRow
from specialists.corpora.passages import draw_passage
from specialists.corpora.question_swaps import another_number, another_thing, turned_round
from specialists.corpora.restating import SHAPES, reshaped, reworded
from specialists.corpora.swaps import names_in, swap_all
from specialists.corpora.text import data_folder, open_text, read_documents
from specialists.corpora.words import STOPWORDS
from specialists.sentences import split_sentences

SUPPORTS, OPEN, CONTRADICTS = "supports", "unsettled", "contradicts"
_SHARES: Mapping[str, float] = {
    "wikipedia_core": 0.2,
    "wikipedia_vital_summaries": 0.5,
    "wikipedia_recent": 0.2,
    "wikipedia_misc": 1.0,
    "debian_docs": 0.15,
    "tech_docs_markdown": 0.8,
    "us_presidential_speeches": 0.3,
}
_LEAST_WORDS, _MOST_WORDS = 22, 66
_SECTIONS_OF_A_DOCUMENT = 3
_LEAST_WITHOUT = 10
_LEAST_SAID, _MOST_SAID = 6, 36
_TIMES = 2
"""So often each summary is told, in other words each time."""
_SCITLDR = "pairs/scitldr"
_MOST_TOLD = 0.5
"""A statement of which a passage holds more of the words than this may be settled by it."""
_QUANTITIES = (
    ("all", "none"), ("most", "few"), ("many", "few"), ("every", "no"), ("some", "no"),
    ("more than", "less than"), ("at least", "at most"), ("over", "under"), ("few", "many"),
    ("both", "neither"), ("almost all", "hardly any"), ("largely", "hardly"), ("no", "a"),
)  # fmt: skip
_NOT = re.compile(
    r"\b(is|are|was|were|can|could|should|must|may|will|would|do|does|did|has|had) not "
)
_NOT_A_FACT = re.compile(
    r"\b(?:if|whether|should|could|would|might|perhaps|possibly|please)\b", re.I
)
_DETAIL = re.compile(
    r" (?:in|on|near|by|after|before|during|because of|under|at|since|until) "
    r"(?:the |an? |early |late |his |her |its |their )?[\w’'-]+(?: [\w’'-]+){0,4}$"
)
_BY_NAMES = re.compile(
    r"\b(?P<a>[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)?) "
    r"(?P<verb>(?:was |were )?[a-z]+(?:ed|s)(?: (?:by|to|from|with))?) "
    r"(?P<b>[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)?)\b"
)
_PERSON = re.compile(r"\((?:born|[^()]*\d{4} ?[–-])|\bborn\b")
_WORD = re.compile(r"[\w’'-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """A passage with the sentences of it that can be statements, and sentences from elsewhere in
    the same document."""

    title: str
    passage: str
    told: tuple[str, ...]
    elsewhere: tuple[str, ...]
    group: str
    source: str


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows in random order, as many of each label."""
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    found = [*_in_texts(data_folder(data, "text"), choice)]
    found += _in_answers(data_folder(data, "pairs") / "medquad.jsonl.xz", choice)
    choice.shuffle(found)
    small = {w for place in found for w in _WORD.findall(place.passage) if w.islower()}
    names = sorted(
        {
            name
            for place in found
            for name in names_in(place.passage)
            if not small.issuperset(name.lower().split())
        }
    )
    used: set[str] = set()
    by_label: dict[str, list[LabelRow]] = defaultdict(list)
    for row in _in_summaries(data_folder(data, "pairs") / "scitldr.jsonl.xz", names, choice):
        by_label[row.label].append(row)
    for place in found:
        for row in _rows_of(place, names, used, choice):
            by_label[row.label].append(row)
        if min(len(by_label[label]) for label in (SUPPORTS, OPEN, CONTRADICTS)) >= most // 3:
            break
    each = min(most // 3, *(len(rows) for rows in by_label.values()))
    kept = [row for rows in by_label.values() for row in choice.sample(rows, each)]
    choice.shuffle(kept)
    yield from kept


def _in_summaries(path: Path, names: Sequence[str], choice: random.Random) -> Iterator[LabelRow]:
    """A summary beside its own abstract, changed beside it, and beside another abstract."""
    own: dict[tuple[str, str], str] = {}
    others: dict[tuple[str, str], list[str]] = defaultdict(list)
    with open_text(path) as handle:
        for line in handle:
            row = json.loads(line)
            key = (row["group"], " ".join(row["query"].split()))
            if row["label"]:
                own.setdefault(key, row["passage"])
            else:
                others[key].append(row["passage"])
    for (group, said), abstract in [*own.items()] * _TIMES:
        if not said.endswith(".") or not _LEAST_SAID <= len(said.split()) <= _MOST_SAID:
            continue
        place = _Place(
            title="",
            passage=_part(abstract, said),
            told=(),
            elsewhere=(),
            group=group,
            source=_SCITLDR,
        )
        plain = said.rstrip(".")
        yield _row(place, place.passage, reworded(plain, choice), SUPPORTS, choice)
        changes = list(_changed(plain, names, choice))
        for changed in choice.sample(changes, min(1, len(changes))):
            yield _row(place, place.passage, reworded(changed, choice), CONTRADICTS, choice)
        for other in choice.sample(others[group, said], min(1, len(others[group, said]))):
            if not _tells(_part(other, said), said):
                yield _row(place, _part(other, said), reworded(plain, choice), OPEN, choice)


def _part(abstract: str, said: str) -> str:
    """The run of sentences, of `_MOST_WORDS` words at most, that shares most with what is said."""
    wanted = {word.lower() for word in _WORD.findall(said)} - STOPWORDS
    text = " ".join(abstract.split())
    told = [text[start:end] for start, end in split_sentences(text)]
    best, most = "", -1
    for start in range(len(told)):
        run: list[str] = []
        for sentence in told[start:]:
            if run and len(" ".join([*run, sentence]).split()) > _MOST_WORDS:
                break
            run.append(sentence)
        shared = len(wanted & {word.lower() for word in _WORD.findall(" ".join(run))})
        if shared > most:
            best, most = " ".join(run), shared
    return best or abstract[: 6 * _MOST_WORDS]


def _rows_of(
    place: _Place, names: Sequence[str], used: set[str], choice: random.Random
) -> Iterator[LabelRow]:
    details = [found[0] for one in place.elsewhere if (found := _DETAIL.search(one.rstrip(".")))]
    for target in choice.sample(place.told, min(2, len(place.told))):
        if target in used:
            continue
        used.add(target)
        without = " ".join(place.passage.replace(target, " ").split())
        may_be_left_out = len(without.split()) >= _LEAST_WITHOUT and not _tells(without, target)
        yield from _true(place, place.passage, target, target, choice)
        changes = list(_changed(target, names, choice))
        for number, changed in enumerate(choice.sample(changes, min(3, len(changes)))):
            other = place.passage.replace(target, changed)
            yield from _false(place, place.passage, target, changed, choice)
            if number % 2:
                yield from _false(place, other, changed, target, choice)
            else:
                yield from _true(place, other, changed, target, choice)
            if may_be_left_out and choice.random() < 0.3:
                yield from _open(place, without, changed, choice)
        if may_be_left_out and choice.random() < 0.7:
            yield from _open(place, without, target, choice)
        for detail in details[:1]:
            said = reshaped(target, 0)
            if not _tells(place.passage, detail) and not _DETAIL.search(said):
                yield from _open(place, place.passage, f"{said}{detail}.", choice)
    for other in choice.sample(place.elsewhere, min(2, len(place.elsewhere))):
        if not _tells(place.passage, other):
            yield from _open(place, place.passage, other, choice)


def _true(
    place: _Place, passage: str, sentence: str, other: str, choice: random.Random
) -> Iterator[LabelRow]:
    shape = choice.randrange(SHAPES)
    if other != sentence and choice.random() < 0.5:
        # What was exchanged is what the statement is about.
        shape = _telling_shape(sentence, other, choice)
    yield _row(place, passage, reworded(reshaped(sentence, shape), choice), SUPPORTS, choice)


def _false(
    place: _Place, passage: str, told: str, said: str, choice: random.Random
) -> Iterator[LabelRow]:
    """`said` differs from what the passage tells; so must what is left of it."""
    shape = _telling_shape(told, said, choice)
    yield _row(place, passage, reworded(reshaped(said, shape), choice), CONTRADICTS, choice)


def _telling_shape(told: str, said: str, choice: random.Random) -> int:
    shapes = choice.sample(range(SHAPES), SHAPES)
    return next((n for n in shapes if reshaped(told, n) != reshaped(said, n)), 0)


def _open(place: _Place, passage: str, said: str, choice: random.Random) -> Iterator[LabelRow]:
    shape = choice.randrange(SHAPES)
    yield _row(place, passage, reworded(reshaped(said, shape), choice), OPEN, choice)


def _row(
    place: _Place, passage: str, statement: str, label: str, choice: random.Random
) -> LabelRow:
    """Pronouns at the beginning of a statement become the title, which the passage then bears."""
    named = place.title if re.match(r"(?:He|She)\b", statement) else ""
    if named:
        statement = re.sub(r"^(?:He|She)\b", lambda _: named, statement)
    shown = named or (place.title if choice.random() < 0.35 else "")
    text = f"{shown}: {passage}" if shown and shown not in passage else passage
    return LabelRow(query=statement, text=text, label=label, group=place.group, source=place.source)


def _changed(sentence: str, names: Sequence[str], choice: random.Random) -> Iterator[str]:
    """Copies of a sentence with one fact exchanged, at most one of each kind."""
    if _NOT_A_FACT.search(sentence):
        return
    asked = Asked(form="claim", query=sentence, sentence=sentence)
    pool = [*names_in(sentence), *choice.sample(names, min(60, len(names)))]
    seen = {sentence}
    copies = [one.text for one in swap_all(asked, sentence, names=[pool], choice=choice)]
    copies += [
        copy
        for rule in (turned_round, another_thing, another_number, _quantity, _affirmed, _exchanged)
        if (copy := rule(sentence, choice))
    ]
    for copy in copies:
        if copy not in seen:
            seen.add(copy)
            yield copy


def _quantity(sentence: str, choice: random.Random) -> str | None:
    for word, other in choice.sample(_QUANTITIES, len(_QUANTITIES)):
        copy = re.sub(rf"\b{word}\b(?! (?:the|other))", other, sentence, count=1)
        if copy == sentence:
            copy = re.sub(rf"^{word.capitalize()}\b", other.capitalize(), sentence)
        if copy != sentence:
            return copy
    return None


def _affirmed(sentence: str, choice: random.Random) -> str | None:
    """Without its denial."""
    copy = _NOT.sub(r"\1 ", sentence, count=1)
    copy = copy if copy != sentence else sentence.replace("cannot ", "can ", 1)
    return copy if copy != sentence else None


def _exchanged(sentence: str, choice: random.Random) -> str | None:
    """Who did it and to whom exchanged."""
    found = _BY_NAMES.search(sentence)
    if not found or found["verb"].endswith(" with"):
        return None
    turned = f"{found['b']} {found['verb']} {found['a']}"
    return sentence[: found.start()] + turned + sentence[found.end() :]


def _tells(passage: str, statement: str) -> bool:
    there = {word.lower() for word in _WORD.findall(passage)}
    said = {w.lower() for w in _WORD.findall(statement)} - STOPWORDS
    return not said or len(said & there) > _MOST_TOLD * len(said)


def _in_texts(folder: Path, choice: random.Random) -> Iterator[_Place]:
    for name, share in _SHARES.items():
        for number, document in enumerate(read_documents(folder / f"{name}.txt.xz")):
            if choice.random() > share:
                continue
            title = document.partition("\n")[0]
            title = title.removeprefix("# ").strip() if title.startswith("# ") else ""
            title = "" if ":" in title or len(title) > 50 else title
            about_someone = bool(_PERSON.search(document[:400]))
            person = name.startswith("wikipedia") and about_someone
            blocks = [" ".join(block.split()) for block in document[:30_000].split("\n\n")]
            yield from _places(
                blocks,
                title,
                choice,
                person=person,
                group=f"{name} {number}",
                source=f"text/{name}",
            )


def _in_answers(path: Path, choice: random.Random) -> Iterator[_Place]:
    """Answers about illnesses; those about the same one are elsewhere to each other."""
    answers: dict[str, list[str]] = defaultdict(list)
    with open_text(path) as handle:
        for line in handle:
            row = json.loads(line)
            if row["label"] and choice.random() < 0.4:
                answers[row["group"].partition(":")[0]].append(" ".join(row["passage"].split()))
    for group, blocks in answers.items():
        yield from _places(
            blocks, "", choice, person=False, group=f"medquad {group}", source="pairs/medquad"
        )


def _places(
    blocks: Sequence[str],
    title: str,
    choice: random.Random,
    *,
    person: bool,
    group: str,
    source: str,
) -> Iterator[_Place]:
    """A few passages of a document: neighbouring sentences from anywhere in a paragraph."""
    told = {number: list(_statements(block, person)) for number, block in enumerate(blocks)}
    usable = [number for number, found in told.items() if found]
    for number in choice.sample(usable, min(_SECTIONS_OF_A_DOCUMENT, len(usable))):
        passage = draw_passage(
            blocks[number], choice, least=_LEAST_WORDS, most=_MOST_WORDS, beyond=14
        )
        inside = [one for one in told[number] if one in passage]
        elsewhere = [one for other in usable if other != number for one in told[other]]
        if passage and inside:
            yield _Place(
                title=title,
                passage=passage,
                told=tuple(inside),
                elsewhere=tuple(choice.sample(elsewhere, min(4, len(elsewhere)))),
                group=group,
                source=source,
            )


def _statements(block: str, person: bool) -> Iterator[str]:
    yield from (one for one in sentences(block) if not one.endswith("?"))
    if person:
        for piece in re.findall(r"(?<=[.] )(?:He|She) [^.;:()]{30,150}\.(?= |$)", block):
            if not re.search(r"\d\.\d|[\[\]|]", piece):
                yield piece
