"""The steps that bring text in and take it out: retrieve, read, write.

What they may touch is decided in `paths.py`.
"""

import asyncio
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cluster.errors import DocumentError, PathRefused, RowError
from cluster.pipelines.pipeline import Port, Setting, StepCall, StepKind, StepShape
from cluster.pipelines.steps.judging import QUESTION
from cluster.pipelines.types import ANY_LIST, PASSAGES, PATH, RECORD, TEXT, TEXTS, Type, list_of
from cluster.pipelines.values import read_json, to_json
from cluster.retrieval.chunks import split_passages
from cluster.retrieval.documents import read_document
from cluster.retrieval.retrieve import retrieve

_READ_AS = {"text": TEXT, "lines": TEXTS, "rows": list_of(RECORD), "passages": PASSAGES}


async def _retrieve(step: StepCall) -> Any:
    docs = step.tools.folders.readable(step.inputs["docs"])
    async with step.tools.open_index(docs) as index:
        # Searching reads files: beside the loop, not on it.
        return await asyncio.to_thread(retrieve, index, step.inputs["question"], step.settings["k"])


async def _read(step: StepCall) -> Any:
    path = step.tools.folders.readable(step.inputs["path"])
    return await asyncio.to_thread(_read_as, path, step.settings["as"])


def _read_as(path: Path, kind: str) -> Any:
    try:
        document = read_document(path)
    except DocumentError as error:
        raise DocumentError(f"{path}: {error}") from error
    if kind == "passages":
        return split_passages(document)
    lines = tuple(line for line in document.text.split("\n") if line.strip())
    if kind == "lines":
        return lines
    return (
        tuple(_row(path, n, line) for n, line in enumerate(lines, 1))
        if kind == "rows"
        else (document.text)
    )


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = read_json(line)
    except (ValueError, RecursionError) as error:
        raise RowError(f"{path}: row {number} is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise RowError(f"{path}: row {number} is no JSON object")
    return row


async def _write(step: StepCall) -> Path:
    content = step.inputs["content"]
    if not isinstance(content, str):
        content = "".join(json.dumps(to_json(item), ensure_ascii=False) + "\n" for item in content)
    path = step.tools.folders.writable(step.inputs["path"])
    await asyncio.to_thread(_write_whole, path, content, replace=step.settings["replace"])
    return path


def _write_whole(path: Path, content: str, *, replace: bool) -> None:
    """All of it or nothing; writing the same again is no mistake. Of several who write without
    `replace` at once, the first alone gets the name: only a link is refused where a file stands."""
    data = content.encode("utf-8", "backslashreplace")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".qshell-{secrets.token_hex(8)}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
        if replace:
            unfinished.replace(path)
        else:
            os.link(unfinished, path)
    except FileExistsError as error:
        if path.is_file() and path.read_bytes() == data:
            return
        raise PathRefused(
            f"{path}: something else stands there; write 'replace: true' to overwrite it"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _read_type(shape: StepShape) -> Type:
    return _READ_AS[shape.settings["as"]]


RETRIEVE = StepKind(
    name="retrieve",
    purpose="Find passages in a folder of documents by their words.",
    ports={
        "question": QUESTION,
        "docs": Port(accepts=(PATH,), purpose="The folder, or the one file, to search."),
    },
    settings={"k": Setting(kind=int, default=20, least=1, most=1000, purpose="How many at most.")},
    gives=lambda _: PASSAGES,
    run=_retrieve,
)
READ = StepKind(
    name="read",
    purpose="Read a file below the folder the pipeline runs in.",
    ports={"path": Port(accepts=(PATH,), purpose="The file.")},
    settings={
        "as": Setting(
            kind=str,
            default="text",
            choices=tuple(_READ_AS),
            purpose="text, lines, rows (one JSON object a line) or passages.",
        )
    },
    gives=_read_type,
    run=_read,
)
WRITE = StepKind(
    name="write",
    purpose="Write a file below the folder the pipeline runs in: text, or a list line by line.",
    ports={
        "path": Port(accepts=(PATH,), purpose="The file."),
        "content": Port(accepts=(TEXT, ANY_LIST), purpose="Text, or a list as JSON Lines."),
    },
    settings={
        "replace": Setting(kind=bool, default=False, purpose="Whether another content may go.")
    },
    gives=lambda _: PATH,
    run=_write,
    effect=True,
)
