"""A stage for the screen: its own home, a few documents, and scripted specialists.

With `app_on_stage` everything happens in this process and nothing is drawn; `main` is the same
with real workers in a real terminal, for tests that kill and hang up.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
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
from specialists.checkpoint import sha256_of
from specialists.contract import POCKET_RELEVANCE, Contract
from specialists.features import FeatureStatistics
from specialists.model.config import DecoderConfig
from specialists.model.shapes import expected_shapes

QUESTION = "When was the pump replaced?"
DOCUMENTS = {
    "pump.md": "# Pump\n\nThe pump was replaced in May. It had leaked since winter.\n",
    "garden.md": "# Garden\n\nThe roses are pruned in March, before the pump is turned on.\n",
    "lease.md": "# Lease\n\nThe lease is signed by both tenants and ends in June.\n",
}

_PATIENCE_S = 60.0
ROUTED = ("judge", "guard", "twins", "none")
ROUTER = Script(routes=("answer", "orders", "same", ""))
ROUTES = """\
  router:
    task: routing
    checkpoint: router

  judge:
    task: relevance
    checkpoint: judge
    description: Says whether a passage answers a question.

  # the one that stands at the door
  guard:
    task: classification
    checkpoint: guard
    description: Says whether a text gives orders.
    route:
      rules: ["^sudo "]  # whatever follows

  twins:
    task: classification
    checkpoint: twins
    description: Says whether two questions ask the same.
"""


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


def set_routes(home: Path, *, router: bool = True) -> Settings:
    """Beside the judge three that can be routed to, and a scripted router that knows them."""
    settings = set_stage(home, "judge")
    for name, job in (("guard", "injection"), ("twins", "duplicate")):
        (home / name).mkdir(exist_ok=True)
        contract = replace(POCKET_RELEVANCE, job=job)
        (home / name / "contract.json").write_text(json.dumps(contract.to_dict()))
    write_router(home / "router")
    entries = ROUTES if router else ROUTES[ROUTES.index("  judge:") :]
    (home / "registry.yaml").write_text(f"specialists:\n{entries}")
    return settings


def write_router(folder: Path) -> None:
    """What is needed to route with the features of `ROUTER`; its weights are all zero."""
    folder.mkdir(exist_ok=True)
    count = len(ROUTED)
    config = DecoderConfig(
        vocab_size=16, n_layer=1, d_model=count, n_head=2, n_kv_head=1, d_ff=8, max_seq_len=64
    )
    zeros = {
        name: np.zeros(shape, dtype=np.float32) for name, shape in expected_shapes(config).items()
    }
    save_file(zeros, folder / "model.safetensors")
    (folder / "tokenizer.json").write_text("{}")
    statistics = FeatureStatistics(
        mean_CD=np.eye(count, dtype=np.float32),
        covariance_DD=np.eye(count, dtype=np.float32),
        reach_C=np.full(count, 9.0, dtype=np.float32),
        sample_ND=np.zeros((1, count), dtype=np.float32),
        sample_route_N=np.zeros(1, dtype=np.int64),
        temperature=0.3,
    )
    (folder / "routing.safetensors").write_bytes(statistics.to_bytes())
    contract = Contract(
        head="T:",
        tail="\nA:",
        labels=tuple("ABCDEFGH"[:count]),
        meanings=ROUTED,
        positive="A",
        label_ids=tuple(range(count)),
        tail_ids=(9,),
        max_tokens=64,
        max_query_tokens=1,
    )
    (folder / "contract.json").write_text(json.dumps(contract.to_dict()))
    values = {
        "format": 1,
        "name": folder.name,
        "task": "routing",
        "model": config.to_dict(),
        "storage": "float32",
        "base": None,
        "files": {
            name: sha256_of(folder / name)
            for name in ("model.safetensors", "tokenizer.json", "routing.safetensors")
        },
    }
    (folder / "config.json").write_text(json.dumps(values))


@asynccontextmanager
async def app_on_stage(
    settings: Settings,
    *,
    size: tuple[int, int] = (80, 24),
    scripts: Mapping[str, Script] | None = None,
    notifications: bool = False,
) -> AsyncIterator[tuple[QshellApp, Pilot[None]]]:
    def open_stub(settings: Settings) -> Cluster:
        return Cluster.open(
            settings.registry, backend=StubBackend(scripts), memory_budget_bytes=4 * 2**30
        )

    async with Bridge(settings, open_anew=open_stub) as bridge:
        app = QshellApp(settings, bridge)
        async with app.run_test(size=size, notifications=notifications) as pilot:
            await pilot.pause()
            yield app, pilot


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """On a machine that has other work, too."""
    async with asyncio.timeout(_PATIENCE_S):
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
