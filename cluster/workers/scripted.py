"""A specialist without a model: it answers by shared words, and misbehaves as its script says.

It ships with the product: dry runs and tests use it in place of a checkpoint, in this process
(`backends/stub.py`) or in a real worker (the loader `scripted`), where crashes and hangs are
real ones.
"""

import json
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from specialists.errors import CheckpointError, ContractError
from specialists.requests import (
    Decide,
    Decided,
    Generate,
    Generated,
    Represent,
    Represented,
    Verdict,
)

SCRIPT_FILE = "script.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """How a scripted specialist behaves. The `..._on` words act when the query or prompt holds
    them; an empty word never acts. With `routes`, a word for each route, it is a router: a text is
    for the route whose word it holds, else for the last."""

    load_s: float = 0.0
    passage_s: float = 0.0
    ballast_bytes: int = 0
    cannot_start: str = ""
    refuse_on: str = ""
    crash_on: str = ""
    hang_on: str = ""
    routes: tuple[str, ...] = ()


def read_script(folder: Path) -> Script:
    """The script in `folder`, the plain one when there is none. Raises `CheckpointError`."""
    path = folder / SCRIPT_FILE
    if not path.exists():
        return Script()
    try:
        return Script(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: not a script ({error})") from error


def load_scripted(folder: Path) -> "ScriptedSpecialist":
    script = read_script(folder)
    _spend(script.load_s)
    if script.cannot_start:
        raise CheckpointError(script.cannot_start)
    return ScriptedSpecialist(script)


class ScriptedSpecialist:
    """Answers like a specialist, at once and always the same."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._ballast = b"\x01" * script.ballast_bytes

    def warm_up(self) -> None:
        self.decide(Decide(query="warm", passages=("up",)))

    def decide(self, request: Decide, /) -> Decided:
        self._misbehave(request.query)
        _spend(self._script.passage_s * len(request.passages))
        return Decided(verdicts=tuple(judge(request.query, text) for text in request.passages))

    def generate(self, request: Generate, /) -> Generated:
        self._misbehave(request.prompt)
        words = request.prompt.split()[-request.max_new_tokens :]
        return Generated(
            text=" ".join(words), prompt_tokens=len(request.prompt.split()), new_tokens=len(words)
        )

    def represent(self, request: Represent, /) -> Represented:
        """Two features, words and characters, and no decision; a router has one of each for every
        route: how often its word stands there."""
        for text in request.texts:
            self._misbehave(text)
        _spend(self._script.passage_s * len(request.texts))
        features: list[tuple[float, ...]]
        features = [(float(len(t.split())), float(len(t))) for t in request.texts]
        decisions: list[tuple[float, ...]] = [() for _ in request.texts]
        if self._script.routes:
            decisions = [_said_of(text, self._script.routes) for text in request.texts]
            features = decisions
        return Represented(
            features=tuple(features),
            decisions=tuple(decisions),
            tokens=tuple(len(text.split()) for text in request.texts),
        )

    def _misbehave(self, text: str) -> None:
        script = self._script
        if script.refuse_on and script.refuse_on in text:
            raise ContractError(f"the script refuses {script.refuse_on!r}")
        if script.crash_on and script.crash_on in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if script.hang_on and script.hang_on in text:
            os.kill(os.getpid(), signal.SIGSTOP)


def _said_of(text: str, words: tuple[str, ...]) -> tuple[float, ...]:
    counts = [float(text.lower().count(word)) for word in words[:-1]]
    return (*counts, 0.0 if any(counts) else 1.0)


def judge(query: str, passage: str) -> Verdict:
    """The share of the query's words that the passage holds, as a verdict."""
    wanted = set(re.findall(r"\w+", query.lower()))
    found = wanted & set(re.findall(r"\w+", passage.lower()))
    score = len(found) / len(wanted) if wanted else 0.0
    return Verdict(
        label="1" if score >= 0.5 else "0",
        positive=score >= 0.5,
        score=score,
        logits=(score, 1.0 - score),
        truncated=False,
        tokens=len(passage.split()),
    )


def _spend(seconds: float) -> None:
    # Even a sleep of no time costs the system's timer slack.
    if seconds > 0:
        time.sleep(seconds)
