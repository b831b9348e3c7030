"""`qshell ps`: the workers of all running clusters, with what they cost."""

import time

import click

from cluster.eviction import mebibytes
from cluster.history import PastCluster, read_clusters
from cluster.status import SpecialistStatus
from shell.output import Output
from shell.settings import read_settings

WATCH_EVERY_S = 2.0
_COLUMNS = ("specialist", "state", "pid", "PSS", "USS", "RSS", "CPU", "queue", "requests", "tokens")
_MORE_COLUMNS = ("CPU/request", "p50", "p95", "why")
_CLEAR = "\x1b[2J\x1b[H"


@click.command(name="ps")
@click.option("--watch", is_flag=True, help="Show it again every two seconds, until Ctrl-C.")
@click.option("--all", "ended", is_flag=True, help="Also the clusters that have ended.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(watch: bool, ended: bool, as_json: bool) -> None:
    """Show the workers of every running cluster with their memory and CPU.

    PSS counts memory shared by several workers once, split between them; USS is what ending the
    worker gives back. Both are measured every few seconds.

    \b
    Examples:
      qshell ps
      qshell ps --watch
      qshell ps --json
    """
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    path = settings.history_path
    while True:
        clusters = read_clusters(path, ended=ended)
        if watch and not as_json:
            click.echo(_CLEAR, nl=False)
        _show(clusters, output)
        if not watch:
            return
        time.sleep(WATCH_EVERY_S)


def _show(clusters: list[PastCluster], output: Output) -> None:
    if output.json:
        output.document([_plain(cluster) for cluster in clusters])
        return
    if not clusters:
        output.note("no cluster is running; `qshell ask` starts one for as long as it answers")
    for cluster in clusters:
        status = cluster.status
        until = "running" if cluster.alive else "ended"
        output.answer(
            f"process {status.pid}, {until}: {mebibytes(status.used_bytes)} of a budget of "
            f"{mebibytes(status.budget_bytes)}, {mebibytes(status.base_bytes)} of it shared; "
            f"{cluster.registry}"
        )
        rows = [_row(item) for item in status.specialists]
        output.table((*_COLUMNS, *_MORE_COLUMNS), rows)


def _plain(cluster: PastCluster) -> dict[str, object]:
    return {
        "alive": cluster.alive,
        "started_at": cluster.started_at,
        "ended_at": cluster.ended_at,
        "registry": cluster.registry,
        **cluster.status.to_dict(),
    }


def _row(item: SpecialistStatus) -> tuple[str, ...]:
    state = item.state + (", busy" if item.busy else "") + (", pinned" if item.pinned else "")
    return (
        item.name,
        state,
        str(item.pid or ""),
        _size(item.pss_bytes),
        _size(item.uss_bytes),
        _size(item.rss_bytes),
        f"{item.cpu_percent:.0f}%" if item.pid else "",
        str(item.queue),
        str(item.requests) + (f" ({item.failed} failed)" if item.failed else ""),
        str(item.tokens),
        _time(item.cpu_s_per_request),
        _time(item.p50_s),
        _time(item.p95_s),
        item.reason,
    )


def _size(count: int | None) -> str:
    return "" if count is None else mebibytes(count)


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.0f} ms"
