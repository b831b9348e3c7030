"""What requests are about: real questions with passages, commands, claims, topics, and requests
that people made of other assistants. Read once, drawn from by the generator of routing rows.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from specialists.corpora.relevance import QueryGroup, read_pair_groups
from specialists.corpora.text import open_text, read_documents
from specialists.errors import CorpusError

QUESTIONS: Mapping[str, int] = {
    "nq_open_oracle": 4_000,
    "squadshifts_wiki": 4_000,
    "selqa": 2_500,
    "medquad": 2_000,
    "xquad_en": 1_000,
    "hotpotqa": 1_500,
    "js_interview_faq": 600,
}
CLAIMS = "ares_fever"
TOPICS: Mapping[str, int] = {"wikipedia_vital": 4_000, "wordnet_definitions": 3_000}
_PAGES = "text/tldr_pages"
CLINC, BANKING = "clinc150_data_full", "banking77_train"

ACTIONS = frozenset(
    (
        *("alarm", "book_flight", "book_hotel", "calendar_update", "cancel_reservation"),
        *("car_rental", "change_accent", "change_ai_name", "change_language", "change_speed"),
        *("change_user_name", "change_volume", "credit_limit_change", "find_phone", "flip_coin"),
        *("freeze_account", "insurance_change", "make_call", "next_song", "order", "order_checks"),
        *("pay_bill", "pin_change", "play_music", "pto_request", "redeem_rewards"),
        *("reminder_update", "report_fraud", "report_lost_card", "reset_settings"),
        *("restaurant_reservation", "roll_dice", "rollover_401k", "schedule_maintenance"),
        *(
            "schedule_meeting",
            "share_location",
            "shopping_list_update",
            "smart_home",
            "sync_device",
        ),
        *("text", "timer", "todo_list_update", "transfer", "travel_notification", "uber"),
        *("update_playlist", "whisper_mode"),
    )
)
"""Intents of clinc150 that ask for something to be done; all others are for no specialist."""
UNSEEN = frozenset(("measurement_conversion", "date"))
"""Intents kept away from the training: what a router learns from examples is measured on them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A real question, a passage it was asked of, and others that it was not."""

    question: str
    passage: str
    others: tuple[str, ...]
    source: str
    group: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """Something that was really said, with the kind it was filed under."""

    text: str
    kind: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    asked: Sequence[Asked]
    claims: Sequence[Said]
    topics: Sequence[Said]
    commands: Sequence[Said]
    howtos: Sequence[Said]
    """What the commands are for."""
    actions: Sequence[Said]
    """Requests for something to be done; `kind` is the intent, here and in `requests`."""
    requests: Sequence[Said]
    """All other requests, for no specialist."""


def read_matter(data: Path, *, seed: int) -> Matter:
    """Raises `CorpusError` for a file that is not there or cannot be read."""
    pages = list(_command_pages(data))
    requests = [*read_clinc(data, "train", "oos_train"), *_banking(data)]
    return Matter(
        asked=[
            Asked(
                question=group.query,
                passage=group.positives[0],
                others=group.negatives[:4],
                source=f"pairs/{name}",
                group=f"{name}:{group.name}",
            )
            for name, most in QUESTIONS.items()
            for group in _pairs(data, name, most=most, seed=seed)
            if group.positives and len(group.query) < 160
        ],
        claims=[
            Said(text=group.query, kind="claim", source=f"pairs/{CLAIMS}")
            for group in _pairs(data, CLAIMS, most=2_000, seed=seed)
            if len(group.query) < 120
        ],
        topics=[
            Said(text=_bare(group.query), kind="topic", source=f"pairs/{name}")
            for name, most in TOPICS.items()
            for group in _pairs(data, name, most=most, seed=seed)
        ],
        commands=[Said(text=command, kind="command", source=_PAGES) for command, _ in pages],
        howtos=[Said(text=purpose, kind="howto", source=_PAGES) for _, purpose in pages],
        actions=[one for one in requests if one.kind in ACTIONS],
        requests=[one for one in requests if one.kind not in ACTIONS | UNSEEN],
    )


def _bare(title: str) -> str:
    return re.sub(r"^(define|what is|meaning of) | meaning$", "", title)


def read_clinc(data: Path, *parts: str) -> Iterator[Said]:
    """Requests of the named parts, `train` or `oos_test` for two, in the file's order."""
    path = data / "specialists" / f"{CLINC}.json.xz"
    with open_text(path) as handle:
        try:
            rows = json.load(handle)
            said = [(str(text), str(intent)) for part in parts for text, intent in rows[part]]
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(f"{path}: not the requests of clinc150 ({error})") from error
    for text, intent in said:
        yield Said(text=text, kind=intent, source=f"specialists/{CLINC}")


def _banking(data: Path) -> Iterator[Said]:
    with open_text(data / "specialists" / f"{BANKING}.csv.xz") as handle:
        for row in csv.DictReader(handle):
            yield Said(text=row["text"], kind=row["category"], source=f"specialists/{BANKING}")


def _pairs(data: Path, name: str, *, most: int, seed: int) -> Iterator[QueryGroup]:
    found = sorted((data / "pairs").glob(f"{name}.jsonl*"))
    if not found:
        raise CorpusError(f"{data / 'pairs'}: no {name}.jsonl or {name}.jsonl.xz")
    return read_pair_groups(found[0], most=most, seed=seed)


def _command_pages(data: Path) -> Iterator[tuple[str, str]]:
    """Each command with its places filled, and what it is for."""
    found = sorted(data.glob(f"{_PAGES}.txt*"))
    if not found:
        raise CorpusError(f"{data / _PAGES}.txt: no such file, nor one packed by xz")
    for document in read_documents(found[0]):
        lines = [line for line in document.splitlines() if line]
        for purpose, command in pairwise(lines):
            if purpose.startswith("- ") and len(command) < 160:
                yield _with_places(command), re.sub(r"[\[\]]", "", purpose[2:].rstrip(":")).lower()


def _with_places(command: str) -> str:
    """`{{path/to/file|-o}}` and its kin as something a person could have typed."""
    filled = re.sub(r"\{\{\[?([^}|\]]*)[^}]*\}\}", r"\1", command)
    return filled.replace("path/to/", "")


def clip(passage: str, choice: Random) -> str:
    """One to three sentences of it."""
    sentences = re.split(r"(?<=[.!?])\s+", " ".join(passage.split()))
    start = choice.randrange(max(1, len(sentences) - 2))
    return " ".join(sentences[start : start + choice.randint(1, 3)])[:280]
