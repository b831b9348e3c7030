"""The card of a specialist for relevance: every mark beside its floors and peers.

The card and `marks.json` are written here from what was measured, never by hand, whether the gate
was passed or not.
"""

from dataclasses import asdict
from pathlib import Path

from specialists.evaluation.cards import opening, table, write_card
from specialists.evaluation.gate import Measured, Report
from specialists.evaluation.lexical import SETTINGS
from specialists.evaluation.measure import LEGEND
from specialists.evaluation.ten_domains import LEGEND as HOLDOUT_LEGEND
from specialists.evaluation.ten_domains import PARTS, HoldoutMarks, KindMarks


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Writes `card.md` and `marks.json` and returns their paths."""
    values = {"passed": report.passed, "faults": report.faults, **asdict(report)}
    return write_card(folder, card_text(report), values)


def card_text(report: Report) -> str:
    """The card as Markdown."""
    lines = [
        *opening(
            report.specialist,
            gate=report.gate.name,
            passed=report.passed,
            date=report.date,
            weights=report.weights,
            recipe=report.recipe,
        ),
        "## Marks",
        f"Measured on {report.date} with `{report.command}` on {report.machine}. In percent, with "
        "95% intervals that resample whole queries (Wilson's where each query gives one row, and "
        "where a value is 0 or 100). Thresholds marked *oracle* were chosen on these very rows, a "
        "generous upper bound for whoever uses one. That nothing else was tuned on them is the "
        "maker's promise; the gate checks that the recipe does not name their files as data.",
        "",
    ]
    for one in report.measured:
        lines += _marks_section(one)
    lines += table(("mark", "meaning"), list(LEGEND.items()))
    lines += [*_holdout_section(report.holdout), "## Gate"]
    lines += table(
        ("collection", "lower end of", "must exceed", "reached", "why", "passed"),
        [
            (
                c.task,
                c.requirement.mark,
                f"{100 * c.requirement.floor:.1f}",
                "not measured" if c.low is None else f"{100 * c.low:.1f}",
                c.requirement.why,
                "yes" if c.passed else "NO",
            )
            for c in report.checks
        ],
    )
    lines += [f"- Not passed: {fault}." for fault in report.faults]
    lines += ["", "## Curves", ""] if report.plots else []
    lines += [f"![{Path(plot).stem}]({plot})" for plot in report.plots]
    return "\n".join(lines).rstrip() + "\n"


def _marks_section(one: Measured) -> list[str]:
    settings = one.settings
    hashes = "; ".join(f"`{name}` {digest}" for name, digest in one.sha256.items())
    names = [name for name in LEGEND if any(name in marks.marks for marks in one.marks)]
    return [
        f"### {one.name}",
        f"{one.marks[0].n_queries} queries, {one.marks[0].n_rows} rows: 1 relevant passage and "
        f"{settings.negatives} others each, drawn with seed {settings.seed} from ranks "
        f"{settings.first_rank} to {settings.last_rank} of {SETTINGS}, passages judged relevant "
        f"left out. {twin_words(one)} Licence: {one.licence}. "
        f"sha256: {hashes}.",
        "",
        *table(
            ("mark", *(f"{marks.scorer}, {marks.rule}" for marks in one.marks)),
            [(name, *(str(marks.marks.get(name, "–")) for marks in one.marks)) for name in names],
        ),
        *leads_table(one),
    ]


def lead_columns(one: Measured) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Heads and rows: how many points the last of the scorers is ahead, in each mark."""
    rivals = list(dict.fromkeys(lead.over for lead in one.leads))
    names = list(dict.fromkeys(lead.mark for lead in one.leads))
    points = {(lead.mark, lead.over): str(lead) for lead in one.leads}
    return (
        ("ahead, in points", *rivals),
        [(name, *(points[name, rival] for rival in rivals)) for name in names],
    )


def leads_table(one: Measured) -> list[str]:
    if not one.leads:
        return []
    heads, rows = lead_columns(one)
    return [
        f"How far {one.leads[0].scorer} is ahead in AUROC, both resampled together: where 0 is "
        "outside the interval, the two differ.",
        "",
        *table(heads, rows),
    ]


def _holdout_section(holdout: HoldoutMarks) -> list[str]:
    """In the shape of a reranker's card: does the right passage pass, is all else refused."""
    names = [name for name in HOLDOUT_LEGEND if any(name in m.kinds for m in holdout.marks)]
    return [
        f"### {holdout.name}",
        f"{holdout.n_questions} questions in {holdout.n_twins} pairs of twins, written for this "
        f"and shipped with the project. sha256: {holdout.sha256}.",
        "",
        *table(
            ("mark", *(f"{m.scorer}, {m.rule}" for m in holdout.marks)),
            [
                *(
                    (f"accuracy, {part}", *(_accuracy(m, part) for m in holdout.marks))
                    for part in PARTS
                ),
                *(
                    (HOLDOUT_LEGEND[name], *(str(m.kinds.get(name, "–")) for m in holdout.marks))
                    for name in names
                ),
            ],
        ),
    ]


def _accuracy(marks: KindMarks, part: str) -> str:
    return str((marks.card if marks.card.task == part else marks.near).marks["accuracy"])


def twin_words(one: Measured) -> str:
    """How many queries the absent-twin test stands on; it leaves out those BM25 fails on."""
    first = one.marks[0]
    twins = first.marks["absent_auroc"].n_queries if "absent_auroc" in first.marks else 0
    return (
        f"Absent twins: {twins} of {first.n_queries} queries, those with a relevant passage among "
        f"the first {one.settings.depth} of BM25."
    )
