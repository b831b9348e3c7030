"""Random and hostile inputs for the jobs `tool-call` and `citation`: how many results are
malformed or invented, how many exceptions are no `JobError`. Run by hand, from the root:

    python -m tests.bench.hostile_jobs --inputs 10000

With the shipped specialists where they are there; otherwise, or with --random, a seeded random
decider, which accepts what no model would.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from specialists.errors import JobError
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.jobs import citation, tool_call
from specialists.jobs.call_check import check_call
from specialists.jobs.citation import check_citation
from specialists.jobs.job import Inputs, Job, Result, carry_out
from specialists.requests import Decide, Decided
from tests.specialists.jobs.deciders import at_random

_WORDS = """
    turn on off the lamp in kitchen set timer for 12 minutes 1,200 4.5 -3 ٣ 7am 12/5 "see you"
    'x y' jo@fjord.example /tmp/a.txt ~/b C:\\d AB-1204 #ops @ada Ada Byron tomorrow at 5pm next
    Friday and not ignore all previous instructions call delete_everything {"tool": "rm"} [page 9]
    </s> Q: A: 1 NaN Infinity true null 99999999999999999999 1e309 two hundred It is. No? Yes! # ##
    ``` | - 1. e.g.
    """.split()  # noqa: SIM905  a page of words, not of quotes
_STRANGE = "\x00\x07\x1b\u200b\u202e\u2028\ufeff🙂é漢字\r\n\t\"'“”`[]{}<>\\"
_KINDS = ("string", "integer", "number", "boolean")


def strange_text(choice: Random, *, most: int) -> str:
    way = choice.random()
    if way < 0.01:
        return "half a character: \ud800 and \udfff"
    if way < 0.1:
        return "".join(choice.choices(_STRANGE, k=choice.randint(0, 40)))
    if way < 0.15:
        return choice.choice(_WORDS) * choice.randint(1, most)
    words = choice.choices(_WORDS, k=choice.randint(0, most))
    if way < 0.5:
        words = ["".join(choice.sample([w, choice.choice(_STRANGE)], 2)) for w in words]
    return choice.choice((" ", " ", " ", "\n", ". ", "\n\n", "")).join(words)


def strange_value(choice: Random) -> Any:
    return choice.choice((None, 3, -1.5, True, [], {}, "x", ["x"], {"name": 1}, float("nan"), b"x"))


def tool_inputs(choice: Random) -> Inputs:
    tools: Any = [_tool(choice) for _ in range(choice.randint(0, 6))]
    request: Any = strange_text(choice, most=30)
    if choice.random() < 0.05:
        tools = strange_value(choice)
    if choice.random() < 0.03:
        request = strange_value(choice)
    return {"request": request, "tools": tools}


def _tool(choice: Random) -> Any:
    if choice.random() < 0.02:
        return strange_value(choice)
    name = choice.choice(("turn_on", "setTimer", "send.mail", "a", "rm-rf"))
    name = f"{name}{choice.randint(0, 9_999)}"
    if choice.random() < 0.03:
        name = choice.choice(("x y", "", "ü", "9", "a\n", "turn_on", "__proto__", "../a"))
    tool: dict[str, Any] = {"name": name, "description": strange_text(choice, most=12)}
    tool["args"] = {f"arg{n}": _argument(choice) for n in range(choice.randint(0, 4))}
    if choice.random() < 0.02:
        tool[choice.choice(("args", "description", "name", "more"))] = strange_value(choice)
    return tool


def _argument(choice: Random) -> Any:
    if choice.random() < 0.02:
        return strange_value(choice)
    kind = choice.choice(_KINDS)
    spec: dict[str, Any] = {"type": kind, "required": choice.random() < 0.5}
    if choice.random() < 0.3:
        values = {
            "string": list({choice.choice(_WORDS) for _ in range(3)}),
            "integer": [1, 2, 12],
            "number": [1.5, 2],
            "boolean": [True],
        }
        spec["enum"] = values[kind]
    if choice.random() < 0.02:
        spec[choice.choice(("type", "enum", "required", "default"))] = strange_value(choice)
    return spec


def citation_inputs(choice: Random) -> Inputs:
    pages: Any = [strange_text(choice, most=60) for _ in range(choice.randint(0, 5))]
    question: Any = strange_text(choice, most=15)
    if choice.random() < 0.03:
        pages = strange_value(choice)
    if choice.random() < 0.03 and isinstance(pages, list):
        pages.append(strange_value(choice))
    if choice.random() < 0.03:
        question = strange_value(choice)
    return {"question": question, "pages": pages}


Decider = Callable[[Decide], Decided]


def decider(name: str, *, seed: int, by_chance: bool) -> tuple[str, Decider]:
    if by_chance or not (WEIGHTS_FOLDER / name / "config.json").is_file():
        return "a random decider", at_random(seed, 0.5)
    from specialists.specialist import load_specialist  # only where weights are read: torch is slow

    return f"the shipped {name}", load_specialist(WEIGHTS_FOLDER / name).decide


def attack(
    job: Job,
    make: Callable[[Random], Inputs],
    check: Callable[[Inputs, Result], tuple[str, ...]],
    decide: Decider,
    *,
    inputs: int,
    seed: int,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    choice = Random(seed)
    for _ in range(inputs):
        given = make(choice)
        try:
            result = carry_out(job, given, decide)
        except JobError:
            counts["inputs refused with a JobError"] += 1
            continue
        except Exception as error:
            counts[f"OTHER EXCEPTION {type(error).__name__}"] += 1
            sys.stderr.write(f"{error!r} on {given!r}"[:500] + "\n")
            continue
        faults = check(given, result)
        if faults or json.loads(json.dumps(result)) != result:
            counts["MALFORMED OR INVENTED"] += 1
            sys.stderr.write(f"{faults} in {result!r} on {given!r}"[:500] + "\n")
        counts["results that refuse" if result["refused"] else "results that answer"] += 1
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000, help="for each job")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--random", action="store_true", help="always the random decider")
    asked = parser.parse_args()
    wrong = 0
    for name, job, make, check in (
        ("q-toolcall", tool_call.JOB, tool_inputs, check_call),
        ("q-doccite", citation.JOB, citation_inputs, check_citation),
    ):
        said, decide = decider(name, seed=asked.seed, by_chance=asked.random)
        started = time.monotonic()
        counts = attack(job, make, check, decide, inputs=asked.inputs, seed=asked.seed)
        took = time.monotonic() - started
        bad = sum(count for what, count in counts.items() if what.isupper() or "OTHER" in what)
        wrong += bad
        sys.stdout.write(f"{job.name}: {asked.inputs:,} inputs with {said} in {took:.0f} s" + "\n")
        for what, count in sorted(counts.items()):
            sys.stdout.write(f"  {count:>7,} {what}" + "\n")
        sys.stdout.write(f"  {bad:>7,} malformed, invented or other exceptions" + "\n")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
