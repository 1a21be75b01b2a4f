"""What makes a model repeat itself less. Pure functions over the logits of one step (float64, ``[vocab_size]``)."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np
from numpy.typing import NDArray

__all__ = ["apply_count_penalties", "apply_repetition_penalty"]


def apply_repetition_penalty(logits: NDArray[np.float64], seen: Set[int], penalty: float) -> NDArray[np.float64]:
    """Make tokens that were seen less likely: positive logits are divided by ``penalty``, negative ones multiplied.

    Source: Keskar et al., CTRL, https://arxiv.org/abs/1909.05858
    """
    if penalty == 1.0 or not seen:
        return logits
    ids = np.fromiter(seen, dtype=np.int64, count=len(seen))
    result = logits.copy()
    values = result[ids]
    result[ids] = np.where(values > 0, values / penalty, values * penalty)
    return result


def apply_count_penalties(
    logits: NDArray[np.float64], counts: Mapping[int, int], presence: float, frequency: float
) -> NDArray[np.float64]:
    """Take ``presence + frequency * count`` off the logits of the tokens counted."""
    if (presence == 0.0 and frequency == 0.0) or not counts:
        return logits
    ids = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
    times = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
    result = logits.copy()
    result[ids] -= presence + frequency * times
    return result
