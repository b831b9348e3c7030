"""Takes the user's question from the command line or from stdin, as clean text of bounded size.

It stands alone because bytes from outside are met here first. It knows no option and no answer.
"""

import sys

import click

LONGEST_BYTES = 16 * 1024


def read_question(argument: str | None) -> str:
    """The question typed, or what stands on stdin when it is `-` or absent.

    Raises `click.UsageError` when there is none, or it is too long, or is not UTF-8.
    """
    if argument is not None and argument != "-":
        return _checked(argument.encode("utf-8", "surrogateescape"), origin="the question")
    if sys.stdin is None or (argument is None and sys.stdin.isatty()):
        raise click.UsageError('no question was asked; type one: qshell ask "When ...?"')
    return _checked(_stdin_bytes(), origin="the question on stdin")


def _stdin_bytes() -> bytes:
    """One byte more than allowed at most, so that an endless stream ends here."""
    data: bytes = sys.stdin.buffer.read(LONGEST_BYTES + 1)
    return data


def _checked(data: bytes, *, origin: str) -> str:
    if len(data) > LONGEST_BYTES:
        raise click.UsageError(
            f"{origin} is longer than {LONGEST_BYTES // 1024} KiB; put long text into a document "
            "and ask about it"
        )
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise click.UsageError(
            f"{origin} is not UTF-8 at byte {error.start + 1}; convert it, with iconv for one"
        ) from error
    if "\0" in text:
        raise click.UsageError(f"{origin} holds a zero byte; it seems not to be text")
    if not text:
        raise click.UsageError(f"{origin} is empty")
    return text
