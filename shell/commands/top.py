"""`qshell top`: what the specialists came to over a span of time, from the history."""

import time
from dataclasses import asdict

import click

from cluster.eviction import mebibytes
from cluster.history import Peak, read_peaks
from shell.output import Output
from shell.settings import read_settings

_COLUMNS = ("specialist", "CPU", "requests", "failed", "tokens", "peak PSS")
_MORE_COLUMNS = ("longest queue", "worst p95")


@click.command(name="top")
@click.option(
    "--hours",
    type=click.FloatRange(min=0, min_open=True),
    default=24.0,
    show_default=True,
    help="How far to look back; a week is kept.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(hours: float, as_json: bool) -> None:
    """Show what each specialist used over the last hours, the one with most CPU first.

    \b
    Examples:
      qshell top
      qshell top --hours 1
      qshell top --json
    """
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    path = settings.history_path
    peaks = read_peaks(path, since=time.time() - hours * 3600)
    if as_json:
        output.document([asdict(peak) for peak in peaks])
    elif not peaks:
        output.note(f"nothing ran in the last {hours:g} hours")
    else:
        output.table((*_COLUMNS, *_MORE_COLUMNS), map(_row, peaks))


def _row(peak: Peak) -> tuple[str, ...]:
    return (
        peak.name,
        f"{peak.cpu_s:.2f} s",
        str(peak.requests),
        str(peak.failed),
        str(peak.tokens),
        "" if peak.peak_pss_bytes is None else mebibytes(peak.peak_pss_bytes),
        str(peak.longest_queue),
        "" if peak.worst_p95_s is None else f"{peak.worst_p95_s * 1000:.0f} ms",
    )
