"""Precomputed weights at work, and how they are fitted: expected futures of automaton states, from a model's own calls.

A guided or weighted draw wants to know how likely each way on is to end well. :mod:`constrain.compiler.weights` lumps
what the model said at each state of the automaton; here this becomes leaves of tries and weights of proposals, and
here texts are drawn for it to learn from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar
from constrain.compiler.weights import BETAS, FutureWeights, OnlineFuture, WeightsKey
from constrain.compiler.weights.future import Future
from constrain.errors import ModelError
from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.faithful.explorer import Explorer, Place
from constrain.runtime.decoding.faithful.guided import Leaves
from constrain.runtime.decoding.faithful.proposal import Path, Proposal
from constrain.runtime.decoding.options import GenerationOptions

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows

__all__ = ["Fit", "OnlineWeights", "StoredWeights", "fit_weights", "leaves_of", "observer_of"]

LOOKED_UP = 2048
"""Where more tokens may come next, the weights of so many are looked up, the likeliest."""

DRAWS = 8
"""Texts that are drawn for a prompt."""

TRIALS = 4
"""Texts that are drawn for a prompt to choose the power of the weights by; of so many prompts."""
TRIED_PROMPTS = 8

PROPOSED_WITH = 0.5
"""The power with which texts are proposed while the weights are not trusted yet."""

AS_CHANCES = 1.0
"""The power of leaves of ``asap``, whatever the fit chose for proposals: they stand for chances, and are soon replaced
by what was seen. In each of six trials it was the best one there."""


def leaves_of(future: Future, power: float | None = None) -> Leaves:
    """Expected futures as the values of ways on: 0 for stopping, which is certain to end well.

    Args:
        future: the weights.
        power: of the chances, in place of that of the weights.
    """
    if power is not None:
        future.beta = power
    return _Leaves(future)


class _Leaves:
    """Worked out once for a place, until the weights change."""

    def __init__(self, future: Future) -> None:
        self._future = future

    @property
    def revision(self) -> int:
        """Goes up when the weights change."""
        return self._future.revision

    def __call__(self, place: Place) -> NDArray[np.float64]:
        """The values."""
        mark = (self._future, self._future.revision)  # not its id, which another one may have once this one is gone
        if place.leaves is None or place.leaves[0] != mark:
            found = _log_psi(self._future, place)
            place.leaves = mark, found if place.stop is None else np.insert(found, place.stop, 0.0)
        return place.leaves[1]


def _log_psi(future: Future, place: Place) -> NDArray[np.float64]:
    """Of the text tokens that may come next; where these are many, the unlikely ones have the mean of the others."""
    texts, left = place.text_ids, max(place.room.tokens - 1, 0)
    if len(texts) <= LOOKED_UP:
        return future.log_psi_after(place.matcher, texts, left)
    logprobs = place.text_logprobs
    likeliest = np.sort(np.argpartition(logprobs, -LOOKED_UP)[-LOOKED_UP:])
    values = future.log_psi_after(place.matcher, texts[likeliest], left)
    known = logprobs[likeliest]
    mean = log_sum_exp(known + values) - log_sum_exp(known) if known.max() > -np.inf else 0.0
    found = np.full(len(texts), mean if mean > -np.inf else 0.0)
    found[likeliest] = values
    return found


def observer_of(future: OnlineFuture) -> Callable[[Place], None]:
    """What tells weights of each answer of the model."""

    def observe(place: Place) -> None:
        end = -math.inf if place.stop is None else float(place.known[place.stop])
        future.observe(place.matcher, place.text_ids, place.text_logprobs, end)

    return observe


class StoredWeights:
    """Weights that were fitted before."""

    def __init__(self, weights: FutureWeights, power: float | None = None) -> None:
        """Use them, to a power of one's own if it is given."""
        self._weights = weights
        self._power = power
        self._leaves: tuple[CompiledGrammar, float | None, Leaves] | None = None

    def leaves_for(self, explorer: Explorer) -> Leaves:
        """Values of ways on for the explorer's language.

        Raises:
            ArtifactError: the weights are for another model, language or temperature.
        """
        self._weights.check(explorer.weights_key)
        power = AS_CHANCES if self._power is None and explorer.options.method == "asap" else self._power
        if self._leaves is None or self._leaves[0] is not explorer.language or self._leaves[1] != power:
            leaves = leaves_of(Future(explorer.language, self._weights), power)
            self._leaves = explorer.language, power, leaves
        return self._leaves[2]


class OnlineWeights:
    """Weights that are learned while they are used, for all prompts together."""

    def __init__(self, power: float | None = None) -> None:
        """Begin with nothing."""
        self._power = power
        self._futures: list[tuple[CompiledGrammar, OnlineFuture]] = []

    def leaves_for(self, explorer: Explorer) -> Leaves:
        """Values of ways on for the explorer's language; from now on its model is listened to."""
        future = next((future for language, future in self._futures if language is explorer.language), None)
        if future is None:
            future = OnlineFuture(explorer.language)
            self._futures.append((explorer.language, future))
        explorer.observe = observer_of(future)
        return leaves_of(future, self._power)


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights, and how they came about.

    Attributes:
        weights: fitted.
        texts: how many were drawn.
        model_calls: how many it took.
        effective_shares: for each power, the effective sample size of draws with it, as a share of their number and of
            that of the best power: what the power was chosen by.
    """

    weights: FutureWeights
    texts: int
    model_calls: int
    effective_shares: dict[float, float]


def fit_weights(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompts: Sequence[Sequence[int]],
    options: GenerationOptions,
    rows: Rows,
    *,
    draws: int = DRAWS,
    start: FutureWeights | None = None,
    notify: Callable[[str], None] | None = None,
) -> Fit:
    """Learn weights from what a model does after some prompts.

    Args:
        model: the model.
        compiled: the language.
        prompts: tokens of each, of the kind that the weights are to be used with.
        options: limits, temperature, what else shapes the logits.
        rows: of ``model``.
        draws: texts for each prompt.
        start: weights to begin with.
        notify: is told how far it is.

    Raises:
        ModelError: there are no prompts, or no text came about.
        ConstrainError: as :class:`Explorer`.
    """
    if not prompts:
        raise ModelError("weights are fitted to prompts, and there are none", expected="at least one")
    random = np.random.default_rng(options.seed)
    future = OnlineFuture(compiled, start, beta=PROPOSED_WITH)
    key = WeightsKey.of(compiled, model.fingerprint, model.name, options.heat)
    texts = calls = 0
    for number, prompt_ids in enumerate(prompts):
        explorer = Explorer(model, compiled, prompt_ids, options, rows, observe=observer_of(future))
        proposal = Proposal(explorer, random, leaves=leaves_of(future))
        if notify is not None:
            notify(f"fitting weights: prompt {number + 1} of {len(prompts)}")
        texts += sum(path is not None for path in proposal.run_together(explorer.root, draws))
        calls += explorer.calls
    if not texts:
        raise ModelError("no text came about to learn from", expected="other prompts, or larger limits")
    weights = future.weights(key)
    scores, more = _scores(model, compiled, prompts[-TRIED_PROMPTS:], options, rows, weights, random)
    best = max(scores, key=lambda beta: (scores[beta], beta))
    shares = {beta: math.exp(score - scores[best]) for beta, score in scores.items()}
    return Fit(weights.with_beta(best), texts, calls + more, shares)


def _scores(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompts: Sequence[Sequence[int]],
    options: GenerationOptions,
    rows: Rows,
    weights: FutureWeights,
    random: np.random.Generator,
) -> tuple[dict[float, float], int]:
    """For each power, the mean over prompts of the log of the share of draws that count, up to a constant; and calls.

    A draw of q has E_q[W^2] = E_r[(P/r)(P/q)] for draws of any r: so texts of one proposal tell of all powers.
    """
    half = Future(compiled, weights.with_beta(PROPOSED_WITH))
    whole = leaves_of(Future(compiled, weights.with_beta(1.0)))
    squares: dict[float, list[float]] = {beta: [] for beta in BETAS}
    calls = 0
    for prompt_ids in prompts:
        explorer = Explorer(model, compiled, prompt_ids, options, rows)
        proposal = Proposal(explorer, random, leaves=leaves_of(half))
        paths = [path for path in proposal.run_together(explorer.root, TRIALS) if path is not None]
        calls += explorer.calls
        if not paths:
            continue
        for beta in BETAS:
            terms = [path.logweight + _logweight(path, whole, beta) for path in paths]
            squares[beta].append(log_sum_exp(np.array(terms)) - math.log(len(terms)))
    return {beta: -float(np.mean(found)) if found else 0.0 for beta, found in squares.items()}, calls


def _logweight(path: Path, leaves: Leaves, beta: float) -> float:
    """Log W that a path would have, had it been drawn with these weights to a power."""
    total = 0.0
    for step in path.steps:
        values = beta * leaves(step.place)
        total += log_sum_exp(step.place.known + values) - float(values[step.index])
    return total
