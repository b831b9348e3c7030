"""Where things are kept and what the user prefers, read from the environment and one YAML file.

`QSHELL_HOME` puts everything under one folder and beats the folders named in the file. The file
is `config.yaml`; every key is optional, an unknown one is refused. Nothing here creates a folder
or looks at the command line: a flag beats the file where the command applies it.
"""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

import platformdirs
import yaml

from cluster.places import expanded
from cluster.records import GUARDS, USUAL_GUARDS, GuardName
from shell.errors import SettingsError

Colours = Literal["auto", "always", "never"]
_FILE_KEYS = (
    *("cache_dir", "data_dir", "endpoint", "model", "registry", "colours", "allow_remote"),
    *("theme", "plain", "keys", "memory_budget", "guards", "answer_cache", "score_cache"),
)
_TRUTH_KEYS = ("allow_remote", "plain", "answer_cache")
_PATH_KEYS = ("cache_dir", "data_dir", "registry")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Checked settings. `registry` None means the shipped one with the user's over it, `endpoint`
    None that answers are composed from quotes alone."""

    config_file: Path
    cache_dir: Path
    data_dir: Path
    registry: Path | None = None
    endpoint: str | None = None
    """Base address of an OpenAI-compatible service, `http://127.0.0.1:11434/v1` for one."""
    model: str | None = None
    """The answer model's name at the endpoint."""
    allow_remote: bool = False
    """Whether questions and passages may leave this machine for the endpoint."""
    colours: Colours = "auto"
    theme: str | None = None
    """Of the screen; its command palette lists them."""
    plain: bool = False
    """Whether the screen is drawn for screen readers: words for marks, no lines, nothing moving."""
    memory_budget: int | None = None
    """Bytes that all workers may use together; half of the machine's memory when None."""
    guards: tuple[GuardName, ...] = USUAL_GUARDS
    """What stands beside an answer model: `guards: injection, grounding`, or `none`."""
    answer_cache: bool = False
    """Whether a question that was answered before, over the same documents, is answered from
    there; `q-dup` says whether two questions ask the same."""
    score_cache: str = "off"
    """Whether verdicts are kept: `on`, `off`, or a file to keep them in."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys of the screen by action, `session.copy: ctrl+y`; its help names the actions."""

    @property
    def sessions_file(self) -> Path:
        return self.data_dir / "sessions.sqlite3"

    @property
    def calibrations_dir(self) -> Path:
        """One file for each calibrated specialist, by its name."""
        return self.data_dir / "calibrations"

    @property
    def measured_dir(self) -> Path:
        """What was measured once about a checkpoint on this machine."""
        return self.data_dir / "measured"

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def history_path(self) -> Path:
        """Where clusters record themselves, for `ps`, `top`, `load` and the like."""
        return self.data_dir / "history.sqlite3"

    @property
    def score_path(self) -> Path | None:
        """The file that keeps verdicts; None when none are kept."""
        if self.score_cache == "off":
            return None
        return (
            self.cache_dir / "scores.sqlite3"
            if self.score_cache == "on"
            else Path(self.score_cache)
        )

    @property
    def index_dir(self) -> Path:
        return self.cache_dir / "indexes"

    @property
    def routes_dir(self) -> Path:
        """What routers were shown in examples, by hash."""
        return self.cache_dir / "routes"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force. Raises `SettingsError` with file, line and key."""
    settings = _default_settings(environ)
    entries = _read_entries(settings.config_file)
    if environ.get("QSHELL_HOME"):
        entries = {k: v for k, v in entries.items() if k not in ("cache_dir", "data_dir")}
    settings = replace(settings, **entries)  # type: ignore[arg-type]  # checked key by key below
    return replace(settings, colours="never") if environ.get("NO_COLOR") else settings


def default_log_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where logs go, whatever stands in the config file."""
    return _default_settings(environ).log_dir


def _default_settings(environ: Mapping[str, str]) -> Settings:
    if home := environ.get("QSHELL_HOME"):
        root = expanded(home).absolute()
        return Settings(
            config_file=root / "config.yaml", cache_dir=root / "cache", data_dir=root / "data"
        )
    dirs = platformdirs.PlatformDirs("qshell", appauthor=False)
    return Settings(
        config_file=dirs.user_config_path / "config.yaml",
        cache_dir=dirs.user_cache_path,
        data_dir=dirs.user_data_path,
    )


def _read_entries(path: Path) -> dict[str, object]:
    """The file's keys and checked values; empty when there is no file."""
    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error})") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(f"{path}:{line}: not YAML ({error.problem})") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise SettingsError(f"{path}: not YAML ({error})") from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise SettingsError(f"{path}:1: expected lines of `key: value`")
    entries: dict[str, object] = {}
    for key_node, value_node in root.value:
        where = f"{path}:{key_node.start_mark.line + 1}"
        key = _checked_key(key_node, where=where)
        if key in entries:
            raise SettingsError(f"{where}: {key} is given twice; keep one")
        entries[key] = _checked_value(key, value_node, where=where, folder=path.parent)
    return entries


def _checked_key(node: yaml.Node, *, where: str) -> str:
    key = str(node.value)
    if key in _FILE_KEYS:
        return key
    near = difflib.get_close_matches(key, _FILE_KEYS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(_FILE_KEYS)}"
    raise SettingsError(f"{where}: unknown key {key}; {hint}")


def _checked_value(key: str, node: yaml.Node, *, where: str, folder: Path) -> object:
    value = node.value
    if key == "keys":
        return _checked_keys(node, where=where)
    if not isinstance(node, yaml.ScalarNode) or not value:
        raise SettingsError(f"{where}: {key}: expected one value")
    if key == "colours" and value not in get_args(Colours):
        raise SettingsError(f"{where}: colours: {value} is none of {', '.join(get_args(Colours))}")
    if key == "endpoint" and not is_address(value):
        raise SettingsError(
            f"{where}: endpoint: {value} is not an http or https address such as "
            "http://127.0.0.1:11434/v1"
        )
    if key == "memory_budget":
        return _checked_size(value, where=where)
    if key == "guards":
        try:
            return read_guards(value)
        except ValueError as error:
            raise SettingsError(f"{where}: guards: {error}") from error
    if key == "score_cache":
        return _checked_score_cache(value, where=where, folder=folder)
    if key in _TRUTH_KEYS:
        if value not in ("true", "false"):
            raise SettingsError(f"{where}: {key}: {value} is neither true nor false")
        return value == "true"
    if key in _PATH_KEYS:
        # A relative folder is meant from the file that names it, wherever qshell is run.
        return folder / expanded(value)
    return value


def _checked_score_cache(value: str, *, where: str, folder: Path) -> str:
    """`on`, `off`, or the file. A relative one is meant from the file that names it."""
    switched = {"on": "on", "true": "on", "off": "off", "false": "off"}.get(value.lower())
    if switched is None and value.lower() in ("yes", "no", "null", "none"):
        raise SettingsError(f"{where}: score_cache: {value} is none of on, off and a file")
    return switched or str(folder / expanded(value))


def _checked_keys(node: yaml.Node, *, where: str) -> dict[str, str]:
    if not isinstance(node, yaml.MappingNode) or not all(
        isinstance(part, yaml.ScalarNode) and part.value for pair in node.value for part in pair
    ):
        raise SettingsError(f"{where}: keys: expected lines of `action: key`")
    found: dict[str, str] = {}
    for action, key in node.value:
        if action.value in found:
            raise SettingsError(f"{where}: keys: {action.value} is given twice; keep one")
        found[str(action.value)] = str(key.value)
    return found


def _checked_size(value: str, *, where: str) -> int:
    found = re.fullmatch(r"(\d+) ?(MiB|GiB)", value)
    if not found or not int(found[1]):
        raise SettingsError(f"{where}: memory_budget: {value} is no size such as 900 MiB or 4 GiB")
    return int(found[1]) << (20 if found[2] == "MiB" else 30)


def read_guards(text: str) -> tuple[GuardName, ...]:
    """Names with commas between them, or `none`. Raises `ValueError` for another word."""
    words = [word.strip() for word in text.split(",") if word.strip() not in ("", "none")]
    for word in words:
        if word not in GUARDS:
            raise ValueError(f"{word} is none of {', '.join(GUARDS)}, none")
    return tuple(guard for guard in GUARDS if guard in words)


def is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
