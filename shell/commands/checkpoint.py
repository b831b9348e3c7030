"""`qshell checkpoint`: looks into a checkpoint folder, and brings published models into one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import yaml

from shell.groups import TeachingGroup
from shell.output import Output
from shell.settings import read_settings
from specialists.checkpoint import MATRIX_DTYPE, describe, open_checkpoint
from specialists.contract import Contract
from specialists.errors import CheckpointError
from specialists.key_map import DEFAULT_KEY_MAP, read_key_map
from specialists.prompts import POCKET_RELEVANCE, PUBLISHED_RELEVANCE, read_contract

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
_CONTRACTS = {"published": PUBLISHED_RELEVANCE, "pocket": POCKET_RELEVANCE, "none": None}


@click.group(name="checkpoint", cls=TeachingGroup, no_args_is_help=True)
def command() -> None:
    """Checkpoint folders: shapes, weights, tokenizer and prompt of one specialist.

    \b
    Examples:
      qshell checkpoint inspect weights/q-rag
      qshell checkpoint convert downloads/q-rag-50m weights/q-rag-50m
    """


@command.command(name="inspect")
@click.argument("folder", type=click.Path(path_type=Path))
@_JSON
def inspect_checkpoint(folder: Path, as_json: bool) -> None:
    """Verify every file of the checkpoint in FOLDER and describe it.

    \b
    Examples:
      qshell checkpoint inspect weights/q-rag
      qshell checkpoint inspect weights/q-rag --json
    """
    _print(describe(open_checkpoint(folder)), as_json)


@command.command(name="convert")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the specialist.  [default: TARGET's last part]")
@click.option("--task", default="relevance", show_default=True, help="What it decides.")
@click.option(
    "--contract",
    default="published",
    show_default=True,
    metavar="published|pocket|none|FILE",
    help="The prompt it was trained on.",
)
@click.option(
    "--labels",
    type=click.Choice(["auto", "separate", "joined"]),
    default="auto",
    show_default=True,
    help="How a label follows the prompt, where the tokenizer allows two readings.",
)
@click.option(
    "--storage",
    type=click.Choice(list(MATRIX_DTYPE)),
    default="bfloat16",
    show_default=True,
    help="How matrices are kept in the new file.",
)
@click.option("--key-map", type=click.Path(path_type=Path), help="YAML or JSON of tensor names.")
@click.option(
    "--rope",
    type=click.Choice(["halves", "interleaved"]),
    help="Which elements a rotation pairs.  [default: the key map's, else halves]",
)
@click.option("--ignore-config", multiple=True, metavar="KEY", help="Leave out a model_cfg key.")
@click.option("--set", "stated", multiple=True, metavar="KEY=VALUE", help="State a shape.")
@_JSON
def convert_checkpoint(
    source: Path, target: Path, contract: str, stated: tuple[str, ...], **options: Any
) -> None:
    """Convert the published model in SOURCE (pytorch_model.pt, tokenizer.json) to TARGET.

    Nothing in the file is run, and no weight is left to chance: whatever does not fit is named.

    \b
    Examples:
      qshell checkpoint convert downloads/q-rag-50m weights/q-rag-50m --labels separate
      qshell checkpoint convert downloads/q-rag-50m weights/q --set rope_theta=500000
    """
    # Loads torch, which looking into a folder does not need.
    from specialists.conversion import convert_published

    key_map = read_key_map(options["key_map"]) if options["key_map"] else DEFAULT_KEY_MAP
    converted = convert_published(
        source,
        target,
        name=options["name"] or target.resolve().name,
        task=options["task"],
        contract=_contract(contract),
        key_map=replace(key_map, rope=options["rope"] or key_map.rope),
        labels=options["labels"],
        storage=options["storage"],
        ignore_config=options["ignore_config"],
        stated=dict(map(_stated, stated)),
    )
    _print(describe(converted), options["as_json"])


def _contract(chosen: str) -> Contract | None:
    return _CONTRACTS[chosen] if chosen in _CONTRACTS else read_contract(Path(chosen))


def _stated(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise CheckpointError(f"--set {text}: expected KEY=VALUE, as in --set n_head=8")
    try:
        return key.strip(), yaml.safe_load(value)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CheckpointError(f"--set {text}: the value cannot be read") from error


def _print(description: dict[str, object], as_json: bool) -> None:
    output = Output(json=as_json, colours=read_settings().colours)
    if as_json:
        output.document(description)
        return
    output.table(("what", "found"), [(key, value) for key, value in _rows(description)])


def _rows(description: dict[str, object]) -> list[tuple[str, str]]:
    rows = []
    for key, value in description.items():
        if isinstance(value, dict):
            rows += [(f"{key}.{inner}", _shown(item)) for inner, item in value.items()]
        else:
            rows.append((key, _shown(value)))
    return rows


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return repr(value) if isinstance(value, str) and value != value.strip() else str(value)
