"""`qshell pipeline` as a user types it, with a scripted judge in place of the trained one."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.pipelines import batch
from cluster.pipelines.library import shipped_names
from cluster.workers.scripted import Script
from shell import piping
from shell.cli import run
from shell.output import Output
from shell.piping import FailedRows
from shell.settings import Settings
from specialists.contract import POCKET_RELEVANCE

Qshell = Callable[..., tuple[int, str, str]]
QUESTION = "when was the pump replaced"
ROW = {"question": QUESTION, "passages": ["the pump was replaced in march", "roses"]}
ROOT = Path(__file__).parents[2]
JOBS = {
    "q-cmdsafe": "command-safety",
    "q-inject": "injection",
    "q-pii": "personal-data",
    "q-domain": "domain",
    "q-ground": "grounding",
    "q-dup": "duplicate",
}
JUDGE_ALONE = ("ask", "cite-report", "filter-jsonl")
"""The shipped pipelines whose examples a scripted judge fulfils."""
SORT = """\
pipeline: sort
inputs: {request: text}
steps:
  routed: {do: route, text: $request}
  same:
    do: call
    specialist: q-dup
    inputs: {first: $request, second: "are these the same question"}
output: {to: $routed.route, same: $same.duplicate}
expect:
  - given: {request: "is it the same question"}
    output: {same: true}
  - given: {request: " "}
    outcome: refused
"""


def write_registry(home: Path) -> None:
    """A judge, and specialists that have jobs and are scripted."""
    entries = ["  q-rag: {task: relevance, checkpoint: .}"]
    for name, job in JOBS.items():
        (home / name).mkdir()
        contract = replace(POCKET_RELEVANCE, job=job).to_dict()
        (home / name / "contract.json").write_text(json.dumps(contract))
        rule = "{rules: ['same question']}"
        entries.append(f"  {name}: {{task: classification, checkpoint: {name}, route: {rule}}}")
    (home / "registry.yaml").write_text("\n".join(["specialists:", *entries, ""]))


@pytest.fixture
def qshell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Qshell:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    write_registry(home)
    monkeypatch.setenv("QSHELL_HOME", str(home))
    monkeypatch.chdir(work)

    def open_stub(settings: Settings) -> Cluster:
        backend = StubBackend({"q-rag": Script(refuse_on="unspeakable")})
        return Cluster.open(home / "registry.yaml", backend=backend)

    monkeypatch.setattr(piping, "open_cluster", open_stub)

    def typed(*words: str, rows: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(rows.encode())))
        code = run(["pipeline", *words])
        captured = capfdbinary.readouterr()
        return code, captured.out.decode(), captured.err.decode()

    return typed


def rows_of(*rows: object) -> str:
    return "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def test_the_shipped_ones_are_listed_checked_and_tested(qshell: Qshell) -> None:
    assert len(shipped_names()) == 6
    code, out, _ = qshell("list", "--json")
    assert code == 0 and set(json.loads(out)["pipelines"]) == set(shipped_names())
    assert not any(one["problems"] for one in json.loads(out)["pipelines"].values())
    code, out, _ = qshell("check")
    assert (code, out) == (0, "".join(f"{name}: ok\n" for name in shipped_names()))
    code, out, err = qshell("test", *JUDGE_ALONE, "--json")
    assert code == 0, out + err
    assert all(e["problems"] == [] for found in json.loads(out).values() for e in found)


def test_files_of_this_folder_are_listed_and_broken_ones_say_why(
    qshell: Qshell, tmp_path: Path
) -> None:
    assert qshell("new", "mine")[0] == 0
    work = tmp_path / "work"
    (work / "broken.yaml").write_text("pipeline: broken\nstesp: {}\noutput: {a: b}\n")
    (work / "compose.yaml").write_text("services: {}\n")
    _, out, _ = qshell("list", "--json")
    found = json.loads(out)["pipelines"]
    assert list(found)[-2:] == ["broken.yaml", "mine.yaml"]
    assert found["mine.yaml"]["problems"] == []
    assert "broken.yaml:2" in found["broken.yaml"]["problems"][0]
    _, out, _ = qshell("list")
    assert "broken:" in out


def test_steps_that_route_and_call_are_checked_drawn_tested_and_run(
    qshell: Qshell, tmp_path: Path
) -> None:
    file = tmp_path / "work" / "sort.yaml"
    file.write_text(SORT)
    assert qshell("check", "sort.yaml")[:2] == (0, "sort.yaml: ok\n")
    _, out, _ = qshell("graph", "sort.yaml")
    assert "routed: route <- text $request -> record (on refuse stop)" in out
    assert "same: call <- inputs {first: $request, second: 'are these the same question'}" in out
    code, out, err = qshell("test", "sort.yaml")
    assert (code, out) == (0, "sort: example 1: ok\nsort: example 2: ok\n"), err
    rows = rows_of({"request": "one and the same question"}, {"request": " "})
    code, out, err = qshell("run", "sort.yaml", "--trace", rows=rows)
    first, second = (json.loads(line) for line in out.splitlines())
    assert (code, first["to"], second["step"]) == (0, "q-cmdsafe", "routed"), err
    assert second["refused"] == "it is for no specialist: nothing is asked"
    assert "routed (route) refused" in err and "same (call) done" in err
    file.write_text(SORT.replace("second:", "secnd:"))
    code, out, _ = qshell("check", "sort.yaml")
    assert code == 1
    assert "sort.yaml:8: steps.same.inputs.secnd: q-dup takes no 'secnd' (did you mean" in out


def test_an_example_that_a_specialist_does_not_fulfil_is_told_with_its_place(
    qshell: Qshell,
) -> None:
    code, out, _ = qshell("test", "screen-commands")
    assert code == 1
    assert "screen-commands.yaml:20: what only reads is allowed: expected the row to be done" in out
    assert "do not have the labels of the job 'command-safety'" in out


def test_a_list_of_texts_is_given_line_by_line(qshell: Qshell, tmp_path: Path) -> None:
    (tmp_path / "work" / "count.yaml").write_text(
        "pipeline: count\ninputs: {texts: list of text}\n"
        "steps: {all: {do: check, value: $texts, at_least: 1}}\noutput: {n: $all.count}\n"
    )
    for typed in ("one\ntwo\n", '["one", "two"]'):
        code, out, err = qshell("run", "count.yaml", "--set", f"texts={typed}")
        assert (code, json.loads(out)) == (0, {"n": 2}), err


def test_rows_come_out_in_order_with_what_they_brought(qshell: Qshell) -> None:
    code, out, err = qshell(
        "run", "filter-jsonl", rows=rows_of(*({**ROW, "id": n} for n in range(300)))
    )
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["id"] for line in lines] == list(range(300))
    assert all(len(line["kept"]) == line["dropped"] == 1 for line in lines)
    assert (code, "300 rows done" in err) == (0, True)


def test_failed_rows_are_counted_kept_and_can_be_run_again(qshell: Qshell, tmp_path: Path) -> None:
    bad = {**ROW, "question": "unspeakable"}
    rows = rows_of(ROW, "{broken\n", ROW, '{"question": "x"}\n', bad, "\n", ROW, '{"a": NaN}\n')
    code, out, err = qshell("run", "filter-jsonl", rows=rows)
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [line.get("row") for line in lines] == [None, 2, None, 4, 5, None, 7]
    assert "4 of 7 rows failed, the first being row 2: the row is not JSON" in err
    kept = (tmp_path / "work" / "filter-jsonl.failed.jsonl").read_text()
    assert kept == rows_of("{broken\n", '{"question": "x"}\n', bad, '{"a": NaN}\n')
    (tmp_path / "work" / "filter-jsonl.failed.jsonl").write_text(kept.replace("unspeakable", "a"))
    code, out, _ = qshell("run", "filter-jsonl", "--in", "filter-jsonl.failed.jsonl")
    assert (code, len(out.splitlines())) == (1, 4)
    kept = (tmp_path / "work" / "filter-jsonl.failed.jsonl").read_text()
    assert len(kept.splitlines()) == 3


def test_a_file_of_failed_rows_goes_when_none_fails_any_more(
    qshell: Qshell, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    (work / "filter-jsonl.failed.jsonl").write_text(rows_of(ROW, ROW))
    assert qshell("run", "filter-jsonl", rows=rows_of(ROW))[0] == 0
    assert len(list(work.iterdir())) == 1, "only the file that was run may go"
    assert qshell("run", "filter-jsonl", "--in", "filter-jsonl.failed.jsonl")[0] == 0
    assert list(work.iterdir()) == []


def test_a_run_that_is_broken_off_leaves_the_rows_it_was_given(
    qshell: Qshell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    rows = rows_of("{broken\n", *[ROW] * 20)
    failed = work / "filter-jsonl.failed.jsonl"
    failed.write_text(rows)
    write_line, written = piping._write_line, list[str]()

    def interrupt_at_the_fifth(line: str) -> None:
        written.append(line)
        if len(written) == 5:
            signal.raise_signal(signal.SIGINT)
        write_line(line)

    monkeypatch.setattr(piping, "_write_line", interrupt_at_the_fifth)
    code, _, err = qshell("run", "filter-jsonl", "--in", "filter-jsonl.failed.jsonl")
    assert (code, failed.read_text()) == (130, rows)
    (unfinished,) = work.glob("*.unfinished")
    assert unfinished.read_text() == "{broken\n"
    assert f"the rows that failed so far are kept in {unfinished.name}" in err


def test_two_runs_in_one_folder_keep_their_failed_rows_apart(tmp_path: Path) -> None:
    path, output = tmp_path / "failed.jsonl", Output(json=True, colours="never")
    with FailedRows(path, io.BytesIO(), output) as one:
        one.add(b"1")
        with FailedRows(path, io.BytesIO(), output) as other:
            other.add(b"2")
        assert path.read_bytes() == b"2\n"
    assert path.read_bytes() == b"1\n"


def test_with_every_input_typed_it_runs_once(qshell: Qshell, tmp_path: Path) -> None:
    notes = tmp_path / "elsewhere"
    notes.mkdir()
    (notes / "pump.md").write_text("The pump was replaced in March by the plumber.\n")
    words = ("run", "ask", "--set", f"docs={notes}", "--set")
    code, out, err = qshell(*words, f"question={QUESTION}", "--trace")
    assert code == 0 and "March" in json.loads(out)["answer"]
    assert [f"{step} (" in err for step in ("found", "judged", "answer")] == [True] * 3
    code, out, _ = qshell(*words, "question=who is the mayor")
    assert code == 3 and "refused" in json.loads(out)


def test_what_is_typed_may_stand_outside_and_what_a_row_says_may_not(
    qshell: Qshell, tmp_path: Path
) -> None:
    (tmp_path / "home" / "pump.md").write_text("The pump was replaced in March by the plumber.\n")
    row = rows_of({"question": QUESTION, "docs": str(tmp_path / "home")})
    code, out, _ = qshell("run", "ask", rows=row)
    assert code == 1 and "below the folder it runs in" in json.loads(out)["failed"]
    code, out, _ = qshell(
        "run", "ask", "--set", f"docs={tmp_path / 'home'}", rows=rows_of({"question": QUESTION})
    )
    assert (code, "row" in json.loads(out)) == (0, False)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run", "filter"), 1, "no pipeline is called 'filter' (did you mean 'filter-jsonl'?)"),
        (("run", "none.yaml"), 1, "none.yaml: there is no such file"),
        (("run", "ask", "--set", "qestion=x"), 2, "no input 'qestion' (did you mean 'question'?)"),
        (("run", "filter-jsonl", "--set", "passages=a"), 2, "expected list of passage as JSON"),
        (("run", "cite-report", "--set", "questions=[1]"), 2, "questions[0]: expected text"),
        (("run", "cite-report", "--set", "questions"), 2, "write --set NAME=VALUE"),
        (("new", "\t"), 2, r"'\t' is no name"),
        (("new", "../x"), 2, "'../x' is no name"),
        (("graph", "asks"), 1, "did you mean 'ask'"),
    ],
)
def test_a_slip_gets_one_sentence(
    qshell: Qshell, words: tuple[str, ...], code: int, said: str
) -> None:
    found, out, err = qshell(*words)
    assert (found, out, said in err) == (code, "", True), err
    assert "Traceback" not in err


def test_a_new_one_begins_as_a_copy_and_its_mistakes_are_listed(
    qshell: Qshell, tmp_path: Path
) -> None:
    assert qshell("new", "mine", "--from", "filter-jsonl")[0] == 0
    assert qshell("check", "mine.yaml") == (0, "mine.yaml: ok\n", "")
    assert qshell("new", "mine")[0] == 2
    path = tmp_path / "work" / "mine.yaml"
    path.write_text(path.read_text().replace("do: filter", "do: flter").replace(": 1", ": one"))
    code, out, _ = qshell("check", "mine.yaml", "ask")
    assert code == 1
    assert "mine.yaml:12: steps.judged.do: there is no step 'flter' (did you mean 'filter'?)" in out
    assert out.endswith("ask: ok\n")
    path.write_text(path.read_text().replace("do: flter", "do: filter").replace(": one", ": 1"))
    path.write_text(path.read_text().replace("dropped: 1", "dropped: 7"))
    code, out, _ = qshell("test", "mine.yaml")
    assert code == 1 and "dropped must be equal to 7, and is 1" in out


def test_it_can_be_drawn_and_written_as_python(qshell: Qshell) -> None:
    assert "judged: filter <-" in qshell("graph", "ask")[1]
    assert qshell("graph", "ask", "--mermaid")[1].startswith("flowchart TD\n")
    assert "p = PipelineBuilder(" in qshell("python", "ask")[1]


_SLOW = """
import sys
from pathlib import Path
from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.workers.scripted import Script
from shell import piping
from shell.cli import run
home = Path(sys.argv[1])
piping.open_cluster = lambda settings: Cluster.open(
    home / "registry.yaml", backend=StubBackend({"q-rag": Script(passage_s=float(sys.argv[2]))})
)
sys.exit(run(["pipeline", "run", "filter-jsonl", *sys.argv[3:]]))
"""


def test_ten_thousand_rows_survive_a_kill_each_once_and_in_order(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "registry.yaml").write_text("specialists:\n  q-rag: {task: relevance, checkpoint: .}\n")
    rows = tmp_path / "rows.jsonl"
    with rows.open("w") as file:
        for n in range(10_000):
            question = f"{QUESTION} {n}" if n % 1000 else 5
            print(json.dumps({**ROW, "question": question, "id": n}), file=file)

    def start(name: str, passage_s: float) -> subprocess.Popen[bytes]:
        with (
            rows.open("rb") as stdin,
            (tmp_path / name).open("wb") as stdout,
            (tmp_path / f"{name}.err").open("wb") as stderr,
        ):
            return subprocess.Popen(
                [sys.executable, "-c", _SLOW, str(home), str(passage_s)],
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env={**os.environ, "QSHELL_HOME": str(home), "PYTHONPATH": str(ROOT)},
                cwd=tmp_path,
            )

    killed = start("killed", 0.0001)
    out = tmp_path / "killed"
    deadline = time.monotonic() + 60
    while out.stat().st_size < 500_000 and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    done_before = out.read_bytes().count(b"\n")
    assert 0 < done_before < 10_000

    again = start("again", 0.0)
    assert again.wait(120) == 1, "the ten rows without text as a question failed"
    lines = [json.loads(line) for line in (tmp_path / "again").read_text().splitlines()]
    assert [line["id"] for line in lines] == list(range(10_000))
    assert [line["id"] for line in lines if "failed" in line] == list(range(0, 10_000, 1000))
    said = (tmp_path / "again.err").read_text()
    assert "going on with the run that stopped" in said
    assert "10 of 10000 rows failed" in said
    failed = (tmp_path / "filter-jsonl.failed.jsonl").read_text().splitlines()
    assert [json.loads(row)["id"] for row in failed] == list(range(0, 10_000, 1000))
    assert list((home / "data" / "pipelines").iterdir()) == [], "nothing is left to go on with"
    before = (tmp_path / "killed").read_bytes().rpartition(b"\n")[0]
    assert (tmp_path / "again").read_bytes().startswith(before)


def test_a_folder_for_failed_rows_that_is_not_there_is_told_before_the_first_row(
    qshell: Qshell,
) -> None:
    code, out, err = qshell(
        "run", "filter-jsonl", "--failed", "no/such/f.jsonl", rows=rows_of(ROW, "{broken\n")
    )
    assert (code, out) == (1, "")
    assert "there is no folder no/such" in err


def test_a_row_too_long_to_be_kept_stays_in_the_file_it_came_from(
    qshell: Qshell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_MAX_ROW_BYTES", 300)
    monkeypatch.setattr(batch, "_READ_BYTES", 100)
    failed = tmp_path / "work" / "filter-jsonl.failed.jsonl"
    long = '{"question": "' + "x" * 1_000 + '"}\n'
    code, out, err = qshell("run", "filter-jsonl", rows=rows_of(ROW, long))
    assert (code, len(out.splitlines()), failed.exists()) == (1, 2, False)
    assert "too long to be kept" in err and "they are kept in" not in err
    for rows, others in ((rows_of(ROW, long), []), (rows_of("{broken\n", long), ["{broken\n"])):
        failed.write_text(rows)
        code, _, err = qshell("run", "filter-jsonl", "--in", failed.name)
        assert (code, failed.read_text()) == (1, rows)
        unfinished = list(failed.parent.glob("*.unfinished"))
        assert [path.read_text() for path in unfinished] == others
        assert all(f"kept in {path.name}" in err for path in unfinished)


def test_rows_that_failed_earlier_are_not_replaced_by_a_later_run(
    qshell: Qshell, tmp_path: Path
) -> None:
    for broken in ("{first\n", "{second\n"):
        code, _, err = qshell("run", "filter-jsonl", rows=broken)
        assert code == 1
    work = tmp_path / "work"
    assert (work / "filter-jsonl.failed.jsonl").read_text() == "{first\n"
    assert (work / "filter-jsonl.failed.2.jsonl").read_text() == "{second\n"
    assert "filter-jsonl.failed.2.jsonl" in err


def test_what_is_no_ordinary_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe, output = tmp_path / "pipe", Output(json=True, colours="never")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with FailedRows(pipe, io.BytesIO(), output) as kept:
            kept.add(b"1")
        assert os.read(reader, 99) == b"1\n"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_an_example_that_looks_for_what_is_not_there_fails_alone(
    qshell: Qshell, tmp_path: Path
) -> None:
    (tmp_path / "work" / "p.yaml").write_text(
        "pipeline: p\ninputs: {r: record}\noutput: {r: $r}\n"
        "expect:\n- {given: {r: {y: 1}}, output: {r.x: 1}}\n"
        "- {given: {r: {x: 1}}, output: {r.x: 1}}\n"
    )
    code, out, _ = qshell("test", "p.yaml")
    assert code == 1
    assert "the record has no 'x'" in out
    assert "example 2: ok" in out


@pytest.mark.parametrize(
    ("example", "said"),
    [
        ("{outcome: refused, output: {r: a}}", "a row that is refused has no output"),
        ('{output: {r: a}, files: {a.md: "\\ud800"}}', "expected the text of the file"),
        ("{output: {r: a}, files: {a: x, a/b: y}}", "its folder stands here as a file"),
    ],
)
def test_examples_that_cannot_hold_are_told_by_check(
    qshell: Qshell, tmp_path: Path, example: str, said: str
) -> None:
    (tmp_path / "work" / "p.yaml").write_text(
        "pipeline: p\ninputs: {x: {type: text, default: a}}\noutput: {r: $x}\n"
        f"expect:\n- {example}\n"
    )
    code, out, err = qshell("check", "p.yaml")
    assert code == 1
    assert said in out + err


def test_names_that_python_does_not_take_are_printed_in_braces(
    qshell: Qshell, tmp_path: Path
) -> None:
    (tmp_path / "work" / "p.yaml").write_text(
        "pipeline: p\ninputs: {lists: list of list of text}\n"
        "steps: {m: {do: merge, lists: $lists}}\noutput: {the-answer: $m, class: $m}\n"
    )
    code, out, err = qshell("python", "p.yaml")
    assert code == 0, err
    names: dict[str, object] = {}
    exec(out, names)
    assert str(names["pipeline"]).startswith("Pipeline(name='p'")
