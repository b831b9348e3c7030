"""Python and YAML are two forms of the same pipeline."""

from typing import Any

import pytest

from cluster.errors import PipelineError
from cluster.pipelines.as_python import as_python
from cluster.pipelines.build import BodyBuilder, PipelineBuilder
from cluster.pipelines.graph import draw_mermaid, draw_text
from cluster.pipelines.library import shipped, shipped_names
from cluster.pipelines.nodes import Judged, Node, Text
from cluster.pipelines.pipeline import Pipeline
from cluster.pipelines.reading import parse_pipeline, to_yaml
from tests.cluster.pipelines.test_mistakes import GOOD


def built() -> Pipeline:
    p = PipelineBuilder("night-filter", "Every step once.")
    question, docs = p.text("question"), p.path("docs", default="notes")
    extra = p.passages("extra")
    found = p.retrieve("found", question=question, docs=docs, k=5)
    merged = p.merge("merged", lists=[found, extra], how="fuse")
    judged = p.filter("judged", question=question, passages=merged, retry=2, cache=True)
    best = p.rerank("best", question=question, passages=judged.kept, top_n=3)
    answer = p.answer("answer", question=question, passages=best, dropped=judged.dropped)
    text = p.check("grounded", value=answer.text, grounded_in=best, reason="invented")
    lines = p.read_lines("lines", path="notes/lines.txt")

    def each(body: BodyBuilder, line: Text) -> Node:
        verdict = body.decide("verdict", question=question, text=line)
        return body.branch(
            "said",
            on=verdict,
            cases={
                "yes": lambda case: case.template("t", text="{l} $5", values={"l": line}),
                "no": lambda case: case.check("c", value=line, lacks="x"),
            },
        )

    marked = p.map("marked", over=lines, each=each, item=Text, named="one", at_once=2)
    written = p.write("written", path="out.md", content=text, replace=True)
    p.output(text=text, marked=marked, written=written, best=best, n=judged.kept.count)
    p.expect(given={"question": "why", "extra": []}, outcome="failed", name="no notes")
    return p.finish()


@pytest.fixture(params=["built", "good", *shipped_names()])
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    match request.param:
        case "built":
            return built()
        case "good":
            return parse_pipeline(GOOD, "good.yaml")
        case name:
            return shipped(name)


def test_yaml_and_back_is_the_same(pipeline: Pipeline) -> None:
    again = parse_pipeline(to_yaml(pipeline), "again.yaml")
    assert again == pipeline
    assert again.body == pipeline.body
    assert again.fingerprint == pipeline.fingerprint


def test_python_and_back_is_the_same(pipeline: Pipeline) -> None:
    names: dict[str, Any] = {}
    exec(as_python(pipeline), names)
    assert names["pipeline"] == pipeline
    assert names["pipeline"].body == pipeline.body


def test_a_pipeline_can_be_drawn(pipeline: Pipeline) -> None:
    text, mermaid = draw_text(pipeline), draw_mermaid(pipeline)
    for step in pipeline.every_step():
        assert f"{step.name}: {step.kind.name}" in text
        assert f"{step.name}: {step.kind.name}" in mermaid
    words = [line.split()[0] for line in mermaid.splitlines()]
    assert words.count("subgraph") == words.count("end")


def test_mistakes_in_python_are_told_without_lines() -> None:
    p = PipelineBuilder("wrong")
    question = p.text("question")
    p.filter("judged", question=question, passages=Judged("$nothing"))
    p.output(q=question)
    with pytest.raises(PipelineError) as told:
        p.finish()
    assert str(told.value) == (
        "pipeline wrong: steps.judged.passages: nothing is called $nothing; "
        "known here: question, judged"
    )


def test_what_changes_results_changes_the_fingerprint() -> None:
    good = parse_pipeline(GOOD, "a")
    assert parse_pipeline(GOOD.replace("A good one", "Another"), "b").fingerprint == (
        good.fingerprint
    )
    assert parse_pipeline(GOOD.replace("k: 5", "k: 6"), "b").fingerprint != good.fingerprint
