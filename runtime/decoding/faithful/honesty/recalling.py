"""An explorer that knows what the model said to another one.

Methods are compared on the same prompt, each as if it were alone: what each asks the model is counted, and the model
runs once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.faithful.explorer import Explorer, Place

__all__ = ["Answers", "RecallingExplorer"]

Answers: TypeAlias = dict[tuple[int, ...], NDArray[np.float64]]
"""By the tokens of a beginning, the log-probabilities of its ways on."""


class RecallingExplorer(Explorer):
    """The places of one prompt, the model's answers shared."""

    def __init__(self, *arguments: Any, answers: Answers, **named: Any) -> None:
        """Begin at the empty output.

        Args:
            arguments: those of :class:`Explorer`.
            answers: are added to; only explorers that would ask the same may share them.
            named: those of :class:`Explorer`.
        """
        super().__init__(*arguments, **named)
        self._answers = answers

    def read(self, places: Iterable[Place]) -> None:
        """Ask the model about those places of which none was asked yet; each counts as a call all the same."""
        wanted = list(places)
        for place in wanted:
            if place.logprobs is None and place.token_ids in self._answers:
                place.logprobs = self._answers[place.token_ids]
                self.calls += 1
                if self.observe is not None:
                    self.observe(place)
        unread = [place for place in wanted if place.logprobs is None and not place.is_whole]
        super().read(unread)
        for place in unread:
            self._answers[place.token_ids] = place.known
