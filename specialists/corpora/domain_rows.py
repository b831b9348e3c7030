"""Rows for q-domain: passages, questions and keywords with the domain that they are about.

An article takes the domain of what its first sentence defines, a section under a telling heading
that of the heading; questions people asked take that of the passage which answers them. A naive
Bayes vote by the other half of the articles removes what is probably labelled wrong. Chunks begin
anywhere, so that the cue itself is seldom there to be read.
"""

import csv
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from specialists.contract import DOMAINS
from specialists.corpora.asking import ask_by_keywords, ask_by_question, sentences
from specialists.corpora.domain_cues import (
    domain_of_definition,
    domain_of_field,
    domain_of_heading,
)
from specialists.corpora.labels import LabelRow
from specialists.corpora.naive_bayes import HeldOutVote
from specialists.corpora.passages import draw_passage
from specialists.corpora.text import data_folder, open_text, read_documents
from specialists.corpora.words import STOPWORDS

Form = Literal["passage", "question", "keywords"]

SHARES: Mapping[Form, float] = {"passage": 0.55, "question": 0.28, "keywords": 0.17}
_WIKIPEDIA = ("wikipedia_core", "wikipedia_vital_summaries", "wikipedia_recent", "wikipedia_misc")
_MANUALS = {"debian_docs": 0.2, "tech_docs_markdown": 0.5, "linux_howtos": 0.5}
_LEAST_WORDS, _MOST_WORDS = 12, 55
_CHUNKS_A_SECTION = 2
_MOST_DOUBT: Mapping[Form, float] = {"passage": 2.5, "question": 1.5, "keywords": 0.5}
_MOST_DOUBT_IF_SURE = 10.0
"""How much better another label may fit by the vote, in nats, before a row is left out."""
_MOST_OF_A_SOURCE = 0.3
"""Of one domain's rows of one form; an encyclopedia is many sources in one and may have more."""
_PERSONAL = re.compile(
    r"(?:life|personal|famil|death|legacy|name|etymolog|education|honou?r|award|career|background|"
    r"reference|external|see also|note|bibliograph|popular culture|biograph|history|years|"
    r"criticism|controvers|military|religion|demograph|language|transport|media|culture|"
    r"gallery|overview|united states|canada|india|australia|kingdom)",
    re.IGNORECASE,
)
"""Under these headings an article leaves what it is about, or soon does."""
_WORD = re.compile(r"[A-Za-z][\w'’-]+")
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
class _Found:
    form: Form
    text: str
    domain: str
    group: str
    source: str
    sure: bool = False
    """Labelled by its source itself, not by a cue: the vote need only not be against it."""


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows, as many of each domain, in random order."""
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    texts, pairs = data_folder(data, "text"), data_folder(data, "pairs")
    found = [
        *_from_wikipedia(texts, choice),
        *_from_factbook(texts / "world_factbook.txt.xz"),
        *_from_manuals(texts, choice),
        *_from_speeches(texts / "us_presidential_speeches.txt.xz", choice),
        *_from_fiction(texts / "standard_ebooks.txt.xz", choice),
        *_from_medquad(pairs / "medquad.jsonl.xz", choice),
        *_from_glosses(pairs / "wordnet_definitions.jsonl.xz"),
        *_from_commands(pairs / "tldr_pages.jsonl.xz", choice),
        *_from_requests(data_folder(data, "specialists")),
    ]
    vote = _vote(found)
    found += _asked_by_people(pairs, vote)
    found += _made_shorter(found, choice)
    kept = [one for one in found if _stands(one, vote)]
    yield from _balanced(kept, most=most, choice=choice)


def _vote(found: list[_Found]) -> HeldOutVote:
    taught = [one for one in found if one.form == "passage"]
    return HeldOutVote(
        [one.text for one in taught],
        [DOMAINS.index(one.domain) for one in taught],
        [one.group for one in taught],
        len(DOMAINS),
    )


def _stands(one: _Found, vote: HeldOutVote) -> bool:
    doubt = vote.doubt(one.text, one.group, DOMAINS.index(one.domain))
    return doubt <= (_MOST_DOUBT_IF_SURE if one.sure else _MOST_DOUBT[one.form])


def _balanced(kept: list[_Found], *, most: int, choice: random.Random) -> Iterator[LabelRow]:
    """The same number of each domain and form where there are enough; no source beyond its share
    while others have more."""
    by_kind: dict[tuple[str, Form], list[_Found]] = defaultdict(list)
    for one in kept:
        by_kind[one.domain, one.form].append(one)
    rows: list[LabelRow] = []
    for domain in DOMAINS:
        for form, share in SHARES.items():
            wanted = int(most * share / len(DOMAINS))
            there = by_kind[domain, form]
            choice.shuffle(there)
            taken: Counter[str] = Counter()
            texts: set[str] = set()
            chosen = []
            for one in there:
                limit = wanted * (1 if one.source in _WIKIPEDIA else _MOST_OF_A_SOURCE)
                if one.text.lower() in texts or taken[one.source] >= limit:
                    continue
                texts.add(one.text.lower())
                taken[one.source] += 1
                chosen.append(one)
                if len(chosen) == wanted:
                    break
            rows += [_row(one, choice) for one in chosen]
    choice.shuffle(rows)
    yield from rows


def _row(one: _Found, choice: random.Random) -> LabelRow:
    text = one.text
    if one.form == "question" and choice.random() < 0.4:
        text = text.rstrip("?")
    folder = "specialists" if one.source in ("clinc150_data_full", "banking77_train") else "text"
    if one.source in ("medquad", "wordnet_definitions", "tldr_pages") or "_asked" in one.source:
        folder = "pairs"
    source = f"{folder}/{one.source.removesuffix('_asked')}"
    return LabelRow(query="", text=text, label=one.domain, group=one.group, source=source)


def _from_wikipedia(folder: Path, choice: random.Random) -> Iterator[_Found]:
    for name in _WIKIPEDIA:
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
                base = _Found(
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


def _from_factbook(path: Path) -> Iterator[_Found]:
    labels = {
        label: domain for domain, names in _FACTS.items() for label in names.split("|") if label
    }
    for document in read_documents(path):
        country = document.partition("\n")[0].removeprefix("# ").strip()
        for line in document.splitlines():
            label, colon, text = line.partition(": ")
            if not colon or label not in labels or len(text.split()) < 6:
                continue
            base = _Found(
                form="passage",
                text=" ".join(f"{country}: {text}".split()[:_MOST_WORDS]),
                domain=labels[label],
                group=f"factbook {country}",
                source="world_factbook",
            )
            yield base
            yield replace(base, form="keywords", text=f"{country} {label}".lower())


def _from_manuals(folder: Path, choice: random.Random) -> Iterator[_Found]:
    for name, share in _MANUALS.items():
        for number, document in enumerate(read_documents(folder / f"{name}.txt.xz")):
            if choice.random() > share:
                continue
            for chunk in _chunks(document, choice, most=3):
                yield _Found(
                    form="passage",
                    text=chunk,
                    domain="computing",
                    group=f"{name} {number}",
                    source=name,
                )


def _from_speeches(path: Path, choice: random.Random) -> Iterator[_Found]:
    for number, document in enumerate(read_documents(path)):
        for chunk in _chunks(document, choice, most=12):
            yield _Found(
                form="passage",
                text=chunk,
                domain="law",
                group=f"speech {number}",
                source="us_presidential_speeches",
            )


def _from_fiction(path: Path, choice: random.Random) -> Iterator[_Found]:
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
            yield _Found(
                form="passage",
                text=text,
                domain="arts",
                group=f"ebook {number}",
                source="standard_ebooks",
                sure=True,
            )


def _from_medquad(path: Path, choice: random.Random) -> Iterator[_Found]:
    asked: set[str] = set()
    for row in _read(path):
        base = _Found(
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


def _from_glosses(path: Path) -> Iterator[_Found]:
    for row in _read(path):
        told = domain_of_field(row["passage"]) if row["label"] else None
        if not told:
            continue
        domain, gloss = told
        word = re.sub(r"^(?:define|definition of) | meaning$", "", row["query"])
        base = _Found(
            form="passage",
            text=f"{word}: {gloss}",
            domain=domain,
            group=f"wordnet {row['group']}",
            source="wordnet_definitions",
            sure=True,
        )
        yield base
        yield replace(base, form="keywords", text=row["query"])


def _from_commands(path: Path, choice: random.Random) -> Iterator[_Found]:
    for row in _read(path):
        if row["label"] and choice.random() < 0.3:
            ask = choice.choice(("{}", "how to {}", "how do I {}?", "{} from the command line"))
            task = row["query"].strip(" :.")
            yield _Found(
                form="keywords" if ask == "{}" else "question",
                text=ask.format(task[:1].lower() + task[1:]),
                domain="computing",
                group=f"tldr {row['group']}",
                source="tldr_pages",
                sure=True,
            )


def _from_requests(folder: Path) -> Iterator[_Found]:
    """What people typed to a bank, and to an assistant about money, travel and the like."""
    with open_text(folder / "banking77_train.csv.xz") as handle:
        for number, row in enumerate(csv.DictReader(handle)):
            yield _Found(
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
            yield _Found(
                form="question",
                text=text,
                domain=domains[intent],
                group=f"clinc {number}",
                source="clinc150_data_full",
                sure=True,
            )


def _asked_by_people(folder: Path, vote: HeldOutVote) -> Iterator[_Found]:
    """Questions whose passage the vote places beyond doubt, and which it places there too."""
    for name in (
        "squadshifts_wiki", "selqa", "nq_open_oracle", "nq_qed", "xquad_en", "hotpotqa",
        "neural_bridge_rag", "pubmedqa",
    ):  # fmt: skip
        seen: set[str] = set()
        for row in _read(folder / f"{name}.jsonl.xz"):
            if not row["label"] or row["query"] in seen:
                continue
            seen.add(row["query"])
            group = f"{name} {row['group']}"
            scores = vote.score(row["passage"], group) + vote.score(row["query"], group)
            order = scores.argsort()
            if scores[order[-1]] - scores[order[-2]] < 8:
                continue
            yield _Found(
                form="question",
                text=row["query"],
                domain=DOMAINS[int(order[-1])],
                group=group,
                source=f"{name}_asked",
            )


def _made_shorter(found: list[_Found], choice: random.Random) -> Iterator[_Found]:
    """Questions and keywords out of passages."""
    passages = [one for one in found if one.form == "passage"]
    counts: Counter[str] = Counter()
    for one in passages:
        counts.update({word.lower() for word in _WORD.findall(one.text)})
    rarity = {word: math.log(len(passages) / count) for word, count in counts.items()}
    for one in passages:
        for sentence in sentences(one.text):
            asked = ask_by_question(sentence)
            if asked and len(asked.query.split()) <= 20:
                yield replace(one, form="question", text=asked.query)
        if choice.random() < 0.35:
            keywords = _keywords(one.text, rarity, choice)
            if keywords:
                yield replace(one, form="keywords", text=keywords)


def _keywords(text: str, rarity: Mapping[str, float], choice: random.Random) -> str | None:
    """Words a person would type: neither names nor the rarest of all, two to five of them."""
    whole = next(iter(sentences(text)), None)
    if whole and choice.random() < 0.4:
        asked = ask_by_keywords(whole, rarity, choice)
        return asked.query.lower() if asked else None
    words = [
        word
        for word in dict.fromkeys(_WORD.findall(text))
        if word.islower() and word not in STOPWORDS and 3.5 < rarity.get(word, 0) < 8.5
    ]
    if len(words) < 4:
        return None
    chosen = set(sorted(words, key=lambda word: -rarity[word])[: choice.randint(3, 5)])
    return " ".join(word for word in words if word in chosen)


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


def _read(path: Path) -> Iterator[dict[str, str]]:
    with open_text(path) as handle:
        for line in handle:
            yield json.loads(line)
