"""`qshell doctor`: prints what `shell.health` finds, and fails when something must be mended."""

from dataclasses import asdict

import click
from rich.text import Text

from shell.exits import Exit
from shell.health import Check, check_house
from shell.output import Output, one_line
from shell.settings import read_settings

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(as_json: bool) -> int:
    """Check this installation: Python, torch, registry, checkpoints, folders, CPU and memory.
    Each line is ok, warn or fail, with a remedy. The exit code is 1 when a line says fail.

    \b
    Examples:
      qshell doctor
      qshell doctor --json
    """
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    checks = []
    with output.progress() as tick:
        for check in check_house(settings):
            checks.append(check)
            tick(len(checks), doing="checking")
    failed = any(check.state == "fail" for check in checks)
    if as_json:
        output.document({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            output.answer(_line(check))
    return Exit.FAILURE if failed else Exit.OK


def _line(check: Check) -> Text:
    line = Text(f"{check.state:<5}", style=_COLOURS[check.state])
    line.append(f"{check.name:<14}{one_line(check.found)}", style="default")
    if check.remedy:
        line.append(f"\n{'':<19}-> {check.remedy}", style="default")
    return line
