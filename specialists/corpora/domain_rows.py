"""Rows for q-domain: passages, questions and keywords with the domain that they are about.

Most take the domain that their source gives them (`domain_sources.py`); questions people asked take
that of the passage which answers them. A naive Bayes vote by the other half of the articles removes
what is probably labelled wrong.
"""

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from specialists.contract import DOMAINS
from specialists.corpora.asking import ask_by_keywords, ask_by_question, sentences
from specialists.corpora.domain_sources import (
    ENCYCLOPEDIAS,
    Form,
    Found,
    read_json_lines,
    read_sources,
)
from specialists.corpora.labels import LabelRow
from specialists.corpora.naive_bayes import HeldOutVote
from specialists.corpora.text import data_folder
from specialists.corpora.words import STOPWORDS

SHARES: Mapping[Form, float] = {"passage": 0.55, "question": 0.28, "keywords": 0.17}
_MOST_DOUBT: Mapping[Form, float] = {"passage": 2.5, "question": 1.5, "keywords": 0.5}
_MOST_DOUBT_IF_SURE = 10.0
"""How much better another label may fit by the vote, in nats, before a row is left out."""
_MOST_OF_A_SOURCE = 0.3
"""Of one domain's rows of one form; an encyclopedia is many sources in one and may have more."""
_WORD = re.compile(r"[A-Za-z][\w'’-]+")


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows, as many of each domain, in random order."""
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    pairs = data_folder(data, "pairs")
    found = list(read_sources(data, choice))
    vote = _vote(found)
    found += _asked_by_people(pairs, vote)
    found += _made_shorter(found, choice)
    kept = [one for one in found if _stands(one, vote)]
    yield from _balanced(kept, most=most, choice=choice)


def _vote(found: list[Found]) -> HeldOutVote:
    taught = [one for one in found if one.form == "passage"]
    return HeldOutVote(
        [one.text for one in taught],
        [DOMAINS.index(one.domain) for one in taught],
        [one.group for one in taught],
        len(DOMAINS),
    )


def _stands(one: Found, vote: HeldOutVote) -> bool:
    doubt = vote.doubt(one.text, one.group, DOMAINS.index(one.domain))
    return doubt <= (_MOST_DOUBT_IF_SURE if one.sure else _MOST_DOUBT[one.form])


def _balanced(kept: list[Found], *, most: int, choice: random.Random) -> Iterator[LabelRow]:
    """The same number of each domain and form where there are enough; no source beyond its share
    while others have more."""
    by_kind: dict[tuple[str, Form], list[Found]] = defaultdict(list)
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
                limit = wanted * (1 if one.source in ENCYCLOPEDIAS else _MOST_OF_A_SOURCE)
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


def _row(one: Found, choice: random.Random) -> LabelRow:
    text = one.text
    if one.form == "question" and choice.random() < 0.4:
        text = text.rstrip("?")
    folder = "specialists" if one.source in ("clinc150_data_full", "banking77_train") else "text"
    if one.source in ("medquad", "wordnet_definitions", "tldr_pages") or "_asked" in one.source:
        folder = "pairs"
    source = f"{folder}/{one.source.removesuffix('_asked')}"
    return LabelRow(query="", text=text, label=one.domain, group=one.group, source=source)


def _asked_by_people(folder: Path, vote: HeldOutVote) -> Iterator[Found]:
    """Questions whose passage the vote places beyond doubt, and which it places there too."""
    for name in (
        "squadshifts_wiki", "selqa", "nq_open_oracle", "nq_qed", "xquad_en", "hotpotqa",
        "neural_bridge_rag", "pubmedqa",
    ):  # fmt: skip
        seen: set[str] = set()
        for row in read_json_lines(folder / f"{name}.jsonl.xz"):
            if not row["label"] or row["query"] in seen:
                continue
            seen.add(row["query"])
            group = f"{name} {row['group']}"
            scores = vote.score(row["passage"], group) + vote.score(row["query"], group)
            order = scores.argsort()
            if scores[order[-1]] - scores[order[-2]] < 8:
                continue
            yield Found(
                form="question",
                text=row["query"],
                domain=DOMAINS[int(order[-1])],
                group=group,
                source=f"{name}_asked",
            )


def _made_shorter(found: list[Found], choice: random.Random) -> Iterator[Found]:
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
