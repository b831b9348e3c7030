"""How well requests are routed, beside what anyone could do without a specialist. Run by hand:

    python -m tests.bench.routing --rows runs/pocket/q-route/rows.jsonl --data data/

Marked are the held-out requests that ship, and with --data the test part of clinc150 (actions are
for q-toolcall, everything else, its own out-of-scope requests too, for none). Beside the router
stand chance, the best single answer, the keyword rule, and two that are shown the same examples of
every route: BM25 (the three nearest of each) and MiniLM (the nearest centroid). At the end two
specialists that nobody was trained on are registered by YAML, with ten examples each
(`tests/bench/routes`), and old and new requests are routed again. Figures only; nothing is tuned.
"""

import argparse
import asyncio
import os
import platform
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from cluster.registry import Registry, SpecialistSpec, check_entry, read_registry
from cluster.router import NONE
from cluster.routing import Routing
from shell.registered import registered_folder
from shell.settings import read_settings
from specialists.corpora.labels import read_label_rows
from specialists.corpora.route_matter import ACTIONS, UNSEEN, read_clinc
from specialists.corpora.route_rows import ROUTES
from specialists.evaluation.baselines import packaged_minilm
from specialists.evaluation.job_gate import (
    ROWS_FOLDER,
    JobMarks,
    JobRow,
    mark_job,
    most_wanted,
    read_job_rows,
)
from specialists.evaluation.lexical import Lexical
from specialists.evaluation.rules import RULES
from specialists.requests import Represent, Represented
from specialists.specialist import load_specialist

HERE = Path(__file__).parent / "routes"
MOVED = ("convert 5 miles to km",)
"""Held-out requests for none that the new specialists are for."""
NEAREST = 3

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]
Examples = Mapping[str, Sequence[str]]


class RouterAlone:
    """The router as the cluster uses it, with the routing specialist in this process."""

    def __init__(self, folder: Path, cache_dir: Path, *more: SpecialistSpec) -> None:
        self._specialist = load_specialist(folder)
        self._routing = Routing(self._ask, lambda *told: say(": ".join(told)), cache_dir=cache_dir)
        entry = {"task": "routing", "checkpoint": str(folder)}
        other = {"task": "relevance", "checkpoint": "nowhere"}
        names = [name for name in self._specialist.contract.outcomes if name != NONE]
        specs = [check_entry("router", entry, folder), *more]
        specs += [check_entry(name, other, folder) for name in names]
        self._registry = Registry.of(specs)

    async def _ask(self, name: str, request: Represent) -> Represented:
        return self._specialist.represent(request)

    def route(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        routed = asyncio.run(self._routing.route(str(inputs["text"]), self._registry))
        return {"route": routed.name}

    def head_alone(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Its decision head's first choice, however unsure and far."""
        (logits,) = self._specialist.represent(Represent(texts=(inputs["text"],))).decisions
        return {"route": self._specialist.contract.outcomes[int(np.argmax(logits))]}


def by_chance() -> Answer:
    choice = random.Random(0)
    return lambda inputs: {"route": choice.choice(ROUTES)}


def by_bm25(examples: Examples) -> Answer:
    route_of = {text: route for route, texts in examples.items() for text in texts}
    texts = list(route_of)
    lexical = Lexical({str(number): text for number, text in enumerate(texts)})

    def answer(inputs: Mapping[str, Any]) -> dict[str, Any]:
        scores = np.array(lexical.score(str(inputs["text"]), texts).scores)
        best = {
            route: np.sort([scores[i] for i, t in enumerate(texts) if route_of[t] == route])[
                -NEAREST:
            ]
            for route in examples
        }
        route = max(best, key=lambda name: float(best[name].mean()))
        return {"route": route if best[route].mean() > 0 else NONE}

    return answer


def by_minilm(examples: Examples) -> Answer | None:
    encoder = packaged_minilm()
    if encoder is None:
        return None
    centroids = np.stack([encoder.encode(texts).mean(0).numpy() for texts in examples.values()])
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)

    def answer(inputs: Mapping[str, Any]) -> dict[str, Any]:
        nearest = int(np.argmax(centroids @ encoder.encode([str(inputs["text"])])[0].numpy()))
        return {"route": list(examples)[nearest]}

    return answer


def draw_examples(path: Path, per_route: int) -> dict[str, list[str]]:
    """The first of each route among the rows of the training."""
    rows = read_label_rows(path)
    return {route: [row.text for row in rows if row.label == route][:per_route] for route in ROUTES}


def clinc_rows(data: Path) -> list[JobRow]:
    return [
        JobRow(
            input={"text": said.text},
            output={"route": "q-toolcall" if said.kind in ACTIONS else NONE},
            kind="out-of-scope" if said.kind == "oos" else "clinc150",
            group=str(number),
        )
        for number, said in enumerate(read_clinc(data, "test", "oos_test"))
        if said.kind not in UNSEEN
    ]


def report(title: str, rows: Sequence[JobRow], answers: Mapping[str, Answer]) -> JobMarks:
    """Prints one line for each; returns the marks of the first."""
    inside = [replace(row, kind="for none" if _wants_none(row) else "for one") for row in rows]
    say(f"\n{title}: {len(rows)} requests, {sum(map(_wants_none, rows))} of them for none")
    say(f"{'':22} {'accuracy':22} {'recall of none':22} {'for a specialist':22} ms")
    first: JobMarks | None = None
    for name, answer in answers.items():
        marks = mark_job(name, inside, answer)
        first = first or marks
        kinds = [str(marks.kinds.get(kind, "-")) for kind in ("for none", "for one")]
        cells = "".join(f"{cell:23}" for cell in (str(marks.accuracy), *kinds))
        say(f"{name:22} {cells}{marks.milliseconds:.1f}")
    assert first is not None
    return first


def print_confusion(marks: JobMarks) -> None:
    names = sorted({*marks.confusion, *(said for one in marks.confusion.values() for said in one)})
    say(f"\n{'wanted / said':14}" + "".join(f"{name.removeprefix('q-'):>9}" for name in names))
    for wanted in names:
        counts = marks.confusion.get(wanted, {})
        say(f"{wanted:14}" + "".join(f"{counts.get(said, 0) or '.':>9}" for said in names))


def extension(folder: Path, held: Sequence[JobRow], scratch: Path) -> None:
    """The old requests before and after two specialists were registered, and the new ones."""
    new = list(read_job_rows(HERE / "requests.jsonl").rows)
    specs = read_registry(HERE / "registry.yaml").specs
    old = [row for row in held if row.input["text"] not in MOVED]
    before = RouterAlone(folder, scratch)
    after = RouterAlone(folder, scratch, *specs.values())
    begin = time.perf_counter()
    after.route({"text": "anything"})
    first_s = time.perf_counter() - begin
    report("the old ten", old, {"before": before.route, "after": after.route})
    report("the new two, by their first", new, {"before": before.route})
    for name in specs:
        rows = [row for row in new if row.output["route"] == name]
        report(name, rows, {"after": after.route})
    print_confusion(mark_job("after", new, after.route))
    say(f"\nthe extension and the first route with it took {first_s:.2f} s")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  figures are what it is for


def _wants_none(row: JobRow) -> bool:
    return bool(row.output["route"] == NONE)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--router", default="q-route", help="a folder, or a shipped name")
    parser.add_argument("--rows", type=Path, help="rows of the training: examples for baselines")
    parser.add_argument("--data", type=Path, help="training data, for the test part of clinc150")
    parser.add_argument("--per-route", type=int, default=100)
    given = parser.parse_args()
    folder = registered_folder(read_settings(), given.router)
    machine = f"{os.cpu_count()} {platform.machine()} cores, {platform.system()}"
    say(f"{datetime.now(UTC).date()}, {machine}, {folder.name}")
    with tempfile.TemporaryDirectory() as scratch:
        router = RouterAlone(folder, Path(scratch))
        held = read_job_rows(ROWS_FOLDER / "q-route.jsonl").rows
        answers: dict[str, Answer] = {
            "router": router.route,
            "its head alone": router.head_alone,
            "chance": by_chance(),
            "best single": most_wanted(held),
            "keyword rule": RULES["q-route"],
        }
        if given.rows:
            examples = draw_examples(given.rows, given.per_route)
            answers[f"BM25, {given.per_route} each"] = by_bm25(examples)
            if (minilm := by_minilm(examples)) is not None:
                answers[f"MiniLM, {given.per_route} each"] = minilm
        marks = report("held out", held, answers)
        print_confusion(marks)
        for kind in sorted({row.kind for row in held}):
            rows = [row for row in held if row.kind == kind]
            report(f"held out, {kind}", rows, {"router": router.route})
        if given.data:
            report("clinc150, test", clinc_rows(given.data), answers)
        extension(folder, held, Path(scratch))


if __name__ == "__main__":
    main()
