"""The examples of a pipeline, run: each in a folder of its own, with the files it brings.

It stands alone because a pipeline that carries what must come out is its own test.
"""

import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.errors import RowError
from cluster.pipelines.pipeline import Expectation, Pipeline
from cluster.pipelines.run import RowResult
from cluster.pipelines.values import read_field

RunIn = Callable[[Mapping[str, Any], Path], Awaitable[RowResult]]
"""Runs a row of the pipeline in a folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleResult:
    """One example: every difference from what was expected, none when it holds."""

    name: str
    line: int
    problems: tuple[str, ...]


async def run_examples(pipeline: Pipeline, run_in: RunIn) -> tuple[ExampleResult, ...]:
    """In their order."""
    return tuple([await _run_example(example, run_in) for example in pipeline.expect])


async def _run_example(example: Expectation, run_in: RunIn) -> ExampleResult:
    with tempfile.TemporaryDirectory(prefix="qshell-example-") as folder:
        root = Path(folder)
        for path, text in example.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        result = await run_in(example.given, root)
    return ExampleResult(
        name=example.name, line=example.line, problems=tuple(differences(example, result))
    )


def differences(example: Expectation, result: RowResult) -> list[str]:
    """Sentences; pure."""
    if result.status != example.outcome:
        why = f": {result.reason}" if result.reason else ""
        where = f" in {result.step}" if result.step else ""
        return [f"expected the row to be {example.outcome}, it was {result.status}{where}{why}"]
    found = []
    for place, conditions in example.output:
        value: Any = result.output
        try:
            for name in place:
                value = read_field(value, name, ".".join(place))
        except RowError as error:
            found.append(str(error))
            continue
        problems = (condition.problem(value) for condition in conditions)
        found += [f"{'.'.join(place)} {problem}" for problem in problems if problem]
    return found
