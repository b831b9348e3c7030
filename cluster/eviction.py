"""Who must go so that another may come: pure arithmetic over bytes.

It sees what is loaded as a list of values, and returns a decision. It knows no worker, no clock
and no queue, so it can be proved by trying every case that a test can think of.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """One loaded specialist. `bytes` is its share of the bill, `frees_bytes` what its end gives
    back. `leaving`: its end is already under way; `idle` tells those who cost nobody a wait."""

    name: str
    bytes: int
    frees_bytes: int
    pinned: bool
    leaving: bool
    evictable: bool
    idle: bool
    last_used_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Fits:
    """It may be loaded now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evict:
    """It may be loaded when these, in this order, have gone."""

    victims: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Those who must go are busy or already leaving."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refuse:
    """It can never be loaded beside what is pinned; the sum shows it."""

    sum: str


Admission = Fits | Evict | Wait | Refuse


def admit(
    *, needed_bytes: int, loads: Sequence[Load], budget_bytes: int, base_bytes: int, reserved: int
) -> Admission:
    """`base_bytes` is what the workers share; `reserved` is promised to others who came first."""
    pinned = [load for load in loads if load.pinned and not load.leaving]
    pinned_bytes = sum(load.bytes for load in pinned)
    if base_bytes + pinned_bytes + needed_bytes > budget_bytes:
        return Refuse(sum=_sum_in_words(needed_bytes, pinned, base_bytes, budget_bytes))
    free = budget_bytes - base_bytes - reserved - sum(load.bytes for load in loads)
    if needed_bytes <= free:
        return Fits()
    free += sum(load.frees_bytes for load in loads if load.leaving)
    victims = choose_victims(needed_bytes - free, loads)
    if not victims and needed_bytes > free and not reserved:
        victims = _everyone(loads)
    return Evict(victims=victims) if victims else Wait()


def choose_victims(missing_bytes: int, loads: Sequence[Load]) -> tuple[str, ...]:
    """The idle first, then the least recently used, until enough is freed; those who turn out
    not to be needed stay. Empty when nobody has to go, or when all who may are not enough."""
    chosen: list[Load] = []
    candidates = (load for load in loads if load.evictable and not (load.pinned or load.leaving))
    for load in sorted(candidates, key=lambda load: (not load.idle, load.last_used_s, load.name)):
        if missing_bytes <= 0:
            break
        chosen.append(load)
        missing_bytes -= load.frees_bytes
    if missing_bytes > 0:
        return ()
    for load in tuple(chosen):
        if missing_bytes + load.frees_bytes <= 0:
            chosen.remove(load)
            missing_bytes += load.frees_bytes
    return tuple(load.name for load in chosen)


def _everyone(loads: Sequence[Load]) -> tuple[str, ...]:
    """All but the pinned, when all of them may go: what they free together is an estimate, and
    one that is too low must not keep the next one waiting for ever."""
    others = [load for load in loads if not (load.pinned or load.leaving)]
    return tuple(load.name for load in others) if all(o.evictable for o in others) else ()


def _sum_in_words(needed: int, pinned: Sequence[Load], base: int, budget: int) -> str:
    parts = [f"{mebibytes(needed)} for it"]
    parts += [f"{mebibytes(load.bytes)} for {load.name} (pinned)" for load in pinned]
    if base:
        parts.append(f"{mebibytes(base)} shared by all workers")
    total = needed + base + sum(load.bytes for load in pinned)
    return f"{' + '.join(parts)} = {mebibytes(total)}, over the budget of {mebibytes(budget)}"


def mebibytes(count: int) -> str:
    return f"{count / 2**20:.1f} MiB"
