"""How else the ten could be kept: as whole checkpoints, or as smaller deltas to what they started
from, and how many results of their jobs stay the same.

Run by hand:  python -m tests.bench.delta_forms

Shipped are the tensors that differ from the base, int8 by rows; the embeddings, most of a whole
checkpoint, are the base's. A delta keeps a matrix as the difference from the one it started as, in
a few bits and one scale a row, and is made whole again when it is loaded.
"""

# ruff: noqa: T201  printing figures is what this is for

import argparse
import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from cluster.eviction import mebibytes
from specialists.checkpoint import Checkpoint, open_checkpoint
from specialists.evaluation.gate import WEIGHTS_FOLDER
from specialists.evaluation.job_gate import ROWS_FOLDER, read_job_rows
from specialists.jobs.job import carry_out
from specialists.jobs.table import JOBS
from specialists.specialist import Specialist, load_model
from specialists.tokenizer import open_tokenizer

Delta = Callable[[Tensor], Tensor]


def sign(delta_RC: Tensor) -> Tensor:
    signed: Tensor = delta_RC.sign() * delta_RC.abs().mean(1, keepdim=True)
    return signed


def bits(count: int) -> Delta:
    most = 2 ** (count - 1) - 1

    def rounded(delta_RC: Tensor) -> Tensor:
        scale_R1 = delta_RC.abs().amax(1, keepdim=True).clamp(min=1e-12) / most
        kept: Tensor = (delta_RC / scale_R1).round() * scale_R1
        return kept

    return rounded


FORMS: dict[str, tuple[float, Delta]] = {
    "sign": (1, sign),
    "3 bits": (3, bits(3)),
    "4 bits": (4, bits(4)),
    "6 bits": (6, bits(6)),
    "8 bits": (8, bits(8)),
}


def results(checkpoint: Checkpoint, model: Any, most: int) -> list[dict[str, Any]]:
    assert checkpoint.contract is not None
    loaded = Specialist(checkpoint, model, open_tokenizer(checkpoint.tokenizer_path))
    job = JOBS[checkpoint.contract.job]
    rows = read_job_rows(ROWS_FOLDER / f"{checkpoint.name}.jsonl").rows
    step = max(1, len(rows) // most)
    return [
        {key: carry_out(job, row.input, loaded.decide).get(key) for key in row.output}
        for row in rows[::step]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rows", type=int, default=150)
    options = parser.parse_args()
    for name in options.names or sorted(
        path.parent.name for path in WEIGHTS_FOLDER.glob("*/marks.json")
    ):
        checkpoint = open_checkpoint(WEIGHTS_FOLDER / name)
        recipe = checkpoint.recipe or {}
        if (
            checkpoint.contract is None
            or checkpoint.contract.job not in JOBS
            or "start" not in recipe
        ):
            continue
        start = load_model(open_checkpoint(WEIGHTS_FOLDER / recipe["start"]["name"])).state_dict()
        model = load_model(checkpoint)
        theirs = results(checkpoint, model, options.rows)
        state = model.state_dict()
        own = [key for key in state if key != "embedding.weight" and state[key].dim() == 2]
        count = sum(state[key].numel() for key in own)
        whole = sum(tensor.numel() for tensor in state.values())
        shipped = checkpoint.weights_path.stat().st_size
        print(
            f"{name} (from {recipe['start']['name']}): whole, int8 {mebibytes(whole)}; shipped "
            f"{mebibytes(shipped)}"
        )
        for form, (width, delta) in FORMS.items():
            made = copy.deepcopy(model)
            changed = dict(state)
            for key in own:
                if start[key].shape == state[key].shape:
                    changed[key] = start[key] + delta(state[key] - start[key])
            made.load_state_dict(changed)
            with torch.inference_mode():
                ours = results(checkpoint, made, options.rows)
            same = sum(a == b for a, b in zip(ours, theirs, strict=True))
            print(
                f"  {form:7} {mebibytes(int(count * width / 8)):>9}  the same results "
                f"{100 * same / len(ours):5.1f}% of {len(ours)}"
            )


if __name__ == "__main__":
    main()
