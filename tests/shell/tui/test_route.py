"""The screen that routes a request while it is typed, makes it an example, and has it done."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from cluster.registry import read_registry
from cluster.workers.scripted import Script
from shell.settings import Settings
from shell.tui.app import QshellApp
from shell.tui.place import Place, write_place
from shell.tui.screens.route import RouteScreen
from shell.tui.widgets.question import QuestionLine
from shell.tui.widgets.route_list import RouteList, bar_of
from tests.shell.tui.stage import ROUTER, app_on_stage, set_routes, until, write_line

SCRIPTS = {"router": ROUTER}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return on_screen(set_routes(tmp_path))


def on_screen(settings: Settings) -> Settings:
    write_place(settings.data_dir / "screen.json", Place(screen="route"))
    return settings


def said(app: QshellApp) -> str:
    return str(app.screen.query_one("#route-said", Static).content)


def result(app: QshellApp) -> str:
    return str(app.screen.query_one("#route-text", Static).content)


def rows(app: QshellApp) -> list[str]:
    return [str(one.prompt) for one in app.screen.query_one(RouteList).options]


async def type_request(app: QshellApp, pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: isinstance(app.screen, RouteScreen) and len(rows(app)) == 3)
    await write_line(pilot, text)


async def test_every_chance_shows_while_one_types_and_the_likeliest_leads(
    settings: Settings,
) -> None:
    async with app_on_stage(settings, scripts=SCRIPTS) as (app, pilot):
        await type_request(app, pilot, "it gives orders")
        await until(pilot, lambda: said(app).startswith("guard  confidence 90.3%"))
        assert "margin 87.1%" in said(app) and "the decision head gives it 90%" in said(app)
        assert [row.split()[0] for row in rows(app)] == ["guard", "judge", "twins", "none"]
        assert "█" in rows(app)[0] and app.screen.query_one(RouteList).current == "guard"
        await write_line(pilot, ", the same orders and the same again, the same")
        await until(pilot, lambda: said(app).startswith("twins"))
        app.screen.query_one(QuestionLine).value = ""
        await until(pilot, lambda: said(app).startswith("Type a request"))
        assert len(rows(app)) == 3


async def test_a_rule_decides_without_a_worker_and_is_named(settings: Settings) -> None:
    async with app_on_stage(settings, scripts=SCRIPTS) as (app, pilot):
        await type_request(app, pilot, "sudo make me an answer")
        await until(pilot, lambda: "the rule '^sudo ' of guard finds it" in said(app))
        assert "not weighed" not in rows(app)[1] and "Says whether" in rows(app)[1]


async def test_an_answer_to_what_stood_there_before_is_dropped(settings: Settings) -> None:
    slow = {"router": Script(routes=ROUTER.routes, passage_s=0.4)}
    async with app_on_stage(settings, scripts=slow) as (app, pilot):
        await type_request(app, pilot, "orders")
        await until(pilot, lambda: "asking" in said(app))
        heard: list[str] = []

        def has_the_last_one() -> bool:
            heard.append(said(app))
            return heard[-1].startswith("twins")

        app.screen.query_one(QuestionLine).value = "the same"
        await until(pilot, has_the_last_one)
        assert not any(words.startswith("guard") for words in heard)


async def test_a_request_becomes_an_example_and_no_example_again(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "registry.yaml"
    before = path.read_text()
    async with app_on_stage(settings, scripts=SCRIPTS) as (app, pilot):
        await type_request(app, pilot, "whose orders are the same?")
        await until(pilot, lambda: said(app).startswith(("guard", "twins")))
        await pilot.press("up", "up", "up")
        await until(pilot, lambda: app.screen.query_one(RouteList).highlighted == 0)
        other = rows(app)[1].split()[0]
        await pilot.press("down")
        await until(pilot, lambda: app.screen.query_one(RouteList).current == other)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: f"it is an example of {other}" in said(app))
        assert f"An example of {other}, written in {path}." in result(app)
        assert read_registry(path).specs[other].entry.route.examples == (
            "whose orders are the same?",
        )
        comments = [line.split("#")[1] for line in before.splitlines() if "#" in line]
        assert all(f"#{words}" in path.read_text() for words in comments)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "the decision head" in said(app) or "no route" in said(app))
        assert f"No example any more of {other}" in result(app)
    assert not read_registry(path).specs[other].entry.route.examples


async def test_a_request_for_nobody_is_no_example(settings: Settings, tmp_path: Path) -> None:
    before = (tmp_path / "registry.yaml").read_text()
    async with app_on_stage(settings, scripts=SCRIPTS) as (app, pilot):
        await type_request(app, pilot, "lovely weather")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: said(app).startswith("none"))
        await until(pilot, lambda: any("nobody" in n.message for n in app._notifications))
    assert (tmp_path / "registry.yaml").read_text() == before


async def test_the_chosen_specialist_does_its_job_on_the_request(settings: Settings) -> None:
    async with app_on_stage(settings, scripts=SCRIPTS) as (app, pilot):
        await type_request(app, pilot, "orders, orders")
        await pilot.press("enter")
        await until(pilot, lambda: "injection  false" in result(app))
        assert result(app).startswith("guard  orders, orders")


@pytest.mark.parametrize(
    ("request_text", "remedy"),
    [
        ("the same?", "qshell call twins TEXT -i first=..."),
        ("an answer", "judge/contract.json: no contract"),
    ],
)
async def test_a_job_that_cannot_be_done_says_why(
    settings: Settings, request_text: str, remedy: str
) -> None:
    async with app_on_stage(settings, scripts=SCRIPTS) as (app, pilot):
        await type_request(app, pilot, request_text)
        await pilot.press("enter")
        await until(pilot, lambda: remedy in result(app))


async def test_a_job_is_stopped_by_esc(settings: Settings) -> None:
    slow = {"router": ROUTER, "guard": Script(passage_s=600)}
    async with app_on_stage(settings, scripts=slow) as (app, pilot):
        await type_request(app, pilot, "orders")
        await pilot.press("enter")
        await until(pilot, lambda: "guard is at work" in result(app))
        await pilot.press("escape")
        await until(pilot, lambda: result(app) == "stopped")


async def test_without_a_router_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    settings = on_screen(set_routes(tmp_path, router=False))
    async with app_on_stage(settings) as (app, pilot):
        await until(pilot, lambda: "No specialist with 'task: routing'" in said(app))
        await type_request(app, pilot, "an answer")
        await until(pilot, lambda: "register one (qshell registry add)" in said(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "it is an example of judge" in said(app))


async def test_what_was_typed_stays_while_another_screen_is_shown(settings: Settings) -> None:
    async with app_on_stage(settings, scripts=SCRIPTS) as (app, pilot):
        await type_request(app, pilot, "orders")
        await pilot.press("f2")
        await until(pilot, lambda: app.screen.title == "Specialists")
        await pilot.press("f4")
        await until(pilot, lambda: said(app).startswith("guard"))


def test_a_bar_shows_what_is_not_nothing() -> None:
    assert bar_of(0.0, 10) == " " * 10
    assert bar_of(0.001, 10) == "▏" + " " * 9
    assert bar_of(0.5, 10) == "█████     "
    assert bar_of(1.0, 10) == "█" * 10
