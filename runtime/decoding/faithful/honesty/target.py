"""What draws are held against: the model's distribution over the language, output by output."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.faithful.draw import impossible
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.honesty.listing import Listing
from constrain.runtime.decoding.faithful.law import Law, law_of_model

__all__ = ["Target", "find_target"]

TOGETHER = 16
"""Beginnings that the model reads in one run."""


@dataclass(frozen=True, slots=True)
class Target:
    """The distribution.

    Attributes:
        logprobs: log P of each output.
        log_z: log of their sum.
        law: log of P / Z of each.
        listing: what there is in the language.
        seconds_per_call: that the model took for one beginning, on average.
    """

    logprobs: Law
    log_z: float
    law: Law
    listing: Listing
    seconds_per_call: float
    ranked: tuple[tuple[int, ...], ...] = field(default=())
    """The outputs, the most probable first."""


def find_target(explorer: Explorer, listing: Listing, *, notify: Callable[[str], None] | None = None) -> Target:
    """Ask the model about all of it.

    Raises:
        UnsatisfiableError: the model finds every output impossible.
        ModelError: the model fails.
    """
    started = time.perf_counter()
    for start in range(0, len(listing.beginnings), TOGETHER):
        if notify is not None:
            notify(f"scoring the language: {start:,} of {len(listing.beginnings):,} beginnings")
        places = (explorer.at(token_ids) for token_ids in listing.beginnings[start : start + TOGETHER])
        explorer.read(place for place in places if place is not None)
    seconds = (time.perf_counter() - started) / max(1, len(listing.beginnings))
    logprobs = law_of_model(explorer, most=listing.outputs)
    log_z = log_sum_exp(np.array(list(logprobs.values()))) if logprobs else -math.inf
    if log_z == -math.inf:
        raise impossible(explorer)
    law = {key: value - log_z for key, value in logprobs.items()}
    ranked = tuple(sorted(law, key=lambda key: (-law[key], key)))
    return Target(logprobs, log_z, law, listing, seconds, ranked)
