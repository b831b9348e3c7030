"""A value that travels through a pipeline, as a person reads it: passages with their verdicts and
reasons, answers with their citations, anything else as its JSON.

It stands alone because a trace shows the same values in many places. It knows no widget.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from textual.content import Content

from cluster.errors import RowError
from cluster.pipelines.values import to_json
from cluster.records import Answer, JudgedPassage, Passage
from shell.output import one_line, plain, shorten
from shell.tui.marks import verdict_mark
from specialists.requests import Verdict

MOST_ITEMS = 100
MOST_LINES = 400
_SNIPPET = 400
_LEAST_WIDTH = 20
_FAINT = "$foreground 55%"


def shown_value(value: object, *, plain_marks: bool, width: int) -> Content:
    """At most `MOST_ITEMS` of a list; what is left out is counted. Lines of more than `width` are
    broken, and go on where they began."""
    lines = _lines(value, "", plain_marks)
    return Content("\n").join(row for line in lines for row in _broken(line, width))


def _broken(line: Content, width: int) -> Iterator[Content]:
    text = line.plain
    indent = len(text) - len(text.lstrip())
    at = indent
    for row in textwrap.wrap(
        text[indent:], max(_LEAST_WIDTH, width - indent), expand_tabs=False, break_on_hyphens=False
    ) or [""]:
        at = text.replace("\t", " ").find(row, at)
        yield Content.assemble(" " * indent, line[at : at + len(row)])
        at += len(row)


def _lines(value: object, indent: str, words: bool) -> Iterator[Content]:
    match value:
        case JudgedPassage():
            yield from _judged(value, indent, words)
        case Passage():
            yield from _passage(value, indent)
        case Answer():
            yield from _answer(value, indent)
        case Verdict():
            yield Content.assemble(
                f"{indent}{one_line(value.label)}", (f"  score {value.score:.2f}", _FAINT)
            )
        case tuple() | list():
            yield from _items(value, indent, words)
        case {"quote": str(quote), "source": str(source), "line": line}:
            yield Content.assemble(f"{indent}{one_line(source)}:{line}")
            yield Content.styled(f"{indent}  {shorten(quote, limit=_SNIPPET)}", _FAINT)
        case Mapping() if value:
            for name, inner in value.items():
                yield from _named(str(name), inner, indent, words)
        case Path():
            yield Content(f"{indent}{one_line(str(value))}")
        case str():
            yield from _text(value, indent)
        case _:
            yield Content(f"{indent}{_json(value)}")


def _named(name: str, value: object, indent: str, words: bool) -> Iterator[Content]:
    """On one line where that is enough."""
    label = (f"{indent}{one_line(name)}", "$primary")
    if isinstance(value, tuple | list):
        count = len(value)
        counted = "nothing" if not count else "1 item" if count == 1 else f"{count} items"
        yield Content.assemble(label, (f"  {counted}", _FAINT))
        yield from _lines(value, f"{indent}  ", words) if count else ()
        return
    lines = list(_lines(value, f"{indent}  ", words))
    if len(lines) == 1:
        yield Content.assemble(label, "  ", lines[0][len(indent) + 2 :])
    else:
        yield Content.assemble(label)
        yield from lines


def _items(items: tuple[object, ...] | list[object], indent: str, words: bool) -> Iterator[Content]:
    for item in items[:MOST_ITEMS]:
        if isinstance(item, str | Passage | JudgedPassage | Verdict):
            yield from _lines(item, indent, words)
            continue
        inner = list(_lines(item, f"{indent}  ", words))
        if inner:
            yield Content.assemble(f"{indent}- ", inner[0][len(indent) + 2 :])
            yield from inner[1:]
    if len(items) > MOST_ITEMS:
        yield Content.styled(f"{indent}and {len(items) - MOST_ITEMS} more", _FAINT)


def _passage(passage: Passage, indent: str) -> Iterator[Content]:
    yield _placed(passage, indent)
    yield Content.styled(f"{indent}  {shorten(passage.text, limit=_SNIPPET)}", _FAINT)


def _judged(judged: JudgedPassage, indent: str, words: bool) -> Iterator[Content]:
    mark = verdict_mark(judged.kept)
    head = (f"{indent}{mark.shown(plain=words)} {judged.verdict.score:.2f} ", mark.style)
    yield Content.assemble(head, _placed(judged.passage, ""))
    yield Content.styled(f"{indent}  {one_line(judged.reason)}", mark.style)
    yield Content.styled(f"{indent}  {shorten(judged.passage.text, limit=_SNIPPET)}", _FAINT)


def _placed(passage: Passage, indent: str) -> Content:
    place = f"{passage.source}:{passage.line}" if passage.source else "a passage"
    heading = f"  {one_line(passage.heading)}" if passage.heading else ""
    return Content.assemble(f"{indent}{one_line(place)}", (heading, _FAINT))


def _answer(answer: Answer, indent: str) -> Iterator[Content]:
    if answer.refused:
        yield Content.assemble((f"{indent}No evidence. ", "bold $warning"), one_line(answer.reason))
        return
    yield from _text(answer.text, indent)
    for number, one in enumerate(answer.citations, start=1):
        yield Content.assemble(
            (f"{indent}[{number}] ", "$accent"),
            one_line(f"{one.source}:{one.line}"),
            (f"  {one_line(one.heading)}" if one.heading else "", _FAINT),
        )


def _text(text: str, indent: str) -> Iterator[Content]:
    lines = plain(text).rstrip().splitlines() or [""]
    for line in lines[:MOST_LINES]:
        yield Content(f"{indent}{line}")
    if len(lines) > MOST_LINES:
        yield Content.styled(f"{indent}and {len(lines) - MOST_LINES} more lines", _FAINT)


def _json(value: object) -> str:
    try:
        return one_line(json.dumps(to_json(value), ensure_ascii=False))
    except (RowError, TypeError, ValueError):
        return one_line(repr(value))
