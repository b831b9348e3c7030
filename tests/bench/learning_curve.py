"""How the loss on held-back rows fell while q-rag was trained, from the logs of its run.

Run by hand:  python -m tests.bench.learning_curve RUN --plot DIR
RUN is the folder of `qshell train q-rag`. Every stretch draws other rows than the one before, so
their curves do not join; those without a log in RUN are left out. The plot leaves out the first
minutes, above one nat.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import json
from pathlib import Path

from specialists.evaluation.plots import draw_lines
from specialists.training.recipes import pocket_q_rag
from specialists.training.relevance_run import stretches

LAST = pocket_q_rag()
STRETCHES = [*stretches(LAST.after.after), LAST.after.name, LAST.name]
FIGURES = {
    "development_verdict": "verdict",
    "development_within_query": "choice within a query",
    "held_out_verdict": "verdict",
}
MILLION = 1e6
DRAWN_BELOW = 1.0


def held_back(run: Path) -> dict[str, list[tuple[float, float]]]:
    """Loss in nats over million tokens, one line for each stretch and figure."""
    lines: dict[str, list[tuple[float, float]]] = {}
    before = 0.0
    for stretch in STRETCHES:
        path = run / stretch / "log.jsonl"
        if not path.is_file():
            continue
        log = path.read_text("utf-8").splitlines()
        steps = {line["step"]: line for line in map(json.loads, log)}  # a resumed run says it twice
        for figure, words in FIGURES.items():
            points = [
                (before + line["tokens"] / MILLION, line[figure])
                for _, line in sorted(steps.items())
                if figure in line
            ]
            if points:
                lines[f"{stretch}: {words}"] = points
        before += steps[max(steps)]["tokens"] / MILLION
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    lines = held_back(asked.run)
    for name, points in lines.items():
        print(name, *(f"{tokens:.1f}M {loss:.3f}" for tokens, loss in points), sep="  ")
    if asked.plot:
        drawn = draw_lines(
            {
                name: drawn
                for name, points in lines.items()
                if (drawn := [(tokens, loss) for tokens, loss in points if loss < DRAWN_BELOW])
            },
            asked.plot,
            name="q-rag-learning",
            x_label="million tokens",
            y_label="loss on held-back rows (nats)",
        )
        print(*drawn)


if __name__ == "__main__":
    main()
