"""Exact draws: constrained adaptive rejection sampling (CARS), arXiv 2510.01902.

As ``asap``, with one step more. Where the model is asked about a beginning for the first time, its bound falls from 1
to z(w), the mass that the grammar leaves; the attempt goes on with probability z(w) / 1, and is let go otherwise. An
output x then comes of an attempt with probability P(x) / c~(empty), which is in proportion to P(x): every output has
exactly the model's distribution over the language, from the first on, and they are independent. What is let go is
learned all the same, so that fewer and fewer attempts are.

It never falls back to anything else: where an output takes more calls of the model than it may, that is an error.
"""

from __future__ import annotations

import numpy as np

from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.guided import GuidedDraws
from constrain.runtime.decoding.faithful.trie import Trie

__all__ = ["MAX_MODEL_CALLS", "exact"]

MAX_MODEL_CALLS = 10_000
"""Beginnings that are scored for one output before it is given up."""


def exact(
    explorer: Explorer, trie: Trie, random: np.random.Generator, *, max_model_calls: int | None = MAX_MODEL_CALLS
) -> GuidedDraws:
    """The method for one prompt; arguments are those of :class:`GuidedDraws`."""
    return GuidedDraws(explorer, trie, random, rejects=True, max_model_calls=max_model_calls)
