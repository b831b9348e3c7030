"""Two reports on the same question, passage by passage: where two specialists agree and differ.

Plain values; it knows no screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shell.report import Report, place


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One passage with both verdicts; None where one of the two did not see it."""

    first: Mapping[str, Any] | None
    second: Mapping[str, Any] | None

    @property
    def differs(self) -> bool:
        return _kept(self.first) != _kept(self.second)

    @property
    def passage(self) -> Mapping[str, Any]:
        found = self.first or self.second
        assert found is not None
        return found

    @property
    def place(self) -> str:
        return place(self.passage)


def compare_reports(first: Report, second: Report) -> tuple[Pair, ...]:
    """Passages on which they differ come first, then by the higher of both scores."""
    by_place: dict[tuple[str, int], list[Mapping[str, Any] | None]] = {}
    for side, report in enumerate((first, second)):
        for passage in report["passages"]:
            found = by_place.setdefault((passage["source"], passage["start"]), [None, None])
            found[side] = passage
    pairs = [Pair(first=one, second=other) for one, other in by_place.values()]
    return tuple(sorted(pairs, key=lambda pair: (not pair.differs, -_best(pair))))


def _kept(passage: Mapping[str, Any] | None) -> bool | None:
    return None if passage is None else bool(passage["kept"])


def _best(pair: Pair) -> float:
    return max(float(one["score"]) for one in (pair.first, pair.second) if one is not None)
