"""Carries out the long stretch of q-rag: everything it draws from lies on the device that trains.

On a GPU the sentence encoder reads all texts anew in seconds; on a CPU it does so once, resumably,
and what it made of them is kept in the run's folder.
"""

import os
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer

from specialists.checkpoint import Checkpoint
from specialists.contract import Contract
from specialists.corpora.relevance import RelevanceRows, open_rows
from specialists.errors import RecipeError
from specialists.evaluation.peers import packaged_folder
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import resolve_labels
from specialists.tokenizer import open_tokenizer
from specialists.training.base_run import Say
from specialists.training.batches import PromptIds, prompt_ids
from specialists.training.device_drawing import DeviceSampler, Mixture
from specialists.training.distilling import Distilling, measure
from specialists.training.growing import grown
from specialists.training.loop import Progress, StepReport, train
from specialists.training.optimizer import make_optimizer
from specialists.training.recipes import DistilledRecipe
from specialists.training.relevance_run import export_relevance, train_relevance
from specialists.training.rivals import ask_sentences, find_rivals, pool_of
from specialists.training.sentence_encoder import Encoded, SentenceEncoder, encode_pieces
from specialists.training.teacher import (
    TeacherHead,
    encode_rows,
    open_teacher,
    require_encoder,
    write_record,
)
from specialists.training.teaching_aids import TEACHER_OF_ALL
from specialists.training.wordpieces import split_into_pieces

BATCH_TOKENS = {"cuda": 131_072, "cpu": 4_096}
"""Of one batch, with the padding: what the device reads best at once."""
USUAL_COSINE = 0.45
"""Of query and sentence: where the head begins, or its error would drown all else at first."""
MEASURED_TOKENS = 262_144
MEASURED_STEPS = 2
EVERY = 10**9
"""Of each source, all groups."""


def train_distilled(
    recipe: DistilledRecipe,
    *,
    run: Path,
    base: Checkpoint,
    device: str,
    steps: int | None = None,
    threads: int | None = None,
    say: Say = lambda sentence: None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> FinanceDecoder:
    """The specialist, on the CPU, after the recipes that come before it and `steps` of this one
    (the recipe's own where None), going on from the run's state. Raises `RecipeError` where the
    encoder is not installed or there is no such `device`."""
    chosen = open_device(device)
    require_encoder(run / TEACHER_OF_ALL)
    model = train_relevance(
        recipe.after, run=run, base=base, steps=steps, threads=threads, on_progress=on_progress
    )
    rows = open_rows(run / "rows")
    encoded = encode_texts(rows, base, run=run, device=chosen, say=say)
    return distil(
        recipe,
        model,
        rows,
        encoded,
        open_tokenizer(base.tokenizer_path),
        folder=run / recipe.name,
        steps=steps,
        on_progress=on_progress,
    )


def export_distilled(
    recipe: DistilledRecipe, model: FinanceDecoder, *, run: Path, base: Checkpoint, target: Path
) -> Checkpoint:
    """Writes the folder that ships; see `export_relevance`."""
    return export_relevance(recipe.after, model, run=run, base=base, target=target, then=(recipe,))


def open_device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise RecipeError("this machine has no GPU that torch can use; leave --device out")
    return torch.device(name)


def encode_texts(
    rows: RelevanceRows, base: Checkpoint, *, run: Path, device: torch.device, say: Say
) -> Encoded:
    """What the encoder makes of the texts."""
    folder = packaged_folder()
    if device.type == "cuda" and folder is not None:
        say("the sentence encoder reads all texts")
        pieces = split_into_pieces(
            rows, base.tokenizer_path, folder / "tokenizer.json", processes=os.cpu_count() or 1
        )
        encoded = encode_pieces(pieces, SentenceEncoder(folder, device=device))
        write_record(
            run / TEACHER_OF_ALL, texts=len(encoded.whole_NM), sentences=len(encoded.sentence_SM)
        )
        return encoded
    encode_rows(
        rows,
        open_tokenizer(base.tokenizer_path),
        run / TEACHER_OF_ALL,
        groups=dict.fromkeys(rows.source_names, EVERY),
        seed=0,
        threads=torch.get_num_threads(),
        on_progress=lambda done, total, tokens: say(
            f"the encoder read {done:,} of {total:,} texts"
        ),
    )
    return Encoded.of_teacher(
        open_teacher(run / TEACHER_OF_ALL), texts=len(rows.text_start) - 1, device=device
    )


def distil(
    recipe: DistilledRecipe,
    model: FinanceDecoder,
    rows: RelevanceRows,
    encoded: Encoded,
    tokenizer: Tokenizer,
    *,
    folder: Path,
    steps: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> FinanceDecoder:
    """`model`, grown to the recipe's shape and trained on the device of `encoded`; back on the
    CPU."""
    device = encoded.place_N.device
    contract = resolve_labels(recipe.contract, tokenizer)
    objective = make_objective(recipe, model, contract, device=device)
    training, held_out = samplers(recipe, rows, encoded, prompt_ids(contract, tokenizer))
    most_tokens = BATCH_TOKENS[device.type]

    def take_step(step: int) -> StepReport:
        batches = training.batches(
            step=step, token_budget=recipe.token_budget, most_tokens=most_tokens
        )
        return objective.descend(batches, step=step)

    def measured() -> dict[str, float]:
        if held_out is None:
            return {}
        batches = [
            batch
            for step in range(MEASURED_STEPS)
            for batch in held_out.batches(
                step=step,
                token_budget=min(MEASURED_TOKENS, 4 * recipe.token_budget),
                most_tokens=most_tokens,
            )
        ]
        return dict(measure(objective, batches))

    modules = objective.modules()
    train(
        folder,
        modules=modules,
        optimizer=make_optimizer(modules.values(), learning_rate=recipe.learning_rate),
        steps=steps or recipe.steps,
        take_step=take_step,
        measure=measured,
        measure_every=recipe.measure_every,
        fall=recipe.fall,
        on_progress=on_progress,
    )
    return objective.model.to("cpu")


def make_objective(
    recipe: DistilledRecipe, model: FinanceDecoder, contract: Contract, *, device: torch.device
) -> Distilling:
    larger = grown(model, recipe.n_layer, d_ff=recipe.d_ff, seed=recipe.seed)
    larger.train().requires_grad_(True).to(device)
    if device.type == "cuda":
        for block in larger.blocks:
            block.compile(dynamic=True)
    head = TeacherHead(larger.config.d_model)
    torch.nn.init.constant_(head.top.bias, USUAL_COSINE)
    return Distilling(
        model=larger,
        head=head.to(device),
        label_ids=torch.tensor(contract.label_ids, device=device),
        positive=contract.positive_index,
    )


def samplers(
    recipe: DistilledRecipe, rows: RelevanceRows, encoded: Encoded, prompt: PromptIds
) -> tuple[DeviceSampler, DeviceSampler | None]:
    """For training, and for what is held out, where something is: labelled rows alone, none of them
    made long."""
    pool_P = pool_of(rows, encoded)
    rivals_GK = find_rivals(rows, encoded, pool_P)
    mixture = Mixture(
        weights=recipe.weights,
        unlabelled_share=recipe.unlabelled_share,
        joined_share=recipe.joined_share,
        soft_share=recipe.soft_share,
        max_length=recipe.max_length,
    )
    training = DeviceSampler(
        rows,
        prompt,
        encoded,
        mixture,
        rivals_GK=rivals_GK,
        sentences=ask_sentences(rows, encoded, pool_P, most=recipe.sentences, seed=recipe.seed),
        seed=recipe.seed,
    )
    training.fit_worth()
    if not rows.development.any():
        return training, None
    held_out = DeviceSampler(
        rows,
        prompt,
        encoded,
        Mixture(
            weights=recipe.weights,
            unlabelled_share=0.0,
            joined_share=0.0,
            soft_share=0.0,
            max_length=recipe.max_length,
        ),
        rivals_GK=rivals_GK,
        sentences=None,
        seed=recipe.seed,
        development=True,
    )
    return training, held_out
