"""How verdicts, states and figures look: one sign, one style and one word each.

It stands alone so that every screen means the same by the same sign, and so that nothing is said
by colour only. In plain mode the words stand in place of the signs.
"""

from dataclasses import dataclass

from cluster.eviction import mebibytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """`style` names a colour of the theme."""

    sign: str
    word: str
    style: str

    def shown(self, *, plain: bool) -> str:
        return f"{self.word}:" if plain else self.sign


WAITING = Mark(sign="·", word="undecided", style="$foreground 55%")
KEPT = Mark(sign="●", word="kept", style="$success")
DROPPED = Mark(sign="○", word="dropped", style="$error")

_STATES = {
    "ready": Mark(sign="●", word="ready", style="$success"),
    "starting": Mark(sign="◐", word="starting", style="$accent"),
    "draining": Mark(sign="◑", word="draining", style="$accent"),
    "failed": Mark(sign="✗", word="failed", style="$error"),
    "stopped": Mark(sign="○", word="stopped", style="$foreground 55%"),
}
_STEPS = {
    "waiting": Mark(sign="·", word="waiting", style="$foreground 55%"),
    "running": Mark(sign="◐", word="running", style="$accent"),
    "done": Mark(sign="●", word="done", style="$success"),
    "refused": Mark(sign="○", word="refused", style="$warning"),
    "failed": Mark(sign="✗", word="failed", style="$error"),
    "stopped": Mark(sign="◌", word="stopped", style="$foreground 55%"),
}
_UNKNOWN_STATE = Mark(sign="?", word="unknown", style="$foreground 55%")


def verdict_mark(kept: bool) -> Mark:
    return KEPT if kept else DROPPED


def state_mark(state: str) -> Mark:
    return _STATES.get(state, _UNKNOWN_STATE)


def step_mark(state: str) -> Mark:
    """Of a step of a pipeline, and of a whole run."""
    return _STEPS.get(state, _UNKNOWN_STATE)


def size(count: int | None) -> str:
    if count is None:
        return ""
    return mebibytes(count) if count < 2**30 else f"{count / 2**30:.1f} GiB"


def time_taken(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
