"""The last minutes of one specialist's memory and CPU, and how they are drawn in a few cells.

It stands alone because the figures are gathered whether or not anyone looks at them.
"""

from collections import deque
from collections.abc import Iterable

from cluster.status import SpecialistStatus

KEPT_SAMPLES = 120
_BARS = "▁▂▃▄▅▆▇█"


class Trail:
    """Samples, oldest first; memory in bytes, CPU in percent of one core."""

    def __init__(self) -> None:
        self.memory: deque[float] = deque(maxlen=KEPT_SAMPLES)
        self.cpu: deque[float] = deque(maxlen=KEPT_SAMPLES)

    def add(self, item: SpecialistStatus) -> None:
        self.memory.append(float(item.pss_bytes or item.rss_bytes or 0))
        self.cpu.append(item.cpu_percent)


def sparkline(values: Iterable[float], *, width: int, top: float = 0.0) -> str:
    """The last `width` values as bars between nothing and the largest of them, or `top` where that
    is larger; a dot where nothing is used, nothing where there is no value yet.

    >>> sparkline([0, 1, 2], width=4)
    ' ·▄█'
    """
    last = list(values)[-width:]
    highest = max((*last, top), default=0.0)
    return "".join(_bar(value, highest) for value in last).rjust(width)


def _bar(value: float, highest: float) -> str:
    if value <= 0 or highest <= 0:
        return "·"
    return _BARS[min(len(_BARS) - 1, int(value / highest * len(_BARS) - 1e-9))]
