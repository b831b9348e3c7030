"""Every mistake in a pipeline file that we could think of, with the line and the words it gets.

Each row changes one good file; `says` must stand in the one message that comes. All of them, for a
person to read: `python -m tests.bench.mistakes`.
"""

# ruff: noqa: E501  a table is read row by row

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.errors import PipelineError
from cluster.pipelines.check import check_pipeline
from cluster.pipelines.reading import PIPELINE_FILE, parse_pipeline, read_pipeline
from cluster.registry import Registry, read_registry
from cluster.registry_file import parse_yaml
from specialists.contract import POCKET_RELEVANCE

GOOD = """\
pipeline: good
description: A good one.
inputs:
  question: text
  docs: path
  size: {type: number, default: 3}
steps:
  found:
    do: retrieve
    question: $question
    docs: $docs
    k: 5
  judged:
    do: filter
    question: $question
    passages: $found
    specialist: q-rag
  verdict:
    do: decide
    question: $question
    text: is there anything
  said:
    do: branch
    on: $verdict
    cases:
      yes: {output: something}
      no: {output: $note}
  note:
    do: template
    text: "{kept} kept of {size}"
    values: {kept: $judged.kept.count, size: $size}
  lines:
    do: map
    over: $judged.kept
    as: passage
    steps:
      line:
        do: template
        text: "{text}"
        values: {text: $passage.text}
    output: $line
  routed:
    do: route
    text: $question
  same:
    do: call
    specialist: q-dup
    inputs: {first: $question, second: $note}
output:
  said: $said
  lines: $lines
  route: $routed.route
  same: $same.duplicate
expect:
  - given: {question: why, docs: notes}
    files: {notes/a.md: text}
    output: {said: something, lines: {at_least: 0}}
"""

MISTAKES = {
    "a key that is not known": ("description: A", "descripton: A", "2: descripton: unknown key (did you mean 'description'?)"),
    "no name": ("pipeline: good", "pipeline:", "1: pipeline: a name such as night-filter"),
    "a name that is a path": ("pipeline: good", "pipeline: ../good", "1: pipeline: a name such as"),
    "an unknown type": ("question: text", "question: txet", "4: inputs.question: 'txet' is no type (did you mean 'text'?)"),
    "an unknown key of an input": ("{type: number, default", "{type: number, defualt", "6: inputs.size.defualt: unknown key (did you mean 'default'?)"),
    "a default of another type": ("default: 3", "default: three", "6: inputs.size.default: expected number, found text 'three'"),
    "an input with a bad name": ("  docs: path", "  Docs: path\n  docs: path", "5: inputs.Docs: 'Docs' is no name"),
    "an input nobody uses": ("  docs: path", "  docs: path\n  extra: text", "6: inputs.extra: nothing uses this input"),
    "an unknown step": ("do: retrieve", "do: retreive", "9: steps.found.do: there is no step 'retreive' (did you mean 'retrieve'?)"),
    "a step named like a module": ("do: retrieve", "do: os.system", "there is no step 'os.system'; steps are named, modules are never imported"),
    "a step without a kind": ("    do: retrieve\n", "", "8: steps.found: 'do:' is missing; it names one of retrieve"),
    "a step that is no mapping": ("  said:\n", "  odd: retrieve\n  said:\n", "steps.odd: a step is a mapping with 'do:'; found 'retrieve'"),
    "steps that are a list": ("steps:\n  found:", "steps: []\nothers:\n  found:", "steps: expected names and the step of each"),
    "a step called like an input": ("  said:\n", "  docs: {do: read, path: a}\n  said:\n", "steps.docs: 'docs' already names something else here"),
    "a step written twice": ("  said:\n", "  found: {do: read, path: a}\n  said:\n", "stands here twice, first in line 8"),
    "a step nobody uses": ("  said:\n", "  idle: {do: read, path: a}\n  said:\n", "steps.idle: nothing uses its result"),
    "an unknown key of a step": ("    k: 5", "    top_k: 5", "12: steps.found.top_k: retrieve knows no 'top_k'; known here: do, question, docs, k"),
    "a missing input of a step": ("    docs: $docs\n", "", "8: steps.found: retrieve needs 'docs:' (path)."),
    "a name that nothing has": ("passages: $found", "passages: $fuond", "16: steps.judged.passages: nothing is called $fuond (did you mean 'found'?)"),
    "a name of another body": ("  lines: $lines\n", "  lines: $line\n", "nothing is called $line"),
    "a field that is not there": ("$judged.kept.count", "$judged.keep.count", "record has no 'keep' (did you mean 'kept'?); it has kept, dropped"),
    "a wrong type": ("passages: $found", "passages: $question", "16: steps.judged.passages: $question is text, wanted is list of passage"),
    "a whole where a part is meant": ("over: $judged.kept", "over: $judged", "$judged is record, wanted is list of json; did you mean $judged.kept?"),
    "a literal of a wrong type": ("question: $question\n    docs", "question: 7\n    docs", "10: steps.found.question: expected text, found number 7"),
    "a forgotten dollar": ("passages: $found", "passages: found", "16: steps.judged.passages: expected list of passage, found text 'found' (for the value of found, write $found)"),
    "an expression": ("passages: $found", "passages: $found[0]", "'$found[0]' names nothing; write $name or $name.field"),
    "the environment": ("is there anything", "${env.HOME}", "nothing of the environment is filled into a pipeline"),
    "a wired setting": ("k: 5", "k: $size", "12: steps.found.k: this stands in the file and cannot be wired"),
    "a setting of a wrong type": ("k: 5", "k: five", "12: steps.found.k: expected a whole number, found 'five'"),
    "a setting too small": ("k: 5", "k: 0", "12: steps.found.k: at least 1 is possible, found 0"),
    "a setting too large": ("k: 5", "k: 1001", "12: steps.found.k: at most 1000 is possible, found 1001"),
    "a missing setting": ('    text: "{kept} kept of {size}"\n', "", "steps.note: 'text:' is missing."),
    "an unknown specialist": ("specialist: q-rag", "specialist: q-rug", "17: steps.judged.specialist: no specialist is called 'q-rug' (did you mean 'q-rag'?)"),
    "a specialist for something else": ("specialist: q-rag", "specialist: writer", "writer replies text, this step needs one that replies verdict"),
    "a circle": ("text: is there anything", "text: $said", "these steps wait for each other:"),
    "a step that waits for itself": ("text: is there anything", "text: $verdict.label", "these steps wait for each other: verdict -> verdict"),
    "a case that never comes": ("      yes:", "      maybe:", "a verdict is yes or no, never 'maybe'"),
    "a case that is missing": ("      no: {output: $note}\n", "", "nothing says what happens in the case 'no'"),
    "no cases": ("    cases:\n      yes: {output: something}\n      no: {output: $note}\n", "", "branch needs 'cases:'"),
    "a case that is no body": ("yes: {output: something}", "yes: something", "steps.said.cases.yes: expected 'steps:' and 'output:' here"),
    "a body without output": ("    output: $line\n", "", "steps.lines: 'output:' is missing"),
    "an item called like a step": ("as: passage\n", "as: found\n", "'found' already names something else here"),
    "a place without a value": ("{kept} kept", "{kpet} kept", "steps.note.text: {kpet} has no value (did you mean 'kept'?)"),
    "an expression in a template": ("{kept} kept", "{kept.__class__} kept {kept}", "{kept.__class__} is no name; a template fills in named values and computes nothing"),
    "a lone brace": ("{kept} kept", "{kept} } kept", "steps.note.text: a lone '}'; write '}}' for a brace"),
    "a value without a place": ("kept of {size}", "kept", "steps.note.values.size: the text has no {size}"),
    "a value that is no text": ("kept: $judged.kept.count", "kept: $verdict", "verdict cannot be put into a text; name one of its fields"),
    "too many tries": ("    k: 5", "    k: 5\n    retry: 1000", "steps.found.retry: how many more times, 0 to 10; found 1000"),
    "no time at all": ("    k: 5", "    k: 5\n    timeout_s: 0", "steps.found.timeout_s: seconds, more than 0; found 0"),
    "an unknown policy": ("specialist: q-rag", "specialist: q-rag\n    on_refuse: skip", "steps.judged.on_refuse: 'skip' is none of go_on, stop, fail (did you mean 'stop'?)"),
    "a refusal that never comes": ("    k: 5", "    k: 5\n    on_refuse: stop", "steps.found.on_refuse: retrieve never refuses; remove this"),
    "a cache for what files say": ("    k: 5", "    k: 5\n    cache: true", "steps.found.cache: what retrieve gives depends on more than its inputs"),
    "no output": ("output:\n  said: $said\n  lines: $lines\n  route: $routed.route\n  same: $same.duplicate\n", "", "the file: 'output:' is missing"),
    "an output without names": ("output:\n  said: $said\n  lines: $lines\n  route: $routed.route\n  same: $same.duplicate\n", "output: $said\n", "output: here stand names and what they are"),
    "an example of another pipeline": ("given: {question: why,", "given: {qestion: why,", "there is no such input (did you mean 'question'?)"),
    "an example without an input": ("given: {question: why, docs: notes}", "given: {question: why}", "expect.0.given: the input 'docs' (path) is missing"),
    "an example of a wrong type": ("given: {question: why,", "given: {question: 7,", "expect.0.given.question: expected text, found number 7"),
    "an expectation of nothing": ("    output: {said: something, lines: {at_least: 0}}\n", "", "expect.0: it expects nothing"),
    "an expected name that does not come out": ("{said: something, lines", "{siad: something, lines", "record has no 'siad' (did you mean 'said'?)"),
    "an unknown condition": ("at_least: 0", "atleast: 0", "no such condition (did you mean 'at_least'?)"),
    "a condition of a wrong type": ("at_least: 0", "at_least: few", "expected a number or a fraction here, found 'few'"),
    "a condition that never holds": ("{said: something, lines", "{said: 7, lines", "7 never equals a text"),
    "an example that writes outside": ("notes/a.md: text", "../a.md: text", "'..' leads out of the folder"),
    "an unknown outcome": ("    files:", "    outcome: fine\n    files:", "'fine' is none of done, refused, failed"),
    "a path that leads out": ("docs: $docs", "docs: ../secrets", "11: steps.found.docs: '../secrets': '..' leads out of the folder"),
    "a path from the root": ("docs: $docs", "docs: /etc", "11: steps.found.docs: '/etc': a pipeline uses paths below the folder"),
    "a call of nobody": ("    specialist: q-dup\n", "", "steps.same: 'specialist:' is missing. The specialist with that job."),
    "a call of an unknown specialist": ("specialist: q-dup", "specialist: q-dupe", "47: steps.same.specialist: no specialist is called 'q-dupe' (did you mean 'q-dup'?)"),
    "a call of one without a job": ("specialist: q-dup", "specialist: q-rag", "47: steps.same.specialist: q-rag has no job of its own: it judges passages"),
    "a call of one with an unknown job": ("specialist: q-dup", "specialist: juggler", "47: steps.same.specialist: juggler does the job 'juggling', which this qshell does not know"),
    "a call of one without a contract": ("specialist: q-dup", "specialist: empty", "contract.json: no contract"),
    "a call of one that writes": ("specialist: q-dup", "specialist: writer", "47: steps.same.specialist: writer replies text, this step needs one that replies verdict"),
    "a specialist that the row would choose": ("specialist: q-dup", "specialist: $routed.route", "47: steps.same.specialist: this stands in the file and cannot be wired"),
    "a call without inputs": ("    inputs: {first: $question, second: $note}\n", "", "45: steps.same: call needs 'inputs:' (record). The job's inputs by their names."),
    "an input that the job does not take": ("{first: $question, second", "{frist: $question, second", "48: steps.same.inputs.frist: q-dup takes no 'frist' (did you mean 'first'?); its job, duplicate, takes first, second"),
    "an input that the job needs": (", second: $note}", "}", "48: steps.same.inputs: q-dup needs 'second' too: another question"),
    "an input of a job that nothing has": ("second: $note}", "second: $noet}", "48: steps.same.inputs.second: nothing is called $noet (did you mean 'note'?)"),
    "inputs that are no record": ("inputs: {first: $question, second: $note}", "inputs: $question", "48: steps.same.inputs: $question is text, wanted is record"),
    "an input of a step in place of its job's": ("    inputs: {first: $question, second: $note}\n", "    first: $question\n", "48: steps.same.first: call knows no 'first'"),
    "a route of nothing": ("    text: $question\n  same:", "  same:", "steps.routed: route needs 'text:' (text). The request."),
    "a route of a list": ("text: $question\n  same:", "text: $found\n  same:", "44: steps.routed.text: $found is list of passage, wanted is text"),
    "a route by another specialist": ("    text: $question\n  same:", "    text: $question\n    specialist: q-rag\n  same:", "steps.routed.specialist: route knows no 'specialist'"),
    "a route that is cached": ("    text: $question\n  same:", "    text: $question\n    cache: true\n  same:", "steps.routed.cache: what route gives depends on more than its inputs"),
    "a field that no route has": ("$routed.route", "$routed.rout", "$routed.rout: record has no 'rout' (did you mean 'route'?); it has route, confidence, margin, why, takes"),
}  # fmt: skip

UNREADABLE = {
    "a tag that makes objects": ("why: !!python/object/apply:os.system [ls]", "1: tags (tag:yaml.org,2002:python/object/apply:os.system) are not read here"),
    "a tag that names a module": ("why: !!python/name:os.system", "1: tags (tag:yaml.org,2002:python/name:os.system) are not read"),
    "an alias, as bombs have": ("a: &a [1]\nb: [*a, *a]", "anchors and aliases (&, *) are not read here"),
    "a merge key": ("a: {<<: {b: 1}}", "a key must be a plain word"),
    "a thousand brackets": ("a: " + "[" * 5000, "nested too deeply to be a pipeline"),
    "a number of five thousand digits": ("a: " + "9" * 5000, "is no value that can be read; put it in quotes"),
    "a day that is none": ("a: 2020-13-45", "2020-13-45 is no value that can be read; put it in quotes"),
    "infinity": ("a: .inf", ".inf is no number to count with"),
    "a list": ("- a\n- b", "1: expected 'pipeline:' with its name"),
    "no YAML": ("a: [", "not YAML"),
    "two documents": ("a: 1\n---\nb: 1", "2: not YAML"),
    "a zero byte": ("a: \0", "not YAML"),
}  # fmt: skip


JOBS = {"q-rag": "", "q-dup": "duplicate", "juggler": "juggling"}


def write_registry(folder: Path) -> Registry:
    """Specialists whose contracts name jobs, or none."""
    for name, job in JOBS.items():
        (folder / name).mkdir()
        contract = replace(POCKET_RELEVANCE, job=job).to_dict()
        (folder / name / "contract.json").write_text(json.dumps(contract))
    path = folder / "registry.yaml"
    path.write_text(
        "specialists:\n"
        "  q-rag: {task: relevance, checkpoint: q-rag}\n"
        "  q-dup: {task: classification, checkpoint: q-dup}\n"
        "  juggler: {task: classification, checkpoint: juggler}\n"
        "  empty: {task: classification, checkpoint: .}\n"
        "  router: {task: routing, checkpoint: .}\n"
        "  writer: {task: generation, checkpoint: ., output: text}\n"
    )
    return read_registry(path)


def told_of(mistake: str, registry: Registry) -> str:
    """What is said of the good file with this mistake in it."""
    before, after, _ = MISTAKES[mistake]
    assert GOOD.count(before) >= 1
    with pytest.raises(PipelineError) as told:
        parse_pipeline(GOOD.replace(before, after, 1), "good.yaml", registry)
    return str(told.value)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return write_registry(tmp_path_factory.mktemp("registry"))


def test_the_good_file_is_good(registry: Registry) -> None:
    pipeline = parse_pipeline(GOOD, "good.yaml", registry)
    assert [step.name for step in pipeline.body.steps] == [
        "found",
        "verdict",
        "routed",
        "judged",
        "note",
        "lines",
        "said",
        "same",
    ]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_line(mistake: str, registry: Registry) -> None:
    told, says = told_of(mistake, registry), MISTAKES[mistake][2]
    (message, *more) = [line for line in told.splitlines() if says in line] or [""]
    assert message.startswith("good.yaml:"), told
    assert not more


@pytest.mark.parametrize("mistake", UNREADABLE)
def test_what_is_not_plain_yaml_is_refused(mistake: str) -> None:
    text, says = UNREADABLE[mistake]
    with pytest.raises(PipelineError) as told:
        parse_pipeline(text, "bad.yaml")
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(registry: Registry) -> None:
    text = GOOD.replace("k: 5", "k: 0").replace("question: text", "question: txet")
    with pytest.raises(PipelineError) as told:
        parse_pipeline(text.replace("specialist: q-rag", "specialist: x"), "good.yaml", registry)
    lines = [int(line.split(":")[1]) for line in str(told.value).splitlines()]
    assert lines == [4, 12, 17]


def test_a_file_that_is_not_there_or_too_large_is_told(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"there is no such file; name another"):
        read_pipeline(tmp_path / "none.yaml")
    (tmp_path / "large.yaml").write_text("#" * 1_048_577)
    with pytest.raises(PipelineError, match="over 1048576 bytes; this is no pipeline"):
        read_pipeline(tmp_path / "large.yaml")


def test_steps_stand_in_each_other_only_so_deep() -> None:
    body = "{do: read, path: a}"
    for _ in range(12):
        body = f"{{do: map, over: [1], as: i{body.count('map')}, steps: {{s{body.count('map')}: {body}}}, output: x}}"
    file = parse_yaml(
        f"pipeline: deep\nsteps: {{top: {body}}}\noutput: {{a: $top}}", Path("d"), PIPELINE_FILE
    )
    with pytest.raises(PipelineError, match="nested too deeply; make a second"):
        check_pipeline(file)
