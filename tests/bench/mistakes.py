"""Every mistake in a pipeline file that the tests know, with what is said of it: a table to read.

    python -m tests.bench.mistakes

Run by hand. It asserts nothing; `tests/cluster/pipelines/test_mistakes.py` does.
"""

import tempfile
from pathlib import Path

from cluster.errors import PipelineError
from cluster.pipelines.reading import parse_pipeline
from shell.output import Output
from tests.cluster.pipelines.test_mistakes import MISTAKES, UNREADABLE, told_of, write_registry


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        registry = write_registry(Path(folder))
        rows = [(mistake, told_of(mistake, registry)) for mistake in MISTAKES]
    for mistake, (text, _) in UNREADABLE.items():
        try:
            parse_pipeline(text, "bad.yaml")
        except PipelineError as error:
            rows.append((mistake, str(error)))
    output = Output(json=False, colours="never")
    output.table(("mistake", "what is said of it"), rows)
    output.note(f"{len(rows)} mistakes")


if __name__ == "__main__":
    main()
