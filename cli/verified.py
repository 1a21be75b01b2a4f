"""What ``verify`` found, in words and figures: a table, or a JSON object."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from constrain.cli import render

if TYPE_CHECKING:
    from constrain.runtime.decoding.faithful.honesty import Examination, MethodReport

__all__ = ["judge", "record", "show"]

COLUMNS = (
    ("method", "left"),
    ("KL of law", "right"),
    ("KL of draws", "right"),
    ("floor", "right"),
    ("TV", "right"),
    ("ESS", "right"),
    ("p", "right"),
    ("z of W", "right"),
    ("calls", "right"),
    ("ms", "right"),
    ("verdict", "left"),
)

MOST_TEXTS = 100
"""That a record tells of."""


def show(found: Examination, seed: int) -> None:
    """A table on standard output, and on standard error what it is of."""
    target = found.target
    render.rows(COLUMNS, (_cells(found, report) for report in found.methods))
    texts = "" if found.texts == len(target.law) else f" of {found.texts:,} texts"
    render.note(
        f"{len(target.law):,} outputs{texts}, which the model writes with probability {_probability(target.log_z)}; "
        f"{found.draws:,} draws of each method, seed {seed}"
    )


def judge(found: Examination) -> None:
    """What is wrong, on standard error."""
    for report in found.methods:
        for broken in report.broken_promises:
            render.broken_promise(report.method, broken)
        if report.weights is not None and not report.weights.is_telling:
            render.warning(f"{report.method}: too few draws to judge the mean of W, whose weights are very uneven")
    if found.has_power is False:
        render.warning("so few draws do not tell plain masking from the model's distribution; more --draws may")


def _cells(found: Examination, report: MethodReport) -> list[str]:
    variation = _number(report.total_variation)
    if report.total_variation is None and report.drawn_total_variation is not None:
        variation = f"~{_number(report.drawn_total_variation)}"
    return [
        report.method,
        _number(report.divergence),
        _number(report.drawn_divergence),
        "-" if report.drawn_divergence is None else _number(found.floor),
        variation,
        "-" if report.effective is None else f"{report.effective:.0%}",
        "<1e-9" if report.adjusted is not None and report.adjusted < 1e-9 else _number(report.adjusted),
        "-" if report.weights is None else f"{report.weights.z:+.1f}",
        _number(report.model_calls / report.made),
        _number(1000 * report.seconds / report.made),
        _verdict(report),
    ]


def _verdict(report: MethodReport) -> str:
    if report.broken_promises:
        return "FAILED"
    if report.method == "exact":
        return "exact"
    if report.curve:
        return "its law is known"
    if report.learns:
        return "learns as it draws"
    if report.method in ("mask", "awrs"):
        return "biased, as known" if report.is_biased else "no bias here"
    return "approximate" if report.is_rejected else "no bias seen"


def record(found: Examination, seed: int) -> dict[str, Any]:
    """What was found, in JSON's types; of texts, the most probable."""
    return {
        "outputs": len(found.target.law),
        "texts": found.texts,
        "log_z": found.target.log_z,
        "dead_ends": found.target.listing.dead_ends,
        "beginnings": len(found.target.listing.beginnings),
        "seconds_per_call": found.target.seconds_per_call,
        "draws": found.draws,
        "restarts": found.restarts,
        "seed": seed,
        "cells": found.cells.number,
        "kl_floor": found.floor,
        "tv_floor": found.total_variation_floor,
        "honest": found.is_honest,
        "power": found.has_power,
        "methods": [_record(report) for report in found.methods],
        "by_text": _texts(found),
    }


def _texts(found: Examination) -> list[dict[str, Any]]:
    names = ["model", *(report.method for report in found.methods)]
    first = list(found.by_text().items())[:MOST_TEXTS]
    return [{"text": text, **dict(zip(names, shares, strict=True))} for text, shares in first]


def _record(report: MethodReport) -> dict[str, Any]:
    weights = report.weights
    values = {
        "kl": report.divergence,
        "tv": report.total_variation,
        "ess": report.effective,
        "draws_kl": report.drawn_divergence,
        "draws_tv": report.drawn_total_variation,
        "p": report.p_value,
        "p_holm": report.adjusted,
        "mean_weight": None if weights is None else weights.mean,
        "z": None if weights is None else weights.z,
        "attempts": report.attempts / report.made,
        "model_calls": report.model_calls / report.made,
        "seconds": report.seconds / report.made,
    }
    return {
        "method": report.method,
        **{name: None if value is None or not math.isfinite(value) else value for name, value in values.items()},
        "kl_by_draw": [list(point) for point in report.curve],
        "checks": report.checks,
        "failures": report.broken_promises,
        "verdict": _verdict(report),
    }


def _number(value: float | None) -> str:
    """Two digits; numbers that are rounding alone are 0."""
    if value is None:
        return "-"
    if abs(value) < 1e-12:
        return "0"
    return f"{value:.2f}" if 0.1 <= abs(value) < 10 else f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _probability(logarithm: float) -> str:
    """A probability by its logarithm, also where no float holds it."""
    if logarithm > -600:
        return f"{math.exp(logarithm):.3g}"
    exponent = math.floor(logarithm / math.log(10))
    return f"{math.exp(logarithm - exponent * math.log(10)):.2f}e{exponent}"
