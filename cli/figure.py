"""The figure of ``verify --plot``: what is drawn beside what the model would have it, and how ``asap`` comes closer.

The first panel has the model's distribution as a stepped outline over the outputs, the most probable first, with the
band in which frequencies of exact draws lie nineteen times of twenty; on it, each method's law where it is known, and
frequencies of draws where it is not. The second has the divergence of asap's law by the number of the draw.

The same findings give the same bytes.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from constrain.cli.display import token_text
from constrain.compiler.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from constrain.compiler import Vocabulary
    from constrain.runtime.decoding.faithful.honesty import Examination, MethodReport

__all__ = ["save_figure"]

MOST_LABELLED = 40
"""Outputs whose texts are written below the axis; of more, only ranks are."""

LONGEST_LABEL = 24

LEAST = 1e-9
"""Divergences below this one are rounding."""

# Okabe and Ito's colours, which people with any kind of colour vision tell apart
STYLES: dict[str, tuple[str, str, str]] = {
    "mask": ("#D55E00", "v", "mask (law)"),
    "asap": ("#0072B2", "o", "asap (law of draw {draws:,})"),
    "exact": ("#009E73", "s", "exact (frequencies)"),
    "smc": ("#CC79A7", "D", "smc (frequencies)"),
    "mcmc": ("#E69F00", "^", "mcmc (frequencies)"),
    "awrs": ("#56B4E9", "P", "awrs (law)"),
}
INK, SHADE, BAND = "#333333", "#EEEEEE", "#D9D9D9"
SETTINGS: Any = {
    "svg.hashsalt": "constrain",
    "svg.fonttype": "none",  # text remains text
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.parse_math": False,  # outputs hold what they hold
    "legend.frameon": False,
}


def save_figure(path: str, found: Examination, vocabulary: Vocabulary) -> None:
    """Write the figure, in the format that the file's suffix names.

    Raises:
        ArtifactError: it can't be written.
    """
    import matplotlib

    matplotlib.use("agg")
    from matplotlib.figure import Figure

    with matplotlib.rc_context(SETTINGS):
        curve = next((report for report in found.methods if report.method == "asap"), None)
        laws = _visible(found)
        is_labelled = len(laws[0]) <= MOST_LABELLED
        widths = [max(4.5, 2.5 + len(laws[0]) * 0.16) if is_labelled else 5.5, *([3.8] if curve else [])]
        figure = Figure(figsize=(sum(widths) + 0.8, 4.8), layout="constrained", facecolor="white")
        axes = figure.subplots(1, len(widths), width_ratios=widths, squeeze=False)[0]
        _draw_laws(axes[0], found, *laws)
        if is_labelled:
            _label_outputs(axes[0], found, vocabulary, len(laws[0]))
        else:
            of = f", the first {len(laws[0]):,} of {len(found.target.law):,}"
            axes[0].set_xscale("log")
            axes[0].xaxis.set_major_formatter(_plain)
            axes[0].set_xlabel(
                f"rank of the output by its probability{of if len(laws[0]) < len(found.target.law) else ''}"
            )
        if curve is not None:
            _draw_curve(axes[1], found, curve)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4 if curve else 3, fontsize=8)
        kind = path.rpartition(".")[2].lower()
        drawn = io.BytesIO()
        figure.savefig(drawn, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None})
    write_whole(path, drawn.getvalue())


def _visible(found: Examination) -> tuple[list[float], list[list[float]], float]:
    """The target and each method's shares by rank, as far as any of them can be seen, and the least that is shown."""
    ranked = found.target.ranked
    exact = [math.exp(found.target.law[key]) for key in ranked]
    shares = [_shares(report, ranked) for report in found.methods]
    lowest = max(min(share for share in exact if share > 0) / 3, 0.2 / found.draws)
    seen = [rank for rank, column in enumerate(zip(exact, *shares, strict=True)) if max(column) >= lowest]
    end = len(ranked) if len(ranked) <= MOST_LABELLED else max(MOST_LABELLED + 1, seen[-1] + 1)
    return exact[:end], [column[:end] for column in shares], lowest


def _draw_laws(axes: Axes, found: Examination, exact: list[float], shares: list[list[float]], lowest: float) -> None:
    noise = [1.96 * math.sqrt(share * (1 - share) / found.draws) for share in exact]
    edges = [rank + 0.5 for rank in range(len(exact) + 1)]
    lower = [max(share - spread, lowest / 10) for share, spread in zip(exact, noise, strict=True)]
    upper = [share + spread for share, spread in zip(exact, noise, strict=True)]
    is_labelled = len(exact) <= MOST_LABELLED
    axes.stairs(exact, edges, fill=True, color=SHADE, baseline=lowest / 10)
    axes.stairs(upper, edges, baseline=lower, fill=True, color=BAND, label="where frequencies of exact draws lie")
    axes.stairs(exact, edges, color=INK, linewidth=1.2, baseline=None, label="the model's distribution")
    for number, (report, column) in enumerate(zip(found.methods, shares, strict=True)):
        colour, marker, label = STYLES[report.method]
        beside = number - (len(shares) - 1) / 2
        points = [
            (rank + 0.15 * beside if is_labelled else rank * 1.04**beside, share)
            for rank, share in enumerate(column, 1)
            if share >= lowest
        ]
        axes.plot(
            [place for place, _ in points],
            [share for _, share in points],
            linestyle="none",
            marker=marker,
            markersize=4.5 if is_labelled else 3,
            markerfacecolor="white" if "frequencies" in label else colour,
            markeredgecolor=colour,
            markeredgewidth=1,
            label=label.format(draws=found.draws),
        )
    axes.set_yscale("log")
    axes.set_ylim(lowest, 1.8)
    axes.yaxis.set_major_formatter(_plain)
    axes.set_ylabel("probability")
    axes.set_xlim(0.4, len(exact) + 0.6)
    axes.set_title("What is drawn", loc="left", fontweight="bold")


def _label_outputs(axes: Axes, found: Examination, vocabulary: Vocabulary, shown: int) -> None:
    is_spelled = found.texts < len(found.target.law)
    labels = [_label(key, vocabulary, is_spelled=is_spelled) for key in found.target.ranked[:shown]]
    axes.set_xticks(range(1, shown + 1), labels, rotation=90, fontfamily="DejaVu Sans Mono", fontsize=7.5)


def _shares(report: MethodReport, ranked: tuple[tuple[int, ...], ...]) -> list[float]:
    if report.counts is None or report.method in ("mask", "awrs"):
        law = report.law or {}
        return [math.exp(law.get(key, -math.inf)) for key in ranked]
    return [report.counts.get(key, 0) / report.draws for key in ranked]


def _draw_curve(axes: Axes, found: Examination, report: MethodReport) -> None:
    """Divergences that are more than rounding; where they end before the draws do, the law has come to be exact."""
    points = [(number, value) for number, value in report.curve if value > LEAST]
    colour, marker, _ = STYLES["asap"]
    masks = [other.divergence for other in found.methods if other.method == "mask" and other.divergence]
    lines = [
        (found.floor, INK, 0, "frequencies of exact draws"),
        *((value, STYLES["mask"][0], 1, "mask") for value in masks),
    ]
    lines = [line for line in lines if line[0] > LEAST]
    for value, line_colour, end, name in lines:
        axes.axhline(value, color=line_colour, linewidth=1, linestyle="--")
        axes.annotate(
            name,
            (end, value),
            (4 - 6 * end, 3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right" if end else "left",
            color=line_colour,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(0.7, 1.4 * found.draws)
    if points:
        axes.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=4.5, linewidth=1.2)
        axes.annotate("asap", points[0], (3, 7), textcoords="offset points", color=colour)
    if len(points) < len(report.curve):
        first = next(number for number, value in report.curve if value <= LEAST)
        at = (first, math.sqrt(found.floor * points[0][1])) if points and found.floor > 0 else (first, 1.0)
        axes.annotate(f"exact from draw {first:,} on", at, color=colour)
    if values := [value for value, *_ in lines] + [value for _, value in points]:
        axes.set_ylim(min(values) / 3, max(values) * 3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_plain)
    axes.set_xlabel("number of the draw")
    axes.set_ylabel("KL from the model's distribution, nats")
    axes.set_title("How asap comes closer", loc="left", fontweight="bold")


def _plain(value: float, position: float = 0) -> str:
    """A power of ten as people write it."""
    return f"{value:,.0f}" if value >= 1 else f"{value:.0e}".replace("e-0", "e-") if value < 1e-4 else f"{value:g}"


def _label(token_ids: tuple[int, ...], vocabulary: Vocabulary, *, is_spelled: bool) -> str:
    """The output's text; where a text has several spellings, with marks between tokens."""
    parts = [token_text(vocabulary.token(token_id) or b"") for token_id in token_ids]
    text = ("·" if is_spelled else "").join(parts) or "(empty)"
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
