"""The one table that turns errors into exit codes and words for a person.

It stands alone so that every front end says the same thing about the same error. It knows no
terminal and prints nothing: an error goes in, a code and a sentence come out.
"""

import errno
from dataclasses import dataclass
from enum import IntEnum

from cluster.errors import ClusterError, UnknownSpecialist
from shell.errors import SettingsError, ShellError
from specialists.errors import JobError, SpecialistError


class Exit(IntEnum):
    """Exit codes. Scripts rely on them: a number once given keeps its meaning."""

    OK = 0
    FAILURE = 1
    WRONG_USE = 2
    REFUSED = 3
    """The documents hold no evidence for an answer."""
    UNEXPECTED = 70
    """A mistake of ours; a log file holds the traceback."""
    INTERRUPTED = 130
    BROKEN_PIPE = 141


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a run ends: its exit code, and what is said on stderr (nothing when empty)."""

    code: Exit
    sentence: str


# The first row whose class fits decides, so a narrow class stands above its parent.
# `{message}` is the error's own text.
_ROWS: tuple[tuple[type[BaseException], Exit, str], ...] = (
    (UnknownSpecialist, Exit.WRONG_USE, "{message}"),
    (SettingsError, Exit.WRONG_USE, "{message}"),
    (ShellError, Exit.FAILURE, "{message}"),
    (ClusterError, Exit.FAILURE, "{message}"),
    (JobError, Exit.WRONG_USE, "{message}"),
    (SpecialistError, Exit.FAILURE, "{message}"),
    (KeyboardInterrupt, Exit.INTERRUPTED, "interrupted"),
    (BrokenPipeError, Exit.BROKEN_PIPE, ""),
    (MemoryError, Exit.FAILURE, "out of memory: close other programs, or ask with fewer documents"),
)

_OS_WORDS = {
    errno.ENOSPC: "the disk is full{place}: free some space, or set QSHELL_HOME to a folder with "
    "room",
    errno.EDQUOT: "the disk quota is used up{place}: free some space, or set QSHELL_HOME to a "
    "folder with room",
    errno.EACCES: "not permitted{place}: check who owns it and its permissions",
    errno.EPERM: "not permitted{place}: check who owns it and its permissions",
    errno.EROFS: "the file system is read-only{place}: set QSHELL_HOME to a folder that can be "
    "written",
    errno.ENOENT: "no such file or folder{place}",
    errno.ENOTDIR: "not a folder{place}",
    errno.EISDIR: "a folder stands where a file was expected{place}",
    errno.EMFILE: "too many files are open: raise the limit with ulimit -n",
}


def ending(error: BaseException) -> Ending | None:
    """How a run that met `error` ends, or None when the error is a mistake of ours."""
    if isinstance(error, BaseExceptionGroup):
        return _ending_of_group(error)
    for kind, code, words in _ROWS:
        if isinstance(error, kind):
            return Ending(code=code, sentence=words.replace("{message}", str(error)))
    if isinstance(error, OSError):
        return Ending(code=Exit.FAILURE, sentence=os_error_words(error))
    return None


def os_error_words(error: OSError) -> str:
    """What the operating system refused, with the place where it is known and a remedy."""
    place = f" ({error.filename})" if error.filename else ""
    words = _OS_WORDS.get(error.errno or 0)
    if words is not None:
        return words.replace("{place}", place)
    return f"{error.strerror or error or type(error).__name__}{place}"


def _ending_of_group(group: BaseExceptionGroup[BaseException]) -> Ending | None:
    """One mistake of ours outweighs everything; then an interrupt; then whatever came first."""
    endings = [ending(error) for error in group.exceptions]
    known = [one for one in endings if one is not None]
    if len(known) < len(endings):
        return None
    return next((one for one in known if one.code is Exit.INTERRUPTED), known[0])
