"""Carries out a base recipe: tokenizer, token file, counted embeddings, next-token training.

Every step leaves a file in the run folder and is skipped where that file already stands, so a run
goes on where it stopped.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from specialists.checkpoint import TOKENIZER, Checkpoint
from specialists.corpora.sources import TEXT_LICENCES, list_sources
from specialists.corpora.text import data_folder
from specialists.corpora.tokens import TokenIds, read_tokens, sample_documents, write_tokens
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.tensors import write_checkpoint
from specialists.tokenizer import open_tokenizer, train_tokenizer
from specialists.training.base_card import base_card, held_out_loss, unigram_loss
from specialists.training.batches import text_batch
from specialists.training.embeddings import counted_embeddings
from specialists.training.loop import LOG_FILE, Progress, StepReport, descend, train
from specialists.training.losses import language_loss
from specialists.training.optimizer import make_optimizer
from specialists.training.precision import half_precision
from specialists.training.recipes import BaseRecipe

DEVELOPMENT_SHARE = 0.01
TEXT_SOURCES = "text.sources.json"
WEIGHTS_LICENCE = "Apache-2.0"
Say = Callable[[str], None]


def prepare_tokenizer(recipe: BaseRecipe, *, data: Path | None, run: Path, say: Say) -> Path:
    target = run / TOKENIZER
    if not target.is_file():
        say("training the tokenizer")
        documents = sample_documents(
            data_folder(data, "text"), recipe.tokenizer_shares, seed=recipe.seed
        )
        tokenizer = train_tokenizer(documents, vocab_size=recipe.decoder.vocab_size)
        _write_whole(target, lambda path: tokenizer.save(str(path)))
    return target


def prepare_text(recipe: BaseRecipe, *, data: Path | None, run: Path, say: Say) -> Path:
    target = run / "text.u16"
    if not target.is_file():
        record_sources(
            run / TEXT_SOURCES,
            list_sources(
                data_folder(data, "text"),
                TEXT_LICENCES,
                {
                    name: f"{share:.0%} of its documents"
                    for name, share in recipe.text_shares.items()
                },
            ),
        )
        documents = sample_documents(
            data_folder(data, "text"), recipe.text_shares, seed=recipe.seed
        )
        write_tokens(
            documents,
            open_tokenizer(run / TOKENIZER),
            target,
            on_progress=lambda tokens: say(f"tokenizing: {tokens / 1e6:.1f}M tokens"),
        )
    return target


def prepare_embeddings(recipe: BaseRecipe, *, run: Path, say: Say) -> Path:
    target = run / "embeddings.safetensors"
    if not target.is_file():
        embeddings_VD = counted_embeddings(
            read_tokens(run / "text.u16"),
            vocab_size=recipe.decoder.vocab_size,
            width=recipe.decoder.d_model,
            seed=recipe.seed,
            on_progress=lambda tokens: say(f"counting neighbours: {tokens / 1e6:.0f}M tokens"),
        )
        _write_whole(target, lambda path: save_file({"embeddings": embeddings_VD}, path))
    return target


def train_base(
    recipe: BaseRecipe,
    *,
    run: Path,
    steps: int | None = None,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> FinanceDecoder:
    """The base after `steps` (the recipe's own where None), going on from the run's state."""
    model = FinanceDecoder(recipe.decoder)
    initialize(model, seed=recipe.seed)
    embeddings_VD = load_file(run / "embeddings.safetensors")["embeddings"]
    with torch.no_grad():
        model.embedding.weight.copy_(embeddings_VD)
    tokens = read_tokens(run / "text.u16")
    development, training = split_tokens(tokens)

    def step_loss(ids_BT: torch.Tensor, step: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        with half_precision("cpu"):
            return language_loss(model, ids_BT, generator=generator)

    def take_step(step: int) -> StepReport:
        ids_BT = text_batch(
            training, rows=recipe.rows, length=recipe.length, seed=recipe.seed, step=step
        )
        total, next_token = step_loss(ids_BT, step)
        figures = {"next_token": float(next_token.detach())}
        return descend(total, figures=figures, tokens=ids_BT.numel())

    @torch.no_grad()
    def measure() -> dict[str, float]:
        losses = [
            step_loss(text_batch(development, rows=16, length=recipe.length, seed=1, step=n), n)[1]
            for n in range(8)
        ]
        return {"development_next_token": float(torch.stack(losses).mean())}

    train(
        run / recipe.name,
        modules={"model": model},
        optimizer=make_optimizer([model], learning_rate=recipe.learning_rate),
        steps=steps or recipe.steps,
        threads=threads,
        take_step=take_step,
        measure=measure,
        measure_every=200,
        on_progress=on_progress,
    )
    return model


def export_base(
    recipe: BaseRecipe, model: FinanceDecoder, *, run: Path, weights: Path
) -> Checkpoint:
    """Writes the folder that ships, with the tokenizer beside it that all siblings share. int8
    rows: a quarter of float32."""
    weights.mkdir(parents=True, exist_ok=True)
    shared = weights / TOKENIZER
    _write_whole(shared, lambda path: shutil.copyfile(run / TOKENIZER, path))
    checkpoint = write_checkpoint(
        weights / recipe.name,
        name=recipe.name,
        task="generate",
        config=recipe.decoder,
        tensors=model.state_dict(),
        storage="int8",
        contract=None,
        tokenizer_path=None,
        recipe=trained_by(run / recipe.name, seed=recipe.seed, sources=run / TEXT_SOURCES),
    )
    held_out, training = split_tokens(read_tokens(run / "text.u16"))
    (checkpoint.folder / "card.md").write_text(
        base_card(
            checkpoint,
            held_out_loss=held_out_loss(model, held_out),
            floor=unigram_loss(training, held_out, vocab_size=recipe.decoder.vocab_size),
            held_out_tokens=len(held_out),
        ),
        "utf-8",
    )
    return checkpoint


def split_tokens(tokens: TokenIds) -> tuple[TokenIds, TokenIds]:
    """Held-out tokens and those trained on, whole documents but for the one at the border."""
    border = int(len(tokens) * DEVELOPMENT_SHARE)
    return tokens[:border], tokens[border:]


def trained_by(*runs: Path, seed: int, sources: Path) -> dict[str, object]:
    """What the logs of the runs, one after the other, and the sources say of it, to travel with the
    weights."""
    logs = [
        [json.loads(line) for line in (run / LOG_FILE).read_text("utf-8").splitlines()]
        for run in runs
    ]
    return {
        "licence": WEIGHTS_LICENCE,
        "seed": seed,
        "steps": sum(lines[-1]["step"] for lines in logs),
        "tokens": sum(lines[-1]["tokens"] for lines in logs),
        "seconds": round(sum(line["seconds"] for lines in logs for line in lines)),
        "data": json.loads(sources.read_text("utf-8")),
    }


def record_sources(path: Path, sources: list[dict[str, str]]) -> None:
    _write_whole(path, lambda partial: partial.write_text(json.dumps(sources, indent=1), "utf-8"))


def _write_whole(target: Path, write: Callable[[Path], object]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    write(partial)
    partial.replace(target)
