"""`qshell completion`: prints the script that lets a shell complete qshell's words."""

import click
from click.shell_completion import get_completion_class

from shell.output import Output

_SHELLS = ("bash", "zsh", "fish")


@click.command(name="completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    Examples:
      echo 'eval "$(qshell completion bash)"' >> ~/.bashrc
      echo 'eval "$(qshell completion zsh)"' >> ~/.zshrc
      qshell completion fish > ~/.config/fish/completions/qshell.fish
    """
    completion = get_completion_class(shell)
    assert completion is not None, f"click knows no {shell}"
    root = ctx.find_root()
    Output().raw(completion(root.command, {}, "qshell", "_QSHELL_COMPLETE").source())
