"""What a token costs under an opaque checker: its calls, its law, the estimates that come with it, its time."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from rejection.contexts import Outputs, Repeated, masking_seconds, repeat, write
from rejection.estimators import ESTIMATORS, compare
from rejection.judging import chi_squared, p_value, spearman

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from constrain.runtime import CausalModel
    from rejection.problems import Problem

__all__ = ["Measured", "measure", "report"]

COMPARED = 4.0
"""Estimators are compared where -log Z is below this: elsewhere, without a bound on calls, they take thousands."""


@dataclass
class Measured:
    """A problem's figures."""

    name: str
    outputs: Outputs
    repeated: list[Repeated]
    estimators: dict[str, NDArray[np.float64]]
    masking: list[tuple[float, float]]

    @property
    def mean_calls(self) -> list[float]:
        """By context."""
        return [statistics.fmean(each.calls) for each in self.repeated]

    @property
    def mean_to_first(self) -> list[float]:
        """By context: calls up to the one that found the token."""
        return [statistics.fmean(each.to_first) for each in self.repeated]

    @property
    def divergences(self) -> list[float]:
        """By context: -log Z."""
        return [context.divergence for context in self.outputs.contexts]


def measure(model: CausalModel, problem: Problem, *, outputs: int, contexts: int, draws: int, seed: int) -> Measured:
    """One problem, from its outputs on.

    Args:
        model: the model.
        problem: the constraint, with its prompts.
        outputs: that are written.
        contexts: steps of these in which draws are repeated.
        draws: in each of them.
        seed: of all random numbers.
    """
    random, stops = np.random.default_rng(seed), frozenset(model.vocabulary.eos_token_ids)
    written = write(model, problem, outputs, contexts, random)
    repeated = [repeat(context, stops, draws, random) for context in written.contexts]
    likely = [context for context in written.contexts if context.divergence < COMPARED]
    estimators = compare(likely, max(1, draws // 2), random)
    places = written.contexts[:: max(1, len(written.contexts) // 4)][:4]
    masking = [masking_seconds(context, stops, model.vocabulary.vocab_size) for context in places]
    print(
        f"{problem.name}: {len(written.contexts)} contexts, {len(written.exact)} outputs", file=sys.stderr, flush=True
    )
    return Measured(problem.name, written, repeated, estimators, masking)


def report(found: Sequence[Measured], size: int) -> str:
    """The tables, in Markdown."""
    lines = [
        "| | contexts | -log Z, mean | calls: median | mean | 90% | median / V | chi-squared (df) | p |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for each in found:
        calls = sorted(call for one in each.repeated for call in one.calls)
        statistic, degrees = chi_squared(each.outputs.contexts, each.repeated)
        lines.append(
            f"| {each.name} | {len(each.repeated)} | {statistics.fmean(each.divergences):.2f} | "
            f"{statistics.median(calls):g} | {statistics.fmean(calls):.1f} | {calls[int(0.9 * len(calls))]} | "
            f"{statistics.median(calls) / size:.5%} | {statistic:.0f} ({degrees}) | {p_value(statistic, degrees):.2f} |"
        )
    lines += [
        "",
        "| rank correlation with -log Z | of calls | where -log Z > 0.01 | of calls to the first accepted | contexts |",
        "|---|--:|--:|--:|--:|",
    ]
    rows = [(each.name, each.divergences, each.mean_calls, each.mean_to_first) for each in found]
    divergences_of_all = list(chain.from_iterable(each.divergences for each in found))
    calls_of_all = list(chain.from_iterable(each.mean_calls for each in found))
    rows.append(
        ("all", divergences_of_all, calls_of_all, list(chain.from_iterable(each.mean_to_first for each in found)))
    )
    for name, divergences, calls_, first in rows:
        some = [at for at, value in enumerate(divergences) if value > 0.01]
        above = spearman([divergences[at] for at in some], [calls_[at] for at in some])
        lines.append(
            f"| {name} | {spearman(divergences, calls_):.2f} | {above:.2f} ({len(some)}) | "
            f"{spearman(divergences, first):.2f} | {len(divergences)} |"
        )
    lines += [
        "",
        "| log-weights of outputs | outputs | variance with exact masks | with estimates | root mean square error |",
        "|---|--:|--:|--:|--:|",
    ]
    for each in found:
        exact, estimated = np.array(each.outputs.exact), np.array(each.outputs.estimated)
        lines.append(
            f"| {each.name} | {len(exact)} | {exact.var():.2f} | {estimated.var():.2f} | "
            f"{math.sqrt(float(((estimated - exact) ** 2).mean())):.2f} |"
        )
    lines += [
        "",
        f"| estimator, where -log Z < {COMPARED:g} | calls | variance of its logarithm | of the estimate / Z | rank "
        "correlation of calls with -log Z |",
        "|---|--:|--:|--:|--:|",
    ]
    likely = [value for each in found for value in each.divergences if value < COMPARED]
    for name in ESTIMATORS:
        by_context = np.concatenate([each.estimators[name] for each in found])
        of_all = by_context.mean(axis=0)
        by_problem = ", ".join(f"{each.name} {each.estimators[name][:, 1].mean():.3f}" for each in found)
        lines.append(
            f"| {name} | {of_all[0]:.2f} | {of_all[1]:.3f} ({by_problem}) | {of_all[2]:.3f} | "
            f"{spearman(likely, by_context[:, 0].tolist()):.2f} |"
        )
    lines += [
        "",
        "| ms for a token | median | mean | every token asked about | a mask of one's own, of a state seen before |",
        "|---|--:|--:|--:|--:|",
    ]
    for each in found:
        seconds = [1e3 * one for repeated in each.repeated for one in repeated.seconds]
        asked, mask = (1e3 * statistics.fmean(column) for column in zip(*each.masking, strict=True))
        lines.append(
            f"| {each.name} | {statistics.median(seconds):.1f} | {statistics.fmean(seconds):.1f} | {asked:.0f} | "
            f"{mask:.2f} |"
        )
    return "\n".join(lines) + "\n"
