"""Admission and victims: arithmetic that must hold for every mixture of loads."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.eviction import Admission, Evict, Fits, Load, Refuse, Wait, admit, choose_victims

BYTES = st.integers(min_value=0, max_value=100)


@st.composite
def loads(draw: st.DrawFn) -> list[Load]:
    count = draw(st.integers(0, 8))
    made = []
    for number in range(count):
        size = draw(BYTES)
        made.append(
            Load(
                name=f"s{number}",
                bytes=size,
                frees_bytes=draw(st.integers(0, size)),
                pinned=draw(st.booleans()),
                leaving=draw(st.booleans()),
                evictable=draw(st.booleans()),
                idle=draw(st.booleans()),
                last_used_s=draw(st.floats(0, 10)),
            )
        )
    return made


def load(name: str, size: int, *, used_s: float = 0.0, **changes: bool) -> Load:
    flags = {"pinned": False, "leaving": False, "evictable": True, "idle": True} | changes
    return Load(name=name, bytes=size, frees_bytes=size, last_used_s=used_s, **flags)


def admitted(needed: int, *present: Load, budget: int = 100) -> Admission:
    return admit(needed_bytes=needed, loads=present, budget_bytes=budget, base_bytes=0, reserved=0)


def test_what_has_room_is_loaded_at_once() -> None:
    assert admitted(40, load("a", 60)) == Fits()


def test_the_least_recently_used_goes_first() -> None:
    present = (load("new", 50, used_s=9), load("old", 50, used_s=1))
    assert admitted(40, *present) == Evict(victims=("old",))


def test_the_idle_go_before_those_with_calls_waiting() -> None:
    present = (load("waiting", 50, used_s=1, idle=False), load("idle", 50, used_s=9))
    assert admitted(40, *present) == Evict(victims=("idle",))


def test_a_victim_that_turns_out_not_to_be_needed_stays() -> None:
    present = (load("small", 10, used_s=1), load("large", 80, used_s=2))
    assert admitted(70, *present) == Evict(victims=("large",))


def test_nobody_is_evicted_while_enough_are_already_leaving() -> None:
    assert admitted(40, load("a", 60, leaving=True), load("b", 40)) == Wait()


def test_a_busy_one_is_waited_for() -> None:
    assert admitted(60, load("a", 60, evictable=False)) == Wait()


def test_what_cannot_fit_beside_the_pinned_is_refused_with_the_sum() -> None:
    verdict = admit(
        needed_bytes=60 << 20,
        loads=[load("p", 50 << 20, pinned=True)],
        budget_bytes=100 << 20,
        base_bytes=0,
        reserved=0,
    )
    assert verdict == Refuse(
        sum="60.0 MiB for it + 50.0 MiB for p (pinned) = 110.0 MiB, over the budget of 100.0 MiB"
    )


def test_an_estimate_of_what_is_freed_that_is_too_low_keeps_nobody_waiting_for_ever() -> None:
    stingy = Load(
        name="a",
        bytes=80,
        frees_bytes=40,
        pinned=False,
        leaving=False,
        evictable=True,
        idle=True,
        last_used_s=0.0,
    )
    assert admitted(70, stingy) == Evict(victims=("a",))


@given(loads(), BYTES, st.integers(0, 300), BYTES, BYTES)
def test_only_those_who_may_go_are_evicted(
    present: list[Load], needed: int, budget: int, base: int, reserved: int
) -> None:
    verdict = admit(
        needed_bytes=needed, loads=present, budget_bytes=budget, base_bytes=base, reserved=reserved
    )
    if isinstance(verdict, Evict):
        by_name = {item.name: item for item in present}
        for name in verdict.victims:
            victim = by_name[name]
            assert victim.evictable and not victim.pinned and not victim.leaving
        assert len(set(verdict.victims)) == len(verdict.victims) > 0


@given(loads(), BYTES, st.integers(0, 300), BYTES, BYTES)
def test_nothing_is_admitted_over_the_budget(
    present: list[Load], needed: int, budget: int, base: int, reserved: int
) -> None:
    verdict = admit(
        needed_bytes=needed, loads=present, budget_bytes=budget, base_bytes=base, reserved=reserved
    )
    if isinstance(verdict, Fits):
        assert base + sum(item.bytes for item in present) + needed + reserved <= budget


@given(loads(), st.integers(0, 300))
def test_victims_free_what_is_missing_and_none_of_them_is_spare(
    present: list[Load], missing: int
) -> None:
    victims = choose_victims(missing, present)
    by_name = {item.name: item for item in present}
    freed = sum(by_name[name].frees_bytes for name in victims)
    if victims:
        assert freed >= missing
        assert all(freed - by_name[name].frees_bytes < missing for name in victims)


@given(loads(), BYTES, st.integers(0, 300), BYTES)
def test_a_wait_always_has_somebody_to_wait_for(
    present: list[Load], needed: int, budget: int, base: int
) -> None:
    verdict = admit(
        needed_bytes=needed, loads=present, budget_bytes=budget, base_bytes=base, reserved=0
    )
    if verdict == Wait():
        assert any(item.leaving or not item.evictable for item in present)
