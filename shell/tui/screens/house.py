"""What all screens have in common: the line above, the keys below, and the news in between."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from shell.tui.messages import ClusterNews, ListenWanted, StatusNews
from shell.tui.widgets.top_bar import SCREENS, TopBar


class HouseScreen(Screen[None]):
    """`key` is its name in the table of screens. `compose_body` gives what stands between."""

    key: ClassVar[str] = ""

    def compose(self) -> ComposeResult:
        yield TopBar(self.key)
        yield Static("", id="trouble")
        with Container(id="body"):
            yield from self.compose_body()
        yield Footer(show_command_palette=False)

    def compose_body(self) -> ComposeResult:
        yield from ()

    async def on_mount(self) -> None:
        self.title = SCREENS[self.key]
        self.query_one("#trouble").display = False
        self.post_message(ListenWanted(self.post_message))

    @property
    def plain(self) -> bool:
        return self.app.has_class("-plain")

    @on(StatusNews)
    def _show_status(self, news: StatusNews) -> None:
        self.query_one(TopBar).show_status(news.status)

    @on(ClusterNews)
    def _show_trouble(self, news: ClusterNews) -> None:
        self.query_one(TopBar).show_trouble(news.trouble)
        line = self.query_one("#trouble", Static)
        line.display = bool(news.trouble)
        words = news.trouble.splitlines()[:1]
        line.update(
            Content.assemble(
                ("The registry cannot be used, so nothing can be asked. ", "bold"), *words
            )
        )
