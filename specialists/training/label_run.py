"""Trains a label recipe whose prompts stand alone: the cross-entropy of the label token.

For one label a row is little to learn from, a helper, dropped afterwards, foresees the label at
every position of the second half. What is here of prompts, batches and steps serves the routing
recipe as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from specialists.corpora.labels import LabelRow
from specialists.errors import CorpusError
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import Contract, build_prompt
from specialists.specialist import load_model
from specialists.training.batches import PAD
from specialists.training.labelling import LabelRun, parted
from specialists.training.loop import StepReport, descend
from specialists.training.optimizer import ready_to_train
from specialists.training.pools import draw_share
from specialists.training.precision import half_precision

FORESEEN_SHARE = 0.3
MEASURED_ROWS = 1_000
_MEASURED_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelledPrompt:
    """A whole prompt as token ids, and the number of what is to be said of it."""

    ids: Sequence[int]
    label: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelBatch:
    """Prompts padded on the right. B rows, T positions; the label follows `last_B`."""

    ids_BT: Tensor
    last_B: Tensor
    label_B: Tensor

    @property
    def tokens(self) -> int:
        """Without the padding."""
        return int(self.last_B.sum()) + len(self.last_B)


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelLoss:
    """`total` is what is minimised; for the log the label's part of it, and the share that is
    decided well."""

    total: Tensor
    label: Tensor
    accuracy: Tensor


def train_labels(run: LabelRun) -> FinanceDecoder:
    """The specialist, trained."""
    contract, tokenizer = run.reading()
    training, held_back = (
        label_prompts(rows, contract, tokenizer, longest=run.recipe.max_length)
        for rows in parted(run.rows())
    )
    model = ready_to_train(load_model(run.start))
    foresee = nn.Linear(model.config.d_model, len(contract.labels))
    label_ids = torch.tensor(contract.label_ids)

    def loss_of(batch: LabelBatch) -> LabelLoss:
        hidden_BTD, last_BD = read_prompts(model, batch)
        logits_BL = model.language_logits(last_BD, label_ids).float()
        label = cross_entropy(logits_BL, batch.label_B)
        foreseen = foresight_loss(foresee, hidden_BTD, batch.last_B, batch.label_B)
        return LabelLoss(
            total=label + FORESEEN_SHARE * foreseen,
            label=label.detach(),
            accuracy=(logits_BL.argmax(1) == batch.label_B).float().mean(),
        )

    train_on_prompts(
        run, training, held_back, loss_of, modules={"model": model, "foresee": foresee}
    )
    return model


def train_on_prompts(
    run: LabelRun,
    training: Sequence[LabelledPrompt],
    held_back: Sequence[LabelledPrompt],
    loss_of: Callable[[LabelBatch], LabelLoss],
    *,
    modules: Mapping[str, nn.Module],
    called: str = "label",
) -> None:
    """Trains the modules in place. The log has the loss of the label under the name `called`.
    Losses are computed in bfloat16 where torch deems that safe."""
    recipe = run.recipe

    def take_step(step: int) -> StepReport:
        batch = draw_batch(training, step=step, seed=recipe.seed, token_budget=recipe.token_budget)
        with half_precision("cpu"):
            loss = loss_of(batch)
        figures = {called: float(loss.label), "accuracy": float(loss.accuracy)}
        return descend(loss.total, figures=figures, tokens=batch.tokens)

    @torch.no_grad()
    def measure() -> dict[str, float]:
        kept = held_back[:MEASURED_ROWS]
        sums = np.zeros(2)
        for begin in range(0, len(kept), _MEASURED_AT_ONCE):
            part = kept[begin : begin + _MEASURED_AT_ONCE]
            with half_precision("cpu"):
                loss = loss_of(padded(part))
            sums += len(part) * np.array([float(loss.label), float(loss.accuracy)])
        label, accuracy = sums / max(1, len(kept))
        return {f"development_{called}": label, "development_accuracy": accuracy}

    run.train(modules, take_step=take_step, measure=measure)


def read_prompts(model: FinanceDecoder, batch: LabelBatch) -> tuple[Tensor, Tensor]:
    """The hidden states [B, T, D], and those [B, D] that the label follows."""
    hidden_BTD = model.hidden(batch.ids_BT)
    return hidden_BTD, hidden_BTD[torch.arange(len(batch.last_B)), batch.last_B]


def foresight_loss(
    foresee: nn.Linear, hidden_BTD: Tensor, last_B: Tensor, label_B: Tensor
) -> Tensor:
    """Cross-entropy of the label at every position of the second half of each prompt."""
    at_T = torch.arange(hidden_BTD.shape[1])
    late_BT = (at_T <= last_B[:, None]) & (at_T * 2 >= last_B[:, None])
    label_N = label_B[:, None].expand_as(late_BT)[late_BT]
    return cross_entropy(foresee(hidden_BTD[late_BT]).float(), label_N)


def label_prompts(
    rows: Sequence[LabelRow],
    contract: Contract,
    tokenizer: Tokenizer,
    *,
    longest: int,
    label_of: Callable[[LabelRow], int] | None = None,
) -> list[LabelledPrompt]:
    """The prompts of the rows, without those of more than `longest` tokens. Without `label_of` a
    label is the place of the row's own among the contract's outcomes. Raises `CorpusError` when
    none is left."""
    number = label_of or (lambda row: contract.outcomes.index(row.label))
    prompts = []
    for row in rows:
        ids = build_prompt(contract, tokenizer, row.query, row.text).all_ids
        if len(ids) <= longest:
            prompts.append(LabelledPrompt(ids=ids, label=number(row)))
    if not prompts:
        raise CorpusError(f"none of {len(rows)} rows fits into {longest} tokens")
    return prompts


def draw_batch(
    prompts: Sequence[LabelledPrompt], *, step: int, seed: int, token_budget: int
) -> LabelBatch:
    """The batch of `step`, which follows from (seed, step) alone."""
    return padded(
        draw_share(
            lambda choice: [prompts[int(choice.integers(len(prompts)))]],
            lambda prompt: len(prompt.ids),
            step=step,
            seed=seed,
            token_budget=token_budget,
        )
    )


def padded(prompts: Sequence[LabelledPrompt]) -> LabelBatch:
    """One batch of all prompts, in their order."""
    width = max(len(prompt.ids) for prompt in prompts)
    ids = np.full((len(prompts), width), PAD, dtype=np.int64)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt.ids)] = prompt.ids
    return LabelBatch(
        ids_BT=torch.from_numpy(ids),
        last_B=torch.tensor([len(prompt.ids) - 1 for prompt in prompts]),
        label_B=torch.tensor([prompt.label for prompt in prompts]),
    )
