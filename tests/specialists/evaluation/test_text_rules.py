import json
from collections import Counter

import pytest

from specialists.contract import DOMAINS
from specialists.evaluation.job_gate import ROWS_FOLDER, read_job_rows
from specialists.evaluation.rules import RULES
from specialists.jobs.table import JOBS

NAMES = {"q-domain": "domain", "q-dup": "duplicate", "q-ground": "grounding"}


@pytest.mark.parametrize("specialist", NAMES)
def test_the_held_out_rows_are_enough_differ_and_feed_the_job_and_the_rule(specialist: str) -> None:
    rows = read_job_rows(ROWS_FOLDER / f"{specialist}.jsonl").rows
    job = JOBS[NAMES[specialist]]
    assert len(rows) >= 300
    assert len({json.dumps(row.input) for row in rows}) == len(rows)
    assert all(set(row.input) == set(job.inputs) for row in rows)
    (key,) = {name for row in rows for name in row.output}
    wanted = Counter(str(row.output[key]) for row in rows)
    assert max(wanted.values()) <= 0.55 * len(rows)
    said = {str(RULES[specialist](row.input)[key]) for row in rows}
    assert said <= set(wanted)


def test_the_domain_rule_counts_words_that_begin_like_its_own() -> None:
    assert RULES["q-domain"]({"text": "Valves and pumps, welded"}) == {"domain": "engineering"}
    assert RULES["q-domain"]({"text": "zzz"})["domain"] in DOMAINS


def test_the_duplicate_rule_sees_other_numbers_and_denials() -> None:
    rule = RULES["q-dup"]
    same = {"first": "What is the fee for a lost card?", "second": "the fee for a lost card is?"}
    assert rule(same) == {"duplicate": True}
    assert rule({"first": "fee in 2019", "second": "fee in 2020"}) == {"duplicate": False}
    assert rule({"first": "may dogs enter", "second": "may dogs not enter"}) == {"duplicate": False}


def test_the_grounding_rule_counts_words_and_looks_at_numbers_and_denials() -> None:
    rule = RULES["q-ground"]
    passage = "The mill has 40 looms. It is not for sale."
    said = {
        "The mill has 40 looms": "supports",
        "The mill has 50 looms": "contradicts",
        "The mill has no looms": "contradicts",
        "Weavers went on strike": "unsettled",
    }
    for statement, verdict in said.items():
        assert rule({"statement": statement, "passage": passage}) == {"verdict": verdict}
