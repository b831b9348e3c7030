"""Which specialist a request is for, while it is typed: every chance, what was chosen and why.

What is typed is routed once the fingers rest, and an answer to what stood there before is dropped.
A request becomes an example with one key and is given to its specialist with another. How a route
is found, and where an example is written, it does not know.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, OptionList

from cluster.registry import SpecialistSpec
from cluster.router import NONE, Route, as_example
from shell.output import one_line, plain, shorten
from shell.tui.marks import time_taken
from shell.tui.messages import (
    CancelWanted,
    ExampleChanged,
    ExampleWanted,
    JobEnded,
    JobWanted,
    Routed,
    RouteWanted,
    StatusNews,
)
from shell.tui.screens.house import HouseScreen
from shell.tui.value_text import shown_value
from shell.tui.widgets.fitted_text import FittedText
from shell.tui.widgets.question import QuestionLine
from shell.tui.widgets.route_list import RouteList, RouteRow
from shell.tui.widgets.steady import Steady

_REST_S = 0.15
_SHOWN_REQUEST = 60
_FAINT = "$foreground 55%"
_WELCOME = "Type a request: which specialist it is for shows as you type, and why."
_NO_ROUTER = (
    "No specialist with 'task: routing' is registered, so only rules and examples route; "
    "a on the screen Registry registers one."
)


class RequestLine(QuestionLine):
    """Up and down move among the routes, not among earlier requests."""

    class Moved(Message):
        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def action_earlier(self, step: int) -> None:
        self.post_message(self.Moved(step))


class RouteScreen(HouseScreen):
    key = "route"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Browse", id="route.browse"),
        Binding("i,slash", "type", "Type", id="route.type", show=False),
        Binding("r,ctrl+r", "do", "Do its job", id="route.do"),
        Binding("e,ctrl+s", "example", "Example", id="route.example"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._specs: Mapping[str, SpecialistSpec] = {}
        self._routed: Routed | None = None
        self._resting: Timer | None = None
        self._then: Callable[[], None] | None = None
        self._working = ""

    def compose_body(self) -> ComposeResult:
        with Vertical(id="route-body"):
            yield Steady("", id="route-said")
            yield RouteList()
            yield Steady("", id="route-about")
            yield FittedText(id="route-result", text_id="route-text")
        yield RequestLine(placeholder="Type a request")

    async def on_mount(self) -> None:
        self.query_one(RequestLine).focus()

    # What the user does

    @on(Input.Changed)
    def _typed(self) -> None:
        """Old answers are for another text from now on."""
        self._then = None
        if self._resting is not None:
            self._resting.stop()
        if self._text:
            self._resting = self.set_timer(_REST_S, self._want)
        else:
            self._routed = None
            self._show()

    @on(RequestLine.Moved)
    def _move(self, event: RequestLine.Moved) -> None:
        self.query_one(RouteList).move(event.step)

    @on(RequestLine.Asked)
    @on(OptionList.OptionSelected)
    def action_do(self) -> None:
        self._once_routed(self._do)

    def action_example(self) -> None:
        self._once_routed(self._change_example)

    def action_type(self) -> None:
        self.query_one(RequestLine).focus()

    def action_leave(self) -> None:
        if self._working:
            self.post_message(CancelWanted(self.key))
        elif self.focused is self.query_one(RequestLine):
            self.query_one(RouteList).focus()

    @property
    def _text(self) -> str:
        return self.query_one(RequestLine).value.strip()

    def _want(self) -> None:
        if self._text:
            if self._routed is None:
                self._say(Content.styled("asking the routing specialist …", _FAINT))
            self.post_message(RouteWanted(self._text))

    def _once_routed(self, act: Callable[[], None]) -> None:
        """At once where what stands there is routed; else as soon as it is."""
        if not self._text:
            self.notify("Type a request first.")
        elif self._routed is not None and self._routed.text == self._text:
            act()
        else:
            self._then = act

    def _do(self) -> None:
        name = self._choice("No specialist is to do this")
        if not name:
            return
        if self._working:
            self.notify(f"{self._working} is still at work; Esc stops it.")
            return
        self._working = name
        self._tell_result(Content.styled(f"{name} is at work …", _FAINT))
        self.post_message(JobWanted(self._text, name))

    def _change_example(self) -> None:
        name = self._choice("A request for nobody needs no example")
        if name:
            self.post_message(ExampleWanted(self._text, name))

    def _choice(self, otherwise: str) -> str:
        name = self.query_one(RouteList).current
        if name in self._specs:
            return name
        self.notify(f"{otherwise}; the arrow keys choose another route.", severity="warning")
        return ""

    # What comes of it

    @on(StatusNews)
    def _know(self, news: StatusNews) -> None:
        if news.specs is not self._specs:
            self._specs = news.specs
            self._show(keep=True)

    @on(Routed)
    def _hear(self, news: Routed) -> None:
        if news.text != self._text:
            return
        before, self._routed = self._routed, news
        again = before is not None and before.text == news.text
        self._show(keep=again)
        then, self._then = self._then, None
        if then is not None and news.route is not None:
            then()

    @on(ExampleChanged)
    def _changed(self, news: ExampleChanged) -> None:
        style = "$success" if news.ok else "$error"
        self._tell_result(Content.styled(plain(news.sentence), style))
        self._want()

    @on(JobEnded)
    def _done(self, news: JobEnded) -> None:
        self._working = ""
        if news.result is None:
            said = news.sentence or "stopped"
            self._tell_result(Content.styled(plain(said), "$error" if news.sentence else _FAINT))
            return
        head = Content.assemble(
            (news.name, "bold"),
            (f"  {shorten(news.text, limit=_SHOWN_REQUEST)}", ""),
            (f"  {time_taken(news.seconds)}", _FAINT),
        )
        result, words = news.result, self.plain
        self.query_one(FittedText).show(
            lambda width: Content("\n").join(
                [head, shown_value(result, plain_marks=words, width=width)]
            )
        )

    # What is drawn

    @on(OptionList.OptionHighlighted)
    def _show_about(self) -> None:
        name = self.query_one(RouteList).current
        spec = self._specs.get(name)
        nobody = Content.styled("none  no specialist takes it" if name else "", _FAINT)
        about = _about(spec, self._text) if spec else nobody
        self.query_one("#route-about", Steady).show(about)

    def _show(self, *, keep: bool = False) -> None:
        """`keep` leaves the cursor where it is."""
        routed = self._routed
        route = routed.route if routed else None
        routes = self.query_one(RouteList)
        at = routes.current if keep or route is None else route.name
        routes.show(_rows(route, self._specs), at=at)
        self._show_about()
        if route is not None:
            self._say(_said(route))
        elif routed is not None:
            self._say(Content.styled(plain(routed.sentence), "$error"))
        elif self._specs and all(s.entry.task != "routing" for s in self._specs.values()):
            self._say(Content.styled(_NO_ROUTER, "$warning"))
        else:
            self._say(Content(_WELCOME))

    def _say(self, words: Content) -> None:
        self.query_one("#route-said", Steady).show(words)

    def _tell_result(self, words: Content) -> None:
        self.query_one(FittedText).show(lambda _: words)


def _rows(route: Route | None, specs: Mapping[str, SpecialistSpec]) -> list[RouteRow]:
    """What was weighed, the likeliest first; then the specialists that were not."""
    scores = route.scores if route else {}
    ranked = sorted(scores, key=lambda name: -scores[name])
    others = [n for n, spec in specs.items() if n not in scores and spec.entry.task != "routing"]
    return [
        RouteRow(
            name=name,
            score=scores.get(name),
            chosen=route is not None and name == route.name,
            description=specs[name].entry.description if name in specs else "",
        )
        for name in [*ranked, *others]
    ]


def _said(route: Route) -> Content:
    style = "bold $warning" if route.name == NONE else "bold $success"
    lead = f"  confidence {route.confidence:.1%}, margin {route.margin:.1%}"
    return Content.assemble((route.name, style), (lead, _FAINT), f"\n{one_line(route.why)}")


def _about(spec: SpecialistSpec, text: str) -> Content:
    """What the registry says of the route under the cursor."""
    rules, examples = len(spec.entry.route.rules), spec.entry.route.examples
    counted = f"{_count(rules, 'rule')}, {_count(len(examples), 'example')}"
    is_one = bool(text) and as_example(text) in map(as_example, examples)
    return Content.assemble(
        (spec.name, "$primary"),
        f"  {one_line(spec.entry.description) or 'no description'}",
        (f"  {counted}{', this one among them' * is_one}", _FAINT),
    )


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'s' * (number != 1)}"
