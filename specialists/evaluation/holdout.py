"""Rows of our own that were held out of training, as a task.

It stands alone because such rows come labelled: nothing is mined, so there is no ranking and no
absent twin. A row is a JSON object with `query`, `passage`, `label` (1 or 0) and, where several
queries are variants of one, `group`. It cannot know whether the rows were really held out: that
is the promise of whoever split them, by group.
"""

from pathlib import Path

from specialists.errors import CorpusError
from specialists.evaluation.tasks import Group, Task, json_rows, text_field


def read_holdout(path: Path) -> Task:
    """A JSON lines file, plain or .xz or .gz. Rows of one query under one group are marked
    together; the query's group is what intervals resample.

    Raises `CorpusError` for a row that cannot be used, or when either label is missing.
    """
    rows: dict[tuple[str, str], dict[str, bool]] = {}
    for where, row in json_rows(path.parent, path.name, remedy="correct the path"):
        query, passage = text_field(row, "query", where), text_field(row, "passage", where)
        for key, text in (("query", query), ("passage", passage)):
            if not text.strip():
                raise CorpusError(f"{where}: the text under {key!r} is empty")
        group = str(query if row.get("group") is None else row["group"])
        label = row.get("label")
        if label not in (0, 1):
            raise CorpusError(f"{where}: expected 1 or 0 under 'label', found {label!r}")
        labels = rows.setdefault((group, query), {})
        if labels.setdefault(passage, bool(label)) != bool(label):
            raise CorpusError(f"{where}: the same query and passage carry both labels")
    found = {label for labels in rows.values() for label in labels.values()}
    if not found:
        raise CorpusError(
            f"{path}: holds no row; give one JSON object a line, with query, passage and label"
        )
    if len(found) == 1:
        raise CorpusError(
            f"{path}: every label is {int(*found)}; it takes rows of both labels, 1 for passages "
            "that are relevant and 0 for others"
        )
    return Task(
        name=path.name.split(".")[0],
        groups=tuple(
            Group(
                query_id=group,
                query=query,
                passages=tuple(labels),
                relevant=tuple(labels.values()),
                rows=tuple(range(len(labels))),
                present=(),
                absent=(),
            )
            for (group, query), labels in rows.items()
        ),
    )
