"""`qshell registry`: list, show, add, remove, check and exemplify the registered specialists."""

import json
from pathlib import Path

import click

from cluster.errors import RegistryError
from cluster.registry import RegistryFile, SpecialistSpec
from cluster.registry_check import check_specialist
from cluster.registry_edit import editing, remove_entry
from cluster.registry_source import RegistrySource
from shell.groups import TeachingGroup
from shell.output import Output
from shell.registered import change_example, register_specialist
from shell.settings import Settings, read_settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


@click.group(name="registry", cls=TeachingGroup, no_args_is_help=True)
def command() -> None:
    """The registered specialists: those that ship, and your own over them.

    \b
    Examples:
      qshell registry list
      qshell registry add my-filter --task relevance --checkpoint ./my-filter
      qshell registry check
    """


@command.command(name="list")
@_JSON
def list_entries(as_json: bool) -> None:
    """List the specialists with their aliases, tasks and folders.

    \b
    Examples:
      qshell registry list
      qshell registry list --json
    """
    settings, output = _begin(as_json)
    specs = _source(settings).read().specs.values()
    if as_json:
        output.document([_plain(spec) for spec in specs])
        return
    rows = [(s.name, ", ".join(s.entry.aliases), s.entry.task, str(s.folder)) for s in specs]
    output.table(("name", "aliases", "task", "checkpoint"), rows)


@command.command(name="show")
@click.argument("name")
@_JSON
def show_entry(name: str, as_json: bool) -> None:
    """Show every key of the specialist NAME, defaults included, and where it is written.

    \b
    Examples:
      qshell registry show q-rag
      qshell registry show q-rag --json
    """
    settings, output = _begin(as_json)
    values = _plain(_source(settings).read().resolve(name))
    if as_json:
        output.document(values)
        return
    rows = [(key, v if isinstance(v, str) else json.dumps(v)) for key, v in values.items()]
    output.table(("key", "value"), rows)


@command.command(name="add")
@click.argument("name")
@click.option("--task", required=True, help="What it does: relevance, generation, ...")
@click.option(
    "--checkpoint",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder with its weights.",
)
@click.option("--alias", "aliases", multiple=True, help="Another name for it; may be given often.")
@click.option("--description", default="", help="One sentence for lists and help.")
@click.option("--pin", is_flag=True, help="Once loaded, never evicted.")
@click.option("--preload", is_flag=True, help="Load it when the cluster opens.")
def add(
    name: str,
    task: str,
    checkpoint: Path,
    aliases: tuple[str, ...],
    description: str,
    pin: bool,
    preload: bool,
) -> None:
    """Register the specialist NAME in your own registry, after its checkpoint was proved.

    \b
    Examples:
      qshell registry add my-filter --task relevance --checkpoint ./my-filter
    """
    settings, output = _begin(False)
    values: dict[str, object] = {"task": task, "aliases": list(aliases)}
    values |= {"description": description, "pin": pin, "preload": preload}
    file = register_specialist(settings, name, checkpoint=checkpoint, values=values)
    output.note(f"registered {name} in {file}")


@command.command(name="remove")
@click.argument("name")
def remove(name: str) -> None:
    """Take the specialist NAME out of your own registry; its checkpoint stays.

    \b
    Examples:
      qshell registry remove my-filter
    """
    settings, output = _begin(False)
    source = _source(settings)
    with editing(source.own_file):
        spec = _remove(source, name)
    output.note(f"removed {spec.name} from {source.own_file}")


def _remove(source: RegistrySource, name: str) -> SpecialistSpec:
    """Raises `RegistryError` where what is left could not be read, and then nothing is changed."""
    spec = source.read().resolve(name)
    if spec.where.rpartition(":")[0] != str(source.own_file):
        raise RegistryError(
            f"{spec.name} is written in {spec.where}, which ships with qshell; "
            f"an entry of the same name in {source.own_file} takes its place"
        )
    try:
        source.without(spec.name)
    except RegistryError as error:
        raise RegistryError(f"{spec.name} is still needed: {error}") from error
    remove_entry(source.own_file, spec.name)
    return spec


@command.command(name="example")
@click.argument("name")
@click.argument("text")
def example(name: str, text: str) -> None:
    """Make TEXT an example of a request for the specialist NAME; given again, no more. The router
    sends that very request there at once, and knows others like it from five examples on.

    \b
    Examples:
      qshell registry example q-cmdsafe "may I wipe the old disk?"
    """
    settings, output = _begin(False)
    output.note(change_example(settings, name, text).sentence)


@command.command(name="check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@_JSON
@click.pass_context
def check(ctx: click.Context, file: Path | None, as_json: bool) -> None:
    """Prove every entry, or those of FILE: keys, folders, files, contract. Nothing is run. As JSON
    what is wrong stands under each name, what is wrong with the file under "".

    \b
    Examples:
      qshell registry check
      qshell registry check my-registry.yaml
    """
    settings, output = _begin(as_json)
    try:
        registry = (RegistrySource(file) if file else _source(settings)).read()
    except RegistryError as error:
        if not as_json:
            raise
        output.document({"": str(error).splitlines()})
        ctx.exit(1)
    found = {name: check_specialist(spec, registry) for name, spec in registry.specs.items()}
    if as_json:
        output.document(found)
    elif not found:
        output.note("no specialists are registered there")
    for name, problems in found.items() if not as_json else ():
        for sentence in problems or (f"{name}: ok",):
            output.answer(sentence)
    ctx.exit(1 if any(found.values()) else 0)


@command.command(name="schema")
def schema() -> None:
    """Print the JSON Schema of registry files, for editors.

    \b
    Examples:
      qshell registry schema > registry.schema.json
    """
    _begin(True)[1].document(RegistryFile.model_json_schema())


def _begin(as_json: bool) -> tuple[Settings, Output]:
    settings = read_settings()
    return settings, Output(json=as_json, colours=settings.colours)


def _source(settings: Settings) -> RegistrySource:
    return RegistrySource(settings.registry)


def _plain(spec: SpecialistSpec) -> dict[str, object]:
    values = {"name": spec.name, **spec.entry.model_dump(mode="json")}
    return {**values, "checkpoint": str(spec.folder), "where": spec.where}
