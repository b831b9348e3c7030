"""Batches: what rides together, and what is cut."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.batching import next_batch
from cluster.schedule import Ticket


def ticket(number: int, size: int, query: str | None = "q", **changes: bool) -> Ticket:
    return Ticket(id=number, name="s", size=size, merge_key=query, **changes)


def test_calls_with_the_same_query_share_a_batch() -> None:
    parts, left = next_batch((ticket(1, 3), ticket(2, 4, "other"), ticket(3, 2)), 8)
    assert [(p.ticket.id, p.start, p.stop) for p in parts] == [(1, 0, 3), (3, 0, 2)]
    assert [t.id for t in left] == [2]


def test_a_long_call_is_cut() -> None:
    parts, left = next_batch((ticket(1, 100),), 8)
    assert [(p.start, p.stop) for p in parts] == [(0, 8)]
    assert left == ()


def test_a_call_that_was_hit_by_a_crash_goes_alone() -> None:
    parts, left = next_batch((ticket(1, 1), ticket(2, 1, alone=True)), 8)
    assert [p.ticket.id for p in parts] == [1]
    assert [t.id for t in left] == [2]
    parts, left = next_batch((ticket(2, 1, alone=True), ticket(1, 1)), 8)
    assert [p.ticket.id for p in parts] == [2]


@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["a", "b", None])), min_size=1),
    st.integers(1, 32),
)
def test_a_batch_keeps_to_its_limit_and_loses_nobody(
    calls: list[tuple[int, str | None]], limit: int
) -> None:
    queue = tuple(ticket(n, size, query) for n, (size, query) in enumerate(calls))
    parts, left = next_batch(queue, limit)
    assert parts[0].ticket is queue[0]
    assert 0 < sum(p.stop - p.start for p in parts) <= limit
    assert {p.ticket.merge_key for p in parts} == {queue[0].merge_key}
    assert sorted([p.ticket.id for p in parts] + [t.id for t in left]) == [t.id for t in queue]
