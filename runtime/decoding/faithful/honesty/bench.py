"""One method after the other: what is known of its law, what its draws are, what they cost.

First without drawing: the laws in closed form (:mod:`.closed`). Then with draws, each method with random numbers of its
own, so that what is found of one does not depend on which others are looked at.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from constrain.runtime.decoding.distribution import effective_sample_size, log_sum_exp
from constrain.runtime.decoding.faithful.draw import Draw, DrawMethod
from constrain.runtime.decoding.faithful.draws import DrawSettings, make_method
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.guided import Leaves
from constrain.runtime.decoding.faithful.honesty.closed import Checks, check_attempts
from constrain.runtime.decoding.faithful.honesty.report import MethodReport
from constrain.runtime.decoding.faithful.honesty.statistics import Cells
from constrain.runtime.decoding.faithful.honesty.target import Target
from constrain.runtime.decoding.faithful.honesty.weights import deviation, spread_of
from constrain.runtime.decoding.faithful.law import (
    Law,
    divergence,
    law_of_accepted,
    law_of_proposal,
    law_of_trie,
    normalised,
    total_variation,
)
from constrain.runtime.decoding.faithful.proposal import MaskedDraws, Proposal
from constrain.runtime.decoding.faithful.trie import Trie
from constrain.runtime.decoding.faithful.weights import OnlineWeights, StoredWeights

__all__ = ["METHODS", "WATCHED_METHODS", "Bench"]

METHODS = ("mask", "asap", "exact", "smc", "mcmc")
"""That can be examined."""

WATCHED_METHODS = (*METHODS, "awrs")
"""That can be, under a monitor."""

WEIGHTED = ("mask", "asap", "smc", "mcmc")
"""Those that can use weights."""

ATTEMPTS = 128
"""Of ``exact``, that are followed one by one."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A method at work.

    Attributes:
        name: of the method.
        explorer: its own.
        trie: likewise.
        leaves: what weights say, where it uses any.
        learns: do these change with what the model says?
        draws: the method.
    """

    name: str
    explorer: Explorer
    trie: Trie
    leaves: Leaves | None
    learns: bool
    draws: DrawMethod

    @property
    def asks_on(self) -> bool:
        """Is a token that a monitor refuses replaced by another one?"""
        return self.explorer.is_watched and self.name in ("awrs", "smc")

    def law(self, viewer: Explorer, most: int) -> Law:
        """Of the next attempt; of ``smc`` and ``mcmc``, of what they propose."""
        if self.name == "asap":
            return law_of_trie(viewer, self.trie, leaves=self.leaves, most=most)
        if self.asks_on:
            return law_of_accepted(viewer, leaves=self.leaves, most=most)
        return law_of_proposal(viewer, leaves=self.leaves, most=most)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where methods are examined.

    Attributes:
        explorer: gives a method an explorer of its own.
        target: what they are held against.
        cells: groups of outputs to compare frequencies over.
        draws: of each.
        restarts: of methods that learn.
        settings: of the methods.
        weights: gives a method expected futures of its own, or None.
        seed: of all random numbers.
        notify: is told how far it is.
    """

    explorer: Callable[[str], Explorer]
    target: Target
    cells: Cells
    draws: int
    restarts: int
    settings: DrawSettings
    weights: Callable[[], OnlineWeights | StoredWeights | None]
    seed: int
    notify: Callable[[str], None] | None

    def report(self, name: str) -> MethodReport:
        """What there is to say about a method."""
        checks = Checks.begin(self.target)
        first = self._run(name)
        report = MethodReport(name, draws=self.draws, learns=first.learns)
        if name == "asap" or (first.learns and name == "mask"):
            self._adaptive(report, checks)
        else:
            self._independent(report, checks, first)
        report.checks, report.failures = checks.made, list(checks.failures.values())
        return report

    def _run(self, name: str, number: int = 0) -> _Run:
        """A method with nothing learned yet."""
        explorer, trie, random = self.explorer(name), Trie(), self._random(name, number)
        weights = self.weights() if name in WEIGHTED else None
        leaves = None if weights is None else weights.leaves_for(explorer)
        if name == "awrs":
            draws: DrawMethod = MaskedDraws(Proposal(explorer, random, asks_on=True))
        else:
            draws = make_method(explorer, self.settings, trie, random, leaves)
        return _Run(name, explorer, trie, leaves, isinstance(weights, OnlineWeights), draws)

    def _independent(self, report: MethodReport, checks: Checks, run: _Run) -> None:
        """A method whose draws are all of the same law, or, where it learns, of laws that are not known."""
        name, viewer, most = report.method, self.explorer("mask"), len(self.target.law)
        attempt = run.law(viewer, most)
        if name in ("mask", "awrs"):
            checks.law(attempt)
            self._compare(report, normalised(attempt))
        if name == "exact":
            check_attempts(checks, self.explorer(name), self._random(name, 1), attempts=ATTEMPTS)
        drawn = self._drawn(report, run, self.draws)
        for one in drawn:
            checks.drawn(one, attempt if name == "mask" else None)
            if one.bounds is not None:
                checks.bounds(*one.bounds)
        if name == "exact":
            self._compare(report, normalised(law_of_trie(viewer, run.trie, rejects=True, most=most)))
        else:
            self._weigh(report, drawn, attempt)
        self._count(report, drawn)

    def _adaptive(self, report: MethodReport, checks: Checks) -> None:
        """A method whose draws learn: the law of draw n is known when those before it are; averaged over restarts."""
        viewer, most = self.explorer(report.method), len(self.target.law)
        looked_at = _numbers(self.draws)
        curves, last = [], []
        for restart in range(self.restarts):
            run, before, law, curve = self._run(report.method, restart), 0, {}, []
            for number in looked_at:
                for one in self._drawn(report, run, number - before - 1, restart * self.draws + before):
                    checks.drawn(one)
                law = run.law(viewer, most)
                checks.law(law)
                if run.leaves is None:
                    checks.bounds(run.trie.root.proven, run.trie.root.value)
                calls = run.explorer.calls
                (one,) = self._drawn(report, run, 1, restart * self.draws + number - 1)
                is_of_law = one.attempts == 1 and not (run.learns and run.explorer.calls > calls)
                checks.drawn(one, law if is_of_law else None)  # else it learned on the way
                law, before = normalised(law), number
                curve.append(max(0.0, divergence(self.target.law, law)))
            curves.append(curve)
            last.append(law)
        means = np.mean(np.array(curves), axis=0).tolist()
        report.curve = tuple(zip(looked_at, means, strict=True))
        self._compare(report, _mixture(last))
        report.divergence = means[-1]
        report.total_variation = float(np.mean([total_variation(self.target.law, law) for law in last]))

    def _compare(self, report: MethodReport, law: Law) -> None:
        """Hold a law against the target."""
        target = self.target.law
        report.law = law
        report.divergence = max(0.0, divergence(target, law))
        report.total_variation = total_variation(target, law)
        squares = [2 * value - law.get(key, -math.inf) for key, value in target.items() if value > -math.inf]
        never = max(squares) == math.inf
        report.effective = 0.0 if never else min(1.0, math.exp(-log_sum_exp(np.array(squares))))

    def _weigh(self, report: MethodReport, drawn: list[Draw], attempt: Law) -> None:
        """Hold the mean of W against Z, attempts that came to nothing counted."""
        of_each = {"smc": float(self.settings.particles), "mcmc": _mean_inverse(self.settings.steps)}
        logweights = [one.logweight for one in drawn]
        logweights += [-math.inf] * sum(one.attempts - 1 for one in drawn)
        spread = spread_of(attempt, self.target.logprobs, self.target.log_z)
        report.weights = deviation(logweights, self.target.log_z, spread, of_each=of_each.get(report.method, 1.0))
        if report.effective is None:
            found = np.array([one.logweight for one in drawn])
            report.effective = effective_sample_size(found) / len(found)

    def _count(self, report: MethodReport, drawn: list[Draw]) -> None:
        """Hold frequencies against the target; those of draws of different laws are not tested."""
        counts: dict[tuple[int, ...], int] = {}
        for one in drawn:
            counts[one.place.token_ids] = counts.get(one.place.token_ids, 0) + 1
        report.counts = counts
        if counts.keys() <= self.cells.of.keys():
            report.drawn_divergence = self.cells.divergence(counts)
            report.drawn_total_variation = self.cells.total_variation(counts)
            report.p_value = None if report.learns else self.cells.p_value(counts)

    def _drawn(self, report: MethodReport, run: _Run, number: int, before: int = 0) -> list[Draw]:
        """So many draws; what they cost is added to the report."""
        explorer = run.explorer
        calls, started = explorer.calls, time.perf_counter()
        drawn = []
        for index in range(number):
            if self.notify is not None and index % 100 == 0:
                self.notify(f"{report.method}: {before + index:,} draws")
            drawn.append(run.draws.draw())
        calls = explorer.calls - calls
        report.made += number
        report.attempts += sum(one.attempts for one in drawn)
        report.model_calls += calls
        report.seconds += time.perf_counter() - started + calls * self.target.seconds_per_call
        return drawn

    def _random(self, name: str, number: int = 0) -> np.random.Generator:
        return np.random.default_rng([self.seed, WATCHED_METHODS.index(name), number])


def _numbers(draws: int) -> list[int]:
    """Draws to look at: 1, 2, 5, 10, 20, 50 and so on, and the last."""
    steps = [step * 10**power for power in range(10) for step in (1, 2, 5)]
    return sorted({number for number in steps if number < draws} | {draws})


def _mixture(laws: list[Law]) -> Law:
    """The law of what is drawn from one of several, each as likely."""
    keys = {key for law in laws for key in law}
    share = math.log(len(laws))
    return {key: log_sum_exp(np.array([law.get(key, -math.inf) for law in laws])) - share for key in sorted(keys)}


def _mean_inverse(moves: int) -> float:
    """How many weights a mean of ``mcmc`` is worth: the first output's, and that of each move which proposes a new one,
    one in two. It is 1 over the mean of 1 / (1 + B), where B is binomial.
    """
    return (moves + 1) / 2 / -math.expm1(-(moves + 1) * math.log(2))
