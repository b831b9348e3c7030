"""Rows through pipelines: every step, refusals, failures, tries and time, with a scripted judge."""

import asyncio
import json
import signal
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cluster.backends.stub import StubBackend
from cluster.blocking import open_blocking
from cluster.cluster import Cluster
from cluster.errors import ClusterError, UnknownSpecialist
from cluster.pipelines.kinds import BUILT_IN
from cluster.pipelines.pipeline import StepCall, StepKind
from cluster.pipelines.reading import parse_pipeline
from cluster.pipelines.run import RowResult, StepBegan, StepDone
from cluster.pipelines.types import TEXT
from cluster.workers.scripted import Script

QUESTION = "when was the pump replaced"
PUMP = "the pump was replaced in march"
ROSES = "the roses are pruned"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "registry.yaml"
    path.write_text(
        "specialists:\n"
        "  judge: {task: relevance, checkpoint: .}\n"
        "  writer: {task: generation, checkpoint: ., output: text}\n"
    )
    return path


@pytest.fixture
async def cluster(registry: Path) -> AsyncIterator[Cluster]:
    backend = StubBackend({"judge": Script(refuse_on="unspeakable", passage_s=0.0)})
    async with Cluster.open(registry, backend=backend) as opened:
        yield opened


async def through(
    cluster: Cluster, root: Path, text: str, row: dict[str, Any] | None = None
) -> RowResult:
    pipeline = parse_pipeline(f"pipeline: tried\n{text}", "tried.yaml", cluster.registry)
    return await cluster.run(pipeline, row or {}, root=root, cache_dir=root / "cache")


class Told:
    """What is told of steps: where they began, and how they ended."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.done: list[StepDone] = []

    def __call__(self, step: StepBegan | StepDone) -> None:
        if isinstance(step, StepBegan):
            self.began.append(step.place)
        else:
            self.done.append(step)


def steps(kinds: str) -> str:
    return f"inputs: {{q: text, p: list of passage}}\nsteps:\n{kinds}"


ROW = {"q": QUESTION, "p": [{"text": PUMP, "id": 7, "kept": "mine", "score": 3}, ROSES]}


async def test_a_filter_parts_passages_and_loses_nothing_they_brought(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = steps("  f: {do: filter, question: $q, passages: $p}\noutput: {f: $f, n: $f.kept.count}")
    result = (await through(cluster, tmp_path, text, ROW)).to_json()
    (kept,) = result["f"]["kept"]
    assert (kept["id"], kept["score"], kept["kept"]) == (7, 3, True)
    assert kept["given"] == {"kept": "mine"}
    assert [p["text"] for p in result["f"]["dropped"]] == [ROSES]
    assert result["n"] == 1


async def test_a_reranker_orders_and_drops_nothing_above_top_n(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = steps("  r: {do: rerank, question: $q, passages: $p}\noutput: {r: $r}")
    row = {"q": QUESTION, "p": [ROSES, PUMP]}
    found = (await through(cluster, tmp_path, text, row)).output["r"]
    assert [j.passage.text for j in found] == [PUMP, ROSES]
    one = (await through(cluster, tmp_path, text.replace("$p}", "$p, top_n: 1}"), row)).output["r"]
    assert [j.passage.text for j in one] == [PUMP]


@pytest.mark.parametrize(("asked", "case"), [(PUMP, "yes"), (ROSES, "no")])
async def test_a_verdict_chooses_the_branch(
    cluster: Cluster, tmp_path: Path, asked: str, case: str
) -> None:
    text = (
        "inputs: {text: text}\n"
        "steps:\n"
        f"  v: {{do: decide, question: {QUESTION}, text: $text}}\n"
        "  b:\n    do: branch\n    on: $v\n    cases:\n"
        "      yes: {steps: {t: {do: template, text: 'yes {x}', values: {x: $text}}}, output: $t}\n"
        "      no: {output: no roses}\n"
        "output: {b: $b, v: $v.positive}"
    )
    result = await through(cluster, tmp_path, text, {"text": asked})
    assert result.output["b"].split()[0] == case
    assert result.output["v"] is (case == "yes")


async def test_a_map_keeps_the_order_and_the_bound(cluster: Cluster, tmp_path: Path) -> None:
    text = (
        "inputs: {names: list of text}\n"
        "steps:\n  m:\n    do: map\n    over: $names\n    as: name\n    at_once: 2\n"
        "    steps:\n      t: {do: template, text: '<{n}>', values: {n: $name}}\n"
        "    output: {name: $name, marked: $t}\n"
        "output: {m: $m}"
    )
    names = [f"n{i}" for i in range(50)]
    result = await through(cluster, tmp_path, text, {"names": names})
    assert [item["marked"] for item in result.output["m"]] == [f"<{n}>" for n in names]


async def test_lists_are_merged_without_doubles(cluster: Cluster, tmp_path: Path) -> None:
    text = (
        "inputs: {a: list of passage, b: list of passage}\n"
        "steps: {m: {do: merge, lists: [$a, $b], how: HOW}}\noutput: {m: $m}"
    )
    row = {"a": ["one", "two", "three"], "b": ["three", "two", "four"]}
    joined = await through(cluster, tmp_path, text.replace("HOW", "join"), row)
    fused = await through(cluster, tmp_path, text.replace("HOW", "fuse"), row)
    assert [p.text for p in joined.output["m"]] == ["one", "two", "three", "four"]
    assert {p.text for p in fused.output["m"][:2]} == {"two", "three"}
    assert len(fused.output["m"]) == 4


async def test_a_check_refuses_the_row_with_its_reason(cluster: Cluster, tmp_path: Path) -> None:
    text = (
        "inputs: {n: number}\n"
        "steps: {c: {do: check, value: $n, at_least: 3, reason: too few}}\noutput: {n: $c}"
    )
    assert (await through(cluster, tmp_path, text, {"n": 3})).output == {"n": 3}
    refused = await through(cluster, tmp_path, text, {"n": 2})
    assert (refused.status, refused.reason, refused.step) == ("refused", "too few", "c")
    assert refused.to_json() == {"refused": "too few", "step": "c"}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (f"{PUMP.capitalize()}. [1]", "done"),
        (f"{PUMP}. [1]\nIt cost a fortune. [2]", "refused"),
    ],
)
async def test_only_what_passages_say_is_grounded(
    cluster: Cluster, tmp_path: Path, said: str, status: str
) -> None:
    text = (
        "inputs: {said: text, p: list of passage}\n"
        "steps: {c: {do: check, value: $said, grounded_in: $p}}\noutput: {c: $c}"
    )
    result = await through(cluster, tmp_path, text, {"said": said, "p": [f"{PUMP}."]})
    assert result.status == status
    assert status == "done" or "no passage says: It cost a fortune." in result.reason


@pytest.mark.parametrize(
    ("policy", "status"), [("go_on", "done"), ("stop", "refused"), ("fail", "failed")]
)
async def test_what_becomes_of_a_refusal_is_what_the_step_says(
    cluster: Cluster, tmp_path: Path, policy: str, status: str
) -> None:
    text = steps(
        f"  f: {{do: filter, question: $q, passages: $p, on_refuse: {policy}}}\n"
        "output: {n: $f.kept.count}"
    )
    result = await through(cluster, tmp_path, text, {"q": QUESTION, "p": [ROSES]})
    assert result.status == status
    assert status == "done" or "none of 1 passages is relevant" in result.reason


async def test_items_that_are_refused_may_be_left_out(cluster: Cluster, tmp_path: Path) -> None:
    text = (
        "inputs: {ns: list of number}\n"
        "steps:\n  m:\n    do: map\n    over: $ns\n    as: n\n    on_refuse: go_on\n"
        "    steps: {c: {do: check, value: $n, at_least: 2}}\n    output: $c\n"
        "output: {m: $m}"
    )
    row = {"ns": [1, 2, 3]}
    assert (await through(cluster, tmp_path, text, row)).output == {"m": (2, 3)}
    stopped = await through(cluster, tmp_path, text.replace("go_on", "stop"), row)
    assert (stopped.status, stopped.step) == ("refused", "m")


async def test_a_specialist_that_refuses_fails_the_row_and_names_the_step(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = steps("  f: {do: filter, question: $q, passages: $p}\noutput: {f: $f}")
    result = await through(cluster, tmp_path, text, {"q": "unspeakable", "p": [PUMP]})
    assert (result.status, result.step) == ("failed", "f")
    assert "the script refuses 'unspeakable'" in result.reason


async def test_a_row_of_another_shape_fails_with_the_nearest_name(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = steps("  f: {do: filter, question: $q, passages: $p}\noutput: {f: $f}")
    missing = await through(cluster, tmp_path, text, {"q": "x", "pp": []})
    assert missing.reason == "the row has no 'p' (list of passage) (did you mean 'pp'?)"
    wrong = await through(cluster, tmp_path, text, {"q": "x", "p": [PUMP, 3]})
    assert wrong.reason.startswith("p[1]: a passage is text, or a record with 'text'")


async def test_what_only_the_row_can_show_is_looked_at_then(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = (
        "inputs: {r: record}\n"
        "steps: {t: {do: decide, question: $r.q, text: $r.deep.text}}\noutput: {t: $t.label}"
    )
    good = {"r": {"q": QUESTION, "deep": {"text": PUMP}}}
    assert (await through(cluster, tmp_path, text, good)).output == {"t": "1"}
    wrong = await through(cluster, tmp_path, text, {"r": {"q": 5, "deep": {"text": PUMP}}})
    assert wrong.reason == "$r.q: expected text, found number 5"
    missing = await through(cluster, tmp_path, text, {"r": {"q": "x", "deep": {}}})
    assert "the record has no 'text'" in missing.reason


async def test_a_path_that_is_used_as_text_is_text(cluster: Cluster, tmp_path: Path) -> None:
    text = (
        "inputs: {p: path}\nsteps: {v: {do: decide, question: pump, text: $p}}\n"
        "output: {v: $v.label}"
    )
    result = await through(cluster, tmp_path, text, {"p": Path("notes/pump.md")})
    assert result.output == {"v": "1"}


async def test_text_is_generated_and_answers_are_quoted(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "pump.md").write_text("The pump was replaced in March by the plumber.\n")
    text = (
        "inputs: {q: text}\nsteps:\n"
        "  found: {do: retrieve, question: $q, docs: notes}\n"
        "  judged: {do: filter, question: $q, passages: $found}\n"
        "  answer: {do: answer, question: $q, passages: $judged.kept, dropped: $judged.dropped}\n"
        "  short: {do: generate, specialist: writer, prompt: $answer.text, max_new_tokens: 2}\n"
        "output: {text: $answer.text, citations: $answer.citations, short: $short}"
    )
    result = (await through(cluster, tmp_path, text, {"q": QUESTION})).to_json()
    assert result["citations"][0]["quote"] == "The pump was replaced in March by the plumber."
    assert result["short"] == "plumber. [1]"


class Flaky:
    """A step that fails a few times, then takes its time."""

    def __init__(self, failures: int, takes_s: float = 0.0) -> None:
        self.tries = 0
        self._failures = failures
        self._takes_s = takes_s

    async def run(self, call: StepCall) -> str:
        self.tries += 1
        if self.tries <= self._failures:
            raise OSError("the line is cut")
        await asyncio.sleep(self._takes_s)
        return "through"

    def kind(self) -> StepKind:
        return StepKind(
            name="flaky",
            purpose="Fail.",
            ports={},
            settings={},
            gives=lambda _: TEXT,
            run=self.run,
            cacheable=True,
        )


@pytest.mark.parametrize(("retry", "status"), [(1, "failed"), (2, "done")])
async def test_a_step_is_tried_as_often_as_it_says(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, retry: int, status: str
) -> None:
    flaky = Flaky(failures=2)
    monkeypatch.setitem(BUILT_IN, "flaky", flaky.kind())
    told = Told()
    text = (
        f"pipeline: p\nsteps: {{f: {{do: flaky, retry: {retry}, wait_s: 0.001}}}}\n"
        "output: {f: $f}"
    )
    pipeline = parse_pipeline(text, "p", cluster.registry)
    result = await cluster.run(pipeline, {}, root=tmp_path, on_step=told)
    assert told.began == ["f"]
    assert (result.status, flaky.tries, told.done[0].tries) == (status, retry + 1, retry + 1)
    assert told.done[0].status == status


async def test_a_step_that_takes_too_long_is_given_up(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUILT_IN, "flaky", Flaky(0, takes_s=60).kind())
    text = "steps: {f: {do: flaky, timeout_s: 0.01}}\noutput: {f: $f}"
    result = await through(cluster, tmp_path, text)
    assert result.reason == "not done within 0.01 s (timeout_s)"


async def test_what_a_step_gave_is_kept_and_found_again(cluster: Cluster, tmp_path: Path) -> None:
    text = steps(
        "  f: {do: filter, question: $q, passages: $p, cache: true}\n"
        "  r: {do: rerank, question: $q, passages: $f.kept, cache: true}\n"
        "output: {f: $f, r: $r}"
    )
    pipeline = parse_pipeline(f"pipeline: p\n{text}", "p", cluster.registry)
    results, told = [], Told()
    for row in (ROW, ROW, {**ROW, "q": f"{QUESTION}?!"}, {"q": QUESTION, "p": [ROSES]}):
        result = await cluster.run(
            pipeline, row, root=tmp_path, cache_dir=tmp_path / "c", on_step=told
        )
        results.append(result.to_json())
    assert [step.cached for step in told.done] == [False, False, True, True] + [False] * 4
    assert json.dumps(results[0]) == json.dumps(results[1])


async def test_every_step_is_told_with_what_it_was_given_and_gave(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = steps(
        "  all:\n    do: map\n    over: $p\n    as: one\n    at_once: 1\n    steps:\n"
        "      said: {do: decide, question: $q, text: $one}\n"
        "      sure: {do: check, value: $said.label, equals: '1', on_refuse: fail}\n"
        "    output: $sure\noutput: {all: $all}"
    )
    pipeline = parse_pipeline(f"pipeline: p\n{text}", "p", cluster.registry)
    told = Told()
    result = await cluster.run(pipeline, ROW, root=tmp_path, on_step=told)
    assert result.status == "failed"
    assert told.began[:3] == ["all", "all[0].said", "all[0].sure"]
    ends = {step.place: step for step in told.done}
    assert ends["all[0].said"].inputs["question"] == QUESTION
    assert ends["all[0].said"].value.label == ends["all[0].sure"].inputs["value"]
    assert ends["all"].status == "failed" and ends["all"].value is None
    assert ends["all"].reason == f"{result.step}: {result.reason}"


async def test_an_unknown_specialist_is_told_before_any_row(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = (
        "pipeline: p\ninputs: {q: text}\nsteps: {d: {do: decide, question: $q, text: a, "
        "specialist: nobody}}\noutput: {d: $d}"
    )
    with pytest.raises(UnknownSpecialist, match="nobody"):
        cluster.runner(parse_pipeline(text, "p"), root=tmp_path)


def test_the_plain_face_runs_and_streams(registry: Path, tmp_path: Path) -> None:
    text = steps("  f: {do: filter, question: $q, passages: $p}\noutput: {n: $f.kept.count}")
    pipeline = parse_pipeline(f"pipeline: p\n{text}", "p")
    with open_blocking(registry, backend=StubBackend()) as cluster:
        assert cluster.run(pipeline, ROW, root=tmp_path).output == {"n": 1}
        rows = [{"q": QUESTION, "p": [PUMP] * n} for n in range(40)]
        found = [result.output["n"] for result in cluster.stream(pipeline, rows, root=tmp_path)]
        assert found == list(range(40))
        for result in cluster.stream(pipeline, rows, root=tmp_path):
            assert result.status == "done"
            break
        assert cluster.run(pipeline, ROW, root=tmp_path).status == "done"
    with pytest.raises(ClusterError, match="not open"):
        cluster.run(pipeline, ROW, root=tmp_path)


def test_an_interrupted_stream_of_the_plain_face_ends_as_an_interrupt(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main_thread = threading.main_thread().ident
    assert main_thread is not None

    async def interrupt(call: StepCall) -> str:
        signal.pthread_kill(main_thread, signal.SIGINT)
        await asyncio.sleep(60)
        return "never"

    kind = replace(Flaky(0).kind(), run=interrupt)
    monkeypatch.setitem(BUILT_IN, "flaky", kind)
    pipeline = parse_pipeline("pipeline: p\nsteps: {f: {do: flaky}}\noutput: {f: $f}", "p")
    with open_blocking(registry, backend=StubBackend()) as cluster:
        with pytest.raises(KeyboardInterrupt):
            list(cluster.stream(pipeline, [{}, {}], root=tmp_path))
        assert cluster.status().specialists, "the cluster goes on"


@pytest.mark.parametrize(("retry", "status"), [(0, "failed"), (1, "done")])
async def test_a_step_around_others_is_tried_again_as_a_whole(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, retry: int, status: str
) -> None:
    flaky = Flaky(failures=1)
    monkeypatch.setitem(BUILT_IN, "flaky", flaky.kind())
    text = (
        "inputs: {texts: list of text}\n"
        f"steps: {{m: {{do: map, over: $texts, as: t, retry: {retry}, wait_s: 0.001, "
        "steps: {f: {do: flaky}}, output: {f: $f}}}\noutput: {m: $m}"
    )
    result = await through(cluster, tmp_path, text, {"texts": ["one"]})
    assert result.status == status, result.reason


async def test_a_mistake_of_ours_fails_its_row_and_says_where(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mistaken(call: StepCall) -> str:
        raise ZeroDivisionError("by nothing")

    flaky = Flaky(failures=0).kind()
    monkeypatch.setitem(BUILT_IN, "flaky", replace(flaky, run=mistaken))
    result = await through(cluster, tmp_path, "steps: {f: {do: flaky}}\noutput: {f: $f}")
    assert (result.status, result.step) == ("failed", "f")
    assert result.reason == "a mistake in qshell: ZeroDivisionError: by nothing"


@pytest.mark.parametrize("path", ["docs\ud800", "circle"])
async def test_a_path_that_is_none_fails_its_row(
    cluster: Cluster, tmp_path: Path, path: str
) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    text = "inputs: {p: path}\nsteps: {r: {do: read, path: $p}}\noutput: {r: $r}"
    result = await through(cluster, tmp_path, text, {"p": path})
    assert result.status == "failed" and "a mistake" not in result.reason


@pytest.mark.parametrize(
    "change",
    [
        {"given": 5},
        {"verdict": {"score": "0.9"}},
        {"verdict": {"score": None}},
        {"verdict": {"score": 10**400}},
        {"verdict": {"logits": "12"}},
        {"verdict": {"tokens": 0.5}},
    ],
)
async def test_a_judged_passage_of_wrong_kinds_is_told(
    cluster: Cluster, tmp_path: Path, change: dict[str, Any]
) -> None:
    verdict = {
        "label": "1",
        "positive": True,
        "score": 0.9,
        "logits": [0.1, 0.9],
        "truncated": False,
        "tokens": 9,
        "query_truncated": False,
    }
    right = {"text": PUMP, "verdict": verdict}
    wrong = {**right, **change, "verdict": {**verdict, **change.get("verdict", {})}}
    judged = (
        "inputs: {j: list of judged, q: text}\nsteps: {c: {do: check, value: $q, at_least: 0}}\n"
        "output: {j: $j}"
    )
    for row, status in ((right, "done"), (wrong, "failed")):
        result = await through(cluster, tmp_path, judged, {"j": [row], "q": "x"})
        assert result.status == status, result.reason


async def test_a_number_beyond_all_numbers_fails_its_row(cluster: Cluster, tmp_path: Path) -> None:
    text = "inputs: {n: number}\nsteps: {c: {do: check, value: $n, at_least: 0}}\noutput: {n: $n}"
    result = await through(cluster, tmp_path, text, {"n": 10**400})
    assert result.status == "failed" and result.reason.startswith("n: expected number")


async def test_a_row_in_a_file_may_hold_line_ends_that_only_unicode_knows(
    cluster: Cluster, tmp_path: Path
) -> None:
    said = "one\u2028two\x85three"
    (tmp_path / "rows.jsonl").write_text(
        json.dumps({"said": said}, ensure_ascii=False) + "\r\n", "utf-8"
    )
    text = (
        "inputs: {p: path}\nsteps: {r: {do: read, path: $p, as: rows}}\n"
        "output: {n: $r.count, r: $r}"
    )
    result = await through(cluster, tmp_path, text, {"p": "rows.jsonl"})
    assert result.output == {"n": 1, "r": ({"said": said},)}, result.reason


def test_whoever_waits_in_another_thread_is_told_that_it_ended(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, told = threading.Event(), list[BaseException]()

    async def never(call: StepCall) -> str:
        begun.set()
        await asyncio.sleep(600)
        return "never"

    monkeypatch.setitem(BUILT_IN, "flaky", replace(Flaky(0).kind(), run=never))
    pipeline = parse_pipeline("pipeline: p\nsteps: {f: {do: flaky}}\noutput: {f: $f}", "p")

    with open_blocking(registry, backend=StubBackend()) as cluster:

        def wait() -> None:
            try:
                cluster.run(pipeline, {}, root=tmp_path)
            except BaseException as error:
                told.append(error)

        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        assert begun.wait(10)
    waiting.join(10)
    assert not waiting.is_alive()
    (error,) = told
    assert isinstance(error, ClusterError) and str(error) == "the cluster was closed"


async def test_a_branch_takes_what_a_json_value_turns_out_to_be(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = (
        "inputs: {v: json}\nsteps:\n  b: {do: branch, on: $v, cases: {allow: {output: run}}, "
        "otherwise: {output: ask}}\noutput: {b: $b}"
    )
    for value, came in (("allow", "run"), ("refuse", "ask")):
        result = await through(cluster, tmp_path, text, {"v": value})
        assert result.output == {"b": came}, result.reason
    wrong = await through(cluster, tmp_path, text, {"v": 7})
    assert (wrong.status, "$v: expected" in wrong.reason) == ("failed", True)


async def test_a_verdict_is_given_on_a_passage_that_was_judged_before(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = steps(
        "  f: {do: filter, question: $q, passages: $p}\n"
        "  m: {do: map, over: $f.kept, as: one, steps: {d: {do: decide, question: $q, text: $one}},"
        " output: $d.positive}\noutput: {m: $m}"
    )
    result = await through(cluster, tmp_path, text, ROW)
    assert result.output == {"m": (True,)}, result.reason


async def test_the_score_that_a_passage_brought_is_its_score(
    cluster: Cluster, tmp_path: Path
) -> None:
    text = "inputs: {p: passage}\noutput: {s: $p.score, p: $p}"
    result = await through(cluster, tmp_path, text, {"p": {"text": "a", "score": 0.9}})
    assert result.to_json()["s"] == 0.9


async def test_rows_of_a_file_are_strict_json(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a": NaN}\n')
    text = "steps: {r: {do: read, path: rows.jsonl, as: rows}}\noutput: {r: $r}"
    result = await through(cluster, tmp_path, text)
    assert (result.status, "NaN is no number" in result.reason) == ("failed", True)
