"""`qshell forge`: labelled pairs with near-misses from one's own documents, for `qshell train`.

It reads the documents as `qshell ask` does and writes the file; what the rows are is decided by
`specialists.corpora.forge`.
"""

import gzip
import json
import lzma
import random
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shell.commands.ask import SAMPLE_DOCS
from shell.output import Output, shorten
from shell.settings import read_settings

if TYPE_CHECKING:
    from specialists.corpora.cloze import Section
    from specialists.corpora.forge import ForgedRow, ForgeReport


@click.command(name="forge")
@click.option(
    "--docs",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="The folder, or the one file, to make pairs from.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("pairs/forge.jsonl"),
    show_default=True,
    help="The file of pairs; a report stands beside it.",
)
@click.option(
    "--queries",
    type=click.IntRange(1),
    default=2_000,
    show_default=True,
    help="Maximum number of queries, about eleven rows each.",
)
@click.option(
    "--others",
    type=click.Path(exists=True, path_type=Path),
    help="Documents of other domains.  [default: the shipped samples]",
)
@click.option("--seed", default=0, show_default=True, help="The same seed makes the same rows.")
@click.option(
    "--samples", type=click.IntRange(0), default=20, show_default=True, help="Rows to print."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on stdout.")
def command(
    docs: Path,
    out: Path,
    queries: int,
    others: Path | None,
    seed: int,
    samples: int,
    as_json: bool,
) -> None:
    """Make questions, claims, keywords and headings from your documents, each with the passage that
    answers it, four to six near-misses and five passages of other domains.

    The rows are in the format of `pairs/*.jsonl` that `qshell train` reads. They are made by rules
    and some are wrong: read the samples.

    \b
    Examples:
      qshell forge --docs notes/
      qshell forge --docs notes/ --out data/pairs/notes.jsonl --queries 500 --seed 7
    """
    from specialists.corpora.forge import ForgeReport, forge_rows

    output = Output(json=as_json, colours=read_settings().colours)
    if others is not None and docs.resolve() == others.resolve():
        raise click.UsageError(
            f"--others {others} is the folder of --docs itself: name documents of another domain, "
            "or leave it out"
        )
    report_path = out.with_name(f"{out.name.split('.')[0]}.report")  # no name of a document
    if out == report_path:
        raise click.UsageError(f"--out {out} is where the report goes; give another name")
    sections, names, skipped = read_sections(docs, first=0)
    far, _, _ = read_sections(others or SAMPLE_DOCS, first=len(names))
    report = ForgeReport()
    with output.progress() as tick:
        rows = list(
            forge_rows(
                sections,
                others=far,
                sources=names,
                most_queries=queries,
                seed=seed,
                report=report,
                tick=lambda done, total: tick(done, total, "queries"),
            )
        )
    _write(out, rows)
    drawn = _samples(rows, most=samples, seed=seed)
    counts = {
        "file": str(out),
        "documents": len(names),
        "skipped": len(skipped),
        "passages": report.sections,
        "queries": dict(report.queries),
        "rows": dict(report.rows),
        "left_out": dict(report.left_out),
    }
    report_path.write_text(_report_text(counts, drawn), "utf-8", errors="backslashreplace")
    if as_json:
        output.document({**counts, "samples": [asdict(row) for row in drawn]})
        return
    _print(output, report, drawn, out=out)
    if drawn:
        output.note(f"the samples stand in full in {report_path}: read them before you train")
    for source, reason in skipped[:3]:
        output.note(f"skipped {source} ({reason})")


def read_sections(
    docs: Path, *, first: int
) -> tuple[list["Section"], dict[int, str], list[tuple[str, str]]]:
    """Passages as `qshell ask` cuts them, the documents' names by number from `first`, and what
    could not be read."""
    from cluster.errors import DocumentError
    from cluster.retrieval.chunks import split_passages
    from cluster.retrieval.documents import read_document
    from cluster.retrieval.folder import find_documents
    from specialists.corpora.cloze import Section

    found = find_documents(docs)
    skipped = list(found.skipped)
    sections: list[Section] = []
    names: dict[int, str] = {}
    for number, file in enumerate(found.files, start=first):
        try:
            document = read_document(file.path, source=file.source)
        except DocumentError as error:
            skipped.append((file.source, str(error)))
            continue
        names[number] = file.source
        sections += [
            Section(document=number, title=passage.heading, text=passage.text)
            for passage in split_passages(document)
        ]
    return sections, names, skipped


def _samples(rows: Sequence["ForgedRow"], *, most: int, seed: int) -> list["ForgedRow"]:
    """Of every kind about as many, relevant rows first: the kinds that go wrong are rare."""
    by_kind: dict[tuple[int, str], list[ForgedRow]] = {}
    for row in random.Random(seed).sample(rows, len(rows)):  # noqa: S311  no secret
        by_kind.setdefault((-row.label, row.kind), []).append(row)
    kinds = [by_kind[kind] for kind in sorted(by_kind)]
    in_turn = (row for turn in zip_longest(*kinds) for row in turn if row is not None)
    return sorted(islice(in_turn, most), key=lambda row: (-row.label, row.kind))


def _write(out: Path, rows: Sequence["ForgedRow"]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    special = out.exists() and not out.is_file()  # such as /dev/null, which stays what it is
    partial = out if special else out.with_name(out.name + ".partial")
    opener: Any = {".xz": lzma.open, ".gz": gzip.open}.get(out.suffix, open)
    with opener(partial, "wt", encoding="utf-8") as file:
        for row in rows:
            values = {
                "query": row.query,
                "passage": row.passage,
                "label": row.label,
                "source": out.name.split(".")[0],
                "group": row.group,
                "kind": row.kind,
                "form": row.form,
            }
            line = json.dumps(values, ensure_ascii=False)
            file.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
    if not special:
        partial.replace(out)


def _report_text(counts: dict[str, object], drawn: Sequence["ForgedRow"]) -> str:
    """The counts and the samples as a Markdown document."""
    lines = [f"# {Path(str(counts['file'])).name}", ""]
    lines += [f"- {name.replace('_', ' ')}: {json.dumps(value)}" for name, value in counts.items()]
    for row in drawn:
        what = f", {row.what}" if row.what else ""
        passage = " ".join(row.passage.split())
        lines += ["", f"## {row.label}: {row.query}", "", f"({row.kind}{what}) {passage}"]
    return "\n".join(lines) + "\n"


def _print(
    output: Output, report: "ForgeReport", drawn: Sequence["ForgedRow"], *, out: Path
) -> None:
    total = sum(report.rows.values())
    output.answer(f"{total} rows of {sum(report.queries.values())} queries in {out}")
    output.table(("queries", "form"), [(str(n), form) for form, n in report.queries.most_common()])
    output.table(("rows", "kind"), [(str(n), kind) for kind, n in report.rows.most_common()])
    for reason, number in report.left_out.most_common():
        output.note(f"queries left out: {number}, {reason}")
    if drawn:
        output.answer("\nSamples to read")
        output.table(
            ("label", "kind", "query", "passage"),
            [
                (
                    str(row.label),
                    f"{row.kind} ({row.what})" if row.what else row.kind,
                    shorten(row.query, limit=70),
                    shorten(row.passage, limit=110),
                )
                for row in drawn
            ],
        )
