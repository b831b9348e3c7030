"""`qshell unload`: an order to the running cluster."""

import click

from shell.commands.load import pid_option, send_order


@click.command(name="unload")
@click.argument("name")
@pid_option
def command(name: str, pid: int | None) -> None:
    """Stop the worker of the specialist NAME, when those who wait for it are served.

    \b
    Examples:
      qshell unload q-rag
    """
    send_order("unload", name, pid=pid)
