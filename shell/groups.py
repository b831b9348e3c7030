"""A group of commands that knows what was probably meant by one it does not have."""

import difflib

import click

_LIKE = 0.6


class TeachingGroup(click.Group):
    """Raises `UsageError` with the nearest name for a command that is not there."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, names = args[0], self.list_commands(ctx)
        if name not in names and not name.startswith("-"):
            path = ctx.command_path
            near = difflib.get_close_matches(name, names, n=1, cutoff=_LIKE)
            hint = f"did you mean `{path} {near[0]}`?" if near else f"`{path} --help` lists them"
            raise click.UsageError(f"there is no command {name}; {hint}", ctx)
        return super().resolve_command(ctx, args)
