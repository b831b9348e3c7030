"""What a relevance training is taught with, made before it and kept in the run's folder: the texts
as the encoder sees them (`teacher.py`), a matcher, learned from pairs (`matcher.py`) or taught by
the encoder (`taught_vectors.py`), and which words it finds near (`rewording.py`). What lies there
is not made again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from specialists.checkpoint import Checkpoint
from specialists.corpora.relevance import RelevanceRows
from specialists.errors import RecipeError
from specialists.specialist import load_model
from specialists.tokenizer import open_tokenizer
from specialists.training.coverage import Matcher
from specialists.training.loop import Progress
from specialists.training.matcher import keep_matcher, read_matcher, train_matcher
from specialists.training.recipes import RelevanceRecipe
from specialists.training.rewording import Thesaurus, make_thesaurus
from specialists.training.taught_vectors import train_vectors
from specialists.training.teacher import Teacher, encode_rows, open_teacher

MATCHER, VECTORS = "matcher.safetensors", "vectors.safetensors"
TEACHER, TEACHER_OF_ALL = "teacher", "teacher-of-all"
"""Folders of what was encoded: the texts of some groups, and those of all."""
TEACHER_SEED = 2
"""Of which groups are encoded: all recipes of a run share them."""
TOLD = 20
"""Steps between two words on what is trained."""

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class TeachingAids:
    """None for what the recipe does without."""

    teacher: Teacher | None = None
    matcher: Matcher | None = None
    thesaurus: Thesaurus | None = None


def make_teaching_aids(
    recipe: RelevanceRecipe,
    rows: RelevanceRows,
    base: Checkpoint,
    *,
    run: Path,
    steps: int | None,
    on_progress: OnProgress,
) -> TeachingAids:
    """Those of the run, made where they are not there yet; of `steps` none trains longer. Raises
    `RecipeError` where the encoder is not installed, or has nothing to teach vectors with."""
    tokenizer = open_tokenizer(base.tokenizer_path)
    teacher = matcher = thesaurus = None
    if recipe.teacher_groups:
        _encode(recipe, rows, tokenizer, folder=run / TEACHER, on_progress=on_progress)
        teacher = open_teacher(run / TEACHER)
    if recipe.vector_steps or recipe.matcher_steps:
        path = run / (VECTORS if recipe.vector_steps else MATCHER)
        if not path.is_file():
            made = _train_matcher(
                recipe, rows, base, teacher=teacher, steps=steps, on_progress=on_progress
            )
            keep_matcher(made, path)
        matcher = read_matcher(path)
    if recipe.reworded_share and matcher is not None:
        thesaurus = make_thesaurus(matcher, tokenizer)
    return TeachingAids(teacher=teacher, matcher=matcher, thesaurus=thesaurus)


def _train_matcher(
    recipe: RelevanceRecipe,
    rows: RelevanceRows,
    base: Checkpoint,
    *,
    teacher: Teacher | None,
    steps: int | None,
    on_progress: OnProgress,
) -> Matcher:
    vectors_VD = load_model(base).embedding.weight.detach()
    most = recipe.vector_steps or recipe.matcher_steps
    most = min(most, steps or most)
    if not recipe.vector_steps:
        return train_matcher(
            rows,
            vectors_VD,
            weights=recipe.matcher_weights,
            steps=most,
            seed=recipe.seed,
            on_progress=_Tell("matcher", most, on_progress),
        )
    if teacher is None:
        raise RecipeError(f"{recipe.name}: its vectors are to be taught, and no groups to encode")
    return train_vectors(
        rows,
        teacher,
        vectors_VD,
        steps=most,
        seed=recipe.seed,
        on_progress=_Tell("taught vectors", most, on_progress),
    )


def _encode(
    recipe: RelevanceRecipe,
    rows: RelevanceRows,
    tokenizer: Tokenizer,
    *,
    folder: Path,
    on_progress: OnProgress,
) -> None:
    began = time.monotonic()

    def tell(done: int, total: int, tokens: int) -> None:
        share = {"texts encoded": done / total}
        on_progress(_progress(done, total, tokens, began, share))

    encode_rows(
        rows,
        tokenizer,
        folder,
        groups=recipe.teacher_groups,
        seed=TEACHER_SEED,
        threads=torch.get_num_threads(),
        on_progress=tell,
    )


class _Tell:
    """How far the training of a matcher is, by its loss `name`."""

    def __init__(self, name: str, steps: int, on_progress: OnProgress) -> None:
        self.name, self.steps, self.on_progress = name, steps, on_progress
        self.began, self.read = time.monotonic(), 0

    def __call__(self, step: int, tokens: int, loss: float) -> None:
        self.read += tokens
        if step % TOLD == 0:
            told = _progress(step, self.steps, self.read, self.began, {self.name: loss})
            self.on_progress(told)


def _progress(
    done: int, total: int, tokens: int, began: float, figures: Mapping[str, float]
) -> Progress:
    seconds = max(1e-9, time.monotonic() - began)
    return Progress(
        step=done,
        steps=total,
        tokens=tokens,
        tokens_per_s=tokens / seconds,
        seconds=seconds,
        figures=figures,
    )
