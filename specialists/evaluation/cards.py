"""What every card holds, whatever the marks: the weights, the recipe, the data.

Cards are written by the gates from what was measured, never by hand.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specialists.checkpoint import Checkpoint, describe
from specialists.errors import GateError

UNKNOWN = "not recorded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """What the weight file says of itself."""

    file: str
    bytes: int
    parameters: int
    storage: str
    sha256: str


def weights_of(checkpoint: Checkpoint) -> Weights:
    """What is written on the card about the weight file."""
    about = describe(checkpoint)
    return Weights(
        file=checkpoint.weights_path.name,
        bytes=checkpoint.weights_path.stat().st_size,
        parameters=int(str(about["parameters"])),
        storage=checkpoint.storage,
        sha256=checkpoint.sha256,
    )


def recipe_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """The record the training run left, with the base's record under `base`."""
    recipe = dict(checkpoint.recipe or {})
    if checkpoint.base is not None:
        base = checkpoint.base
        recipe["base"] = {"name": base.name, "sha256": base.sha256, **(base.recipe or {})}
    return recipe


def missing_record(recipe: Mapping[str, Any]) -> tuple[str, ...]:
    """What a recipe must record and this one does not, each a sentence."""
    missing = (key for key in ("data", "licence", "seed") if recipe.get(key) in (None, "", []))
    return tuple(f"the checkpoint's recipe does not record: {key}" for key in missing)


def write_card(folder: Path, card: str, marks: Mapping[str, Any]) -> tuple[Path, Path]:
    """Writes `card.md` and `marks.json` and returns their paths."""
    paths = folder / "card.md", folder / "marks.json"
    try:
        paths[0].write_text(card, "utf-8")
        paths[1].write_text(json.dumps(marks, indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise GateError(f"{folder}: the card cannot be written there ({error})") from error
    return paths


def opening(
    name: str, *, gate: str, passed: bool, date: str, weights: Weights, recipe: Mapping[str, Any]
) -> list[str]:
    """The lines of a card up to its marks."""
    plain = {k: v for k, v in recipe.items() if k not in ("data", "licence", "base")}
    plain |= {
        f"base: {key}": value
        for key, value in (recipe.get("base") or {}).items()
        if key not in ("data", "licence")
    }
    return [
        f"# {name}",
        "",
        f"Gate `{gate}`: **{'passed' if passed else 'NOT passed'}** on {date}. Written by the gate "
        "from what it measured; do not edit.",
        "",
        "## Weights",
        *table(
            ("file", "bytes", "parameters", "storage", "sha256", "licence"),
            [
                (
                    weights.file,
                    f"{weights.bytes:,}",
                    f"{weights.parameters:,}",
                    weights.storage,
                    weights.sha256,
                    str(recipe.get("licence") or UNKNOWN),
                )
            ],
        ),
        "## Recipe and seeds",
        *table(
            ("setting", "value"),
            [(k, json.dumps(v, ensure_ascii=False)) for k, v in plain.items()]
            or [("recipe", UNKNOWN)],
        ),
        "## Data it was trained on",
        *_data_table(recipe),
    ]


def _data_table(recipe: Mapping[str, Any]) -> list[str]:
    """Under `data` a recipe lists its sources: objects with name, licence, rows and sha256."""
    base = recipe.get("base")
    lists = (recipe.get("data"), base.get("data") if isinstance(base, dict) else None)
    sources = [s for one in lists if isinstance(one, list) for s in one if isinstance(s, dict)]
    keys = ("name", "licence", "rows", "sha256")
    rows = [tuple(str(s.get(key, UNKNOWN)) for key in keys) for s in sources]
    return table(keys, rows or [(UNKNOWN,) * len(keys)])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of Markdown."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return ["", line(head), "|" + "---|" * len(head), *(line(row) for row in rows), ""]
