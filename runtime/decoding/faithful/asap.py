"""Adaptive sampling with approximate expected futures (ASAp): Grammar-Aligned Decoding, Park et al., arXiv 2405.21047.

Each token is drawn in proportion to P(t | w) c~(wt), where c~ is what the trie knows of how likely the beginning is
to be completed. The first draw is that of plain masking; each one makes the trie better, and the law comes ever
closer to the model's own distribution over the language. Every draw says by how much it is off: log W.

With precomputed weights, what the trie does not know yet is estimated by these and not by 1. Then c~ is no bound.
"""

from __future__ import annotations

import numpy as np

from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.guided import GuidedDraws, Leaves
from constrain.runtime.decoding.faithful.trie import Trie

__all__ = ["asap"]


def asap(
    explorer: Explorer,
    trie: Trie,
    random: np.random.Generator,
    *,
    leaves: Leaves | None = None,
    max_model_calls: int | None = None,
) -> GuidedDraws:
    """The method for one prompt; arguments are those of :class:`GuidedDraws`."""
    return GuidedDraws(explorer, trie, random, rejects=False, leaves=leaves, max_model_calls=max_model_calls)
