"""From a key pressed to the screen drawn, while ten workers work: p50 and p99, and what the shell
itself uses meanwhile.

The screen runs in a terminal of its own; a key goes in, the time until the terminal gets the
drawing is taken. Keys are typed into the question line, and move the cursor of the table of
specialists.

Run by hand:  python -m tests.bench.screen_latency
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from cluster.eviction import mebibytes
from shell.tui.place import Place, write_place
from tests.bench.pocket_checkpoints import write_pocket_registry
from tests.shell.tui.test_terminal import Terminal

BETWEEN_KEYS_S = 0.12


def measure(terminal: Terminal, keys: Sequence[str], *, count: int) -> list[float]:
    """Seconds from each key to the first drawing after it. Drawings of the screen's own, once a
    second, may come first by chance; they make a few figures smaller, none larger."""
    taken = []
    for number in range(count):
        terminal.read(0.0)
        terminal.drawn = ""
        began = time.perf_counter()
        terminal.send(keys[number % len(keys)])
        while not terminal.drawn and time.perf_counter() - began < 5:
            terminal.read(0.005)
        taken.append(time.perf_counter() - began)
        time.sleep(BETWEEN_KEYS_S)
    return sorted(taken)


def report(what: str, taken: list[float]) -> None:
    p50, p99 = (1000 * taken[min(len(taken) - 1, int(len(taken) * q))] for q in (0.5, 0.99))
    print(f"{what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {1000 * taken[-1]:.1f} ms")


def run(home: Path, registry: Path, *, workers: int, count: int) -> None:
    code = f"from tests.bench.busy_screen import child; child({str(registry)!r})"
    write_place(home / "data" / "screen.json", Place(docs=str(home)))
    terminal = Terminal(home, "-c", code, columns=140, rows=40)
    try:
        terminal.wait_for("Ask a question")
        terminal.send("\x1bOQ")
        terminal.wait_for(f"{workers} of {workers} loaded" if workers else "loaded")
        shell = psutil.Process(terminal.process.pid)
        cpu_before, began = sum(shell.cpu_times()[:2]), time.perf_counter()
        report(f"{count} moves in the table", measure(terminal, ("\x1b[B", "\x1b[A"), count=count))
        terminal.send("\x1bOP")
        time.sleep(1)
        report(f"{count} letters typed", measure(terminal, "what is a pump ", count=count))
        cpu_s = sum(shell.cpu_times()[:2]) - cpu_before
        percent = 100 * cpu_s / (time.perf_counter() - began)
        memory = shell.memory_full_info()
        pss = mebibytes(getattr(memory, "pss", memory.uss))
        print(f"the shell itself: {percent:.0f}% of one core, PSS {pss}")
        terminal.send("\x11")
        terminal.wait_for_end()
    finally:
        terminal.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("--keys", type=int, default=200)
    given = parser.parse_args()
    cores = os.cpu_count()
    load = os.getloadavg()[0]
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, load {load:.1f}"
    )
    with tempfile.TemporaryDirectory() as folder:
        registry = write_pocket_registry(Path(folder) / "weights", given.workers)
        run(Path(folder), registry, workers=given.workers, count=given.keys)


if __name__ == "__main__":
    main()
