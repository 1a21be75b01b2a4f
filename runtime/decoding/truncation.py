"""Keeping only likely tokens. Pure functions: log-probabilities in (float64, ``[n]``), a mask of what stays out.

At least one token always stays. Ties at an edge go to the smaller index, so a cut is the same on every machine.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.options import GenerationOptions

__all__ = ["keep_min_p", "keep_top_k", "keep_top_p", "truncate"]

FIRST_GUESS = 1024
"""Sorting a whole vocabulary takes tens of milliseconds; the nucleus nearly always lies within the top 1,024."""


def truncate(logprobs: NDArray[np.float64], options: GenerationOptions) -> NDArray[np.float64]:
    """top-k, then top-p of what is left, then min-p; minus infinity for what is cut."""
    if options.top_k is not None:
        logprobs = np.where(keep_top_k(logprobs, options.top_k), logprobs, -np.inf)
    if options.top_p < 1.0:
        logprobs = np.where(keep_top_p(logprobs, options.top_p), logprobs, -np.inf)
    if options.min_p > 0.0:
        logprobs = np.where(keep_min_p(logprobs, options.min_p), logprobs, -np.inf)
    return logprobs


def keep_top_k(logprobs: NDArray[np.float64], k: int) -> NDArray[np.bool_]:
    """The ``k`` likeliest."""
    keep = np.zeros(len(logprobs), dtype=np.bool_)
    keep[_likeliest(logprobs, k)] = True
    return keep


def keep_top_p(logprobs: NDArray[np.float64], p: float) -> NDArray[np.bool_]:
    """The fewest likeliest that together hold at least the share ``p`` of the probability.

    Source: Holtzman et al., https://arxiv.org/abs/1904.09751
    """
    if p >= 1.0:
        return np.ones(len(logprobs), dtype=np.bool_)
    probabilities = np.exp(logprobs - logprobs.max())
    wanted = p * probabilities.sum()
    keep = np.zeros(len(logprobs), dtype=np.bool_)
    for count in (min(FIRST_GUESS, len(logprobs)), len(logprobs)):
        order = _likeliest(logprobs, count)
        cumulative = np.cumsum(probabilities[order])
        if cumulative[-1] >= wanted or count == len(logprobs):
            keep[order[: int(np.searchsorted(cumulative, wanted)) + 1]] = True
            break
    return keep


def keep_min_p(logprobs: NDArray[np.float64], p: float) -> NDArray[np.bool_]:
    """Those at least ``p`` times as likely as the likeliest. Source: https://arxiv.org/abs/2407.01082."""
    if p <= 0.0:
        return np.ones(len(logprobs), dtype=np.bool_)
    edge = float(logprobs.max()) + math.log(p)
    keep: NDArray[np.bool_] = logprobs >= edge
    return keep


def _likeliest(logprobs: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Indices of the ``count`` largest values, largest first, ties by index."""
    if count < len(logprobs):
        edge = -np.partition(-logprobs, count - 1)[count - 1]
        candidates = np.flatnonzero(logprobs >= edge)
    else:
        candidates = np.arange(len(logprobs))
    order = np.argsort(-logprobs[candidates], kind="stable")[:count]
    return candidates[order]
