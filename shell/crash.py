"""Keeps the traceback of an unexpected error in a log file, out of the user's sight.

It is imported only when something unexpected has happened, and must then work whatever state the
settings and the disk are in. The newest few files are kept.
"""

import platform
import traceback
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from shell.settings import default_log_dir

_KEPT = 10


def traceback_text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def keep_traceback(error: BaseException) -> Path | None:
    """The log file with the traceback, or None when none could be written. What the user asked
    is not in it, unless the error's own words repeat it."""
    now = datetime.now(UTC)
    path = default_log_dir() / f"error-{now:%Y%m%d-%H%M%S-%f}.log"
    head = f"{now.isoformat()}  qshell {_version()}  Python {platform.python_version()}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = f"{head}  {platform.platform()}\n\n{traceback_text(error)}"
        path.write_text(text, "utf-8", errors="backslashreplace")
        for old in sorted(path.parent.glob("error-*.log"))[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def _version() -> str:
    try:
        return metadata.version("qovaryx-shell")
    except metadata.PackageNotFoundError:
        return "not installed"
