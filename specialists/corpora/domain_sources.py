"""What the sources say of the ten domains: passages, questions and requests with a domain each.

An article takes the domain of what its first sentence defines, a section under a telling heading
that of the heading; other sources are of one domain, or say which. Chunks begin anywhere, so that
the cue itself is seldom there to be read.
"""

import csv
import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from specialists.corpora.domain_cues import (
    domain_of_definition,
    domain_of_field,
    domain_of_heading,
)
from specialists.corpora.passages import draw_passage
from specialists.corpora.text import data_folder, open_text, read_documents

Form = Literal["passage", "question", "keywords"]

ENCYCLOPEDIAS = (
    "wikipedia_core",
    "wikipedia_vital_summaries",
    "wikipedia_recent",
    "wikipedia_misc",
)
_MANUALS = {"debian_docs": 0.2, "tech_docs_markdown": 0.5, "linux_howtos": 0.5}
_LEAST_WORDS, _MOST_WORDS = 12, 55
_CHUNKS_A_SECTION = 2
_PERSONAL = re.compile(
    r"(?:life|personal|famil|death|legacy|name|etymolog|education|honou?r|award|career|background|"
    r"reference|external|see also|note|bibliograph|popular culture|biograph|history|years|"
    r"criticism|controvers|military|religion|demograph|language|transport|media|culture|"
    r"gallery|overview|united states|canada|india|australia|kingdom)",
    re.IGNORECASE,
)
"""Under these headings an article leaves what it is about, or soon does."""
_FACTS = {
    "history": "Background|Independence|National holiday",
    "geography": "Location|Terrain|Climate|Coastline|Natural hazards|Population distribution|"
    "Map references|Languages|Ethnic groups|Administrative divisions",
    "law": "Suffrage|Political parties|Legal system|Government type|Constitution|"
    "Legislative branch|Judicial branch|Executive branch|Citizenship",
    "business": "Economic overview|Industries|Labor force|Exports|Imports|Budget|Taxes and other "
    "revenues|Exports - commodities|Imports - commodities|Agricultural products",
    "medicine": "Physician density|Hospital bed density|Major infectious diseases",
}
_INTENTS = {
    "business": """
        transfer transactions balance freeze_account pay_bill bill_balance bill_due interest_rate
        routing min_payment order_checks pin_change report_fraud account_blocked spending_history
        credit_score report_lost_card credit_limit rewards_balance new_card application_status
        card_declined international_fees apr redeem_rewards credit_limit_change damaged_card
        replacement_card_duration expiration_date improve_credit_score w2 payday taxes income
        rollover_401k pto_request pto_balance insurance insurance_change direct_deposit
        exchange_rate order_status
    """,
    "geography": """
        book_flight book_hotel travel_suggestion travel_alert travel_notification flight_status
        international_visa plug_type lost_luggage carry_on distance directions timezone
    """,
    "engineering": "oil_change_when oil_change_how tire_pressure tire_change jump_start gas_type",
    "arts": "play_music what_song update_playlist next_song",
    "computing": "sync_device reset_settings change_ai_name",
}
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "title": ("what is {0}", "What is meant by {0}?", "tell me about {0}", "explain {0}", "{0}"),
    "section": ("{0} {1}", "{1} of {0}", "what about the {1} of {0}?", "{0}: {1}", "{1} {0}"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A text with the domain that its source gives it; texts of one `group` stay together."""

    form: Form
    text: str
    domain: str
    group: str
    source: str
    sure: bool = False
    """Labelled by its source itself, not by a cue: the vote need only not be against it."""


def read_sources(data: Path, choice: random.Random) -> Iterator[Found]:
    """All that is there, each with the domain its source gives it."""
    texts, pairs = data_folder(data, "text"), data_folder(data, "pairs")
    yield from _from_wikipedia(texts, choice)
    yield from _from_factbook(texts / "world_factbook.txt.xz")
    yield from _from_manuals(texts, choice)
    yield from _from_speeches(texts / "us_presidential_speeches.txt.xz", choice)
    yield from _from_fiction(texts / "standard_ebooks.txt.xz", choice)
    yield from _from_medquad(pairs / "medquad.jsonl.xz", choice)
    yield from _from_glosses(pairs / "wordnet_definitions.jsonl.xz")
    yield from _from_commands(pairs / "tldr_pages.jsonl.xz", choice)
    yield from _from_requests(data_folder(data, "specialists"))


def read_json_lines(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a pair file, plain or compressed."""
    with open_text(path) as handle:
        for line in handle:
            yield json.loads(line)


def _from_wikipedia(folder: Path, choice: random.Random) -> Iterator[Found]:
    for name in ENCYCLOPEDIAS:
        for document in read_documents(folder / f"{name}.txt.xz"):
            head, _, body = document.partition("\n")
            title = head.removeprefix("# ").strip()
            own = domain_of_definition(body.strip()[:400].split("\n")[0])
            own_share = 1.0 if own in ("computing", "engineering", "medicine", "business") else 0.5
            for number, part in enumerate(re.split(r"\n## ", body)):
                heading, _, text = part.partition("\n") if number else ("", "", part)
                domain = domain_of_heading(heading) if number else own
                if number and heading == "History" and own == "geography":
                    domain = "history"
                if domain is None and own and not _PERSONAL.search(heading):
                    domain = own if choice.random() < own_share else None
                if domain is None:
                    continue
                base = Found(
                    form="passage", text="", domain=domain, group=f"wikipedia {title}", source=name
                )
                for chunk in _chunks(text, choice):
                    yield replace(base, text=chunk)
                for query in _title_queries(title, heading, choice):
                    form: Form = "question" if "?" in query or query[:4] == "what" else "keywords"
                    yield replace(base, form=form, text=query)


def _title_queries(title: str, heading: str, choice: random.Random) -> Iterator[str]:
    if choice.random() < 0.6 or not re.fullmatch(r"[A-Za-z][\w' -]{3,40}", title):
        return
    name = title if choice.random() < 0.4 else title.lower()
    if not heading:
        yield choice.choice(_TEMPLATES["title"]).format(name)
    elif len(heading) < 30:
        yield choice.choice(_TEMPLATES["section"]).format(name, heading.lower())


def _from_factbook(path: Path) -> Iterator[Found]:
    labels = {
        label: domain for domain, names in _FACTS.items() for label in names.split("|") if label
    }
    for document in read_documents(path):
        country = document.partition("\n")[0].removeprefix("# ").strip()
        for line in document.splitlines():
            label, colon, text = line.partition(": ")
            if not colon or label not in labels or len(text.split()) < 6:
                continue
            base = Found(
                form="passage",
                text=" ".join(f"{country}: {text}".split()[:_MOST_WORDS]),
                domain=labels[label],
                group=f"factbook {country}",
                source="world_factbook",
            )
            yield base
            yield replace(base, form="keywords", text=f"{country} {label}".lower())


def _from_manuals(folder: Path, choice: random.Random) -> Iterator[Found]:
    for name, share in _MANUALS.items():
        for number, document in enumerate(read_documents(folder / f"{name}.txt.xz")):
            if choice.random() > share:
                continue
            for chunk in _chunks(document, choice, most=3):
                yield Found(
                    form="passage",
                    text=chunk,
                    domain="computing",
                    group=f"{name} {number}",
                    source=name,
                )


def _from_speeches(path: Path, choice: random.Random) -> Iterator[Found]:
    for number, document in enumerate(read_documents(path)):
        for chunk in _chunks(document, choice, most=12):
            yield Found(
                form="passage",
                text=chunk,
                domain="law",
                group=f"speech {number}",
                source="us_presidential_speeches",
            )


def _from_fiction(path: Path, choice: random.Random) -> Iterator[Found]:
    """Passages with speech in them: a tale, not a treatise."""
    for number, document in enumerate(read_documents(path)):
        if document.count("“") < 20 or choice.random() < 0.5:
            continue
        spoken = [
            " ".join(block.split())
            for block in document.split("\n\n")
            if "“" in block and 20 <= len(block.split()) <= _MOST_WORDS
        ]
        for text in choice.sample(spoken, min(2, len(spoken))):
            yield Found(
                form="passage",
                text=text,
                domain="arts",
                group=f"ebook {number}",
                source="standard_ebooks",
                sure=True,
            )


def _from_medquad(path: Path, choice: random.Random) -> Iterator[Found]:
    asked: set[str] = set()
    for row in read_json_lines(path):
        base = Found(
            form="question",
            text=re.sub(r"\s*\((?:are|is)\)", "", row["query"]),
            domain="medicine",
            group=f"medquad {row['group'].partition(':')[0]}",
            source="medquad",
            sure=True,
        )
        if row["query"] not in asked:
            asked.add(row["query"])
            yield base
        if choice.random() < 0.25:
            for chunk in _chunks(row["passage"], choice, most=1):
                yield replace(base, form="passage", text=chunk)


def _from_glosses(path: Path) -> Iterator[Found]:
    for row in read_json_lines(path):
        told = domain_of_field(row["passage"]) if row["label"] else None
        if not told:
            continue
        domain, gloss = told
        word = re.sub(r"^(?:define|definition of) | meaning$", "", row["query"])
        base = Found(
            form="passage",
            text=f"{word}: {gloss}",
            domain=domain,
            group=f"wordnet {row['group']}",
            source="wordnet_definitions",
            sure=True,
        )
        yield base
        yield replace(base, form="keywords", text=row["query"])


def _from_commands(path: Path, choice: random.Random) -> Iterator[Found]:
    for row in read_json_lines(path):
        if row["label"] and choice.random() < 0.3:
            ask = choice.choice(("{}", "how to {}", "how do I {}?", "{} from the command line"))
            task = row["query"].strip(" :.")
            yield Found(
                form="keywords" if ask == "{}" else "question",
                text=ask.format(task[:1].lower() + task[1:]),
                domain="computing",
                group=f"tldr {row['group']}",
                source="tldr_pages",
                sure=True,
            )


def _from_requests(folder: Path) -> Iterator[Found]:
    """What people typed to a bank, and to an assistant about money, travel and the like."""
    with open_text(folder / "banking77_train.csv.xz") as handle:
        for number, row in enumerate(csv.DictReader(handle)):
            yield Found(
                form="question",
                text=" ".join(row["text"].split()),
                domain="business",
                group=f"banking {number}",
                source="banking77_train",
                sure=True,
            )
    with open_text(folder / "clinc150_data_full.json.xz") as handle:
        everything = json.load(handle)
    domains = {intent: domain for domain, line in _INTENTS.items() for intent in line.split()}
    for number, (text, intent) in enumerate(everything["train"]):
        if intent in domains:
            yield Found(
                form="question",
                text=text,
                domain=domains[intent],
                group=f"clinc {number}",
                source="clinc150_data_full",
                sure=True,
            )


def _chunks(text: str, choice: random.Random, *, most: int = _CHUNKS_A_SECTION) -> Iterator[str]:
    """Whole neighbouring sentences, from one to a short paragraph, beginning anywhere."""
    blocks = [" ".join(b.split()) for b in text.split("\n\n") if not b.lstrip().startswith(_NOT)]
    choice.shuffle(blocks)
    made = 0
    for block in blocks:
        chunk = draw_passage(block, choice, least=_LEAST_WORDS, most=_MOST_WORDS, beyond=10)
        if chunk:
            yield chunk
            made += 1
        if made == most:
            return


_NOT = ("#", "|", "    ", "```", "<", "..", "- ", "* ")
