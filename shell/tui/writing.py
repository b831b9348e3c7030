"""Answers leaving the screen: as text for the clipboard, as files for elsewhere."""

import json
from pathlib import Path

from cluster.places import expanded
from shell.output import plain
from shell.report import Report, source_parts
from shell.session import Session


def answer_text(report: Report) -> str:
    """The answer with its sources, or the refusal with its reason; control characters cleared."""
    if report["refused"]:
        return plain(f"{report['question']}\n\nNo evidence. {report['reason']}\n")
    sources = ["  ".join(source_parts(citation)) for citation in report["citations"]]
    return plain("\n\n".join((report["question"], report["answer"], "\n".join(sources)))) + "\n"


def write_export(session: Session, path: Path) -> Path:
    """Never over a file that stands there already. Raises `OSError`."""
    path = expanded(path)
    if path.suffix == ".json":
        text = json.dumps(session.to_dict(), indent=2) + "\n"
    else:
        text = plain(session.to_markdown())
    with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return path
