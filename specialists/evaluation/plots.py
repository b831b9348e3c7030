"""Draws the curves as PNG and SVG. The only file that names matplotlib, which comes with the
extra `bench`: import it only when something is to be drawn.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from specialists.errors import GateError
from specialists.evaluation.curves import ScoredRows, SizedMark, reliability, tradeoff
from specialists.evaluation.speed import Speed

_STYLE: Any = {  # matplotlib types its keys by name, and more of them with every release
    # The same curves must make the same file: no clock, no chance.
    "svg.hashsalt": "qshell",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    # Colours that those who do not tell red from green can tell apart (Okabe and Ito 2008).
    "axes.prop_cycle": "cycler('color', ['0072B2', 'D55E00', '009E73', 'CC79A7', 'E69F00', "
    "'56B4E9', '000000', '888888', 'B8A000', '7F3C8D'])",
}


def draw_curves(rows: Sequence[ScoredRows], folder: Path) -> tuple[Path, ...]:
    """Writes `NAME-recall.*` and, where a scorer states probabilities, `NAME-reliability.*` for the
    task of `rows`, and returns the paths. Raises `GateError` where `folder` cannot be written."""
    with rc_context(_STYLE):
        drawn = {"recall": _draw_tradeoff(rows)}
        stated = [one for one in rows if one.probabilities]
        if stated:
            drawn["reliability"] = _draw_reliability(stated)
        return _write({f"{rows[0].task}-{kind}": drawn[kind] for kind in drawn}, folder)


def draw_speed(found: Sequence[Speed], folder: Path, *, name: str) -> tuple[Path, ...]:
    """Writes `NAME-speed.*`: passages a CPU second over passages under one question, one panel
    for each length, one line for each way. Raises `GateError` where `folder` cannot be written."""
    lengths = sorted({speed.tokens for speed in found})
    with rc_context(_STYLE):
        figure = Figure(figsize=(2.2 + 3 * len(lengths), 4), layout="constrained")
        for place, length in enumerate(lengths, start=1):
            axes = figure.add_subplot(1, len(lengths), place)
            for way in dict.fromkeys(speed.way for speed in found):
                line = [speed for speed in found if (speed.way, speed.tokens) == (way, length)]
                counts = [speed.passages for speed in line]
                ours = "," not in way
                axes.plot(
                    counts,
                    [speed.per_cpu_second for speed in line],
                    marker="o",
                    markersize=3,
                    linewidth=2 if ours else 1,
                    linestyle="-" if ours else "--" if way.endswith("int8") else ":",
                    label=way,
                )
            axes.set(xscale="log", yscale="log", xlabel="passages under one question")
            axes.set_xticks(counts, [str(count) for count in counts], minor=False)
            axes.set_xticks([], minor=True)
            axes.set_title(f"{length} tokens", fontsize=10, loc="left")
        figure.axes[0].set_ylabel("passages a second of processor time")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=7)
        return _write({f"{name}-speed": figure}, folder)


def draw_sizes(
    marks: Sequence[SizedMark], floor: float, folder: Path, *, name: str, title: str
) -> tuple[Path, ...]:
    """Writes `NAME-size.*`: each mark over the parameters it took, hollow where it was not
    measured here, above the `floor` that nothing but a constant reaches. Raises `GateError` where
    `folder` cannot be written."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(5, 3.5), layout="constrained")
        axes = figure.add_subplot()
        axes.axhline(100 * floor, color="0.5", linewidth=0.8, linestyle=":", label="always 0")
        for mark in marks:
            axes.errorbar(
                mark.parameters / 1e6,
                100 * mark.value,
                yerr=[
                    [max(0.0, 100 * (mark.value - mark.low))],
                    [max(0.0, 100 * (mark.high - mark.value))],
                ],
                marker="o",
                capsize=3,
                linestyle="none",
                markerfacecolor=None if mark.measured else "white",
                label=mark.label,
            )
        axes.set(xscale="log", xlabel="million parameters", ylabel=f"{title} (%)")
        axes.legend(frameon=False, fontsize=7)
        return _write({f"{name}-size": figure}, folder)


def draw_lines(
    lines: Mapping[str, Sequence[tuple[float, float]]],
    folder: Path,
    *,
    name: str,
    x_label: str,
    y_label: str,
) -> tuple[Path, ...]:
    """Writes `NAME.*`: one line for each name of `lines`, both axes from zero. Raises `GateError`
    where `folder` cannot be written."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(5, 3.5), layout="constrained")
        axes = figure.add_subplot()
        for label, points in lines.items():
            axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=label)
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        if len(lines) > 1:
            axes.legend(frameon=False)
        return _write({name: figure}, folder)


def _write(figures: Mapping[str, Figure], folder: Path) -> tuple[Path, ...]:
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            for end in ("png", "svg"):
                path = folder / f"{name}.{end}"
                figure.savefig(path, dpi=150, metadata={"Date": None} if end == "svg" else {})
                written.append(path)
    except OSError as error:
        raise GateError(f"{folder}: the plots cannot be written there ({error})") from error
    return tuple(written)


def _draw_tradeoff(rows: Sequence[ScoredRows]) -> Figure:
    figure, axes = _square(f"{rows[0].task}: recall against false accepts")
    axes.plot([0, 100], [0, 100], color="0.6", linewidth=0.8, linestyle=":", label="chance")
    for one in rows:
        curve = tradeoff(one)
        if len(curve.recall) <= 2:
            continue
        (line,) = axes.plot(
            100 * curve.false_accepts, 100 * curve.recall, drawstyle="steps-post", label=one.scorer
        )
        if curve.own is not None:
            axes.plot(
                100 * curve.own[0],
                100 * curve.own[1],
                marker="o",
                linestyle="none",
                color=line.get_color(),
                label=f"{one.scorer}, own decision",
            )
    axes.set_xlabel("irrelevant rows accepted (%)")
    axes.set_ylabel("relevant rows accepted (%)")
    axes.legend(loc="lower right", frameon=False)
    return figure


def _draw_reliability(rows: Sequence[ScoredRows]) -> Figure:
    figure, axes = _square(f"{rows[0].task}: reliability")
    axes.plot([0, 100], [0, 100], color="0.6", linewidth=0.8, linestyle=":", label="ideal")
    for one in rows:
        bins = reliability(one)
        observed = [100 * b.observed for b in bins]
        axes.errorbar(
            [100 * b.stated for b in bins],
            observed,
            yerr=[
                [max(0.0, o - 100 * b.low) for o, b in zip(observed, bins, strict=True)],
                [max(0.0, 100 * b.high - o) for o, b in zip(observed, bins, strict=True)],
            ],
            marker="o",
            capsize=2,
            label=one.scorer,
        )
        for b in bins:
            axes.annotate(
                str(b.n),
                (100 * b.stated, 100 * b.observed),
                textcoords="offset points",
                xytext=(5, -9),
                fontsize=7,
            )
    axes.set_xlabel("stated probability of relevance (%), mean of each tenth")
    axes.set_ylabel("relevant among them (%), 95% interval")
    axes.legend(loc="upper left", frameon=False)
    return figure


def _square(title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlim(-2, 102)
    axes.set_ylim(-2, 102)
    axes.set_title(title, fontsize=10, loc="left")
    return figure, axes
