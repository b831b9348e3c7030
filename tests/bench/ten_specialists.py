"""The ten specialists side by side: marks as their gates wrote them, size, memory.

Run by hand:  python -m tests.bench.ten_specialists

Marks come from `marks.json` beside each checkpoint; nothing is marked again. Memory is measured
here: all ten loaded in one cluster, beside three of them loaded on their own, each in a fresh
process that a person would start with `load_for_worker`.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cluster.cluster import Cluster
from cluster.eviction import mebibytes
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.requests import Decide

ALONE = """
import os, sys
from pathlib import Path
from specialists.requests import Decide
from specialists.loading import load_for_worker
folder = Path(sys.argv[1])
loaded = load_for_worker(folder, None, folder)
loaded.warm_up()
rows = dict(line.split(":", 1) for line in open("/proc/self/smaps_rollup").readlines()[1:])
print(int(rows["Pss"].split()[0]) * 1024)
"""


def shipped() -> list[str]:
    return sorted(
        path.parent.name
        for path in WEIGHTS_FOLDER.glob("*/config.json")
        if (path.parent / "marks.json").is_file()
    )


def print_marks(names: list[str]) -> None:
    print("| specialist | job | rows | right, % | most frequent | rule | gate | MiB | ms |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in names:
        marks: dict[str, Any] = json.loads((WEIGHTS_FOLDER / name / "marks.json").read_text())
        size = mebibytes((WEIGHTS_FOLDER / name / "model.safetensors").stat().st_size)
        cells = _relevance(marks) if "measured" in marks else _job(marks)
        gate = "passed" if marks["passed"] else "NOT passed"
        *figures, milliseconds = cells
        print(f"| {name} | {' | '.join(figures)} | {gate} | {size} | {milliseconds} |")


def _job(marks: dict[str, Any]) -> list[str]:
    ours, *floors = marks["marks"]
    named = {floor["name"]: f"{100 * floor['accuracy']['value']:.1f}" for floor in floors}
    return [
        marks["job"],
        str(marks["n_rows"]),
        _shown(ours["accuracy"]),
        named.get("the most frequent", "–"),
        named.get("the rule", "–"),
        f"{ours['milliseconds']:.0f}",
    ]


def _relevance(marks: dict[str, Any]) -> list[str]:
    """On the first collection of its card, at its own decisions; BM25 at its oracle threshold."""
    first = marks["measured"][0]
    own = _marks_of(first, "q-rag", "own decision")
    floor = _marks_of(first, "always", "own decision")
    lexical = _marks_of(first, "BM25", "oracle")
    return [
        f"relevance ({first['name']})",
        str(own["n_rows"]),
        _shown(own["marks"]["accuracy"]),
        f"{100 * floor['marks']['accuracy']['value']:.1f}",
        f"{100 * lexical['marks']['accuracy']['value']:.1f}",
        "–",
    ]


def _marks_of(measured: dict[str, Any], scorer: str, rule: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one
        for one in measured["marks"]
        if one["scorer"].startswith(scorer) and one["rule"].startswith(rule)
    )
    return found


def _shown(mark: dict[str, float]) -> str:
    return f"{100 * mark['value']:.1f} [{100 * mark['low']:.1f}, {100 * mark['high']:.1f}]"


def print_sizes(names: list[str]) -> None:
    files = [path for path in WEIGHTS_FOLDER.rglob("*") if path.is_file()]
    own = sum((WEIGHTS_FOLDER / name / "model.safetensors").stat().st_size for name in names)
    base = (WEIGHTS_FOLDER / "base" / "model.safetensors").stat().st_size
    print(f"\n{len(files)} files of weights, {mebibytes(sum(f.stat().st_size for f in files))}")
    print(f"each as base and what differs: {mebibytes(base + own)} for {len(names)} and the base")


async def print_memory(names: list[str]) -> None:
    async with Cluster.open() as cluster:
        await asyncio.gather(*map(cluster.load, names))
        for name in names:
            query = "" if not _asks(name) else "When was the pump replaced?"
            request = Decide(query=query, passages=("The pump was replaced in 1987.",))
            await cluster.call(name, request)
        status = await cluster.weigh()
    print(f"\n{len(names)} in one cluster: {mebibytes(status.used_bytes)} (PSS, fork server in it)")
    sizes = [_alone(WEIGHTS_FOLDER / name) for name in names[:3]]
    shown = ", ".join(mebibytes(size) for size in sizes)
    print(f"three loaded on their own: {mebibytes(sum(sizes))} ({shown})")


def _asks(name: str) -> bool:
    contract = json.loads((WEIGHTS_FOLDER / name / "contract.json").read_text())
    return "{query}" in contract["head"]


def _alone(folder: Path) -> int:
    command = [sys.executable, "-c", ALONE, str(folder)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    names = shipped()
    print_marks(names)
    print_sizes(names)
    asyncio.run(print_memory(names))


if __name__ == "__main__":
    main()
