"""`qshell route`: says which specialist a request is for, or that it is for none.

It only asks the cluster and prints; how a route is found is told in `cluster.router`.
"""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from shell.output import Output
from shell.settings import Settings, read_settings

if TYPE_CHECKING:
    from cluster.router import Route


@click.command(name="route")
@click.argument("text")
@click.option("--explain", is_flag=True, help="Show the score of every route, the margin and why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def command(text: str, explain: bool, as_json: bool) -> None:
    """Say which specialist the request TEXT is for, or `none`. The registry's own examples and
    rules come first, then the routing specialist, which knows requests like the examples too.
    Nothing else is started.

    \b
    Examples:
      qshell route "are these two questions the same?"
      qshell route "git push --force origin main" --explain
      qshell route "book a table for two" --json
    """
    if not text.strip():
        raise click.UsageError("the request is empty; say what is wanted")
    settings = read_settings()
    output = Output(json=as_json, colours=settings.colours)
    route = asyncio.run(_ask(settings, text, output))
    if as_json:
        output.document(asdict(route))
    elif explain:
        _explain(output, route)
    else:
        output.answer(route.name)


async def _ask(settings: Settings, text: str, output: Output) -> "Route":
    from shell.asking import open_cluster

    with output.progress() as tick:
        tick(0, None, "routing ...")
        async with open_cluster(settings) as cluster:
            return await cluster.route(text, cache_dir=settings.routes_dir)


def _explain(output: Output, route: "Route") -> None:
    output.answer(f"{route.name}: {route.why}; {route.margin:.1%} ahead of the second")
    ranked = sorted(route.scores.items(), key=lambda item: -item[1])
    output.table(("score", "route"), [(f"{score:.1%}", name) for name, score in ranked])
