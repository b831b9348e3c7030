"""The steps that let a specialist do its job, and that find out which one: `call` and `route`."""

# ruff: noqa: E501  a table is read row by row

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.errors import PipelineError, UnknownSpecialist
from cluster.pipelines.reading import parse_pipeline
from cluster.pipelines.run import RowResult, StepBegan, StepDone
from cluster.registry import read_registry
from cluster.workers.scripted import Script
from specialists.contract import POCKET_CITATION, POCKET_DUPLICATE, POCKET_RELEVANCE

PAGE = "The pump was replaced in March. The roses are pruned."
CITED = "when was the pump replaced"
UNSAID = "who painted the ceiling"
CONTRACTS = {
    "dup": POCKET_DUPLICATE,
    "cite": POCKET_CITATION,
    "plain": POCKET_RELEVANCE,
    "mislabelled": replace(POCKET_DUPLICATE, job="command-safety"),
    "unknown": replace(POCKET_DUPLICATE, job="juggling"),
}
REGISTRY = """\
specialists:
  dup:
    {task: classification, checkpoint: dup, aliases: [twin], route: {rules: ["same question"]}}
  cite: {task: extraction, checkpoint: cite}
  plain: {task: relevance, checkpoint: plain, route: {rules: ["^judge"]}}
  mislabelled: {task: classification, checkpoint: mislabelled}
  unknown: {task: classification, checkpoint: unknown}
  nothing: {task: classification, checkpoint: nothing}
"""
CITE = """\
pipeline: p
inputs: {q: text}
steps: {c: {do: call, specialist: cite, inputs: {question: $q, pages: [PAGE]}POLICY}}
output: {quote: $c.quote, page: $c.page}
""".replace("PAGE", PAGE)
DUP = """\
pipeline: p
inputs: {given: record}
steps: {c: {do: call, specialist: dup, inputs: $given, retry: 2, wait_s: 0.001}}
output: {c: $c}
"""
ROUTE = """\
pipeline: p
inputs: {q: text}
steps: {r: {do: route, text: $qPOLICY}}
output: {r: $r, to: $r.route}
"""


class Ends:
    """What is told of steps that came to their end."""

    def __init__(self) -> None:
        self.done: list[StepDone] = []

    def __call__(self, step: StepBegan | StepDone) -> None:
        if isinstance(step, StepDone):
            self.done.append(step)


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    for name, contract in CONTRACTS.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "contract.json").write_text(json.dumps(contract.to_dict()))
    (tmp_path / "registry.yaml").write_text(REGISTRY)
    return tmp_path / "registry.yaml"


@pytest.fixture
def backend() -> StubBackend:
    scripts = {name: Script(passage_s=0.0, crash_on="crash") for name in CONTRACTS}
    return StubBackend(scripts)


@pytest.fixture
async def cluster(registry: Path, backend: StubBackend) -> AsyncIterator[Cluster]:
    async with Cluster.open(registry, backend=backend) as opened:
        yield opened


async def through(
    cluster: Cluster, text: str, row: dict[str, Any], ends: Ends | None = None
) -> RowResult:
    root = cluster.registry.files[0].parent
    pipeline = parse_pipeline(text, "tried.yaml", cluster.registry)
    return await cluster.run(pipeline, row, root=root, cache_dir=root / "cache", on_step=ends)


def cite(policy: str = "") -> str:
    return CITE.replace("POLICY", policy)


def route(policy: str = "") -> str:
    return ROUTE.replace("POLICY", policy)


def problem(text: str, registry: Path) -> str:
    with pytest.raises(PipelineError) as told:
        parse_pipeline(text, "p.yaml", read_registry(registry))
    return str(told.value)


async def test_what_comes_out_of_a_call_has_the_names_of_the_job(cluster: Cluster) -> None:
    assert (await through(cluster, cite(), {"q": CITED})).output == {
        "quote": "The pump was replaced in March.",
        "page": 1,
    }
    row = {"given": {"first": CITED, "second": f"{CITED} again"}}
    assert (await through(cluster, DUP, row)).output["c"]["duplicate"] is True


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ("", "done"),
        (", on_refuse: go_on", "done"),
        (", on_refuse: stop", "refused"),
        (", on_refuse: fail", "failed"),
    ],
)
async def test_a_job_that_refuses_is_taken_as_the_step_says(
    cluster: Cluster, policy: str, status: str
) -> None:
    ends = Ends()
    result = await through(cluster, cite(policy), {"q": UNSAID}, ends)
    assert (result.status, ends.done[0].status) == (status, "refused")
    assert "none of 2 sentences says it" in ends.done[0].reason
    if status == "done":
        assert result.output == {"quote": "", "page": None}
    else:
        assert (result.reason, result.step) == (ends.done[0].reason, "c")


async def test_a_cached_call_keeps_refusals_too_and_asks_nobody_again(
    cluster: Cluster, backend: StubBackend
) -> None:
    text, ends = cite(", cache: true, on_refuse: stop"), Ends()
    results = [await through(cluster, text, {"q": q}, ends) for q in (CITED, UNSAID) * 2]
    assert [step.cached for step in ends.done] == [False, False, True, True]
    assert results[:2] == results[2:]
    assert [result.status for result in results] == ["done", "refused"] * 2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"first": "a", "secnd": "b"}, "duplicate: unknown input 'secnd'; it takes: first, second"),
        ({"first": "a"}, "duplicate: missing input 'second'; it takes: first, second"),
        ({}, "duplicate: missing input 'first'; it takes: first, second"),
        ({"first": "a", "second": 7}, "duplicate: second must be a text, not int"),
        ({"first": "a", "second": " "}, "duplicate: second is empty; give some text"),
    ],
)
async def test_inputs_that_only_the_row_shows_fail_the_row_and_are_not_tried_again(
    cluster: Cluster, given: dict[str, Any], says: str
) -> None:
    ends = Ends()
    result = await through(cluster, DUP, {"given": given}, ends)
    assert (result.status, result.step, result.reason) == ("failed", "c", says)
    assert ends.done[0].tries == 1


async def test_a_worker_that_ends_suddenly_is_tried_as_often_as_the_step_says(
    cluster: Cluster,
) -> None:
    ends = Ends()
    row = {"given": {"first": "crash", "second": "b"}}
    result = await through(cluster, DUP, row, ends)
    assert (result.status, ends.done[0].tries) == ("failed", 3)
    assert "dup" in result.reason


async def test_labels_that_are_not_those_of_the_job_are_told(cluster: Cluster) -> None:
    text = DUP.replace("specialist: dup", "specialist: mislabelled")
    result = await through(cluster, text, {"given": {"command": "ls"}})
    assert result.status == "failed"
    assert "'mislabelled' do not have the labels of the job 'command-safety'" in result.reason


async def test_a_pipeline_read_without_a_registry_finds_out_when_it_runs(cluster: Cluster) -> None:
    nobody = parse_pipeline(DUP.replace("specialist: dup", "specialist: dop"), "p")
    with pytest.raises(UnknownSpecialist, match="did you mean 'dup'"):
        cluster.runner(nobody)
    jobless = parse_pipeline(DUP.replace("specialist: dup", "specialist: plain"), "p")
    result = await cluster.run(jobless, {"given": {"text": "a"}})
    assert (result.status, result.step) == ("failed", "c")
    assert "plain has no job of its own: it judges passages" in result.reason


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("question: $q", "questoin: $q", "p.yaml:3: steps.c.inputs.questoin: cite takes no 'questoin' (did you mean 'question'?); its job, citation, takes question, pages"),
        ("question: $q", "subject: $q", "p.yaml:3: steps.c.inputs.subject: cite takes no 'subject'"),
        ("question: $q, ", "x: $q, question: $q, ", "p.yaml:3: steps.c.inputs.x: cite takes no 'x'; its job"),
        (f", pages: [{PAGE}]", "", "p.yaml:3: steps.c.inputs: cite needs 'pages' too"),
        ("specialist: cite", "specialist: cit", "p.yaml:3: steps.c.specialist: no specialist is called 'cit' (did you mean 'cite'?)"),
        ("specialist: cite", "specialist: plain", "p.yaml:3: steps.c.specialist: plain has no job of its own"),
        ("specialist: cite", "specialist: unknown", "p.yaml:3: steps.c.specialist: unknown does the job 'juggling', which this qshell does not know"),
        ("specialist: cite", "specialist: nothing", "nothing/contract.json: no contract"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_succeed_is_told_before_anything_runs(
    registry: Path, before: str, after: str, says: str
) -> None:
    (message,) = problem(cite().replace(before, after), registry).splitlines()
    assert says in message


def test_an_alias_has_the_job_of_its_specialist(registry: Path) -> None:
    text = DUP.replace("specialist: dup", "specialist: twin").replace("$given", "{first: a}")
    text = text.replace("inputs: {given: record}\n", "")
    assert "twin needs 'second' too: another question" in problem(text, registry)


async def test_a_request_is_routed_with_what_the_job_takes(cluster: Cluster) -> None:
    result = await through(cluster, route(), {"q": "are these the same question"})
    routed = result.to_json()["r"]
    assert (result.output["to"], routed["route"], routed["confidence"]) == ("dup", "dup", 1.0)
    assert "the rule 'same question' of dup finds it" in routed["why"]
    assert routed["takes"] == ["first", "second"]
    jobless = await through(cluster, route(), {"q": "judge these"})
    assert jobless.to_json()["r"]["takes"] == []


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ("", "refused"),
        (", on_refuse: go_on", "done"),
        (", on_refuse: stop", "refused"),
        (", on_refuse: fail", "failed"),
    ],
)
async def test_a_request_for_nobody_is_refused_with_the_reason(
    cluster: Cluster, policy: str, status: str
) -> None:
    result = await through(cluster, route(policy), {"q": " "})
    assert result.status == status
    if status == "done":
        assert (result.output["to"], result.output["r"]["takes"]) == ("none", ())
    else:
        assert result.reason == "it is for no specialist: nothing is asked"


async def test_without_a_routing_specialist_what_no_rule_finds_fails(cluster: Cluster) -> None:
    result = await through(cluster, route(), {"q": "sing a song"})
    assert (result.status, result.step) == ("failed", "r")
    assert "no specialist with 'task: routing' is registered, and no rule" in result.reason


def test_a_house_that_cannot_route_is_told_before_anything_runs(registry: Path) -> None:
    registry.write_text("specialists: {dup: {task: classification, checkpoint: dup}}\n")
    assert "p.yaml:3: steps.r.do: no specialist with 'task: routing'" in problem(route(), registry)


def test_a_route_is_not_cached_for_the_registry_decides_too(registry: Path) -> None:
    said = problem(route(", cache: true"), registry)
    assert "steps.r.cache: what route gives depends on more than its inputs" in said


async def test_a_branch_takes_the_request_to_its_specialist(cluster: Cluster) -> None:
    text = (
        "pipeline: p\ninputs: {q: text}\nsteps:\n"
        "  r: {do: route, text: $q}\n"
        "  b:\n    do: branch\n    on: $r.route\n    cases:\n"
        "      dup:\n        steps:\n"
        "          c: {do: call, specialist: dup, inputs: {first: $q, second: $q}}\n"
        "        output: $c\n"
        "    otherwise: {output: {needs: $r.takes}}\n"
        "output: {b: $b}"
    )
    same = await through(cluster, text, {"q": "the same question"})
    assert same.output["b"] == {"duplicate": True, "score": 1.0}
    other = await through(cluster, text, {"q": "judge"})
    assert other.to_json() == {"b": {"needs": []}}
