"""What importing costs. Static walls cannot see when an import happens, so a fresh interpreter
imports each door of the house and says what was loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "textual", "ray", "starlette", "fastapi", "scipy", "transformers"}
NEEDLESS_FOR_HELP = HEAVY | {"numpy", "pydantic", "yaml", "rich", "httpx", "bm25s", "tokenizers"}

_HELP = (
    "import sys; from shell.cli import run; sys.stdout = sys.stderr; run(['--help']);"
    "sys.stdout = sys.__stdout__"
)


def loaded_after(statement: str) -> set[str]:
    """The top-level modules of a fresh interpreter that has run `statement`."""
    report = "import json, sys; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\n{report}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "module",
    [
        "cluster.cluster",
        "cluster.routing",
        "cluster.registry",
        "shell.cli",
        "shell.commands.ask",
        "shell.commands.doctor",
        "specialists.checkpoint",
    ],
)
def test_no_door_loads_what_only_a_worker_or_a_screen_needs(module: str) -> None:
    assert not loaded_after(f"import {module}") & HEAVY


@pytest.mark.parametrize(
    "module",
    ["cluster.records", "shell.commands.ask", "shell.commands.route", "shell.commands.session"],
)
def test_the_help_of_a_command_loads_no_arrays(module: str) -> None:
    assert not loaded_after(f"import {module}") & {"numpy", "pydantic", "bm25s", "tokenizers"}


@pytest.mark.parametrize("statement", ["import shell.cli", _HELP])
def test_help_loads_nothing_that_help_does_not_need(statement: str) -> None:
    assert not loaded_after(statement) & NEEDLESS_FOR_HELP
