"""Carries out the last stretch of q-rag: looks for neighbours, trains, exports."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from specialists.checkpoint import Checkpoint
from specialists.corpora.relevance import RelevanceRows, open_rows
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import resolve_labels
from specialists.tokenizer import open_tokenizer
from specialists.training.base_run import Say
from specialists.training.batches import RelevanceBatch, batches_side_by_side, prompt_ids
from specialists.training.distilled_run import train_distilled
from specialists.training.distilling import area
from specialists.training.loop import STATE_FILE, Progress, StepReport, train
from specialists.training.neighbours import find_neighbours
from specialists.training.objective import SideBySide
from specialists.training.optimizer import make_optimizer, ready_to_train
from specialists.training.other_questions import OtherQuestions
from specialists.training.recipes import SharpenedRecipe
from specialists.training.relevance_run import export_relevance
from specialists.training.sharpening import NeighbourSampler, Sharpening, even_verdict_loss

NEIGHBOURS = "neighbours.npy"
"""In the run's folder; `tests.bench.held_back` asks about them too."""
MEASURED = 10
"""So many steps' tokens."""
WEIGHT_DECAY = 0.01


def train_sharpened(
    recipe: SharpenedRecipe,
    *,
    run: Path,
    base: Checkpoint,
    device: str,
    steps: int | None = None,
    threads: int | None = None,
    say: Say = lambda sentence: None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> FinanceDecoder:
    """The specialist after the recipes that come before it, the one before on `device`, and `steps`
    of this one (the recipe's own where None), going on from the run's state. Raises `RecipeError`
    as they do."""
    model = train_distilled(
        recipe.after,
        run=run,
        base=base,
        device=device,
        steps=steps,
        threads=threads,
        say=say,
        on_progress=on_progress,
    )
    rows = open_rows(run / "rows")
    say("looking for the passages nearest to each query")
    return sharpen(
        recipe,
        model,
        rows,
        _neighbours(recipe, model, rows, run / NEIGHBOURS),
        open_tokenizer(base.tokenizer_path),
        folder=run / recipe.name,
        steps=steps,
        on_progress=on_progress,
    )


def export_sharpened(
    recipe: SharpenedRecipe, model: FinanceDecoder, *, run: Path, base: Checkpoint, target: Path
) -> Checkpoint:
    """Writes the folder that ships; see `export_relevance`."""
    return export_relevance(
        recipe.after.after, model, run=run, base=base, target=target, then=(recipe.after, recipe)
    )


def _neighbours(
    recipe: SharpenedRecipe, model: FinanceDecoder, rows: RelevanceRows, path: Path
) -> npt.NDArray[np.int64]:
    """As an earlier try found them, where they are of these rows."""
    if path.is_file():
        found: npt.NDArray[np.int64] = np.load(path)
        if len(found) == len(rows.query):
            return found
    found = find_neighbours(
        rows,
        model.embedding.weight.detach(),
        groups=recipe.groups,
        more_groups=recipe.more_groups,
        seed=recipe.seed,
    )
    partial = path.with_suffix(".partial.npy")
    np.save(partial, found)
    partial.replace(path)
    return found


def sharpen(
    recipe: SharpenedRecipe,
    model: FinanceDecoder,
    rows: RelevanceRows,
    neighbours_GK: npt.NDArray[np.int64],
    tokenizer: Tokenizer,
    *,
    folder: Path,
    steps: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> FinanceDecoder:
    """`model`, trained in place; its weights at each end stand in `folder`, as does the state."""
    contract = resolve_labels(recipe.after.contract, tokenizer)
    prompt = prompt_ids(contract, tokenizer)
    objective = Sharpening(
        model=ready_to_train(model),
        label_ids=torch.tensor(contract.label_ids),
        positive=contract.positive_index,
    )
    others = OtherQuestions(rows, tokenizer, asked_by_people=recipe.asked_by_people)
    training, held_out = (
        NeighbourSampler(
            rows,
            prompt,
            neighbours_GK,
            weights=recipe.weights,
            sure=recipe.sure,
            max_length=recipe.max_length,
            seed=recipe.seed,
            development=development,
            company_share=recipe.company_share,
            turned_share=recipe.turned_share,
            others=others,
        )
        for development in (False, True)
    )
    side_by_side = SideBySide(torch.get_num_threads())

    def batches(sampler: NeighbourSampler, step: int, budget: int) -> list[list[RelevanceBatch]]:
        drawn = sampler.rows_of(step=step, token_budget=budget)
        return batches_side_by_side(
            drawn, prompt, max_length=recipe.max_length, cores=side_by_side.cores
        )

    def take_step(step: int) -> StepReport:
        return side_by_side.descend(objective, batches(training, step, recipe.token_budget))

    @torch.no_grad()
    def measure() -> dict[str, float]:
        if not len(held_out):
            return {}
        seen = [b for share in batches(held_out, 0, MEASURED * recipe.token_budget) for b in share]
        margin_B = objective.margins(seen)
        relevant_B = torch.cat([batch.relevant_B for batch in seen])
        group_B = torch.cat([batch.group_B for batch in seen])
        return {
            "held_out_verdict": float(even_verdict_loss(margin_B, relevant_B, group_B)),
            "held_out_auroc": area(margin_B, relevant_B),
        }

    modules = objective.modules()
    ends = (steps,) if steps else recipe.ends
    if not (folder / STATE_FILE).is_file():  # begun anew
        for path in folder.glob(_weights_at(folder, "*").name):
            path.unlink()
    for since, end in pairwise((0, *ends)):
        if _weights_at(folder, end).is_file():
            continue
        train(
            folder,
            modules=modules,
            optimizer=make_optimizer(
                modules.values(), learning_rate=recipe.learning_rate, weight_decay=WEIGHT_DECAY
            ),
            steps=end,
            since=since,
            take_step=take_step,
            measure=measure,
            measure_every=recipe.measure_every,
            rise=recipe.rise,
            fall=recipe.fall,
            on_progress=on_progress,
        )
        partial = _weights_at(folder, end).with_suffix(".partial")
        save_file(model.state_dict(), partial)
        partial.replace(_weights_at(folder, end))
    model.load_state_dict(_mean([load_file(_weights_at(folder, end)) for end in ends]))
    return model


def _weights_at(folder: Path, step: int | str) -> Path:
    return folder / f"weights-{step}.safetensors"


def _mean(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
