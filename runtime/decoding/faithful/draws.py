"""Outputs of one prompt, drawn by the method that the options name."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from constrain.compiler import CompiledGrammar
from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.best_of import DRAWS, BestDraws, Reward
from constrain.runtime.decoding.faithful.certificate import Certificate, certify
from constrain.runtime.decoding.faithful.draw import Draw, DrawMethod
from constrain.runtime.decoding.faithful.exact import MAX_MODEL_CALLS, exact
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.guided import Leaves
from constrain.runtime.decoding.faithful.mcmc import STEPS, ChainDraws
from constrain.runtime.decoding.faithful.proposal import MaskedDraws, Proposal
from constrain.runtime.decoding.faithful.smc import PARTICLES, Critic, ParticleDraws
from constrain.runtime.decoding.faithful.trie import Trie
from constrain.runtime.decoding.faithful.weights import OnlineWeights, StoredWeights
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.result import GenerationResult, Timings
from constrain.runtime.decoding.text import text_of

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows
    from constrain.runtime.monitors.watch import Watch

__all__ = ["DrawSettings", "Draws", "make_method"]


@dataclass(frozen=True, slots=True)
class DrawSettings:
    """What methods that draw want to know beside :class:`GenerationOptions`.

    Attributes:
        max_model_calls: beginnings that the model may read for one output; None for 10,000 of ``exact``, and for any
            number of other methods.
        particles: of ``smc``.
        critic: of ``smc``: which beginnings are promising.
        steps: moves of ``mcmc`` for one output.
        draws: of ``best-of`` for one output.
        reward: of ``best-of``: which of them is the best; None for the most probable.
        certify: seconds to look for bounds on Z before the first output; None for not at all.
    """

    max_model_calls: int | None = None
    particles: int = PARTICLES
    critic: Critic | None = None
    steps: int = STEPS
    draws: int = DRAWS
    reward: Reward | None = None
    certify: float | None = None

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ValueError: a value outside its range; the message names the setting.
        """
        for name, value, least in (
            ("max_model_calls", self.max_model_calls, 1),
            ("particles", self.particles, 1),
            ("steps", self.steps, 0),
            ("draws", self.draws, 1),
        ):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
        if self.certify is not None and not 0.0 <= self.certify < math.inf:
            raise ValueError(f"certify must be a number of seconds, not {self.certify!r}")


class Draws:
    """Outputs for one prompt, one after the other, without end; each may learn from those before it.

    Attributes:
        explorer: what was asked of model and grammar.
        trie: what was learned by ``asap`` or ``exact``.
        certificate: bounds on Z, where they were wanted.
    """

    def __init__(
        self,
        model: CausalModel,
        compiled: CompiledGrammar,
        prompt_ids: Sequence[int],
        options: GenerationOptions,
        rows: Rows,
        *,
        settings: DrawSettings | None = None,
        narrowed: CompiledGrammar | None = None,
        watch: Watch | None = None,
        trie: Trie | None = None,
        weights: OnlineWeights | StoredWeights | None = None,
        begun: bytes = b"",
        notify: Callable[[str], None] | None = None,
    ) -> None:
        """Begin; where bounds are wanted, they are looked for now.

        Args:
            model: the model.
            compiled: a grammar compiled for ``model.vocabulary``.
            prompt_ids: from :meth:`CausalModel.encode_prompt`.
            options: the method, limits, what shapes the logits. A deadline is that of one output.
            rows: of ``model``.
            settings: of the methods.
            narrowed: as for :func:`generate`.
            watch: likewise.
            trie: what was learned of the prompt before; it is added to.
            weights: expected futures, precomputed or learned meanwhile; ``exact`` never uses any.
            begun: as for :func:`generate`.
            notify: is told how far the search for an output is.

        Raises:
            ValueError: another method than those of this package.
            BudgetError: no output fits into the limits.
            ConstrainError: as :func:`generate`.
        """
        settings = settings or DrawSettings()
        self.explorer = Explorer(
            model, compiled, prompt_ids, options, rows, narrowed=narrowed, watch=watch, begun=begun, notify=notify
        )
        self.trie = Trie() if trie is None else trie
        if weights is not None and options.method == "exact":
            raise ValueError("method 'exact' uses no weights: what it does not know must count as 1")
        if options.heat == 0.0:
            raise ValueError("temperature must be above 0 where outputs are drawn with weights")
        leaves = None if weights is None else weights.leaves_for(self.explorer)
        self.certificate: Certificate | None = None
        self._method = make_method(self.explorer, settings, self.trie, np.random.default_rng(options.seed), leaves)
        if settings.certify is not None:
            of_bounds = self.trie if leaves is None else Trie()
            self.certificate = certify(self.explorer, of_bounds, seconds=settings.certify)

    def __iter__(self) -> Draws:
        return self

    def __next__(self) -> GenerationResult:
        """The next output.

        Raises:
            BudgetError: none was found within the calls and the time.
            UnsatisfiableError: the model finds every output impossible.
            ConstrainError: as :func:`generate`.
        """
        return _result(self.explorer, self._method, self.certificate)


def make_method(
    explorer: Explorer,
    settings: DrawSettings,
    trie: Trie,
    random: np.random.Generator,
    leaves: Leaves | None = None,
) -> DrawMethod:
    """The method that the explorer's options name.

    Raises:
        ValueError: another one than those of this package; or settings out of their range.
    """
    name, calls = explorer.options.method, settings.max_model_calls
    if name == "exact":
        return exact(explorer, trie, random, max_model_calls=MAX_MODEL_CALLS if calls is None else calls)
    if name == "asap":
        return asap(explorer, trie, random, leaves=leaves, max_model_calls=calls)
    proposal = Proposal(explorer, random, leaves=leaves, asks_on=name == "smc")
    if name == "smc":
        return ParticleDraws(
            proposal, random, particles=settings.particles, critic=settings.critic, max_model_calls=calls
        )
    if name == "mcmc":
        return ChainDraws(proposal, random, steps=settings.steps, max_model_calls=calls)
    masked = MaskedDraws(proposal, max_model_calls=calls)
    if name == "best-of":
        return BestDraws(masked, explorer, draws=settings.draws, reward=settings.reward)
    if name == "mask":
        return masked
    raise ValueError(f"method {name!r} does not draw from a law that it can tell")


def _result(explorer: Explorer, method: DrawMethod, certificate: Certificate | None) -> GenerationResult:
    started, calls, before = time.perf_counter(), explorer.calls, dict(explorer.clock)
    drawn = method.draw()
    seconds = time.perf_counter() - started
    spent = {name: value - before[name] for name, value in explorer.clock.items()}
    spent["sampling"] = max(0.0, seconds - sum(spent.values()))
    token_ids = drawn.place.token_ids
    return GenerationResult(
        text=text_of(explorer.vocabulary, token_ids),
        token_ids=token_ids,
        finish_reason="stop",
        is_complete=drawn.place.constraint.is_complete(),
        limit=None,
        logprob=drawn.logprob,
        sampling_logprob=drawn.sampling_logprob,
        token_logprobs=drawn.logprobs[: len(token_ids)],
        sampling_token_logprobs=drawn.sampling_logprobs[: len(token_ids)],
        masked={},
        uniform_steps=explorer.uniform_steps,
        model_calls=explorer.calls - calls,
        drafted_tokens=0,
        prompt_tokens=len(explorer.prompt_ids),
        seconds=seconds,
        timings=Timings(**spent),
        attempts=drawn.attempts,
        log_z=_log_z(drawn, certificate),
        details=dict(drawn.details),
    )


def _log_z(drawn: Draw, certificate: Certificate | None) -> tuple[float, float] | None:
    """The closest bounds that are known."""
    known = [] if drawn.bounds is None else [drawn.bounds]
    if certificate is not None:
        known.append((certificate.log_lower, certificate.log_upper))
    if not known:
        return None
    return max(lower for lower, _ in known), min(upper for _, upper in known)
