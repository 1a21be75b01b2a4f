"""Chi-squared, and the correlation of ranks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rejection.contexts import Context, Repeated

__all__ = ["chi_squared", "p_value", "ranks", "spearman"]


def chi_squared(contexts: Sequence[Context], repeated: Sequence[Repeated]) -> tuple[float, int]:
    """Against the law of exact masking, cells with an expectation of 5 at least; and the degrees of freedom."""
    statistic, degrees = 0.0, 0
    for context, found in zip(contexts, repeated, strict=True):
        number = len(found.tokens)
        expected = np.where(context.accepted, np.exp(context.logprobs - context.log_mass), 0.0) * number
        seen = np.bincount(found.tokens, minlength=len(expected)) if number else np.zeros(len(expected))
        large = np.flatnonzero(expected >= 5)
        cells = [(seen[index], expected[index]) for index in large]
        rest = number - sum(due for _, due in cells)
        if rest >= 5:
            cells.append((number - sum(count for count, _ in cells), rest))
        if len(cells) > 1:
            statistic += sum((count - due) ** 2 / due for count, due in cells)
            degrees += len(cells) - 1
    return statistic, degrees


def p_value(statistic: float, degrees: int) -> float:
    """Of chi-squared (Wilson and Hilferty)."""
    if not degrees:
        return math.nan
    spread = 2 / (9 * degrees)
    return 0.5 * math.erfc(((statistic / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(2 * spread))


def ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Of equal ones, the mean."""
    array = np.array(values)
    ranked = np.empty(len(array))
    ranked[np.argsort(array, kind="stable")] = np.arange(len(array))
    for value in np.unique(array):
        ranked[array == value] = ranked[array == value].mean()
    return ranked


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Correlation of ranks."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])
