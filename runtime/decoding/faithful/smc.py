"""Sequential Monte Carlo: many outputs grow side by side, and those that do well are multiplied.

Each particle draws its tokens from a :class:`Proposal` and carries the weight that this gives it. When few particles
hold most of the weight (the effective sample size falls below a share of their number), they are drawn anew in
proportion to their weights, and all weigh the same again (Lew et al., arXiv 2306.03081; Loula et al., arXiv
2504.13139). The mean of the final weights is an unbiased estimate of Z; one particle drawn in proportion to them is
the output, with that estimate as its W. The more particles, the closer its law is to the model's own distribution
over the language.

What decides who is multiplied may look ahead: estimates of how likely a beginning is to be completed, or a critic of
the text so far. Such a twist changes how fast the law comes close, not what it comes close to.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.distribution import draw, effective_sample_size, log_sum_exp
from constrain.runtime.decoding.faithful.draw import Draw, Effort
from constrain.runtime.decoding.faithful.explorer import Place
from constrain.runtime.decoding.faithful.opinion import opinion
from constrain.runtime.decoding.faithful.proposal import Path, Proposal, Step
from constrain.runtime.decoding.text import text_of

__all__ = ["PARTICLES", "Critic", "ParticleDraws", "systematic"]

PARTICLES = 16
RESAMPLE_BELOW = 0.5
"""Of the particles: fewer than this share that count, and they are drawn anew."""

Critic: TypeAlias = Callable[[str], float]
"""Of the text so far, in whole characters: the logarithm of how promising it is."""


@dataclass(frozen=True, slots=True)
class _Particle:
    """An output in the making.

    Attributes:
        place: where it is.
        steps: how it came there.
        logweight: of it, with what drawing anew made of it.
        twist: log of what it is expected to be worth beyond that; 0 at the end.
        is_done: is it an output?
    """

    place: Place
    steps: tuple[Step, ...]
    logweight: float
    twist: float
    is_done: bool


class ParticleDraws:
    """Outputs, each drawn with particles of its own."""

    def __init__(
        self,
        proposal: Proposal,
        random: np.random.Generator,
        *,
        particles: int = PARTICLES,
        resample_below: float = RESAMPLE_BELOW,
        critic: Critic | None = None,
        max_model_calls: int | None = None,
    ) -> None:
        """Draw with so many particles.

        Raises:
            ValueError: no particles, or a share outside 0 to 1.
        """
        if particles < 1:
            raise ValueError(f"particles must be at least 1, not {particles}")
        if not 0.0 <= resample_below <= 1.0:
            raise ValueError(f"resample_below must be from 0 to 1, not {resample_below}")
        self._proposal = proposal
        self._explorer = proposal.explorer
        self._random = random
        self._number = particles
        self._resample_below = resample_below
        self._critic = critic
        self._max_model_calls = max_model_calls

    def draw(self) -> Draw:
        """The next output: see :class:`~constrain.runtime.decoding.faithful.draw.DrawMethod`."""
        effort = Effort(self._explorer, self._explorer.options, self._max_model_calls)
        while True:
            effort.begin("all particles came to nothing")
            particles = self.run()
            weights = np.array([particle.logweight for particle in particles])
            if not len(weights) or weights.max() == -np.inf:
                continue
            estimate = log_sum_exp(weights) - math.log(self._number)
            chosen = particles[draw(weights, float(self._random.random()))]
            drawn = Path(chosen.steps, chosen.place).draw(effort.attempts)
            effective = effective_sample_size(weights)
            return replace(drawn, estimate=estimate, details={"effective_particles": effective})

    def run(self) -> list[_Particle]:
        """Particles taken to their ends; those that came to nothing are not among them, but count for the mean."""
        root = self._explorer.root
        particles = [_Particle(root, (), 0.0, 0.0, root.is_whole)] * self._number
        while not all(particle.is_done for particle in particles):
            self._explorer.read(particle.place for particle in particles if not particle.is_done)
            grown = [particle if particle.is_done else self._grown(particle) for particle in particles]
            particles = [particle for particle in grown if particle is not None]
            if not all(particle.is_done for particle in particles):  # else what is given out is chosen by the weights
                particles = self._resampled(particles)
        return particles

    def _grown(self, particle: _Particle) -> _Particle | None:
        step = self._proposal.step(particle.place)
        if step is None:
            return None
        logweight = particle.logweight + step.logprob - step.sampling_logprob
        place = particle.place if step.following is None else step.following
        is_done = step.following is None or place.is_whole
        twist = 0.0 if is_done else step.leaf + self._promise(place)
        return _Particle(place, (*particle.steps, step), logweight, twist, is_done)

    def _resampled(self, particles: list[_Particle]) -> list[_Particle]:
        """Particles as they are, or as many as there were at first, drawn in proportion to their weights."""
        weights = np.array([particle.logweight + particle.twist for particle in particles])
        if not len(weights) or weights.max() == -np.inf:
            return []
        effective = effective_sample_size(weights)
        if effective >= self._resample_below * self._number:
            return particles
        mean = log_sum_exp(weights) - math.log(self._number)
        chosen = systematic(weights, self._number, float(self._random.random()))
        return [replace(particles[index], logweight=mean - particles[index].twist) for index in chosen]

    def _promise(self, place: Place) -> float:
        if self._critic is None:
            return 0.0
        text = text_of(self._explorer.vocabulary, place.token_ids)
        return opinion(self._critic, text, of="critic", allows=math.isfinite, expected="a finite number")


def systematic(logweights: NDArray[np.float64], number: int, uniform: float) -> list[int]:
    """Indices in proportion to weights, each as often as its share of ``number`` says, up to one (systematic
    resampling, Kitagawa 1996).

    Args:
        logweights: float64 ``[n]``, at least one of them finite.
        number: of indices.
        uniform: from 0 up to but not including 1.
    """
    shares = np.exp(logweights - logweights.max())
    cumulative = np.cumsum(shares) / shares.sum()
    points = (np.arange(number) + uniform) / number
    indices = np.searchsorted(cumulative, points, side="right")
    last = int(np.flatnonzero(shares)[-1])  # rounding may lead past the end
    return [min(int(index), last) for index in indices]
