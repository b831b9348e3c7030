"""The table of errors, codes and words."""

import errno

import pytest

from cluster.errors import OverBudget, UnknownSpecialist
from shell.errors import SessionError, SettingsError
from shell.exits import Exit, ending
from specialists.errors import CheckpointError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownSpecialist("no q-rga"), Exit.WRONG_USE),
        (OverBudget("too big"), Exit.FAILURE),
        (CheckpointError("damaged"), Exit.FAILURE),
        (SettingsError("config.yaml:1: bad"), Exit.WRONG_USE),
        (SessionError("locked"), Exit.FAILURE),
    ],
)
def test_our_own_errors_keep_their_words(error: Exception, code: Exit) -> None:
    end = ending(error)
    assert end is not None
    assert (end.code, end.sentence) == (code, str(error))


def test_a_full_disk_names_the_file_and_the_remedy() -> None:
    end = ending(OSError(errno.ENOSPC, "No space left on device", "/x/index"))
    assert end is not None
    assert end.code is Exit.FAILURE
    assert "/x/index" in end.sentence
    assert "QSHELL_HOME" in end.sentence


def test_an_unheard_of_system_error_keeps_the_words_of_the_system() -> None:
    end = ending(OSError(errno.ELOOP, "Too many levels of symbolic links", "/x"))
    assert end is not None
    assert end.sentence == "Too many levels of symbolic links (/x)"


def test_a_broken_pipe_says_nothing() -> None:
    end = ending(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert end is not None
    assert (end.code, end.sentence) == (Exit.BROKEN_PIPE, "")


def test_an_interrupt_ends_with_130() -> None:
    end = ending(KeyboardInterrupt())
    assert end is not None
    assert end.code == 130


def test_our_own_mistakes_have_no_words_here() -> None:
    assert ending(ZeroDivisionError()) is None


def test_a_group_of_errors_ends_like_the_gravest_of_them() -> None:
    refused, interrupted = OverBudget("too big"), KeyboardInterrupt()
    both = ending(BaseExceptionGroup("two", [refused, interrupted]))
    assert both is not None
    assert both.code is Exit.INTERRUPTED
    nested = ExceptionGroup("one", [ExceptionGroup("one", [refused])])
    alone = ending(nested)
    assert alone is not None
    assert alone.sentence == "too big"
    assert ending(BaseExceptionGroup("two", [interrupted, ZeroDivisionError()])) is None
