"""What a pipeline that means harm, or a row that does, cannot do."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.errors import PathRefused, PipelineError
from cluster.pipelines import kinds
from cluster.pipelines.kinds import find_kind, step_names
from cluster.pipelines.paths import Folders
from cluster.pipelines.pipeline import StepKind
from cluster.pipelines.reading import parse_pipeline
from cluster.pipelines.run import RowResult
from cluster.pipelines.templates import fill
from cluster.pipelines.types import TEXT

ROOT = Path(__file__).parents[3]
READ = "inputs: {p: path}\nsteps: {r: {do: read, path: $p}}\noutput: {r: $r}"
WRITE = "inputs: {p: path}\nsteps: {w: {do: write, path: $p, content: new}}\noutput: {w: $w}"
OUTSIDE = ["../secret", "/etc/passwd", "a/../../secret", "~/secret", "..\\secret", "", "a\0b"]


async def through(root: Path, text: str, row: dict[str, Any]) -> RowResult:
    registry = root.parent / "registry.yaml"
    registry.write_text("specialists:\n  judge: {task: relevance, checkpoint: .}\n")
    async with Cluster.open(registry, backend=StubBackend()) as cluster:
        return await cluster.run(parse_pipeline(f"pipeline: p\n{text}", "p"), row, root=root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "mine").write_text("mine")
    (tmp_path / "root" / "link").symlink_to(tmp_path)
    (tmp_path / "root" / "file").symlink_to(tmp_path / "secret")
    return tmp_path / "root"


@pytest.mark.parametrize("path", [*OUTSIDE, "link/secret", "file"])
async def test_a_row_reads_nothing_outside(root: Path, path: str) -> None:
    result = await through(root, READ, {"p": path})
    assert result.status == "failed"
    assert "secret" not in result.output


@pytest.mark.parametrize(
    "path", [*OUTSIDE, "link/secret", "link/new", "file", ".bashrc", ".git/hooks/pre-commit"]
)
async def test_a_row_writes_nothing_outside_and_nothing_hidden(root: Path, path: str) -> None:
    before = sorted(p for p in root.parent.rglob("*"))
    result = await through(root, WRITE, {"p": path})
    assert result.status == "failed"
    assert sorted(p for p in root.parent.rglob("*") if p.name != "registry.yaml") == before
    assert (root.parent / "secret").read_text() == "secret"


async def test_what_the_program_names_is_read_wherever_it_is(root: Path) -> None:
    result = await through(root, READ, {"p": root.parent / "secret"})
    assert result.output == {"r": "secret"}


async def test_even_the_program_writes_only_below_the_root(root: Path) -> None:
    assert (await through(root, WRITE, {"p": root.parent / "secret"})).status == "failed"
    assert (await through(root, WRITE, {"p": root / "out" / "new"})).status == "done"
    assert (root / "out" / "new").read_text() == "new"


async def test_another_content_is_overwritten_only_when_told(root: Path) -> None:
    refused = await through(root, WRITE, {"p": "mine"})
    assert "something else stands there; write 'replace: true'" in refused.reason
    assert (root / "mine").read_text() == "mine"
    told = WRITE.replace("content: new", "content: new, replace: true")
    assert (await through(root, told, {"p": "mine"})).status == "done"
    again = await through(root, WRITE, {"p": "mine"})
    assert again.status == "done", "writing the same again is no mistake"


async def test_of_rows_that_write_one_file_at_once_the_first_alone_is_done(root: Path) -> None:
    text = (
        "pipeline: p\ninputs: {p: path, c: text}\n"
        "steps: {w: {do: write, path: $p, content: $c}}\noutput: {w: $w}"
    )
    registry = root.parent / "registry.yaml"
    registry.write_text("specialists:\n  judge: {task: relevance, checkpoint: .}\n")
    rows = [{"p": f"f{n // 8}", "c": str(n)} for n in range(400)]
    async with Cluster.open(registry, backend=StubBackend()) as cluster:
        results = [r async for r in cluster.stream(parse_pipeline(text, "p"), rows, root=root)]
    for file in range(50):
        own = range(file * 8, file * 8 + 8)
        (done,) = (n for n in own if results[n].status == "done")
        assert (root / f"f{file}").read_text() == str(done)
    assert not list(root.glob(".qshell-*"))


async def test_a_written_file_may_be_read_by_whom_the_umask_allows(root: Path) -> None:
    before = os.umask(0o027)
    try:
        assert (await through(root, WRITE, {"p": "new"})).status == "done"
    finally:
        os.umask(before)
    assert (root / "new").stat().st_mode & 0o777 == 0o640


def test_a_value_is_never_read_for_places_of_its_own() -> None:
    assert fill("{a} {b} {{c}}", {"a": "{b}", "b": "$a {a}"}) == "{b} $a {a} {c}"


@pytest.mark.parametrize(
    "name", ["os", "os.system", "cluster.pipelines.kinds:find_kind", "__import__", "builtins.eval"]
)
def test_a_step_named_like_a_module_is_no_step(name: str) -> None:
    assert find_kind(name) is None
    with pytest.raises(PipelineError, match="there is no step"):
        parse_pipeline(f"pipeline: p\nsteps: {{s: {{do: '{name}'}}}}\noutput: {{s: $s}}", "p")


class Offered:
    """An entry point of an installed package."""

    dist = None
    value = "somewhere:kind"

    def __init__(self, offers: object) -> None:
        self._offers = offers

    def load(self) -> object:
        if isinstance(self._offers, Exception):
            raise self._offers
        return self._offers


def offer(monkeypatch: pytest.MonkeyPatch, name: str, offers: object) -> None:
    class Points(list[Offered]):
        names = frozenset({name})

    def found(*, group: str, name: str | None = None) -> Points:
        assert group == kinds.GROUP
        return Points([Offered(offers)] if name in (None, *Points.names) else [])

    monkeypatch.setattr(kinds, "entry_points", found)


async def shout(call: Any) -> str:
    return str(call.inputs["text"]).upper()


SHOUT = StepKind(
    name="shout",
    purpose="Shout.",
    ports={"text": kinds.BUILT_IN["template"].ports["values"]},
    settings={},
    gives=lambda _: TEXT,
    run=shout,
)


def test_an_installed_package_adds_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "shout", SHOUT)
    assert "shout" in step_names()
    kind = find_kind("shout")
    assert kind is not None and kind.purpose == "Shout."


def test_a_package_cannot_take_the_place_of_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "filter", SHOUT)
    assert find_kind("filter") is kinds.BUILT_IN["filter"]
    assert step_names().count("filter") == 1


@pytest.mark.parametrize("offers", [42, ImportError("no such module"), SHOUT])
def test_a_package_that_offers_no_step_of_the_name_is_told(
    monkeypatch: pytest.MonkeyPatch, offers: object
) -> None:
    offer(monkeypatch, "whisper", offers)
    with pytest.raises(PipelineError, match="whisper"):
        find_kind("whisper")


def test_a_step_of_a_package_that_is_really_installed(tmp_path: Path) -> None:
    info = tmp_path / "shouting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{kinds.GROUP}]\nshout = shouting:SHOUT\n")
    (tmp_path / "shouting.py").write_text(
        "from cluster.pipelines.pipeline import Port, StepKind\n"
        "from cluster.pipelines.types import TEXT\n"
        "async def shout(call):\n    return call.inputs['text'].upper()\n"
        "SHOUT = StepKind(name='shout', purpose='Shout.', settings={}, gives=lambda _: TEXT,\n"
        "    ports={'text': Port(accepts=(TEXT,), purpose='What.')}, run=shout)\n"
    )
    text = "pipeline: p\ninputs: {q: text}\nsteps: {s: {do: shout, text: $q}}\noutput: {s: $s}"
    code = (
        "import sys\n"
        "from cluster.pipelines.library import shipped\n"
        "from cluster.pipelines.reading import parse_pipeline\n"
        "shipped('ask')\n"
        "assert 'shouting' not in sys.modules, 'imported only when it is named'\n"
        f"print(parse_pipeline({text!r}, 'p').body.steps[0].kind.purpose)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("Shout.\n", "")


def test_a_writable_path_is_told_with_the_remedy(root: Path) -> None:
    with pytest.raises(PathRefused, match="name another with --root"):
        Folders(root=root).writable("link/new")
