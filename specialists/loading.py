"""Loads a checkpoint the way it is best served here: as tuned, and in cheaper arithmetic only where
its verdicts agree with float32.

It stands above `specialist` because what was measured is looked up here and nowhere below.
"""

from pathlib import Path

from specialists.agreement import MOST_FLIPS, find_agreement, ship_agreement
from specialists.errors import CheckpointError
from specialists.model.arithmetic import Arithmetic, arithmetics_here
from specialists.specialist import BATCH_TOKENS, Specialist, load_specialist
from specialists.tuning import read_tuning

ROUTING = "routing"


def load_to_ship(folder: Path) -> Specialist:
    """As a worker will load it, after measuring again how far whole numbers agree, whether or not
    this processor is fast with them: others are. What was found is kept in the checkpoint's folder,
    to travel with it. Raises `CheckpointError`."""
    exact = load_specialist(folder)
    if exact.checkpoint.contract is not None and exact.checkpoint.task != ROUTING:
        ship_agreement(exact, "int8")
    return load_for_worker(folder, None, folder)


def load_for_worker(folder: Path, arithmetic: Arithmetic | None, measured: Path) -> Specialist:
    """`arithmetic` None takes the one it was tuned to, else what this processor does fast, else
    float32 where that one turns verdicts. `measured` is the folder that keeps what was found.

    Raises `CheckpointError` for a folder that is not whole, and for an `arithmetic` that was asked
    for and turns verdicts.
    """
    exact = load_specialist(folder)
    tuning = read_tuning(measured, exact.checkpoint.sha256)
    wanted = arithmetic or (tuning.arithmetic if tuning else arithmetics_here()[-1])
    if exact.checkpoint.task == ROUTING or exact.checkpoint.contract is None:
        wanted = "float32"  # what a router reads and what is generated is never rounded
    border = 0.0
    if wanted != "float32":
        agreement = find_agreement(exact, wanted, measured)
        if not agreement.holds and arithmetic is not None:
            raise CheckpointError(
                f"{exact.checkpoint.name}: {wanted} turns {agreement.flips} of {agreement.pairs} "
                f"verdicts, and {MOST_FLIPS:.1%} may turn; set dtype: float32 in the registry"
            )
        if agreement.holds:
            border = agreement.border
        else:
            wanted = "float32"
    return Specialist(
        exact.checkpoint,
        exact.model,
        exact.tokenizer,
        arithmetic=wanted,
        border=border,
        batch_tokens=tuning.batch_tokens if tuning else BATCH_TOKENS,
        threads=tuning.threads if tuning else 1,
    )
