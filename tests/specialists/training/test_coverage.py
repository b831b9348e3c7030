"""What a passage covers of a query, worked out by hand, and a head that learns to say it."""

import pytest
import torch
from torch import Tensor, nn

from specialists.training.batches import RelevanceBatch
from specialists.training.coverage import (
    Coverage,
    CoverageHead,
    Matcher,
    coverage_loss,
    find_covered,
)

PUMP, ENGINE, OWL, OTHER = range(4)
ROW = [PUMP, OWL, ENGINE, OTHER, PUMP, OWL]
"""Query, passage, echo, two tokens each."""


@pytest.fixture
def matcher() -> Matcher:
    """An engine is nearly a pump, and an owl weighs three times as much as either."""
    vectors = torch.eye(4)
    vectors[ENGINE] = torch.tensor([0.8, 0.6, 0.0, 0.0])
    vectors[OWL] = torch.tensor([0.0, 0.0, 1.0, 0.0])
    return Matcher(vectors_VD=vectors, weight_V=torch.tensor([1.0, 1.0, 3.0, 1.0]))


@pytest.fixture
def batch() -> RelevanceBatch:
    def at(*places: int) -> Tensor:
        marks = torch.zeros(1, len(ROW), dtype=torch.bool)
        marks[0, list(places)] = True
        return marks

    return RelevanceBatch(
        ids_BT=torch.tensor([ROW]),
        stems_BT=torch.zeros(1, len(ROW), dtype=torch.long),
        query_BT=at(0, 1),
        passage_BT=at(2, 3),
        echo_BT=at(4, 5),
        last_B=torch.tensor([5]),
        relevant_B=torch.tensor([True]),
        doubtful_B=torch.tensor([False]),
        group_B=torch.tensor([0]),
    )


def test_a_like_word_covers_in_part_and_a_heavy_word_that_is_missing_costs_most(
    matcher: Matcher, batch: RelevanceBatch
) -> None:
    match_BTS = torch.zeros(1, len(ROW), len(ROW), dtype=torch.bool)
    match_BTS[0, 5, 3] = True  # as if the owl stood there in another form
    covered = find_covered(matcher, batch, match_BTS)
    assert covered.nearest_BT[0, [2, 4, 5]].tolist() == pytest.approx([0.8, 0.8, 0.0], abs=5e-3)
    assert covered.like_BT[0, 4:].tolist() == pytest.approx([0.8, 0.8 / 4], abs=5e-3)
    assert covered.same_BT[0, 4:].tolist() == pytest.approx([0.0, 3 / 4])
    query = torch.tensor([1.0, 0.0, 3.0, 0.0])
    passage = torch.tensor([0.8, 0.6, 0.0, 1.0])
    wanted = torch.cosine_similarity(query, passage, dim=0)
    assert float(covered.bag_B) == pytest.approx(float(wanted), abs=5e-3)


def test_the_head_learns_from_states_what_is_covered(
    matcher: Matcher, batch: RelevanceBatch
) -> None:
    head = CoverageHead(8)
    states = nn.Parameter(torch.randn(1, len(ROW), 8, generator=torch.Generator().manual_seed(0)))
    optimizer = torch.optim.AdamW([states, *head.parameters()], lr=3e-2)
    match_BTS = torch.zeros(1, len(ROW), len(ROW), dtype=torch.bool)
    losses = []
    for _ in range(80):
        coverage = Coverage(matcher=matcher, head=head)
        loss = coverage_loss(coverage, states, states, batch, match_BTS)
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        optimizer.step()
    assert losses[-1] < 0.02 * losses[0]
