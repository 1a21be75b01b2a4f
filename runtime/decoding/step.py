"""From the logits of one step to one token, in the declared order: penalties, temperature, constraint, then the method
(truncation over the allowed tokens and a draw).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constrain.errors import ModelError
from constrain.runtime.decoding.adjust import adjusted
from constrain.runtime.decoding.awrs import AwrsSampler
from constrain.runtime.decoding.distribution import log_sum_exp, normalise
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.penalties import apply_count_penalties, apply_repetition_penalty
from constrain.runtime.decoding.sampler import make_sampler
from constrain.runtime.decoding.truncation import truncate

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
        self._token_ids = list(prompt_ids)
        self._seen = set(prompt_ids)
        self._counts: Counter[int] = Counter()
        self.uniform_steps = 0
        """Steps at which the model said nothing of use, and every allowed token was as likely."""

    def shaped(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Logits after the user's functions, penalties and temperature, and truncation where that comes first.

        Args:
            logits: float32 ``[vocab_size]``, as the model gave them.

        Raises:
            ModelError: NaN or plus infinity among them, or nothing but minus infinity, which is a model's way to say
                never; or a function fails.
        """
        if self._options.logits:
            logits = adjusted(self._options.logits, self._token_ids, logits)
        peak = logits.max()
        if np.isnan(peak) or peak == np.inf:
            self._report("the model's logits are not numbers", "finite logits; --dtype float32 may help")
            return np.zeros(len(logits))
        if peak == -np.inf:
            self._report("the model gives probability zero to every token", "finite logits")
            return np.zeros(len(logits))
        options = self._options
        shaped = apply_repetition_penalty(logits.astype(np.float64), self._seen, options.repetition_penalty)
        shaped = apply_count_penalties(shaped, self._counts, options.presence_penalty, options.frequency_penalty)
        if options.heat not in (0.0, 1.0):
            shaped = (
                shaped - shaped.max()
            ) / options.heat  # in this order, so that a tiny temperature does not overflow
        return truncate(shaped, options) if options.truncate_before else shaped

    def choose(self, shaped: NDArray[np.float64], allowed: NDArray[np.int64]) -> ChosenToken:
        """Choose one of the allowed tokens.

        Args:
            shaped: from :meth:`shaped`.
            allowed: ids, ascending, at least one.

        Raises:
            ModelError: the logits rule out every allowed token.
        """
        if len(allowed) == 1:  # no choice, and no random number spent on it
            token_id = int(allowed[0])
            if self._options.truncate_before:
                self.permitted(shaped, allowed)
            return ChosenToken(token_id, float(shaped[token_id]) - log_sum_exp(shaped), 0.0)
        choice = self._sampler.choose(self.permitted(shaped, allowed))
        token_id = int(allowed[choice.index])
        return ChosenToken(token_id, float(shaped[token_id]) - log_sum_exp(shaped), choice.sampling_logprob)

    @property
    def is_checking(self) -> bool:
        """Is it for :meth:`choose_accepted` to choose?"""
        return isinstance(self._sampler, AwrsSampler)

    def choose_accepted(
        self,
        shaped: NDArray[np.float64],
        allowed: NDArray[np.int64],
        accepts: Callable[[int], bool],
        most_rejected: int | None = None,
    ) -> ChosenToken | None:
        """Choose one of the allowed tokens that a checker accepts; None where it accepts none that truncation leaves.

        Args:
            shaped: from :meth:`shaped`.
            allowed: ids, ascending, at least one.
            accepts: the checker, asked about token ids.
            most_rejected: after so many, it is not asked any more.

        Raises:
            ModelError: the logits rule out every allowed token.
        """
        if not isinstance(self._sampler, AwrsSampler):
            raise TypeError("the method asks no checker")
        permitted = self.permitted(shaped, allowed)
        choice = self._sampler.choose_accepted(permitted, lambda index: accepts(int(allowed[index])), most_rejected)
        if choice is None:
            return None
        token_id = int(allowed[choice.index])
        return ChosenToken(token_id, float(shaped[token_id]) - log_sum_exp(shaped), choice.sampling_logprob)

    def permitted(self, shaped: NDArray[np.float64], allowed: NDArray[np.int64]) -> NDArray[np.float64]:
        """Log-probabilities of the allowed tokens among themselves; arguments and errors as those of :meth:`choose`."""
        permitted = shaped[allowed]
        if permitted.max() == -np.inf:
            number = f"each of the {len(allowed)} tokens" if len(allowed) > 1 else "the only token"
            if self._options.truncate_before:
                self._report(f"truncation leaves out {number} that the constraint allows", "milder truncation")
            else:
                self._report(
                    f"the model gives probability zero to {number} that the constraint allows",
                    "--on-nan uniform to draw one of them all the same",
                )
            permitted = np.zeros_like(permitted)
        return normalise(permitted)

    def fork(self) -> TokenChooser:
        """Another sequence with the same past; both draw from one random state."""
        other = copy(self)
        other._token_ids, other._seen, other._counts = self._token_ids[:], set(self._seen), self._counts.copy()
        return other

    def note(self, token_id: int) -> None:
        """Count a token as a part of the output."""
        self._token_ids.append(token_id)
        self._seen.add(token_id)
        self._counts[token_id] += 1

    def _report(self, problem: str, expected: str) -> None:
        if self._options.on_nan != "uniform":
            raise ModelError(f"{problem} at output token {self._counts.total() + 1}", expected=expected)
        self.uniform_steps += 1
