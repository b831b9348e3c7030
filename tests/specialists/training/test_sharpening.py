"""Both kinds of error count the same, and a doubtful passage is given the benefit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from specialists.checkpoint import open_checkpoint
from specialists.contract import POCKET_RELEVANCE
from specialists.corpora.relevance import RelevanceRows, open_rows
from specialists.errors import RecipeError
from specialists.model.decoder import FinanceDecoder
from specialists.prompts import resolve_labels
from specialists.specialist import load_model
from specialists.tokenizer import open_tokenizer
from specialists.training.batches import (
    PromptIds,
    Row,
    batches_side_by_side,
    prompt_ids,
    prompt_length,
)
from specialists.training.other_questions import OtherQuestions
from specialists.training.sharpening import NeighbourSampler, Sharpening, even_verdict_loss
from tests.specialists.training.owls import owl_base


@pytest.fixture
def run(tmp_path: Path) -> Path:
    owl_base(tmp_path)
    return tmp_path


@pytest.fixture
def rows(run: Path) -> RelevanceRows:
    return open_rows(run / "rows")


@pytest.fixture
def prompt(run: Path) -> PromptIds:
    tokenizer = open_tokenizer(run / "weights" / "tokenizer.json")
    return prompt_ids(resolve_labels(POCKET_RELEVANCE, tokenizer), tokenizer)


def neighbours(rows: RelevanceRows) -> np.ndarray:
    """Of each group the right passages of the five groups after it."""
    right = np.asarray(rows.candidate)[np.asarray(rows.group_start)[:-1]].astype(np.int64)
    return np.stack([np.roll(right, -shift) for shift in range(1, 6)], axis=1)


def sampler(
    rows: RelevanceRows, prompt: PromptIds, sure: tuple[str, ...] = (), **more: Any
) -> NeighbourSampler:
    return NeighbourSampler(
        rows, prompt, neighbours(rows), weights={}, sure=sure, max_length=200, seed=1, **more
    )


def draw(one: NeighbourSampler, step: int = 0) -> list[Row]:
    return one.rows_of(step=step, token_budget=2_000)


def test_a_query_comes_with_its_right_passage_and_four_wrong_ones_at_most_and_one_from_anywhere(
    rows: RelevanceRows, prompt: PromptIds
) -> None:
    for group in {row.group for row in draw(sampler(rows, prompt))}:
        mine = [row for row in draw(sampler(rows, prompt)) if row.group == group]
        assert [row.relevant for row in mine] == [True] + [False] * (len(mine) - 1)
        assert 4 <= len(mine) <= 6
        assert any(row.doubtful for row in mine)


def test_what_a_step_draws_follows_from_seed_and_step(
    rows: RelevanceRows, prompt: PromptIds
) -> None:
    def ids(step: int) -> list[list[int]]:
        return [row.passage.ids.tolist() for row in draw(sampler(rows, prompt), step)]

    assert ids(3) == ids(3)
    assert ids(3) != ids(4)


def test_in_company_a_passage_is_whole_and_fits(rows: RelevanceRows, prompt: PromptIds) -> None:
    alone, together = (sampler(rows, prompt, company_share=share) for share in (0.0, 1.0))
    longer = 0
    for before, after in zip(draw(alone)[:4], draw(together)[:4], strict=True):
        mine, shown = before.passage.ids.tolist(), after.passage.ids.tolist()
        starts = range(len(shown) - len(mine) + 1)
        assert any(shown[start : start + len(mine)] == mine for start in starts)
        assert len(after.passage.stems) == len(shown)
        longer += len(shown) > len(mine)
    assert longer == 4
    assert all(prompt_length(prompt, row.query, row.passage) <= 200 for row in draw(together))


def test_another_question_about_the_right_passage_is_wrong(
    run: Path, rows: RelevanceRows, prompt: PromptIds
) -> None:
    tokenizer = open_tokenizer(run / "weights" / "tokenizer.json")
    others = OtherQuestions(rows, tokenizer, asked_by_people={"birds"})
    drawn = draw(sampler(rows, prompt, turned_share=1.0, others=others))
    for right in (row for row in drawn if row.relevant):
        (turned,) = (
            row
            for row in drawn
            if row.group == right.group and row.query.ids.tolist() != right.query.ids.tolist()
        )
        assert turned.passage.ids.tolist() == right.passage.ids.tolist()
        assert not turned.relevant


def test_neighbours_of_a_sure_source_are_wrong_beyond_doubt(
    rows: RelevanceRows, prompt: PromptIds
) -> None:
    assert not any(row.doubtful for row in draw(sampler(rows, prompt, sure=("birds",))))


def test_passages_of_held_out_queries_alone_are_never_shown(
    rows: RelevanceRows, prompt: PromptIds
) -> None:
    group = np.repeat(np.arange(len(rows.query)), np.diff(rows.group_start))
    candidate, held_out = np.asarray(rows.candidate), np.asarray(rows.development)[group]
    kept_back = set(candidate[held_out]) - set(candidate[~held_out])
    assert kept_back
    near = neighbours(rows)
    near[:] = np.resize(sorted(kept_back), near.shape)
    one = NeighbourSampler(rows, prompt, near, weights={}, sure=(), max_length=200, seed=1)
    assert not any(row.doubtful for row in draw(one))


def test_queries_too_long_for_the_prompt_are_said_to_be_missing(
    rows: RelevanceRows, prompt: PromptIds
) -> None:
    one = NeighbourSampler(
        rows, prompt, neighbours(rows), weights={}, sure=(), max_length=9, seed=1
    )
    with pytest.raises(RecipeError, match="no query of up to 3 tokens"):
        draw(one)


def test_many_wrong_passages_count_no_more_than_one() -> None:
    few = even_verdict_loss(
        torch.tensor([0.5, -0.2]), torch.tensor([True, False]), torch.tensor([0, 0])
    )
    many = even_verdict_loss(
        torch.tensor([0.5, -0.2, -0.2, -0.2]),
        torch.tensor([True, False, False, False]),
        torch.tensor([7, 7, 7, 7]),
    )
    assert few.item() == pytest.approx(many.item())
    wanted = (np.log1p(np.exp(-0.5)) + np.log1p(np.exp(-0.2))) / 2
    assert few.item() == pytest.approx(wanted)


def test_a_doubtful_passage_above_the_right_one_is_not_counted(
    run: Path, rows: RelevanceRows, prompt: PromptIds
) -> None:
    objective = Sharpening(model=model_of(run), label_ids=torch.tensor([5, 6]), positive=0)
    drawn = [row for row in draw(sampler(rows, prompt)) if row.group == 0]

    def loss(kept: list[Row]) -> float:
        (share,) = batches_side_by_side(kept, prompt, max_length=200, cores=1)
        return float(objective.loss(share).total.detach())

    def as_doubtful(doubtful: bool) -> list[Row]:
        return [
            Row(
                query=r.query,
                passage=r.passage,
                relevant=r.relevant,
                group=0,
                doubtful=doubtful and not r.relevant,
            )
            for r in drawn
        ]

    (share,) = batches_side_by_side(drawn, prompt, max_length=200, cores=1)
    (batch,) = share
    margin_B = objective.margins([batch]).detach()
    right = margin_B[batch.relevant_B].min()
    low = [n for n, margin in enumerate(margin_B) if batch.relevant_B[n] or margin <= right - 0.3]
    by_length = sorted(drawn, key=lambda r: len(r.query) + len(r.passage), reverse=True)
    assert loss(as_doubtful(True)) == pytest.approx(loss([by_length[n] for n in low]), rel=1e-4)
    assert loss(as_doubtful(True)) < loss(as_doubtful(False))


def model_of(run: Path) -> FinanceDecoder:
    return load_model(open_checkpoint(run / "weights" / "base"))
