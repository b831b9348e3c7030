"""Opening the screen and closing it, however it ends: by a key, a signal, a terminal that is gone.

Order at the end: the app leaves the terminal, then the cluster ends its workers.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace

from cluster.cluster import Cluster
from shell.asking import open_cluster
from shell.settings import Settings, read_settings
from shell.tui.app import QshellApp
from shell.tui.bridge import Bridge

_ENDING_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def run_screen(*, plain: bool, open_anew: Callable[[Settings], Cluster] = open_cluster) -> int:
    """Returns the exit code. Raises `SettingsError`, and what the app met unexpectedly."""
    settings = read_settings()
    if plain:
        settings = replace(settings, plain=True)
    if settings.colours == "never":
        os.environ["NO_COLOR"] = "1"  # what Textual looks at
    return asyncio.run(_run(settings, open_anew))


async def _run(settings: Settings, open_anew: Callable[[Settings], Cluster]) -> int:
    async with Bridge(settings, open_anew=open_anew) as bridge:
        app = QshellApp(settings, bridge)
        loop = asyncio.get_running_loop()
        for number in _ENDING_SIGNALS:
            loop.add_signal_handler(number, app.exit)
        await app.run_async()
        if app.mistake is not None:
            raise app.mistake
        return app.return_code or 0
