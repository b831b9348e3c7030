"""Help teaches: every command, down to the last, explains itself and shows an example."""

from collections.abc import Iterator

import click
import pytest

from shell.cli import COMMANDS, cli


def every_command(
    group: click.Group = cli, path: tuple[str, ...] = ("qshell",)
) -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


ALL = dict(every_command())


@pytest.mark.parametrize("path", ALL)
def test_every_command_explains_itself_with_an_example(path: str) -> None:
    name = path.split()[-1]
    text = ALL[path].get_help(click.Context(ALL[path], info_name=name))
    assert "Examples:" in text or "Example:" in text, f"{path} --help has no Examples"
    example = text.split("Example", 1)[1]
    assert path in example, f"the examples of {path} do not use it"


@pytest.mark.parametrize("path", ALL)
def test_every_option_has_a_help_text(path: str) -> None:
    options = [p for p in ALL[path].params if isinstance(p, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("path", ALL)
def test_no_example_names_a_module_to_run(path: str) -> None:
    assert "python -m" not in ALL[path].get_help(click.Context(ALL[path]))


def test_the_table_and_the_commands_have_the_same_names() -> None:
    for name, command in ALL.items():
        words = name.split()
        if len(words) == 2:
            assert command.name == words[1]
            assert words[1] in COMMANDS
