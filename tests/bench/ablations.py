"""What each part of the q-rag recipe is worth: short runs that differ in one thing.

Run by hand:  python -m tests.bench.ablations RUN [NAME ...] --steps 400
RUN is the folder of `qshell train q-rag`, with its rows and its base. The variants of the first
stretch train from nothing, those of the second (`2nd: ...`) and the third from the weights of the
one before, all on the same rows in the same order; printed are means over the last 100 steps, and
for the later stretches those on held-back rows at the end.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from specialists.checkpoint import open_checkpoint
from specialists.training.recipes import (
    Phase,
    RelevanceRecipe,
    pocket_q_rag_cover,
    pocket_q_rag_taught,
    pocket_q_rag_vectors,
    pocket_q_rag_words,
)
from specialists.training.relevance_run import stretches, train_relevance
from specialists.training.teaching_aids import MATCHER, TEACHER, VECTORS

FIGURES = ("verdict", "within_query", "alignment", "match_f1", "accuracy")
LAST_STEPS = 100


def variants() -> Mapping[str, RelevanceRecipe]:
    """Half of the steps on queries cut on the spot, half on rows of at most 96 tokens."""
    whole = replace(
        pocket_q_rag_words(),
        phases=(
            Phase(until=0.5, max_length=64, token_budget=6_000, cut_share=1.0),
            Phase(until=1.0, max_length=96, token_budget=8_000),
        ),
    )
    plain = Phase(until=1.0, max_length=96, token_budget=8_000)
    return {
        "whole": whole,
        "no alignment": replace(whole, match_layers=()),
        "no echo": replace(whole, contract=replace(whole.contract, echo="")),
        "no cut queries": replace(whole, phases=(plain,)),
        "blocks of the base": replace(whole, base_blocks=True),
        "half the rate": replace(whole, learning_rate=whole.learning_rate / 2),
        "twice the rate": replace(whole, learning_rate=whole.learning_rate * 2),
        **later_stretches(),
    }


def later_stretches() -> Mapping[str, RelevanceRecipe]:
    """The same draws throughout, so that what is held back is the same for all of them."""
    phases = (Phase(until=1.0, max_length=256, token_budget=8_000),)
    second = replace(pocket_q_rag_cover(), phases=phases)
    third = replace(pocket_q_rag_taught(), phases=phases)
    fourth = replace(pocket_q_rag_vectors(), phases=phases)
    return {
        "2nd: whole": second,
        "2nd: no coverage": replace(second, matcher_steps=0),
        "2nd: four blocks": replace(second, n_layer=None),
        "2nd: neither": replace(second, matcher_steps=0, n_layer=None),
        "3rd: whole": third,
        "3rd: no teacher": replace(third, teacher_groups={}),
        "4th: whole": fourth,
        "4th: embeddings of the base": replace(fourth, taught_share=0.0),
    }


def run_variant(recipe: RelevanceRecipe, run: Path, *, steps: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder)
        for name in ("rows", MATCHER, TEACHER, VECTORS):
            if (run / name).exists():
                (own / name).symlink_to((run / name).resolve())
        for before in stretches(recipe)[:-1]:
            shutil.copytree(run / before, own / before)
        train_relevance(recipe, run=own, base=open_checkpoint(run / "weights/base"), steps=steps)
        log = (own / recipe.name / "log.jsonl").read_text("utf-8").splitlines()
    lines = [json.loads(line) for line in log]
    last = [line for line in lines if line["step"] > steps - LAST_STEPS]
    held_back = {name: lines[-1].get(f"development_{name}", float("nan")) for name in FIGURES}
    means = {name: sum(line[name] for line in last) / len(last) for name in FIGURES}
    return {"tokens": lines[-1]["tokens"], **(held_back if recipe.after else means)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--steps", type=int, default=400)
    asked = parser.parse_args()
    print(f"{'variant':28}{'tokens':>10}", *(f"{name:>13}" for name in FIGURES))
    for name, recipe in variants().items():
        if not asked.names or name in asked.names:
            found = run_variant(recipe, asked.run, steps=asked.steps)
            values = (f"{found[figure]:13.3f}" for figure in FIGURES)
            print(f"{name:28}{found['tokens']:10,.0f}", *values, flush=True)


if __name__ == "__main__":
    main()
