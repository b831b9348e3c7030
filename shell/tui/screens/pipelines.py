"""Pipelines: which there are, what they are made of, and a row through one of them step by step.

The screen turns keys into wants and news into widgets, like `qshell pipeline list`, `graph` and
`run`. What a pipeline is and how it runs, it does not know.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from cluster.errors import RegistryError, RowError
from cluster.pipelines.pipeline import Pipeline
from shell.listed import ListedPipeline, list_pipelines
from shell.output import one_line
from shell.piping import read_input
from shell.registered import read_registered
from shell.settings import Settings
from shell.tui.dialogs.runs import RunsDialog
from shell.tui.dialogs.trace import TraceDialog, outcome_body, outcome_head
from shell.tui.graph_lines import graph_text
from shell.tui.messages import CancelWanted, RunEnded, RunWanted, StepNews
from shell.tui.screens.house import HouseScreen
from shell.tui.trace import Trace
from shell.tui.widgets.fitted_text import FittedText
from shell.tui.widgets.inputs_form import InputsForm
from shell.tui.widgets.step_list import StepList
from shell.tui.widgets.yaml_view import YamlView
from shell.tui.yaml_text import read_yaml_text

_LOOK_EVERY_S = 1.0
_DRAW_EVERY_S = 0.2
_KEPT_RUNS = 20
_ROOMY, _HIGH = 110, 18
"""Cells and rows that are enough for the list and the form beside the steps."""


class PipelinesScreen(HouseScreen):
    """`docs` tells the documents that the session asks at the moment: what an input of that name
    begins with. Own pipelines are looked for, and run, in the folder that the shell is run in."""

    key = "pipelines"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Browse", id="pipelines.browse"),
        Binding("i,slash", "type", "Inputs", id="pipelines.inputs", show=False),
        Binding("r,ctrl+r", "run", "Run", id="pipelines.run"),
        Binding("g,ctrl+g", "graph", "Graph", id="pipelines.graph"),
        Binding("t,ctrl+t", "trace", "Trace", id="pipelines.trace"),
        Binding("h", "runs", "Earlier runs", id="pipelines.runs"),
    ]

    def __init__(self, settings: Settings, docs: Callable[[], Path]) -> None:
        super().__init__()
        self._settings = settings
        self._docs = docs
        self._root = Path.cwd()
        self._listed: tuple[ListedPipeline, ...] = ()
        self._seen: object = None
        self._chosen: ListedPipeline | None = None
        self._typed: dict[str, dict[str, str]] = {}
        self._runs: list[Trace] = []
        self._shown: Trace | None = None
        self._under_way: Trace | None = None
        self._graph = True
        self._looking = False

    def compose_body(self) -> ComposeResult:
        with Container(id="pipelines-body"):
            yield OptionList(id="pipelines")
            with Vertical(id="pipeline"):
                yield Static("", id="pipeline-title")
                yield InputsForm(id="inputs")
                yield FittedText(id="graph", text_id="graph-text")
                yield StepList(id="steps")
                yield YamlView(id="broken")
                yield Static("", id="run-head")
                yield FittedText(id="run-outcome", text_id="run-text")

    async def on_mount(self) -> None:
        self.query_one("#pipelines").focus()
        self.set_interval(_LOOK_EVERY_S, self._look)
        self.set_interval(_DRAW_EVERY_S, self._draw_running)
        await self._look()

    def on_screen_resume(self) -> None:
        self.query_one(YamlView).settle()

    def on_resize(self) -> None:
        self._lay_out()

    # What there is

    async def _look(self) -> None:
        """Lists the pipelines again when a file has changed."""
        if not self.is_current and self._seen is not None:
            return
        seen = await asyncio.to_thread(_stamps, self._root)
        if seen == self._seen:
            return
        self._seen = seen
        self._listed = await asyncio.to_thread(_list, self._root, self._settings)
        here = self._chosen.given if self._chosen else ""
        listed = self.query_one("#pipelines", OptionList)
        listed.clear_options()
        listed.add_options(Option(_entry(one, self._listed)) for one in self._listed)
        names = [one.given for one in self._listed]
        listed.highlighted = names.index(here) if here in names else 0

    @on(OptionList.OptionHighlighted, "#pipelines")
    async def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_index < len(self._listed):
            await self._choose(self._listed[event.option_index])

    async def _choose(self, one: ListedPipeline) -> None:
        before, self._chosen = self._chosen, one
        if before == one:
            return
        if before is not None and before.pipeline is not None:
            self._typed[before.given] = self.query_one(InputsForm).typed
        inputs = one.pipeline.inputs if one.pipeline else {}
        begin = {"docs": str(self._docs())}
        await self.query_one(InputsForm).show(inputs, begin | self._typed.get(one.given, {}))
        if one.pipeline is None:
            text = await asyncio.to_thread(read_yaml_text, one.path, one.problems)
            self.query_one(YamlView).show([text])
        else:
            self.query_one("#graph", FittedText).show(partial(graph_text, one.pipeline))
        mine = [run for run in self._runs if run.pipeline.where == str(one.path)]
        self._show_run(mine[0] if mine else None)
        self.query_one("#pipeline-title", Static).update(_title(one))

    @on(OptionList.OptionSelected, "#pipelines")
    def _pipeline_entered(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_type()

    # What the user does

    def action_type(self) -> None:
        self._look_at_run(False)
        if self._chosen and self._chosen.pipeline and not self.query_one(InputsForm).enter():
            self.action_run()

    def action_leave(self) -> None:
        """Stops the run under way; else goes from the form to the steps, and to the list."""
        if self._under_way is not None:
            self.post_message(CancelWanted(self.key))
        elif self.query_one(InputsForm).has_focus_within and self._shown is not None:
            self._look_at_run(True)
        else:
            self._look_at_run(False)
            self.query_one("#pipelines").focus()

    @on(InputsForm.Entered)
    def _form_entered(self) -> None:
        self.action_run()

    @work(exclusive=True)
    async def action_run(self) -> None:
        await self._look()
        for one in self._listed:
            if self._chosen and one.given == self._chosen.given:
                await self._choose(one)
        pipeline = self._chosen.pipeline if self._chosen else None
        if pipeline is None:
            self.notify("It is broken; what is wrong stands in its text.", severity="warning")
            return
        if self._under_way is not None:
            self.notify("One run is still under way; Esc stops it.")
            return
        inputs = self._inputs(pipeline)
        if inputs is None:
            return
        self._under_way = Trace(pipeline=pipeline, inputs=inputs)
        self._runs = [self._under_way, *self._runs][:_KEPT_RUNS]
        self._show_run(self._under_way)
        self._look_at_run(True)
        self.post_message(RunWanted(pipeline, inputs, self._root))

    def _inputs(self, pipeline: Pipeline) -> dict[str, Any] | None:
        """What was typed, as its types; None where something is missing or wrong, which is said,
        and the cursor put there."""
        form = self.query_one(InputsForm)
        inputs: dict[str, Any] = {}
        for name, typed in form.typed.items():
            wanted = pipeline.inputs[name]
            try:
                if typed.strip():
                    inputs[name] = read_input(name, wanted, typed.strip())
                elif wanted.required:
                    raise RowError(f"{name} is missing: {wanted.description or wanted.type}")
            except RowError as error:
                form.enter(name)
                self.query_one("#run-head", Static).update(
                    Content.styled(one_line(str(error)), "$error")
                )
                return None
        return inputs

    def action_graph(self) -> None:
        """The graph in place of the steps, and back."""
        if self._shown is not None:
            self._graph = not self._graph
            self._look_at_run(True)

    @work
    async def action_trace(self) -> None:
        trace, steps = self._shown, self.query_one(StepList)
        if trace is None:
            self.notify("There is no run to look into yet; r runs the pipeline.")
            return
        at = await self.app.push_screen_wait(TraceDialog(trace, at=steps.highlighted or 0))
        if at is not None and at < steps.option_count:
            steps.highlighted = at

    @on(OptionList.OptionSelected, "#steps")
    def _step_chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_trace()

    @work
    async def action_runs(self) -> None:
        chosen = await self.app.push_screen_wait(RunsDialog(self._runs))
        if chosen is None:
            return
        run = self._runs[chosen]
        for at, one in enumerate(self._listed):
            if str(one.path) == run.pipeline.where:
                self.query_one("#pipelines", OptionList).highlighted = at
                await self._choose(one)
        self._show_run(run)
        self._look_at_run(True)

    # What the cluster tells

    @on(StepNews)
    def _stepped(self, news: StepNews) -> None:
        if self._under_way is not None:
            self._under_way.hear(news.step)

    @on(RunEnded)
    def _ended(self, news: RunEnded) -> None:
        run, self._under_way = self._under_way, None
        if run is None:
            return
        run.end(news.result, news.sentence)
        if run is self._shown:
            self._show_run(run)
        else:
            self.notify(f"{run.pipeline.name}: {outcome_head(run, words=True).plain}")

    # Steps between the two

    def _show_run(self, run: Trace | None) -> None:
        self._shown = run
        self._graph = run is None
        self._lay_out()
        if run is not None:
            self.query_one(StepList).show(run)
        self._show_outcome()

    def _draw_running(self) -> None:
        if self._under_way is not None and self._under_way is self._shown:
            self.query_one(StepList).show(self._under_way)

    def _show_outcome(self) -> None:
        run, head = self._shown, self.query_one("#run-head", Static)
        if run is None:
            broken = self._chosen is not None and self._chosen.pipeline is None
            words = "" if broken else f"Runs in {self._root}, and reads and writes below it."
            head.update(Content.styled(words, "$foreground 55%"))
            return
        parts = [outcome_head(run, words=self.plain)]
        if run.running:
            parts.append(Content.styled("Esc stops it.", "$foreground 55%"))
        elif run.unkept:
            parts.append(Content.styled(f"{run.unkept} more steps are not kept", "$foreground 55%"))
        head.update(Content("  ").join(parts))
        self.query_one("#run-outcome", FittedText).show(partial(outcome_body, run, self.plain))

    def _look_at_run(self, looking: bool) -> None:
        """Goes to the steps, or the graph; in a small window they then have all of it."""
        self._looking = looking
        self._lay_out()
        if looking:
            self.query_one("#graph" if self._graph else "#steps").focus()

    def _lay_out(self) -> None:
        broken = self._chosen is not None and self._chosen.pipeline is None
        inputs = bool(self._chosen and self._chosen.pipeline and self._chosen.pipeline.inputs)
        roomy = self.app.size.width >= _ROOMY and self.app.size.height >= _HIGH
        choosing = roomy or not self._looking
        self.query_one("#pipelines").display = choosing
        self.query_one(InputsForm).display = choosing and inputs
        self.query_one("#graph").display = self._graph and not broken
        self.query_one(StepList).display = not self._graph and not broken
        self.query_one(YamlView).display = broken
        ended = self._shown is not None and not self._shown.running
        self.query_one("#run-outcome").display = ended and (roomy or self._looking)


def _stamps(folder: Path) -> object:
    """Changes when a file of the folder that could be a pipeline does."""
    try:
        found = [p for p in folder.iterdir() if p.suffix in (".yaml", ".yml")]
        return sorted((p.name, p.stat().st_mtime_ns, p.stat().st_size) for p in found)
    except OSError:
        return []


def _list(folder: Path, settings: Settings) -> tuple[ListedPipeline, ...]:
    try:
        registry = read_registered(settings)
    except RegistryError:
        registry = None
    return list_pipelines(folder, registry)


def _entry(one: ListedPipeline, listed: tuple[ListedPipeline, ...]) -> Content:
    width = max(len(other.given) for other in listed)
    broken = one.pipeline is None
    return Content.assemble(
        (f"{one_line(one.given):{width}}", "$error" if broken else ""),
        (f"  {one_line(one.about)}", "$error" if broken else "$foreground 55%"),
    )


def _title(one: ListedPipeline) -> Content:
    if one.pipeline is None:
        count = len(one.problems)
        said = "One problem" if count == 1 else f"{count} problems"
        return Content.assemble((one_line(one.given), "bold"), (f"  {said}", "$error"))
    return Content.assemble((one.pipeline.name, "bold"), f"  {one_line(one.about)}")
