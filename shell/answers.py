"""Shows an answer's report to a person: the text, its sources, and why passages were dropped.

Fresh answers and saved ones pass through here alike. It decides order and wording; width, colour
and safety belong to `shell.output`, the facts to `shell.report`.
"""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from shell.output import Output, one_line, plain, shorten
from shell.report import Report, place, source_parts

_SHOWN_AFTER_REFUSAL = 5
_VERDICT_COLOURS = {"1": "green", "0": "red"}


def print_answer(output: Output, report: Report, *, explain: bool) -> None:
    """The answer with its sources on stdout; or the refusal with the passages that came closest.
    `explain` adds every passage with its verdict, and the seconds of each step."""
    if report["refused"]:
        refusal = Text("No evidence.", style="bold")
        refusal.append(f" {_sentence(report['reason'])}", style="not bold")
        output.answer(refusal)
    else:
        output.answer(report["answer"])
        if report["citations"]:
            output.answer("\nSources")
        for citation in report["citations"]:
            output.answer("  " + "  ".join(map(one_line, source_parts(citation))))
    for warning in report.get("warnings", ()):  # answers saved long ago have none
        output.answer(
            Text("Warning: ", style="bold yellow").append(plain(warning), style="default")
        )
    if explain:
        _print_passages(output, report["passages"], title="Passages")
        steps = (f"{step} {seconds:.2f} s" for step, seconds in report["seconds"].items())
        output.answer(f"\n{', '.join(steps)}")
    elif report["refused"]:
        closest = sorted(report["passages"], key=lambda passage: -passage["score"])
        _print_passages(output, closest[:_SHOWN_AFTER_REFUSAL], title="Closest passages")


def _print_passages(output: Output, passages: list[Mapping[str, Any]], *, title: str) -> None:
    if not passages:
        return
    output.answer(f"\n{title}")
    rows = [
        (
            Text(passage["verdict"], style=_VERDICT_COLOURS[passage["verdict"]]),
            f"{passage['score']:.3f}",
            place(passage),
            passage["reason"] + ("; its end was not read" if passage["truncated"] else ""),
            shorten(passage["text"], limit=120),
        )
        for passage in passages
    ]
    output.table(("verdict", "score", "source", "why", "text"), rows)


def _sentence(text: str) -> str:
    text = plain(text).strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
