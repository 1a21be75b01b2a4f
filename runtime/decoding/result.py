"""What a generation gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

__all__ = ["FinishReason", "GenerationResult", "Timings"]

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds spent, by what they were spent on.

    Attributes:
        mask: finding the allowed tokens and advancing the automaton.
        model: running the model, the prompt included.
        sampling: choosing tokens.
        draft: looking for drafts.
    """

    mask: float
    model: float
    sampling: float
    draft: float

    @staticmethod
    def clock() -> dict[str, float]:
        """Nothing spent yet: what they are made from, to be added to."""
        return dict.fromkeys((each.name for each in fields(Timings)), 0.0)


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """One output.

    Attributes:
        text: the text; of an output cut by the budget, the whole characters.
        token_ids: its tokens, without the stop token.
        finish_reason: ``stop``: the output is complete; ``length``: cut by a limit.
        is_complete: is the text in the language? True for ``stop``; a cut output may happen to be complete.
        limit: the option that cut it; None where none did.
        logprob: log-probability of the tokens under the model, after penalties and temperature; natural logarithm. A
            stop token counts where it was chosen among others, not where it alone was possible. NaN where
            log-probabilities were not wanted and the model did not read all of the output.
        sampling_logprob: the same under the distribution the tokens were drawn from (constrained and truncated; zero
            for greedy). Where tokens were drawn and refused, by a monitor or since what they need does not fit, that
            of the last draw, from which the refused ones were left out, but none that would have been; with method
            ``awrs``, the logarithm of an estimate such that the mean of ``logweight``'s exponential is right.
        token_logprobs: ``logprob`` token by token, in step with ``token_ids``.
        sampling_token_logprobs: ``sampling_logprob`` token by token.
        masked: by limit (``sizes``: of the part of the language that the output keeps to; ``budget``: of the options;
            ``monitor``: of what it suggests and vetoes, so far as tokens were drawn to find out),
            the probability with which the draw would have gone, at some step, a way that the limit rules out: 1 less
            the product, over the steps, of the share that it left of what was allowed without it. Only limits that
            ruled out any are in it.
        uniform_steps: at how many steps the model said nothing of use (see ``on_nan``).
        model_calls: how often the model was run.
        drafted_tokens: how many tokens needed no run, as they had been drafted and read with others.
        prompt_tokens: how many tokens the prompt had.
        seconds: wall time of the whole.
        timings: where the time went.
        attempts: how many it took to draw the output; the others came to nothing, and weigh nothing.
        log_z: logarithms between which that of Z lies, the probability that what the model writes is an output; None
            where nothing is known of it.
        details: what else the method has to say, by name.
    """

    text: str
    token_ids: tuple[int, ...]
    finish_reason: FinishReason
    is_complete: bool
    limit: str | None
    logprob: float
    sampling_logprob: float
    token_logprobs: tuple[float, ...]
    sampling_token_logprobs: tuple[float, ...]
    masked: Mapping[str, float]
    uniform_steps: int
    model_calls: int
    drafted_tokens: int
    prompt_tokens: int
    seconds: float
    timings: Timings
    attempts: int = 1
    log_z: tuple[float, float] | None = None
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def logweight(self) -> float:
        """Log of the importance weight: how much likelier the model finds the output than the sampler did.

        The mean of the weight itself, an attempt that came to nothing counting as 0, is the model's probability of all
        that can be written. It is too large where drawn tokens may be refused, unless by method ``awrs``: see
        ``sampling_logprob``.
        """
        return self.logprob - self.sampling_logprob
