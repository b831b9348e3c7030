"""An answer as the JSON that `--json` prints and sessions save, and that JSON as text.

One shape for every reader: fresh answers and saved ones print alike, because both are printed
from the report. Keys are promises to scripts: add, never rename. It knows no terminal and no
file; colour is a style name on a piece of text.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cluster.records import Answer, Citation, JudgedPassage

if TYPE_CHECKING:
    from cluster.retrieval.index import IndexReport

Report = dict[str, Any]
"""The JSON object described by `answer_report`."""


def answer_report(
    answer: Answer, *, index: "IndexReport | None", specialist: Mapping[str, str | float | None]
) -> Report:
    """The whole answer. `start` and `end` are character offsets, `line` and `page` 1-based;
    `verdict` is "1" or "0"; `seconds` are wall times of the steps."""
    return {
        "question": answer.question,
        "answer": answer.text,
        "refused": answer.refused,
        "reason": answer.reason,
        "composed_by": answer.composed_by,
        "citations": [_citation(n, c) for n, c in enumerate(answer.citations, start=1)],
        "passages": [_passage(judged) for judged in answer.passages],
        "index": None if index is None else _index(index),
        "specialist": dict(specialist),
        "seconds": {step: round(s, 4) for step, s in answer.seconds.items()},
        "warnings": list(answer.warnings),
    }


def _index(index: "IndexReport") -> dict[str, object]:
    return {
        "files": index.files,
        "passages": index.passages,
        "reindexed": index.reindexed,
        "skipped": [{"source": source, "reason": reason} for source, reason in index.skipped],
    }


def _citation(number: int, citation: Citation) -> dict[str, object]:
    return {
        "number": number,
        "quote": citation.quote,
        "source": citation.source,
        "line": citation.line,
        "page": citation.page,
        "start": citation.start,
        "end": citation.end,
        "heading": citation.heading,
        "score": round(citation.score, 6),
    }


def _passage(judged: JudgedPassage) -> dict[str, object]:
    passage, verdict = judged.passage, judged.verdict
    return {
        "verdict": "1" if verdict.positive else "0",
        "score": round(verdict.score, 6),
        "kept": judged.kept,
        "reason": judged.reason,
        "source": passage.source,
        "line": passage.line,
        "page": passage.page,
        "start": passage.start,
        "end": passage.end,
        "heading": passage.heading,
        "text": passage.text,
        "retrieval_score": round(passage.retrieval_score, 6),
        "truncated": verdict.truncated,
    }


def place(item: Mapping[str, Any]) -> str:
    """Where a citation or passage stands, in the form editors and terminals can follow."""
    if item["page"] is not None:
        return f"{item['source']} page {item['page']}"
    return f"{item['source']}:{item['line']}"


def source_parts(citation: Mapping[str, Any]) -> tuple[str, ...]:
    """`[1] notes/pumps.md:14`, `Maintenance`, `(0.97)`: what one line of sources is made of."""
    heading = (citation["heading"],) if citation["heading"] else ()
    number = f"[{citation['number']}] {place(citation)}"
    return (number, *heading, f"({citation['score']:.2f})")


def session_markdown(name: str, turns: Iterable[tuple[str, Report]]) -> str:
    """A conversation as a Markdown document: time and report of each turn, in order."""
    blocks = [f"# {name}"]
    for asked_at, report in turns:
        blocks += [f"## {report['question']}", f"*{asked_at}*"]
        if report["refused"]:
            blocks.append(f"**No evidence.** {report['reason']}")
            continue
        blocks.append(report["answer"])
        sources = [f"- {'  '.join(source_parts(one))}" for one in report["citations"]]
        if sources:
            blocks.append("\n".join(sources))
    return "\n\n".join(blocks) + "\n"
