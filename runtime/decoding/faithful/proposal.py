"""Draws token by token from the allowed tokens, perhaps with weights: cheap, biased, and with the bias known.

The next token is drawn in proportion to P(t | w) psi(wt), where psi estimates how likely the beginning is to be
completed; 1 everywhere gives plain masking. What is drawn so has the weight

    W = P(x) / q(x) = product of (sum over t of P(t | w) psi(wt)) / psi(wx)

whose mean is Z, whatever psi is, unless truncation leaves out some of the allowed tokens. Where tokens turn out to lead
nowhere, the draw came to nothing, and weighs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.awrs import draw_accepted
from constrain.runtime.decoding.distribution import Lots
from constrain.runtime.decoding.faithful.draw import Draw, Effort
from constrain.runtime.decoding.faithful.explorer import Explorer, Place
from constrain.runtime.decoding.faithful.guided import Leaves
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.truncation import truncate

__all__ = ["MaskedDraws", "Path", "Proposal", "Step", "proposed"]


@dataclass(frozen=True, slots=True)
class Step:
    """One token, or the end.

    Attributes:
        place: where it was drawn.
        index: which of the ways on it is.
        logprob: log P of it.
        sampling_logprob: log q of it.
        following: where it leads; None for the end.
        leaf: log psi of where it leads; 0 at the end.
    """

    place: Place
    index: int
    logprob: float
    sampling_logprob: float
    following: Place | None
    leaf: float


@dataclass(frozen=True, slots=True)
class Path:
    """An output, step by step, or its beginning."""

    steps: tuple[Step, ...]
    end: Place

    @property
    def is_whole(self) -> bool:
        """Is it at its end?"""
        return self.end.is_whole or bool(self.steps and self.steps[-1].following is None)

    def after(self, step: Step) -> Path:
        """The path with a step more."""
        return Path((*self.steps, step), self.end if step.following is None else step.following)

    @property
    def logprob(self) -> float:
        """Log P."""
        return sum(step.logprob for step in self.steps)

    @property
    def logweight(self) -> float:
        """Log W."""
        return sum(step.logprob - step.sampling_logprob for step in self.steps)

    def draw(self, attempts: int) -> Draw:
        """The path as a draw, which took so many attempts."""
        return Draw(
            self.end,
            tuple(step.logprob for step in self.steps),
            tuple(step.sampling_logprob for step in self.steps),
            attempts=attempts,
        )


class Proposal:
    """Draws of one prompt, each by itself."""

    def __init__(
        self,
        explorer: Explorer,
        random: np.random.Generator,
        *,
        leaves: Leaves | None = None,
        asks_on: bool = False,
    ) -> None:
        """Draw with these random numbers.

        Args:
            explorer: of the prompt.
            random: random numbers.
            leaves: log psi of ways on, that of the stop token being 0.
            asks_on: where a monitor refuses a token, is another one drawn in its place? Then the weight of a step is an
                estimate without bias (:mod:`constrain.runtime.decoding.awrs`); otherwise the draw came to nothing.
        """
        self.explorer = explorer
        self._asks_on = asks_on and explorer.is_watched
        self._random = random
        self._leaves = leaves

    def step(self, place: Place) -> Step | None:
        """Draw what follows a place that is no whole output; None where it leads nowhere."""
        self.explorer.read([place])
        lots = self._lots(place)
        whole = lots.log_total
        if whole == -np.inf:
            return None
        if self._asks_on:
            drawn = draw_accepted(lots, partial(self._is_open, place), self._random)
            if drawn is None:
                return None
            index, whole = drawn.index, drawn.log_mass
        else:
            index = lots.at(float(self._random.random()))
        logprob, weight = float(place.known[index]), float(lots.logweights[index])
        law = weight - whole
        if index == place.stop:
            return Step(place, index, logprob, law, None, 0.0)
        following = self.explorer.after(place, int(place.ids[index]))
        if following is None:
            return None
        leaf = 0.0 if following.is_whole else weight - logprob
        return Step(place, index, logprob, law, following, leaf)

    def _lots(self, place: Place) -> Lots:
        """What is drawn from at a place, summed up once, as long as nothing more is known."""
        values = None if self._leaves is None else self._leaves(place)
        refused = len(place.dead) if self._asks_on else 0
        if place.lots is None or place.lots[0] is not values or place.lots[1] != refused:
            weights = proposed(place, self.explorer.options, self._leaves)
            if refused:
                weights = weights.copy()
                weights[np.searchsorted(place.ids, list(place.dead))] = -np.inf
            place.lots = values, refused, Lots(weights)
        return place.lots[2]

    def _is_open(self, place: Place, index: int) -> bool:
        """May the text go on that way?"""
        return index == place.stop or self.explorer.after(place, int(place.ids[index])) is not None

    def run(self, place: Place) -> Path | None:
        """Draw on from a place to the end of an output; None where that leads nowhere."""
        return self.run_together(place, 1)[0]

    def run_together(self, place: Place, number: int) -> list[Path | None]:
        """The same so many times, each by itself; the model reads what all of them need in one run."""
        paths: list[Path | None] = [Path((), place)] * number
        growing = list(range(number))
        while True:
            at = {index: path.end for index in growing if (path := paths[index]) is not None and not path.is_whole}
            if not at:
                return paths
            self.explorer.read(at.values())
            growing = list(at)
            for index, here in at.items():
                path, step = paths[index], self.step(here)
                paths[index] = None if path is None or step is None else path.after(step)


def proposed(place: Place, options: GenerationOptions, leaves: Leaves | None) -> NDArray[np.float64]:
    """What ways on from a place are drawn in proportion to, as logarithms: float64 ``[n]``."""
    weights = place.known if leaves is None else place.known + leaves(place)
    if options.is_truncated and not options.truncate_before and weights.max() > -np.inf:
        return truncate(weights, options)
    return weights


class MaskedDraws:
    """Outputs as they are proposed: plain masking, or with weights."""

    def __init__(self, proposal: Proposal, *, max_model_calls: int | None = None) -> None:
        """Give out what is proposed; so many calls of the model may be made for one."""
        self._proposal = proposal
        self._max_model_calls = max_model_calls

    def draw(self) -> Draw:
        """The next output: see :class:`~constrain.runtime.decoding.faithful.draw.DrawMethod`."""
        return self.several(1)[0]

    def several(self, number: int) -> list[Draw]:
        """The next outputs, drawn side by side, with the effort of one; errors as those of :meth:`draw`."""
        explorer = self._proposal.explorer
        effort = Effort(explorer, explorer.options, self._max_model_calls)
        drawn: list[Draw] = []
        attempts = 1
        while len(drawn) < number:
            effort.begin("each attempt led nowhere")
            for path in self._proposal.run_together(explorer.root, number - len(drawn)):
                if path is None:
                    attempts += 1
                else:
                    drawn.append(path.draw(attempts))
                    attempts = 1
        return drawn
