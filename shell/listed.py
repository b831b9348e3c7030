"""The pipelines that a person can run: those that ship, and those whose files stand in a folder.

It stands alone because the command line and the screen must find the same ones. A broken file is
listed too, with what is wrong in it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import PipelineError
from cluster.pipelines.library import find_pipeline, own_files, shipped_names
from cluster.pipelines.pipeline import Pipeline
from cluster.pipelines.reading import read_pipeline
from cluster.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPipeline:
    """`given` is what it is called by, a name or a file; `pipeline` None where it is broken, and
    then `problems` say why, each with its place."""

    given: str
    path: Path
    pipeline: Pipeline | None
    problems: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        if self.pipeline is not None:
            return self.pipeline.description or "no description"
        count = len(self.problems)
        line = re.sub(rf"^{re.escape(str(self.path))}:(?=\d)", "line ", self.problems[0])
        return f"broken: {count} problems" if count > 1 else f"broken: {line}"


def list_pipelines(folder: Path, registry: Registry | None = None) -> tuple[ListedPipeline, ...]:
    """The shipped ones first. Without a registry, specialists are not looked up."""
    named = [(name, find_pipeline(name, files=False)) for name in shipped_names()]
    named += [(path.name, path) for path in own_files(folder)]
    return tuple(_listed(given, path, registry) for given, path in named)


def _listed(given: str, path: Path, registry: Registry | None) -> ListedPipeline:
    try:
        pipeline = read_pipeline(path, registry)
    except PipelineError as error:
        problems = tuple(str(error).splitlines())
        return ListedPipeline(given=given, path=path, pipeline=None, problems=problems)
    return ListedPipeline(given=given, path=path, pipeline=pipeline)
