"""From the logits of one step to one token, in the declared order: penalties, temperature, constraint, then the method
(truncation over the allowed tokens and a draw).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constrain.errors import ModelError
from constrain.runtime.decoding.distribution import log_sum_exp, normalise
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.penalties import apply_count_penalties, apply_repetition_penalty
from constrain.runtime.decoding.sampler import make_sampler

__all__ = ["ChosenToken", "TokenChooser"]


@dataclass(frozen=True, slots=True)
class ChosenToken:
    """One step's outcome.

    Attributes:
        token_id: the token.
        logprob: its log-probability under the model, after penalties and temperature.
        sampling_logprob: its log-probability under the distribution it was drawn from.
    """

    token_id: int
    logprob: float
    sampling_logprob: float


class TokenChooser:
    """Remembers what penalties need, and holds the method's random state."""

    def __init__(self, options: GenerationOptions, prompt_ids: Sequence[int]) -> None:
        self._options = options
        self._sampler = make_sampler(options)
        self._seen = set(prompt_ids)
        self._counts: Counter[int] = Counter()

    def choose(self, logits: NDArray[np.float32], allowed: NDArray[np.int64]) -> ChosenToken:
        """Choose one of the allowed tokens.

        Args:
            logits: float32 ``[vocab_size]``, as the model gave them.
            allowed: ids, ascending, at least one.

        Raises:
            ModelError: logits that are NaN or infinite, or that rule out every allowed token.
        """
        self._check(logits)
        shaped = self._shape(logits.astype(np.float64))
        permitted = shaped[allowed]
        if permitted.max() == -np.inf:
            raise ModelError(
                f"the model gives probability zero to each of the {len(allowed)} tokens that the constraint allows "
                f"at output token {self._counts.total() + 1}"
            )
        choice = self._sampler.choose(normalise(permitted))
        token_id = int(allowed[choice.index])
        logprob = float(permitted[choice.index]) - log_sum_exp(shaped)
        self._seen.add(token_id)
        self._counts[token_id] += 1
        return ChosenToken(token_id, logprob, choice.sampling_logprob)

    def _shape(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        options = self._options
        logits = apply_repetition_penalty(logits, self._seen, options.repetition_penalty)
        logits = apply_count_penalties(logits, self._counts, options.presence_penalty, options.frequency_penalty)
        if options.temperature in (0.0, 1.0):
            return logits
        shifted: NDArray[np.float64] = logits - logits.max()  # first, so that a tiny temperature does not overflow
        return shifted / options.temperature

    def _check(self, logits: NDArray[np.float32]) -> None:
        """Minus infinity is a model's way to say never; NaN and plus infinity are failures of arithmetic."""
        peak = logits.max()
        if np.isnan(peak) or peak == np.inf:
            raise ModelError(
                f"the model's logits are not numbers at output token {self._counts.total() + 1}",
                expected="finite logits; --dtype float32 may help",
            )
