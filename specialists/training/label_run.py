"""Carries out a label recipe: rows from its generator, training from a sibling's weights, export.

The loss is the cross-entropy of the label token, and a helper's: a small head, dropped afterwards,
foresees the label at every position of the second half, for one label a row is little to learn
from.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from specialists.checkpoint import Checkpoint
from specialists.corpora.labels import LabelRow, read_label_rows, write_label_rows
from specialists.corpora.sources import list_counted
from specialists.errors import CorpusError
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import Contract, build_prompt, resolve_labels
from specialists.specialist import load_model
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer
from specialists.training.base_run import Say, record_sources, trained_by
from specialists.training.batches import PAD
from specialists.training.loop import Progress, StepReport, train
from specialists.training.optimizer import make_optimizer
from specialists.training.recipes import LabelRecipe

FORESEEN_SHARE = 0.3
POOL = 8
MEASURED_ROWS = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelledPrompt:
    """A whole prompt as token ids; `label` indexes the contract's labels."""

    ids: Sequence[int]
    label: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelBatch:
    """Prompts padded on the right. B rows, T positions; the label follows `last_B`."""

    ids_BT: Tensor
    last_B: Tensor
    label_B: Tensor


def prepare_label_rows(recipe: LabelRecipe, *, data: Path | None, run: Path, say: Say) -> Path:
    """The rows of the recipe as JSON lines, with the list of their sources beside them."""
    folder = run / recipe.name
    target = folder / "rows.jsonl"
    if not (folder / "data.json").is_file():
        if data is None:
            raise CorpusError("training data is needed here: name its folder with --data")
        rows = recipe.make_rows(data, seed=recipe.seed, most=recipe.rows)
        write_label_rows(
            rows,
            target,
            outcomes=recipe.contract.outcomes,
            on_progress=lambda made: say(f"making rows: {made:,}"),
        )
        counted = Counter(row.source for row in read_label_rows(target))
        record_sources(folder / "data.json", list_counted(data, counted))
    return target


def train_labels(
    recipe: LabelRecipe,
    *,
    run: Path,
    start: Checkpoint,
    steps: int | None = None,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> FinanceDecoder:
    """The specialist after `steps` (the recipe's own where None), going on from the run's state."""
    tokenizer = open_tokenizer(start.tokenizer_path)
    contract = resolve_labels(recipe.contract, tokenizer)
    rows = read_label_rows(run / recipe.name / "rows.jsonl")
    training, held_back = (
        label_prompts(
            [row for row in rows if row.held_back is held],
            contract,
            tokenizer,
            longest=recipe.max_length,
        )
        for held in (False, True)
    )
    model = load_model(start).train()
    model.requires_grad_(True)
    model.embedding.requires_grad_(False)
    foresee = nn.Linear(model.config.d_model, len(contract.labels))
    label_ids = torch.tensor(contract.label_ids)

    def loss_of(batch: LabelBatch) -> tuple[Tensor, Tensor, Tensor]:
        """What is minimised, and for the log the label's part of it and the share decided well."""
        with torch.autocast("cpu", torch.bfloat16):
            hidden_BTD = model.hidden(batch.ids_BT)
            last_BD = hidden_BTD[torch.arange(len(batch.last_B)), batch.last_B]
            logits_BL = model.language_logits(last_BD, label_ids).float()
            at_T = torch.arange(batch.ids_BT.shape[1])
            late_BT = (at_T <= batch.last_B[:, None]) & (at_T * 2 >= batch.last_B[:, None])
            foreseen_NL = foresee(hidden_BTD[late_BT]).float()
        label = cross_entropy(logits_BL, batch.label_B)
        label_N = batch.label_B[:, None].expand_as(late_BT)[late_BT]
        right = (logits_BL.argmax(1) == batch.label_B).float().mean()
        return (
            label + FORESEEN_SHARE * cross_entropy(foreseen_NL, label_N),
            label.detach(),
            right,
        )

    def take_step(step: int) -> StepReport:
        batch = draw_batch(training, step=step, seed=recipe.seed, token_budget=recipe.token_budget)
        loss, label, right = loss_of(batch)
        return StepReport(
            loss=loss,
            figures={"label": float(label), "accuracy": float(right)},
            tokens=int(batch.last_B.sum()) + len(batch.last_B),
        )

    @torch.no_grad()
    def measure() -> dict[str, float]:
        kept = held_back[:MEASURED_ROWS]
        sums = np.zeros(2)
        for begin in range(0, len(kept), 50):
            part = kept[begin : begin + 50]
            _, label, right = loss_of(_padded(part))
            sums += len(part) * np.array([float(label), float(right)])
        label_loss, accuracy = sums / max(1, len(kept))
        return {"development_label": label_loss, "development_accuracy": accuracy}

    train(
        run / recipe.name,
        modules={"model": model, "foresee": foresee},
        optimizer=make_optimizer([model, foresee], learning_rate=recipe.learning_rate),
        steps=steps or recipe.steps,
        threads=threads,
        take_step=take_step,
        measure=measure,
        measure_every=80,
        on_progress=on_progress,
    )
    return model


def label_prompts(
    rows: Sequence[LabelRow], contract: Contract, tokenizer: Tokenizer, *, longest: int
) -> list[LabelledPrompt]:
    """The prompts of the rows, without those of more than `longest` tokens. Raises `CorpusError`
    when none is left."""
    prompts = []
    for row in rows:
        prompt = build_prompt(contract, tokenizer, row.query, row.text)
        if len(prompt.all_ids) <= longest:
            label = contract.outcomes.index(row.label)
            prompts.append(LabelledPrompt(ids=prompt.all_ids, label=label))
    if not prompts:
        raise CorpusError(f"none of {len(rows)} rows fits into {longest} tokens")
    return prompts


def draw_batch(
    prompts: Sequence[LabelledPrompt], *, step: int, seed: int, token_budget: int
) -> LabelBatch:
    """The batch of `step`, which follows from (seed, step) alone. Rows are drawn for `POOL` steps
    at once and shared out by length, so that little of a batch is padding."""
    choice = np.random.default_rng((seed, step // POOL))
    pool: list[tuple[int, int]] = []
    total = 0
    while total < POOL * token_budget:
        at = int(choice.integers(len(prompts)))
        pool.append((len(prompts[at].ids), at))
        total += len(prompts[at].ids)
    pool.sort(key=itemgetter(0))
    place = int(choice.permutation(POOL)[step % POOL])
    # Shares of equal tokens: the cut follows the running sum of lengths.
    ends = np.cumsum([length for length, _ in pool]) * POOL // total
    return _padded(
        [prompts[at] for (_, at), share in zip(pool, ends, strict=True) if share == place]
    )


def _padded(prompts: Sequence[LabelledPrompt]) -> LabelBatch:
    width = max(len(prompt.ids) for prompt in prompts)
    ids = np.full((len(prompts), width), PAD, dtype=np.int64)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt.ids)] = prompt.ids
    return LabelBatch(
        ids_BT=torch.from_numpy(ids),
        last_B=torch.tensor([len(prompt.ids) - 1 for prompt in prompts]),
        label_B=torch.tensor([prompt.label for prompt in prompts]),
    )


def export_labels(
    recipe: LabelRecipe,
    model: FinanceDecoder,
    *,
    run: Path,
    base: Checkpoint,
    start: Checkpoint,
    target: Path,
) -> Checkpoint:
    """Writes the folder that ships: int8 rows, without what equals the base."""
    record = trained_by(
        run / recipe.name, seed=recipe.seed, sources=run / recipe.name / "data.json"
    )
    return write_checkpoint(
        target,
        name=recipe.name,
        task=recipe.task,
        config=model.config,
        tensors=model.state_dict(),
        storage="int8",
        contract=resolve_labels(recipe.contract, open_tokenizer(base.tokenizer_path)),
        tokenizer_path=None,
        base=base,
        recipe={**record, "start": {"name": start.name, "sha256": start.sha256}},
    )
