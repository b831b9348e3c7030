"""Whether a text can be written at all. It stands alone because what is quoted from a text must
travel as JSON and come back the same, and half a character does not."""

import re

from specialists.errors import JobError

_HALF = re.compile(r"[\ud800-\udfff]")


def check_encodable(text: str, where: str) -> None:
    """Raises `JobError` for a text with a lone surrogate, which no UTF-8 can hold."""
    found = None if text.isascii() else _HALF.search(text)
    if found:
        raise JobError(
            f"{where} holds half a character (a lone surrogate) at {found.start():,}; read it as "
            "UTF-8 first"
        )
