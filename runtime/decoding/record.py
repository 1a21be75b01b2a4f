"""What is noted of an output token by token: its log-probabilities, and what the limits ruled out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.constraint import Allowed
from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.step import ChosenToken, TokenChooser

__all__ = ["Kept", "Record", "masked", "weigh"]

Kept: TypeAlias = dict[str, float]
"""By limit, the logarithm of the share that it left, of all steps together."""


def weigh(kept: Kept, shaped: NDArray[np.float64], allowed: Allowed) -> None:
    """Count what the limits left at one step."""
    stages = (allowed.of_language, allowed.of_sizes, allowed.of_budget, allowed.ids)
    for limit, before, after in zip(("sizes", "budget", "monitor"), stages, stages[1:], strict=False):
        if after is before:
            continue
        whole = log_sum_exp(shaped[before])
        left = log_sum_exp(shaped[after]) - whole
        if whole > -np.inf and left < 0.0:
            kept[limit] = kept.get(limit, 0.0) + left


def masked(kept: Kept) -> Mapping[str, float]:
    """By limit, the probability that it ruled out: see ``GenerationResult``."""
    return {name: -float(np.expm1(left)) for name, left in kept.items()}


class Record:
    """The tokens of one output, the stop token among them where it was one of several.

    A token without an alternative is taken without asking the model. What that says of it is filled in when the model
    has read the token before it, together with what comes later.
    """

    def __init__(self, chooser: TokenChooser) -> None:
        self.tokens: list[ChosenToken] = []
        self._chooser = chooser
        self._pending: list[tuple[int, Allowed | None]] = []
        self._kept: Kept = {}

    @property
    def pending(self) -> int:
        """How many tokens wait for what the model says of them."""
        return len(self._pending)

    @property
    def masked(self) -> Mapping[str, float]:
        """By limit, the probability that it ruled out: see ``GenerationResult``."""
        return masked(self._kept)

    def defer(self, token_id: int, allowed: Allowed | None = None) -> None:
        """Take a token without an alternative; ``allowed`` where it is the limits that left none."""
        self._pending.append((token_id, allowed))

    def settle(self, logits: NDArray[np.float32] | None) -> None:
        """Fill in what the model says of the pending tokens.

        Args:
            logits: float32 ``[n, vocab_size]``, those that predict each; None where nobody wants to know.
        """
        for index, (token_id, allowed) in enumerate(self._pending):
            if logits is None:
                self._chooser.note(token_id)
                self.tokens.append(ChosenToken(token_id, float("nan"), 0.0))
            else:
                shaped = self._chooser.shaped(logits[index])
                self.add(self._chooser.choose(shaped, np.array([token_id])), shaped, allowed)
        self._pending.clear()

    def add(self, chosen: ChosenToken, shaped: NDArray[np.float64], allowed: Allowed | None) -> None:
        """Take a token that was chosen."""
        self._chooser.note(chosen.token_id)
        self.tokens.append(chosen)
        if allowed is not None:
            weigh(self._kept, shaped, allowed)
