"""Carries out a relevance recipe: rows from pairs and text, training on a base, export."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from specialists.checkpoint import Checkpoint
from specialists.contract import Contract
from specialists.corpora.cloze import cloze_groups, split_sections
from specialists.corpora.forged_groups import forged_groups
from specialists.corpora.likeness import most_alike
from specialists.corpora.relevance import (
    QueryGroup,
    open_rows,
    read_pair_groups,
    write_rows,
)
from specialists.corpora.sources import PAIR_LICENCES, TEXT_LICENCES, list_sources
from specialists.corpora.text import data_folder
from specialists.corpora.tokens import sample_documents
from specialists.errors import CorpusError
from specialists.model.decoder import FinanceDecoder, draw_blocks
from specialists.prompts import resolve_labels
from specialists.specialist import load_model
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer
from specialists.training.base_run import Say, record_sources, trained_by
from specialists.training.batches import (
    PromptIds,
    RelevanceBatch,
    batches_side_by_side,
    prompt_ids,
)
from specialists.training.border import even_border, move_border
from specialists.training.coverage import Coverage, CoverageHead
from specialists.training.drawing import RelevanceSampler
from specialists.training.equalising import equalised
from specialists.training.growing import grown, keep_share
from specialists.training.loop import Progress, StepReport, train
from specialists.training.losses import DenseHead
from specialists.training.objective import RelevanceObjective, SideBySide, mean_figures
from specialists.training.optimizer import make_optimizer, ready_to_train
from specialists.training.recipes import (
    DistilledRecipe,
    Likeness,
    Phase,
    RelevanceRecipe,
    SharpenedRecipe,
)
from specialists.training.taught_vectors import mixed
from specialists.training.teacher import TeacherHead, record_of, require_encoder
from specialists.training.teaching_aids import TEACHER, TEACHER_OF_ALL, make_teaching_aids

MEASURED_STEPS = 6
HELD_OUT_TOKENS, TIMES = 500_000, 4
"""Of held-out rows on which the border of the verdict is found, and how often at most each of them
may be drawn."""
ROWS_SEED = 0
"""Of what is drawn into the rows; a recipe's own seed says in which order they are seen."""
EXAMPLES = 4_000
"""Groups of each pair file whose right passages say what text about science is like."""
SCIENCE_WORDS = (60, 220)
"""Of a passage: an abstract is longer than a paragraph."""
SOURCES = "data.json"


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
    drawn = [recipe.cloze_shares, recipe.forge_shares]
    if recipe.science is not None:
        drawn.append(recipe.science.shares)
    shares = {
        name: min(1.0, sum(each.get(name, 0.0) for each in drawn))
        for name in dict.fromkeys(name for each in drawn for name in each)
    }
    texts = {name: f"up to {share:.0%} of its documents" for name, share in shares.items()}
    return [
        *list_sources(data / "pairs", PAIR_LICENCES, pairs),
        *list_sources(data / "text", TEXT_LICENCES, texts),
    ]


def _groups(recipe: RelevanceRecipe, *, data: Path | None, say: Say) -> Iterator[QueryGroup]:
    pairs, text = data_folder(data, "pairs"), data_folder(data, "text")
    for name, most in recipe.pair_groups.items():
        yield from read_pair_groups(_pair_file(pairs, name), most=most, seed=ROWS_SEED)
    say("cutting queries out of text, with BM25 negatives")
    documents = sample_documents(text, recipe.cloze_shares, seed=ROWS_SEED + 1)
    sections = list(split_sections(documents))
    yield from cloze_groups(sections, count=recipe.cloze_groups, seed=ROWS_SEED + 1)
    if recipe.forge_groups:
        say("forging near-misses")
        documents = sample_documents(text, recipe.forge_shares, seed=ROWS_SEED + 2)
        sections = list(split_sections(documents))
        yield from forged_groups(sections, count=recipe.forge_groups, seed=ROWS_SEED + 2)
    if recipe.science is not None:
        yield from _science_groups(recipe.science, pairs, text, say=say)


def _science_groups(
    science: Likeness, pairs: Path, text: Path, *, say: Say
) -> Iterator[QueryGroup]:
    say("looking for text about science, and cutting queries out of it")
    examples = [
        passage
        for name in science.examples
        for group in read_pair_groups(_pair_file(pairs, name), most=EXAMPLES, seed=ROWS_SEED)
        for passage in group.positives
    ]
    documents = sample_documents(text, science.shares, seed=ROWS_SEED + 3)
    sections = list(split_sections(documents, words=SCIENCE_WORDS))
    chosen = most_alike(sections, examples, most=science.most, seed=ROWS_SEED + 3)
    yield from cloze_groups(chosen, count=science.most, seed=ROWS_SEED + 3, source="science")


def _pair_file(pairs: Path, name: str) -> Path:
    found = sorted(pairs.glob(f"{name}.jsonl*"))
    if not found:
        raise CorpusError(f"{pairs}: no {name}.jsonl or {name}.jsonl.xz")
    return found[0]


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
    if recipe.teacher_groups:
        require_encoder(run / TEACHER)  # before hours of training that come before it
    torch.set_num_threads(threads or torch.get_num_threads())
    return _train(recipe, run=run, base=base, steps=steps, on_progress=on_progress).model


def _train(
    recipe: RelevanceRecipe,
    *,
    run: Path,
    base: Checkpoint,
    steps: int | None,
    on_progress: Callable[[Progress], None],
) -> RelevanceObjective:
    model, before = _start(recipe, run=run, base=base, steps=steps, on_progress=on_progress)
    width = model.config.d_model
    tokenizer = open_tokenizer(base.tokenizer_path)
    contract = resolve_labels(recipe.contract, tokenizer)
    rows = open_rows(run / "rows")
    aids = make_teaching_aids(recipe, rows, base, run=run, steps=steps, on_progress=on_progress)
    teacher, coverage = aids.teacher, None
    if aids.matcher is not None:
        head = before.coverage.head if before and before.coverage else CoverageHead(width)
        coverage = Coverage(matcher=aids.matcher, head=head)
        if recipe.taught_share:
            vectors_VD = model.embedding.weight.data
            vectors_VD.copy_(mixed(vectors_VD, aids.matcher, recipe.taught_share))
    told = None
    if teacher is not None:
        told = (before and before.teacher) or TeacherHead(width)
    objective = RelevanceObjective(
        model=model,
        dense=before.dense if before else DenseHead(width),
        label_ids=torch.tensor(contract.label_ids),
        positive=contract.positive_index,
        match_layers=recipe.match_layers,
        coverage=coverage,
        teacher=told,
    )
    training, development = (
        RelevanceSampler(
            rows,
            prompt_ids(contract, tokenizer),
            weights=recipe.weights,
            seed=recipe.seed,
            development=held_out,
            negatives=recipe.negatives,
            teacher=None if held_out else teacher,
            thesaurus=None if held_out else aids.thesaurus,
            reworded_share=recipe.reworded_share,
        )
        for held_out in (False, True)
    )
    began_with = {name: value.clone() for name, value in model.state_dict().items()}
    side_by_side = SideBySide(torch.get_num_threads())
    last_step = steps or recipe.steps

    def batches_of(
        sampler: RelevanceSampler, step: int, phase: Phase
    ) -> list[list[RelevanceBatch]]:
        drawn = sampler.rows_of(
            step=step,
            token_budget=phase.token_budget,
            max_length=phase.max_length,
            cut_share=phase.cut_share if sampler is training else 0.0,
        )
        return batches_side_by_side(
            drawn, sampler.prompt, max_length=phase.max_length, cores=side_by_side.cores
        )

    def take_step(step: int) -> StepReport:
        phase = recipe.phase_at(step, steps=last_step)
        return side_by_side.descend(objective, batches_of(training, step, phase))

    @torch.no_grad()
    def measure() -> dict[str, float]:
        phase = recipe.phases[-1]
        shares = [s for n in range(MEASURED_STEPS) for s in batches_of(development, n, phase)]
        return mean_figures([objective.loss(share) for share in shares])

    modules = objective.modules()
    train(
        run / recipe.name,
        modules=modules,
        optimizer=make_optimizer(modules.values(), learning_rate=recipe.learning_rate),
        steps=last_step,
        take_step=take_step,
        measure=measure,
        measure_every=200,
        fall=recipe.fall,
        on_progress=on_progress,
    )
    keep_share(model, began_with, recipe.kept_share)
    return objective


def _start(
    recipe: RelevanceRecipe,
    *,
    run: Path,
    base: Checkpoint,
    steps: int | None,
    on_progress: Callable[[Progress], None],
) -> tuple[FinanceDecoder, RelevanceObjective | None]:
    """From the recipe it comes after, and what that one was asked; or from the base."""
    if recipe.after is None:
        model = load_model(base)
        if not recipe.base_blocks:
            draw_blocks(model, seed=recipe.seed)
        return ready_to_train(model), None
    before = _train(recipe.after, run=run, base=base, steps=steps, on_progress=on_progress)
    model = before.model
    if recipe.n_layer is not None:
        model = grown(model, recipe.n_layer, seed=recipe.seed)
    return ready_to_train(model), before


def export_relevance(
    recipe: RelevanceRecipe,
    model: FinanceDecoder,
    *,
    run: Path,
    base: Checkpoint,
    target: Path,
    then: Sequence[DistilledRecipe | SharpenedRecipe] = (),
) -> Checkpoint:
    """Writes the folder that ships: int8 rows, evened out for whole numbers, without what equals
    the base. The last of the stretches that came after the recipe, `then`, gives the name."""
    tokenizer = open_tokenizer(base.tokenizer_path)
    contract = resolve_labels(recipe.contract, tokenizer)
    prompt = prompt_ids(contract, tokenizer)
    prompts = _some_prompts(recipe, prompt, run=run)
    if then:
        even_out_errors(model, contract, _candidates_held_out(recipe, prompt, run=run))
    ended = then[-1] if then else recipe
    runs = [*stretches(recipe), *(stretch.name for stretch in then)]
    taught = run / (TEACHER_OF_ALL if then else TEACHER)
    told = bool(recipe.teacher_groups or then)
    return write_checkpoint(
        target,
        name=ended.name,
        task="relevance",
        config=model.config,
        tensors=equalised(model, prompts).state_dict(),
        storage="int8",
        contract=contract,
        tokenizer_path=None,
        base=base,
        recipe={
            **trained_by(
                *(run / name for name in runs),
                seed=ended.seed,
                sources=run / "rows" / SOURCES,
            ),
            **({"teacher": record_of(taught)} if told else {}),
        },
    )


@torch.no_grad()
def even_out_errors(
    model: FinanceDecoder, contract: Contract, batches: Sequence[RelevanceBatch]
) -> float:
    """Moves the border of the verdict to where both errors count the same on `batches`; by how
    much is returned. It stays where there are no rows of both kinds."""
    yes, no = (
        contract.label_ids[n] for n in (contract.positive_index, 1 - contract.positive_index)
    )
    relevant_N = torch.cat([torch.zeros(0, dtype=torch.bool), *(b.relevant_B for b in batches)])
    if relevant_N.all() or not relevant_N.any():
        return 0.0
    states = [
        model.hidden(batch.ids_BT)[torch.arange(len(batch.last_B)), batch.last_B]
        for batch in batches
    ]
    state_ND = torch.cat(states)
    logits_N2 = model.language_logits(state_ND, torch.tensor([yes, no]))
    by = -even_border(logits_N2[:, 0] - logits_N2[:, 1], relevant_N)
    move_border(model, state_ND, yes=yes, no=no, by=by)
    return by


def _some_prompts(recipe: RelevanceRecipe, prompt: PromptIds, *, run: Path) -> list[Tensor]:
    """Token ids [B, T] of what the recipe's first step reads at the length of its last."""
    last = recipe.phases[-1]
    drawn = RelevanceSampler(
        open_rows(run / "rows"), prompt, weights=recipe.weights, seed=recipe.seed
    ).rows_of(step=0, token_budget=last.token_budget, max_length=last.max_length)
    (share,) = batches_side_by_side(drawn, prompt, max_length=last.max_length, cores=1)
    return [batch.ids_BT for batch in share]


def _candidates_held_out(
    recipe: RelevanceRecipe, prompt: PromptIds, *, run: Path
) -> list[RelevanceBatch]:
    """What a filter is given: candidates of held-out queries, no source's more often than
    another's."""
    rows = open_rows(run / "rows")
    counts = np.bincount(rows.source[rows.development], minlength=len(rows.source_names))
    held_out = np.repeat(rows.development, np.diff(rows.group_start))
    present = int(np.diff(rows.text_start)[rows.candidate[held_out]].sum())
    length = recipe.phases[-1].max_length
    drawn = RelevanceSampler(
        rows,
        prompt,
        weights={n: 1 / max(1, c) for n, c in zip(rows.source_names, counts, strict=True)},
        seed=recipe.seed,
        development=True,
        from_anywhere=False,
    ).rows_of(step=0, token_budget=min(HELD_OUT_TOKENS, TIMES * present), max_length=length)
    (share,) = batches_side_by_side(drawn, prompt, max_length=length, cores=1)
    return share


def stretches(recipe: RelevanceRecipe) -> list[str]:
    """The names of the recipes that led to it, its own the last."""
    return [*(stretches(recipe.after) if recipe.after else []), recipe.name]
