"""What every training of labels shares, whatever its prompts and its loss: the rows on disk, the
loop's settings, and the folder that ships.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer
from torch import nn

from specialists.checkpoint import Checkpoint
from specialists.corpora.labels import LabelRow, read_label_rows, write_label_rows
from specialists.corpora.sources import list_counted
from specialists.errors import CorpusError
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import Contract, resolve_labels
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer
from specialists.training.base_run import Say, record_sources, trained_by
from specialists.training.held_out import drop_held_out
from specialists.training.loop import Progress, StepReport, train
from specialists.training.optimizer import make_optimizer
from specialists.training.recipes import LabelRecipe

MEASURE_EVERY = 80
ROWS, SOURCES = "rows.jsonl", "data.json"


def prepare_label_rows(recipe: LabelRecipe, *, data: Path | None, run: Path, say: Say) -> Path:
    """The rows of the recipe as JSON lines, without those that are held out to mark it, and the
    list of their sources beside them."""
    folder = run / recipe.name
    target = folder / ROWS
    if not (folder / SOURCES).is_file():
        if data is None:
            raise CorpusError("training data is needed here: name its folder with --data")
        rows = recipe.make_rows(data, seed=recipe.seed, most=recipe.rows)
        write_label_rows(
            drop_held_out(rows, recipe.name),
            target,
            outcomes=recipe.contract.outcomes,
            on_progress=lambda made: say(f"making rows: {made:,}"),
        )
        counted = Counter(row.source for row in read_label_rows(target))
        record_sources(folder / SOURCES, list_counted(data, counted))
    return target


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelRun:
    """A label recipe carried out in the run folder `run`, from the weights of `start`: `steps` of
    them (the recipe's own where None), going on from the state that lies there."""

    recipe: LabelRecipe
    run: Path
    start: Checkpoint
    steps: int | None = None
    threads: int | None = None
    on_progress: Callable[[Progress], None] = lambda progress: None

    @property
    def folder(self) -> Path:
        return self.run / self.recipe.name

    def rows(self) -> list[LabelRow]:
        """As they were made, in their order. Raises `CorpusError`."""
        return read_label_rows(self.folder / ROWS)

    def reading(self) -> tuple[Contract, Tokenizer]:
        """How prompts are written and encoded."""
        tokenizer = open_tokenizer(self.start.tokenizer_path)
        return resolve_labels(self.recipe.contract, tokenizer), tokenizer

    def train(
        self,
        modules: Mapping[str, nn.Module],
        *,
        take_step: Callable[[int], StepReport],
        measure: Callable[[], Mapping[str, float]],
    ) -> None:
        """Trains the modules in place."""
        train(
            self.folder,
            modules=modules,
            optimizer=make_optimizer(modules.values(), learning_rate=self.recipe.learning_rate),
            steps=self.steps or self.recipe.steps,
            threads=self.threads,
            take_step=take_step,
            measure=measure,
            measure_every=MEASURE_EVERY,
            on_progress=self.on_progress,
        )

    def export(
        self,
        model: FinanceDecoder,
        *,
        base: Checkpoint,
        target: Path,
        routing: bytes | None = None,
    ) -> Checkpoint:
        """Writes the folder that ships: int8 rows, without what equals the base."""
        record = trained_by(self.folder, seed=self.recipe.seed, sources=self.folder / SOURCES)
        return write_checkpoint(
            target,
            name=self.recipe.name,
            task=self.recipe.task,
            config=model.config,
            tensors=model.state_dict(),
            storage="int8",
            contract=resolve_labels(self.recipe.contract, open_tokenizer(base.tokenizer_path)),
            tokenizer_path=None,
            base=base,
            recipe={**record, "start": {"name": self.start.name, "sha256": self.start.sha256}},
            routing=routing,
        )


def parted(rows: Sequence[LabelRow]) -> tuple[list[LabelRow], list[LabelRow]]:
    """Those to train on and those held back to measure the training, each in their order."""
    training: list[LabelRow] = []
    held_back: list[LabelRow] = []
    for row in rows:
        (held_back if row.held_back else training).append(row)
    return training, held_back
