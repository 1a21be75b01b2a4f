"""The law of draws that ask on: where a monitor refuses a token, another one is drawn in its place.

Such a draw is one of those tokens that are accepted, in proportion to their probabilities, however many were asked
about. What its weight is made of is an estimate; the law is none.
"""

from __future__ import annotations

import numpy as np

from constrain.errors import LimitError
from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.guided import Leaves
from constrain.runtime.decoding.faithful.law import MOST, Law
from constrain.runtime.decoding.faithful.proposal import proposed

__all__ = ["law_of_accepted"]


def law_of_accepted(explorer: Explorer, *, leaves: Leaves | None = None, most: int = MOST) -> Law:
    """That of an attempt of a :class:`~constrain.runtime.decoding.faithful.proposal.Proposal` that asks on.

    Raises:
        LimitError: there are more outputs than ``most``.
    """
    law: Law = {}
    waiting = [(explorer.root, 0.0)]
    while waiting:
        place, logprob = waiting.pop()
        if len(law) > most:
            raise LimitError(f"the language has more than {most:,} outputs", expected="fewer, or fewer --max-tokens")
        if place.is_whole:
            law[place.token_ids] = logprob
            continue
        explorer.read([place])
        weights = proposed(place, explorer.options, leaves).copy()
        following = {
            index: explorer.after(place, token_id)
            for index, token_id in enumerate(place.ids.tolist())
            if index != place.stop and weights[index] > -np.inf
        }
        weights[[index for index, after in following.items() if after is None]] = -np.inf
        whole = log_sum_exp(weights)
        if place.stop is not None and weights[place.stop] > -np.inf:
            law[place.token_ids] = logprob + float(weights[place.stop]) - whole
        for index, after in following.items():
            if after is not None:
                waiting.append((after, logprob + float(weights[index]) - whole))
    return law
