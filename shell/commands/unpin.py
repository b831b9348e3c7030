"""`qshell unpin`: an order to the running cluster."""

import click

from shell.commands.load import pid_option, send_order


@click.command(name="unpin")
@click.argument("name")
@pid_option
def command(name: str, pid: int | None) -> None:
    """Let the pinned specialist NAME be stopped again.

    \b
    Examples:
      qshell unpin q-rag
    """
    send_order("unpin", name, pid=pid)
