"""Good pipelines with something changed at random: checked or refused in words, never a crash,
and what is checked survives both conversions."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.errors import PipelineError
from cluster.pipelines.as_python import as_python
from cluster.pipelines.graph import draw_mermaid, draw_text
from cluster.pipelines.library import FOLDER
from cluster.pipelines.reading import PIPELINE_FILE, parse_pipeline, pipeline_of, to_yaml
from cluster.registry_file import parse_yaml
from tests.cluster.pipelines.test_mistakes import GOOD

TEXTS = [GOOD, *(path.read_text("utf-8") for path in sorted(FOLDER.glob("*.yaml")))]
GOOD_ONES = [parse_yaml(text, Path("good"), PIPELINE_FILE).values for text in TEXTS]
ODD: list[Any] = [
    *(None, True, 1, -1, 2.5, 10**30, [], {}, [1], "", "$", "$$", "text", "x" * 100, "{a}", "../x"),
    *("$question", "$found", "$judged", "$judged.kept", "$docs.x", "$found.count", "$nothing"),
    *("filter", "map", "branch", "json", "list of json", "equals", ["$found"], {"a": "$question"}),
]


def keys(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield (*above, key)
        if isinstance(inner, dict | list):
            yield from keys(inner, (*above, key))


def changed(seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    values = copy.deepcopy(chance.choice(GOOD_ONES))
    for _ in range(chance.randint(1, 3)):
        *above, last = chance.choice(list(keys(values)))
        inner: Any = values
        for key in above:
            inner = inner[key]
        if chance.random() < 0.8:
            inner[last] = copy.deepcopy(chance.choice(ODD))
        else:
            del inner[last]
    return values


@pytest.mark.parametrize("hundred", range(8))
def test_a_changed_pipeline_is_checked_or_refused_in_words(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        try:
            pipeline = pipeline_of(changed(seed))
        except PipelineError as error:
            assert str(error).strip()
            continue
        assert parse_pipeline(to_yaml(pipeline), "again") == pipeline
        assert draw_text(pipeline) and draw_mermaid(pipeline)
        names: dict[str, Any] = {}
        exec(as_python(pipeline), names)
        assert names["pipeline"] == pipeline, as_python(pipeline)
