"""Where files of this user stand when nobody says otherwise. `QSHELL_HOME` puts them all under one
folder."""

import os
from pathlib import Path

import platformdirs

_DIRS = platformdirs.PlatformDirs("qshell", appauthor=False)


def user_registry_path() -> Path:
    return _home("registry.yaml") or _DIRS.user_config_path / "registry.yaml"


def index_dir() -> Path:
    return _home("cache", "indexes") or _DIRS.user_cache_path / "indexes"


def routes_dir() -> Path:
    return _home("cache", "routes") or _DIRS.user_cache_path / "routes"


def history_path() -> Path:
    return _home("data", "history.sqlite3") or _DIRS.user_data_path / "history.sqlite3"


def measured_dir() -> Path:
    """What was measured once about a checkpoint: whether int8 agrees, and what is fastest."""
    return _home("data", "measured") or _DIRS.user_data_path / "measured"


def _home(*parts: str) -> Path | None:
    home = os.environ.get("QSHELL_HOME")
    return expanded(home).absolute().joinpath(*parts) if home else None


def expanded(path: str | Path) -> Path:
    """With `~` for a home. As in a command shell, the home of nobody stays as it is written; where
    it is looked for, there is no such folder."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  Path.expanduser raises RuntimeError
