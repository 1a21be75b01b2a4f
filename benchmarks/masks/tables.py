"""Numbers and tables as Markdown that reads as text too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Numbers", "number", "summary", "table"]

Numbers = NDArray[np.float64]


def summary(times: Numbers, percentiles: Sequence[float]) -> dict[str, float]:
    """Mean, percentiles and maximum by name; not a number where nothing was measured."""
    names = ["mean", *(f"p{percentile:g}" for percentile in percentiles), "max"]
    if not times.size:
        return dict.fromkeys(names, float("nan"))
    return dict(zip(names, [times.mean(), *np.percentile(times, percentiles), times.max()], strict=True))


def number(value: float) -> str:
    """Three significant digits or so; a dash for nothing measured."""
    if value != value:
        return "-"
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A Markdown table under its title; the first ``texts`` columns hold text, the others numbers."""
    cells = [header, *rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(header))]
    lines = []
    for row in cells:
        padded = [
            text.ljust(w) if i < texts else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("| " + " | ".join(padded) + " |")
    rule = ["-" * (w + 2) if index < texts else "-" * (w + 1) + ":" for index, w in enumerate(widths)]
    lines.insert(1, "|" + "|".join(rule) + "|")
    return f"{title}\n\n" + "\n".join(lines)
