"""What may still be written of an output: tokens, bytes, and as many tokens as the time allows."""

from __future__ import annotations

import time
from dataclasses import dataclass

from constrain.runtime.decoding.options import GenerationOptions

__all__ = ["Room", "RoomLeft"]

SMOOTHING = 0.3
"""Weight of the latest step in the average of their times (exponential smoothing)."""


@dataclass(frozen=True, slots=True)
class Room:
    """What may still be written.

    Attributes:
        tokens: stop tokens aside.
        bytes: None for any number.
    """

    tokens: int
    bytes: int | None = None

    def after(self, size: int) -> Room:
        """What is left after one more token of ``size`` bytes."""
        return Room(self.tokens - 1, None if self.bytes is None else self.bytes - size)


class RoomLeft:
    """Counts down what the options give."""

    def __init__(self, options: GenerationOptions) -> None:
        self._room = Room(options.max_tokens, options.max_bytes)
        self._ends = None if options.deadline is None else time.monotonic() + options.deadline
        self._step_seconds = 0.0
        self._last_step: float | None = None

    @property
    def room(self) -> Room:
        """Tokens and bytes that are left."""
        return self._room

    def take(self, size: int) -> None:
        """Count a token of ``size`` bytes."""
        self._room = self._room.after(size)

    def spent(self) -> str | None:
        """The limit that is reached, if one is."""
        if self._room.tokens <= 0:
            return "max_tokens"
        if self._room.bytes is not None and self._room.bytes <= 0:
            return "max_bytes"
        if self._ends is not None and time.monotonic() >= self._ends:
            return "deadline"
        return None

    def stepped(self) -> None:
        """Count the time of one step; the first one reads the prompt and tells nothing of the others."""
        now = time.monotonic()
        if self._last_step is not None:
            taken = now - self._last_step
            self._step_seconds += (taken - self._step_seconds) * (SMOOTHING if self._step_seconds else 1.0)
        self._last_step = now

    def affordable(self) -> int | None:
        """Tokens that can be written before the deadline, at the pace so far; None where it does not matter yet."""
        if self._ends is None:
            return None
        left = self._ends - time.monotonic()
        if left <= 0.0:
            return 0
        return int(left / self._step_seconds) if self._step_seconds else None
