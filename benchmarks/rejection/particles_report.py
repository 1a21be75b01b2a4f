"""Tables of particles, and who comes closest in equal time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from masks.tables import table
from rejection.particles import OURS

__all__ = ["closest_in", "report"]

SLACK = 1.05
"""Times within so much of each other are equal."""

PARTICLES = 16
"""Of those of our own, with which the others are to be compared: the default."""


def closest_in(seconds: float, points: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], bool]:
    """The point of least divergence among those that take no longer, and whether there is any; else the fastest."""
    within = [point for point in points if point["seconds"] <= seconds * SLACK]
    if within:
        return min(within, key=lambda point: point["divergence"]), True
    return min(points, key=lambda point: point["seconds"]), False


def report(found: Mapping[str, Mapping[str, Any]]) -> str:
    """All tables."""
    texts = []
    rows = []
    wins = 0
    for name, result in found.items():
        points = result["points"]
        texts.append(
            table(
                f"## {name}\n\n{result['prompt']}: {result['texts']:,} texts, log Z = {result['log_z']:.2f}; a full "
                f"mask asks about {result['asked']:,} tokens.",
                ["method", "particles", "seconds", "questions", "KL", "± (standard error)", "runs"],
                [_row(point) for point in points],
                texts=1,
            )
        )
        ours = next(point for point in points if point["kind"] == OURS and point["particles"] == PARTICLES)
        row = [name, f"{_kl(ours)} in {ours['seconds']:.2f} s"]
        beaten = True
        for kind in dict.fromkeys(point["kind"] for point in points if point["kind"] != OURS):
            best, fits = closest_in(ours["seconds"], [point for point in points if point["kind"] == kind])
            row.append(f"{_kl(best)} ({best['particles']}) in {best['seconds']:.2f} s{'' if fits else ' *'}")
            beaten &= ours["divergence"] < best["divergence"]
        rows.append([*row, "yes" if beaten else "no"])
        wins += beaten
    kinds = [kind for kind in dict.fromkeys(p["kind"] for r in found.values() for p in r["points"]) if kind != OURS]
    texts.append(
        table(
            f"## In equal time\n\nKL in the time that {PARTICLES} particles with adaptive rejection take for an "
            "output, with the standard error. The others have as many particles as bring them closest in no more time; "
            "with *, even their fewest take longer.",
            ["language", OURS, *kinds, "closest"],
            rows,
            texts=1,
        )
    )
    texts.append(f"**Closest in equal time in {wins} of {len(found)} languages.**")
    return "\n\n".join(texts) + "\n"


def _row(point: Mapping[str, Any]) -> list[str]:
    error = f"{point['error']:.4f}" if point["runs"] else "-"
    runs = f"{point['runs']:,}" if point["runs"] else "found nothing"
    return [
        point["kind"],
        str(point["particles"]),
        f"{point['seconds']:.2f}",
        f"{point['questions']:,.0f}",
        f"{point['divergence']:.4f}",
        error,
        runs,
    ]


def _kl(point: Mapping[str, Any]) -> str:
    return f"{point['divergence']:.4f}" + (f" ± {point['error']:.4f}" if point["runs"] else "")
