"""Rows for q-dup: pairs of questions that ask the same, or look as if they did.

The same: a question people asked beside its paraphrase, two requests of one intent about the same
things, two wordings of one frame. Another: one thing exchanged, another thing asked about the same,
another question that shares most words. Either side of either kind may be paraphrased, so that how
a question is phrased says nothing of the label.
"""

import csv
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import bm25s
import Stemmer

from specialists.corpora.asking import ask_by_question, sentences
from specialists.corpora.labels import LabelRow
from specialists.corpora.paraphrase import paraphrase
from specialists.corpora.question_frames import FRAMES, fill, refill
from specialists.corpora.question_swaps import swap_question
from specialists.corpora.swaps import names_in
from specialists.corpora.text import data_folder, open_text, read_documents
from specialists.corpora.words import STOPWORDS

SAME, OTHER = "same", "other"
_ASKED: Mapping[str, int] = {
    "medquad": 3_500,
    "squadshifts_wiki": 6_000,
    "selqa": 1_800,
    "nq_open_oracle": 2_600,
    "nq_qed": 1_300,
    "xquad_en": 1_100,
    "ares_nq": 1_800,
    "ares_wow": 1_800,
    "ares_hotpotqa": 1_800,
    "js_interview_faq": 700,
    "nomiracl_en_nonrel": 250,
    "tldr_pages": 4_500,
}
_FROM_TEXTS = {"debian_docs": 1_500, "tech_docs_markdown": 1_000, "wikipedia_misc": 800}
_FRAMED = 0.24
_REQUESTED = 0.22
_LEAST_WORDS, _MOST_WORDS = 3, 24
_NEAR = 12
_MOST_ALIKE, _LEAST_ALIKE = 0.75, 0.25
_WITHOUT_THINGS = frozenset(
    """
    find_phone reset_settings what_is_your_name who_made_you are_you_a_bot how_old_are_you
    where_are_you_from do_you_have_pets what_are_your_hobbies who_do_you_work_for meaning_of_life
    flip_coin tell_joke goodbye credit_score improve_credit_score payday w2 pto_balance
    pto_request_status rewards_balance redeem_rewards what_song next_song sync_device
    oil_change_when jump_start tire_pressure last_maintenance what_can_i_ask_you direct_deposit
    damaged_card replacement_card_duration expiration_date tire_change user_name whisper_mode
    change_speed
    """.split()  # noqa: SIM905  a page of words, not of quotes
)
_WITH_THINGS = frozenset(
    """
    transfer cook_time calories ingredients_list recipe nutrition_info travel_notification
    bill_balance pay_bill exchange_rate directions distance weather definition spelling translate
    timezone measurement_conversion play_music book_flight book_hotel international_visa plug_type
    vaccines spending_history transactions restaurant_reviews restaurant_suggestion calculator
    food_last ingredient_substitution balance interest_rate min_payment order_checks
    credit_limit car_rental travel_alert next_holiday timer alarm text make_call traffic gas_type
    mpg share_location meeting_schedule calendar reminder_update shopping_list_update
    """.split()  # noqa: SIM905  a page of words, not of quotes
)
_EMPTY = frozenset(
    "a an the i my me is am are do does did can could please to of for it that this on".split()  # noqa: SIM905
)
"""Words whose exchange leaves a question to a bank the same; "get" and "use" are none of them."""
_WORD = re.compile(r"[\w$'’]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question:
    text: str
    group: str
    source: str
    answer: str = ""
    """What identifies its answer: two questions of one answer may ask the same."""


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows in random order, as many of each label."""
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    framed, requested = int(most * _FRAMED), int(most * _REQUESTED)
    rows = [*_from_frames(choice, framed)]
    rows += _from_requests(data_folder(data, "specialists"), choice, requested)
    asked = _asked(data_folder(data, "pairs"), choice) + _read_off(
        data_folder(data, "text"), choice
    )
    rows += _from_questions(asked, choice, most - len(rows))
    by_label = {label: [row for row in rows if row.label == label] for label in (SAME, OTHER)}
    each = min(most // 2, *(len(found) for found in by_label.values()))
    kept = [row for found in by_label.values() for row in choice.sample(found, each)]
    choice.shuffle(kept)
    yield from kept


def _row(
    first: str, second: str, label: str, question: _Question, choice: random.Random
) -> LabelRow | None:
    """None where one of both is too short or both have become one."""
    if _bare(first) == _bare(second) and (label == OTHER or choice.random() < 0.9):
        return None
    if min(len(first.split()), len(second.split())) < 2:
        return None
    if choice.random() < 0.5:
        first, second = second, first
    return LabelRow(
        query=first, text=second, label=label, group=question.group, source=question.source
    )


def _bare(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _from_questions(
    asked: Sequence[_Question], choice: random.Random, wanted: int
) -> Iterator[LabelRow]:
    names = sorted({name for one in asked for name in names_in(f"x {one.text}")})
    near = _Neighbours(asked)
    made = 0
    order = [n for _ in range(6) for n in choice.sample(range(len(asked)), len(asked))]
    for number in order:
        question = asked[number]
        pairs = [
            (question.text, paraphrase(question.text, choice), SAME),
            (
                paraphrase(question.text, choice, strength=0.4),
                paraphrase(question.text, choice, strength=0.9),
                SAME,
            ),
        ]
        swaps = list(swap_question(question.text, names, choice))[:2]
        others = [*swaps, *near.of(number, choice)]
        others = others[:2] if choice.random() < 0.7 else others[-2:]
        for other in others:
            strength = choice.choice((0.0, 0.4, 0.8))
            mine = (
                question.text
                if choice.random() < 0.5
                else paraphrase(question.text, choice, strength=0.6)
            )
            pairs.append((mine, paraphrase(other, choice, strength=strength), OTHER))
        for first, second, label in pairs:
            row = _row(first, second, label, question, choice)
            if row:
                yield row
                made += 1
        if made >= wanted:
            return


class _Neighbours:
    """Other questions that share words with one, not so many that both may ask the same."""

    def __init__(self, asked: Sequence[_Question]) -> None:
        stemmer = Stemmer.Stemmer("english")
        self._asked = asked
        self._stems = [
            frozenset(stemmer.stemWords([w for w in _bare(q.text).split() if w not in STOPWORDS]))
            for q in asked
        ]
        tokens = bm25s.tokenize(
            [q.text for q in asked], stopwords="en", stemmer=stemmer, show_progress=False
        )
        index = bm25s.BM25(k1=1.2, b=0.75)
        index.index(tokens, show_progress=False)
        self._found, _ = index.retrieve(tokens, k=min(_NEAR, len(asked)), show_progress=False)

    def of(self, number: int, choice: random.Random) -> list[str]:
        mine, own = self._stems[number], self._asked[number]
        texts = []
        for other in map(int, self._found[number]):
            theirs, question = self._stems[other], self._asked[other]
            alike = len(mine & theirs) / max(1, len(mine | theirs))
            if (
                other != number
                and question.answer != own.answer
                and _LEAST_ALIKE <= alike <= _MOST_ALIKE
                and mine - theirs
                and theirs - mine
            ):
                texts.append(question.text)
        return choice.sample(texts, min(2, len(texts)))


def _from_frames(choice: random.Random, wanted: int) -> Iterator[LabelRow]:
    for number in range(wanted):
        frame = choice.randrange(len(FRAMES))
        filling = fill(frame, choice)
        question = _Question(text="", group=f"frame {frame} {number % 40}", source="frames")
        first, second = choice.sample(FRAMES[frame], 2)
        if number % 2:
            pair, label = (first.format(**filling), second.format(**filling)), SAME
        else:
            label = OTHER
            beside = [n for n in (frame - 1, frame + 1) if 0 <= n < len(FRAMES)]
            step = choice.choice(beside)
            if choice.random() < 0.45 and _shares_a_gap(frame, step):
                whole = fill(step, choice) | filling
                pair = first.format(**filling), choice.choice(FRAMES[step]).format(**whole)
            else:
                other = first if choice.random() < 0.5 else second
                pair = first.format(**filling), other.format(**refill(filling, choice))
        strengths = (0.0, 0.3) if choice.random() < 0.7 else (0.4, 0.0)
        one, two = (
            paraphrase(text, choice, strength=strength)
            for text, strength in zip(pair, strengths, strict=True)
        )
        row = _row(one, two, label, question, choice)
        if row:
            yield row


def _shares_a_gap(frame: int, other: int) -> bool:
    gaps = [set(re.findall(r"\{(\w+)\}", FRAMES[n][0])) for n in (frame, other)]
    return bool(gaps[0] & gaps[1])


def _from_requests(folder: Path, choice: random.Random, wanted: int) -> Iterator[LabelRow]:
    with open_text(folder / "clinc150_data_full.json.xz") as handle:
        everything = json.load(handle)
    intents: dict[str, list[str]] = defaultdict(list)
    for text, intent in everything["train"]:
        if intent in _WITH_THINGS or intent in _WITHOUT_THINGS:
            intents[intent].append(text)
    with open_text(folder / "banking77_train.csv.xz") as handle:
        banking = [
            (" ".join(row["text"].split()), row["category"]) for row in csv.DictReader(handle)
        ]
    pairs = [*_of_intents(intents, choice), *_of_banking(banking, choice)]
    for label in (SAME, OTHER):
        found = [one for one in pairs if one[2] == label]
        choice.shuffle(found)
        for first, second, _, question in found[: wanted // 2]:
            row = _row(first, second, label, question, choice)
            if row:
                yield row


_Pair = tuple[str, str, str, _Question]


def _of_intents(intents: Mapping[str, list[str]], choice: random.Random) -> Iterator[_Pair]:
    """Pairs of one intent: the same where the same things are named, in the same order."""
    stemmer = Stemmer.Stemmer("english")
    for intent, texts in sorted(intents.items()):
        question = _Question(
            text="", group=f"clinc {intent}", source="specialists/clinc150_data_full"
        )
        stems = [stemmer.stemWords(_bare(text).split()) for text in texts]
        seen = Counter(stem for each in stems for stem in set(each))
        things = [
            [s for s in each if s not in STOPWORDS and seen[s] < 0.12 * len(texts)]
            for each in stems
        ]
        for _ in range(900 if intent in _WITH_THINGS else 160):
            one, two = choice.sample(range(len(texts)), 2)
            mine, theirs = things[one], things[two]
            both = set(stems[one]) - STOPWORDS & set(stems[two])
            if intent in _WITHOUT_THINGS:
                if both:
                    yield texts[one], texts[two], SAME, question
            elif mine and mine == theirs:
                yield texts[one], texts[two], SAME, question
            elif mine and theirs and not set(mine) & set(theirs) and len(both) > 1:
                yield texts[one], texts[two], OTHER, question


def _of_banking(banking: Sequence[tuple[str, str]], choice: random.Random) -> Iterator[_Pair]:
    """The same: one intent and most words shared. Another: another intent, many words shared."""
    asked = [_Question(text=t, group=f"banking {n}", source="") for n, (t, _) in enumerate(banking)]
    stemmer = Stemmer.Stemmer("english")
    stems = [
        frozenset(stemmer.stemWords([w for w in _bare(text).split() if w not in _EMPTY]))
        for text, _ in banking
    ]
    tokens = bm25s.tokenize(
        [q.text for q in asked], stopwords=None, stemmer=stemmer, show_progress=False
    )
    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index(tokens, show_progress=False)
    found, _ = index.retrieve(tokens, k=min(25, len(asked)), show_progress=False)
    for number, (text, intent) in enumerate(banking):
        question = _Question(
            text=text, group=f"banking {intent}", source="specialists/banking77_train"
        )
        for other in map(int, found[number]):
            if other <= number:
                continue
            alike = len(stems[number] & stems[other]) / max(1, len(stems[number] | stems[other]))
            if banking[other][1] == intent and alike >= 0.7:
                yield text, banking[other][0], SAME, question
            elif banking[other][1] != intent and 0.25 <= alike < 0.9:
                yield text, banking[other][0], OTHER, question


def _asked(folder: Path, choice: random.Random) -> list[_Question]:
    questions: list[_Question] = []
    for name, wanted in _ASKED.items():
        found: dict[str, _Question] = {}
        with open_text(folder / f"{name}.jsonl.xz") as handle:
            for line in handle:
                row = json.loads(line)
                text = re.sub(r"\s*\((?:are|is)\)", "", " ".join(row["query"].split()))
                if name == "tldr_pages":
                    task = text.strip(" :.")
                    text = f"how do I {task[:1].lower()}{task[1:]}?"
                if text in found or not _LEAST_WORDS <= len(text.split()) <= _MOST_WORDS:
                    continue
                found[text] = _Question(
                    text=text,
                    group=f"{name} {row['group']}",
                    source=f"pairs/{name}",
                    answer=f"{name} {row['group']}",
                )
        questions += choice.sample(list(found.values()), min(wanted, len(found)))
    return questions


def _read_off(folder: Path, choice: random.Random) -> list[_Question]:
    """Questions that sentences of manuals and articles answer."""
    questions = []
    for name, wanted in _FROM_TEXTS.items():
        found: list[_Question] = []
        for number, document in enumerate(read_documents(folder / f"{name}.txt.xz")):
            if choice.random() > 0.5 or len(found) >= 2 * wanted:
                continue
            for sentence in list(sentences(document[:6_000]))[:30]:
                asked = ask_by_question(sentence)
                if asked and len(asked.query.split()) <= _MOST_WORDS:
                    group = f"{name} {number}"
                    found.append(
                        _Question(
                            text=asked.query,
                            group=group,
                            source=f"text/{name}",
                            answer=f"{group} {sentence}",
                        )
                    )
        questions += choice.sample(found, min(wanted, len(found)))
    return questions
