"""A pipeline from its file or from plain values: read, checked, written again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cluster.errors import PipelineError
from cluster.pipelines.check import check_pipeline
from cluster.pipelines.pipeline import Pipeline
from cluster.registry import Registry
from cluster.registry_file import FileKind, YamlFile, parse_yaml, read_yaml_file

PIPELINE_FILE = FileKind(
    error=PipelineError,
    noun="pipeline",
    opening="'pipeline:' with its name, and its steps below it",
    remedy="name another, or write it (qshell pipeline new)",
    fills_in=False,
)


def read_pipeline(path: Path, registry: Registry | None = None) -> Pipeline:
    """The pipeline of a file. Raises `PipelineError` with file, line and key of every mistake."""
    return check_pipeline(read_yaml_file(path, PIPELINE_FILE), registry)


def parse_pipeline(text: str, where: str, registry: Registry | None = None) -> Pipeline:
    """The same for text that would stand at `where`."""
    return check_pipeline(parse_yaml(text, Path(where), PIPELINE_FILE), registry)


def pipeline_of(values: Mapping[str, Any], registry: Registry | None = None) -> Pipeline:
    """The same for plain values: what a file holds, without the file."""
    where = Path(f"pipeline {values.get('pipeline', '')}".strip())
    plain = {str(name): _plain(value, str(name)) for name, value in values.items()}
    return check_pipeline(YamlFile(path=where, values=plain, lines={}), registry)


def _plain(value: object, place: str) -> Any:
    """What a file could hold, as its reader gives it. Raises `PipelineError` for anything else."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        odd = [name for name in value if not isinstance(name, str)]
        if odd:
            raise PipelineError(f"{place}: a key must be text, found {odd[0]!r}")
        return {name: _plain(inner, f"{place}.{name}") for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{place}.{at}") for at, inner in enumerate(value)]
    raise PipelineError(f"{place}: a file cannot hold a {type(value).__name__}")


def to_yaml(pipeline: Pipeline) -> str:
    """The file that reads as this pipeline."""
    return yaml.dump(
        pipeline.values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )


class _Dumper(yaml.SafeDumper):
    """Without anchors, which are not read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
