"""What methods have in common that draw outputs from a distribution which they can tell."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from constrain.errors import BudgetError, UnsatisfiableError
from constrain.runtime.decoding.faithful.explorer import Explorer, Place
from constrain.runtime.decoding.options import GenerationOptions

__all__ = ["Draw", "DrawMethod", "Effort", "impossible"]


@dataclass(frozen=True, slots=True)
class Draw:
    """An output, and how it was drawn.

    Attributes:
        place: where its text ends.
        logprobs: log P of its tokens, and of the stop token where that was one of several ways on.
        sampling_logprobs: log q in step with them: of each, under the law that the output was drawn from.
        attempts: how many it took; the others came to nothing, and weigh nothing.
        bounds: logarithms between which that of Z is, where the method knows any.
        estimate: log W, where it is not log P - log q of this output alone.
        details: what else a method has to say, by name.
    """

    place: Place
    logprobs: tuple[float, ...]
    sampling_logprobs: tuple[float, ...]
    attempts: int = 1
    bounds: tuple[float, float] | None = None
    estimate: float | None = None
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def logprob(self) -> float:
        """Log P of the output."""
        return sum(self.logprobs)

    @property
    def sampling_logprob(self) -> float:
        """Log q of the output."""
        return sum(self.sampling_logprobs) if self.estimate is None else self.logprob - self.estimate

    @property
    def logweight(self) -> float:
        """Log W = log P - log q; the mean of W over all attempts is Z, the probability of the language."""
        return self.logprob - self.sampling_logprob


class DrawMethod(Protocol):
    """A method: each draw may learn from those before it."""

    def draw(self) -> Draw:
        """The next output.

        Raises:
            BudgetError: it was not found within the effort that the options allow.
            UnsatisfiableError: the model finds every output impossible.
            ModelError: the model fails.
            MonitorError: the monitor does.
        """


MAX_IDLE = 10_000
"""Attempts of one draw that may come to nothing without a call of the model: where all that the model was asked about
leads nowhere, but a method does not learn from it, they would never end."""


class Effort:
    """What one draw has cost, against what it may. An attempt without a call of the model costs as much as one."""

    def __init__(self, explorer: Explorer, options: GenerationOptions, max_model_calls: int | None) -> None:
        """Begin a draw."""
        self.attempts = 0
        self._explorer = explorer
        self._calls = self._seen = explorer.calls
        self._idle = 0
        self._max_model_calls = max_model_calls
        self._deadline = options.deadline
        self._started = time.monotonic()

    def begin(self, known: str) -> None:
        """Begin an attempt.

        Args:
            known: what can be said where there was enough already.

        Raises:
            BudgetError: there was.
        """
        if self.attempts and self._explorer.calls == self._seen:
            self._idle += 1
        self._seen = self._explorer.calls
        calls = self._seen - self._calls
        seconds = time.monotonic() - self._started
        spent = None
        most = self._max_model_calls
        if most is not None and calls + self._idle >= most:
            idle = f" and {_count(self._idle, 'attempt')} without any" if self._idle else ""
            spent, expected = f"{_count(calls, 'call')} of the model{idle}", "more --max-model-calls"
        elif self._idle >= MAX_IDLE:
            spent, expected = f"{self._idle:,} attempts without a call of the model", "a wider constraint"
        elif self._deadline is not None and seconds >= self._deadline:
            spent, expected = f"{seconds:.1f} seconds", "a later --deadline"
        if spent is not None:
            raise BudgetError(
                f"no output was drawn within {spent} ({_count(self.attempts, 'attempt')}); {known}",
                expected=f"{expected}, or another --method",
            )
        self.attempts += 1
        if self._explorer.notify is not None:
            self._explorer.notify(f"attempt {self.attempts:,}, {_count(calls, 'call')} of the model; {known}")


def impossible(explorer: Explorer) -> UnsatisfiableError:
    """The error where Z is 0."""
    options = explorer.options
    if explorer.is_watched:
        return UnsatisfiableError(
            "the model gives probability zero to every output of the constraint that the monitor leaves",
            expected="another model or prompt, or a monitor that leaves more",
        )
    if options.truncate_before and options.is_truncated:
        return UnsatisfiableError(
            "truncation leaves no output of the constraint: the probability of the language is 0 (--truncate-before)",
            expected="milder --top-k, --top-p or --min-p",
        )
    return UnsatisfiableError(
        "the model gives probability zero to every output of the constraint", expected="another model or prompt"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
