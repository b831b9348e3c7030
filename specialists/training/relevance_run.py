"""Carries out a relevance recipe: rows from pairs and text, training on a base, export."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn

from specialists.checkpoint import Checkpoint
from specialists.corpora.cloze import cloze_groups, split_sections
from specialists.corpora.forged_groups import forged_groups
from specialists.corpora.relevance import (
    QueryGroup,
    RelevanceRows,
    open_rows,
    read_pair_groups,
    write_rows,
)
from specialists.corpora.sources import PAIR_LICENCES, TEXT_LICENCES, list_sources
from specialists.corpora.text import data_folder
from specialists.corpora.tokens import sample_documents
from specialists.errors import CorpusError
from specialists.model.decoder import FinanceDecoder, draw_blocks
from specialists.prompts import Contract, resolve_labels
from specialists.specialist import load_model
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer
from specialists.training.base_run import Say, record_sources, trained_by
from specialists.training.batches import RelevanceBatch, prompt_ids
from specialists.training.coverage import Coverage, CoverageHead, Matcher
from specialists.training.drawing import RelevanceSampler
from specialists.training.growing import grown
from specialists.training.loop import Progress, StepReport, train
from specialists.training.losses import DenseHead, RelevanceLoss, mean_figures, relevance_loss
from specialists.training.matcher import keep_matcher, read_matcher, train_matcher
from specialists.training.optimizer import make_optimizer, ready_to_train
from specialists.training.recipes import RelevanceRecipe

MEASURED_BATCHES = 12
ROWS_SEED = 0
"""Of what is drawn into the rows; a recipe's own seed says in which order they are seen."""
SOURCES = "data.json"
MATCHER = "matcher.safetensors"
MATCHER_TOLD = 20
"""Steps between two words on the matcher's training."""


def prepare_rows(
    recipe: RelevanceRecipe, *, data: Path | None, run: Path, tokenizer_path: Path, say: Say
) -> Path:
    target = run / "rows"
    if not (target / "sources.json").is_file():
        write_rows(
            _groups(recipe, data=data, say=say),
            open_tokenizer(tokenizer_path),
            target,
            on_progress=lambda groups: say(f"making rows: {groups:,} queries"),
        )
        record_sources(target / SOURCES, _sources(recipe, data_folder(data, "pairs").parent))
    return target


def _sources(recipe: RelevanceRecipe, data: Path) -> list[dict[str, str]]:
    pairs = {name: f"up to {most} queries" for name, most in recipe.pair_groups.items()}
    shares = {
        name: max(shares.get(name, 0.0) for shares in (recipe.cloze_shares, recipe.forge_shares))
        for name in {**recipe.cloze_shares, **recipe.forge_shares}
    }
    texts = {name: f"{share:.0%} of its documents" for name, share in shares.items()}
    return [
        *list_sources(data / "pairs", PAIR_LICENCES, pairs),
        *list_sources(data / "text", TEXT_LICENCES, texts),
    ]


def _groups(recipe: RelevanceRecipe, *, data: Path | None, say: Say) -> Iterator[QueryGroup]:
    pairs, text = data_folder(data, "pairs"), data_folder(data, "text")
    for name, most in recipe.pair_groups.items():
        found = sorted(pairs.glob(f"{name}.jsonl*"))
        if not found:
            raise CorpusError(f"{pairs}: no {name}.jsonl or {name}.jsonl.xz")
        yield from read_pair_groups(found[0], most=most, seed=ROWS_SEED)
    say("cutting queries out of text, with BM25 negatives")
    documents = sample_documents(text, recipe.cloze_shares, seed=ROWS_SEED + 1)
    sections = list(split_sections(documents))
    yield from cloze_groups(sections, count=recipe.cloze_groups, seed=ROWS_SEED + 1)
    if recipe.forge_groups:
        say("forging near-misses")
        documents = sample_documents(text, recipe.forge_shares, seed=ROWS_SEED + 2)
        sections = list(split_sections(documents))
        yield from forged_groups(sections, count=recipe.forge_groups, seed=ROWS_SEED + 2)


def train_relevance(
    recipe: RelevanceRecipe,
    *,
    run: Path,
    base: Checkpoint,
    steps: int | None = None,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> FinanceDecoder:
    """The specialist after `steps` (the recipe's own where None, and so for the recipe it comes
    after), going on from the run's state."""
    model, _ = _train(
        recipe, run=run, base=base, steps=steps, threads=threads, on_progress=on_progress
    )
    return model


def _train(
    recipe: RelevanceRecipe,
    *,
    run: Path,
    base: Checkpoint,
    steps: int | None,
    threads: int | None,
    on_progress: Callable[[Progress], None],
) -> tuple[FinanceDecoder, DenseHead]:
    if recipe.after is None:
        model = load_model(base)
        if not recipe.base_blocks:
            draw_blocks(model, seed=recipe.seed)
        dense = DenseHead(model.config.d_model)
    else:
        model, dense = _train(
            recipe.after, run=run, base=base, steps=steps, threads=threads, on_progress=on_progress
        )
    if recipe.n_layer is not None:
        model = grown(model, recipe.n_layer, seed=recipe.seed)
    ready_to_train(model)
    modules: dict[str, nn.Module] = {"model": model, "dense": dense}
    coverage = None
    if recipe.matcher_steps:
        head = CoverageHead(model.config.d_model)
        modules["coverage"] = head
        matcher = _matcher(recipe, run=run, base=base, steps=steps, on_progress=on_progress)
        coverage = Coverage(matcher=matcher, head=head)
    tokenizer = open_tokenizer(base.tokenizer_path)
    contract = resolve_labels(recipe.contract, tokenizer)
    rows = open_rows(run / "rows")
    sampler, development = _samplers(recipe, rows, contract, tokenizer)
    last_step = steps or recipe.steps
    label_ids = torch.tensor(contract.label_ids)

    def loss_of(batch: RelevanceBatch) -> RelevanceLoss:
        with torch.autocast("cpu", torch.bfloat16):
            return relevance_loss(
                model,
                dense,
                batch,
                label_ids,
                contract.positive_index,
                match_layers=recipe.match_layers,
                coverage=coverage,
            )

    def take_step(step: int) -> StepReport:
        phase = recipe.phase_at(step, steps=last_step)
        batch = sampler.draw(
            step=step,
            token_budget=phase.token_budget,
            max_length=phase.max_length,
            cut_share=phase.cut_share,
        )
        loss = loss_of(batch)
        return StepReport(loss=loss.total, figures=loss.figures(), tokens=batch.tokens)

    @torch.no_grad()
    def measure() -> dict[str, float]:
        last = recipe.phases[-1]
        batches = (
            development.draw(step=step, token_budget=last.token_budget, max_length=last.max_length)
            for step in range(MEASURED_BATCHES)
        )
        return mean_figures([loss_of(batch) for batch in batches])

    train(
        run / recipe.name,
        modules=modules,
        optimizer=make_optimizer(modules.values(), learning_rate=recipe.learning_rate),
        steps=last_step,
        threads=threads,
        take_step=take_step,
        measure=measure,
        measure_every=200,
        fall=recipe.fall,
        on_progress=on_progress,
    )
    return model, dense


def _matcher(
    recipe: RelevanceRecipe,
    *,
    run: Path,
    base: Checkpoint,
    steps: int | None,
    on_progress: Callable[[Progress], None],
) -> Matcher:
    """That of the run, trained where it is not there yet."""
    path = run / recipe.name / MATCHER
    steps = min(recipe.matcher_steps, steps or recipe.matcher_steps)
    began, read = time.monotonic(), 0

    def tell(step: int, tokens: int, loss: float) -> None:
        nonlocal read
        read += tokens
        seconds = time.monotonic() - began
        if step % MATCHER_TOLD == 0:
            on_progress(
                Progress(
                    step=step,
                    steps=steps,
                    tokens=read,
                    tokens_per_s=read / seconds,
                    seconds=seconds,
                    figures={"matcher": loss},
                )
            )

    if not path.is_file():
        matcher = train_matcher(
            open_rows(run / "rows"),
            load_model(base).embedding.weight.detach(),
            weights=recipe.matcher_weights,
            steps=steps,
            seed=recipe.seed,
            on_progress=tell,
        )
        keep_matcher(matcher, path)
    return read_matcher(path)


def _samplers(
    recipe: RelevanceRecipe, rows: RelevanceRows, contract: Contract, tokenizer: Tokenizer
) -> tuple[RelevanceSampler, RelevanceSampler]:
    prompt = prompt_ids(contract, tokenizer)
    training, development = (
        RelevanceSampler(
            rows,
            prompt,
            weights=recipe.weights,
            seed=recipe.seed,
            development=held_out,
            negatives=recipe.negatives,
        )
        for held_out in (False, True)
    )
    return training, development


def export_relevance(
    recipe: RelevanceRecipe, model: FinanceDecoder, *, run: Path, base: Checkpoint, target: Path
) -> Checkpoint:
    """Writes the folder that ships: int8 rows, without what equals the base."""
    return write_checkpoint(
        target,
        name=recipe.name,
        task="relevance",
        config=model.config,
        tensors=model.state_dict(),
        storage="int8",
        contract=resolve_labels(recipe.contract, open_tokenizer(base.tokenizer_path)),
        tokenizer_path=None,
        base=base,
        recipe=trained_by(
            *(run / name for name in _stretches(recipe)),
            seed=recipe.seed,
            sources=run / "rows" / SOURCES,
        ),
    )


def _stretches(recipe: RelevanceRecipe) -> list[str]:
    """The names of the recipes that led to it, its own the last."""
    return [*(_stretches(recipe.after) if recipe.after else []), recipe.name]
