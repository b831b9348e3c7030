"""`qshell pin`: an order to the running cluster."""

import click

from shell.commands.load import pid_option, send_order


@click.command(name="pin")
@click.argument("name")
@pid_option
def command(name: str, pid: int | None) -> None:
    """Keep the specialist NAME, once loaded: never evicted for room, never stopped for idleness.

    \b
    Examples:
      qshell pin q-rag
    """
    send_order("pin", name, pid=pid)
