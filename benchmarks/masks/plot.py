"""Curves as SVG, where matplotlib is installed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["Panel", "plot"]

Curve = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Panel:
    """One pair of axes, the y axis logarithmic: curves by engine, each as its x and y values."""

    title: str
    x: str
    y: str
    curves: Mapping[str, Curve]
    x_scale: Literal["linear", "log"] = "linear"


def plot(path: Path, panels: Sequence[Panel]) -> bool:
    """Draw panels side by side into an SVG file, the same bytes for the same values.

    Returns:
        Whether it was drawn; False without matplotlib.
    """
    try:
        matplotlib: Any = importlib.import_module("matplotlib")
        figures: Any = importlib.import_module("matplotlib.figure")
    except ImportError:
        return False
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": path.name, "font.size": 9}):
        figure = figures.Figure(figsize=(4 * len(panels), 3.4), layout="constrained")
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            for name, (x, y) in panel.curves.items():
                axes.plot(x, y, marker=".", label=name)
            axes.set(title=panel.title, xlabel=panel.x, ylabel=panel.y, xscale=panel.x_scale, yscale="log")
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)
        figure.savefig(path, format="svg", metadata={"Date": None})
    return True
