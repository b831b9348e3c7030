"""A stage for the screen: its own home, a few documents, and scripted specialists.

With `app_on_stage` everything happens in this process and nothing is drawn; `main` is the same
with real workers in a real terminal, for tests that kill and hang up.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from cluster.backends.local import LocalBackend
from cluster.backends.stub import StubBackend
from cluster.cluster import Cluster
from cluster.workers.scripted import Script
from shell.settings import Settings, read_settings
from shell.tui.app import QshellApp
from shell.tui.bridge import Bridge
from shell.tui.run import run_screen

QUESTION = "When was the pump replaced?"
DOCUMENTS = {
    "pump.md": "# Pump\n\nThe pump was replaced in May. It had leaked since winter.\n",
    "garden.md": "# Garden\n\nThe roses are pruned in March, before the pump is turned on.\n",
    "lease.md": "# Lease\n\nThe lease is signed by both tenants and ends in June.\n",
}


def set_stage(home: Path, *names: str) -> Settings:
    """Writes documents into `home/notes` and a registry of the named specialists."""
    notes = home / "notes"
    notes.mkdir(parents=True, exist_ok=True)
    for name, text in DOCUMENTS.items():
        (notes / name).write_text(text)
    write_registry(home, *names)
    settings = read_settings({"QSHELL_HOME": str(home)})
    return replace(settings, registry=home / "registry.yaml")


def write_registry(home: Path, *names: str) -> None:
    for name in names:
        (home / name).mkdir(exist_ok=True)
    entries = (f"  {name}:\n    task: relevance\n    checkpoint: {name}\n" for name in names)
    (home / "registry.yaml").write_text("specialists:\n" + "".join(entries))


@asynccontextmanager
async def app_on_stage(
    settings: Settings,
    *,
    size: tuple[int, int] = (80, 24),
    scripts: Mapping[str, Script] | None = None,
) -> AsyncIterator[tuple[QshellApp, Pilot[None]]]:
    def open_stub(settings: Settings) -> Cluster:
        return Cluster.open(
            settings.registry, backend=StubBackend(scripts), memory_budget_bytes=4 * 2**30
        )

    async with Bridge(settings, open_anew=open_stub) as bridge:
        app = QshellApp(settings, bridge)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield app, pilot


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await pilot.pause(0.02)


async def write_line(pilot: Pilot[None], text: str) -> None:
    """Puts a text into the line that has the focus, faster than by keys."""
    line = pilot.app.focused
    assert isinstance(line, Input)
    line.insert_text_at_cursor(text)
    await pilot.pause()


def main() -> None:
    """Real workers with scripts, in the terminal this is run in."""
    settings = read_settings()

    def open_scripted(_: Settings) -> Cluster:
        return Cluster.open(
            settings.config_file.parent / "registry.yaml",
            backend=LocalBackend(loader="scripted"),
            history_path=settings.history_path,
        )

    raise SystemExit(run_screen(plain=False, open_anew=open_scripted))


if __name__ == "__main__":
    main()
