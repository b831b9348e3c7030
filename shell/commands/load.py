"""`qshell load`, and the way all orders to a running cluster go: through its history file.

There is no daemon: a cluster lives inside the program that opened it, and looks for orders twice
a second. `unload`, `pin` and `unpin` stand in files of their own, for each is a command.
"""

import time
from pathlib import Path

import click

from cluster.errors import ClusterError
from cluster.history import (
    PastCluster,
    Verb,
    leave_order,
    read_clusters,
    read_outcome,
    withdraw_order,
)
from shell.output import Output
from shell.settings import read_settings

PATIENCE_S = 150.0
LOOK_EVERY_S = 0.1

pid_option = click.option(
    "--pid", type=int, help="The cluster of this process, where several run (see `qshell ps`)."
)


@click.command(name="load")
@click.argument("name")
@pid_option
def command(name: str, pid: int | None) -> None:
    """Start the worker of the specialist NAME in the running cluster, and wait until it is ready.

    \b
    Examples:
      qshell load q-rag
      qshell load q-rag --pid 4711
    """
    send_order("load", name, pid=pid)


def send_order(verb: Verb, name: str, *, pid: int | None) -> None:
    """Leaves the order and waits. Raises `ClusterError` with the cluster's words."""
    settings = read_settings()
    path = settings.history_path
    chosen = _choose(path, pid)
    order_id = leave_order(path, chosen.id, verb, name)
    try:
        ok, message = _wait(path, order_id, chosen)
    except KeyboardInterrupt:
        withdraw_order(path, order_id)
        raise
    if not ok:
        raise ClusterError(message)
    Output(colours=settings.colours).note(f"{name}: {message}")


def _choose(path: Path, pid: int | None) -> PastCluster:
    running = read_clusters(path)
    chosen = [cluster for cluster in running if pid is None or cluster.status.pid == pid]
    pids = ", ".join(str(cluster.status.pid) for cluster in running)
    if not running:
        raise ClusterError(
            "no cluster is running; a specialist is loaded by the program that uses it, "
            "`qshell ask` for one"
        )
    if not chosen:
        raise ClusterError(f"process {pid} runs no cluster; running: {pids}")
    if len(chosen) > 1:
        raise ClusterError(f"several clusters run; name one with --pid: {pids}")
    return chosen[0]


def _wait(path: Path, order_id: int, cluster: PastCluster) -> tuple[bool, str]:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        runs = any(other.id == cluster.id for other in read_clusters(path))
        outcome = read_outcome(path, order_id)  # after that look: its last word counts
        if outcome is not None:
            return outcome
        if not runs:
            withdraw_order(path, order_id)
            raise ClusterError(
                f"the cluster of process {cluster.status.pid} has ended; a specialist is loaded by "
                "the program that uses it"
            )
        time.sleep(LOOK_EVERY_S)
    withdraw_order(path, order_id)
    raise ClusterError(f"the cluster did not answer within {PATIENCE_S:g} s; see `qshell ps`")
