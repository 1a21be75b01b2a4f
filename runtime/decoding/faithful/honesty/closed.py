"""What can be checked of a method without statistics: that its law is what it says it is.

The laws are those of :mod:`constrain.runtime.decoding.faithful.law`, worked out over the whole language. A law has to
add up to 1, to reach every output that the model does (then the mean of W is Z), and every draw's log q has to be what
the law says of it. Of ``exact``, the law of an attempt has to be P(x) / c~, in proportion to P.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.faithful.draw import Draw
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.guided import GuidedDraws
from constrain.runtime.decoding.faithful.honesty.target import Target
from constrain.runtime.decoding.faithful.law import Law, law_of_trie
from constrain.runtime.decoding.faithful.trie import Trie

__all__ = ["Checks", "check_attempts", "mass"]

TOLERANCE = 1e-8
"""Of logarithms: sums of many rounded numbers."""


@dataclass(slots=True)
class Checks:
    """What was checked of one method, and what was wrong: each kind of fault once, with its first example.

    Attributes:
        target: what the language is.
        made: how many checks were made.
        failures: by kind, what was found.
    """

    target: Target
    made: int
    failures: dict[str, str]

    @classmethod
    def begin(cls, target: Target) -> Checks:
        """Nothing checked yet."""
        return cls(target, 0, {})

    def expect(self, holds: bool, kind: str, found: str) -> None:
        """Note the outcome of one check."""
        self.made += 1
        if not holds:
            self.failures.setdefault(kind, found)

    def law(self, law: Law) -> None:
        """Of the law of an output that is drawn without rejections."""
        whole = mass(law)
        is_whole = abs(whole - 1) < TOLERANCE or (self.target.listing.dead_ends > 0 and whole < 1)
        self.expect(is_whole, "sum", f"its law adds up to {whole:.12g}")
        self.support(law)

    def support(self, law: Law) -> None:
        """Is every output of the model drawn at times? Otherwise the mean of W is below Z."""
        missing = [key for key, value in self.target.logprobs.items() if value > law.get(key, -math.inf) == -math.inf]
        self.expect(not missing, "support", f"{len(missing):,} possible outputs are never drawn")

    def drawn(self, drawn: Draw, law: Law | None = None) -> None:
        """Of an output: is it one, is log P as it should be, and log q as the law says?"""
        key = drawn.place.token_ids
        logprob = self.target.logprobs.get(key, -math.inf)
        self.expect(logprob > -math.inf, "output", f"the tokens {list(key)} were drawn, which are no output")
        self.close(drawn.logprob, logprob, "log P", "log P of an output")
        if law is not None:
            self.close(drawn.sampling_logprob, law.get(key, -math.inf), "log q", "log q of an output")

    def close(self, told: float, known: float, kind: str, what: str) -> None:
        """Are two logarithms the same?"""
        self.expect(
            told == known or abs(told - known) <= TOLERANCE * max(1.0, abs(known)),
            kind,
            f"{what} is given as {told:.12g}, and is {known:.12g}",
        )

    def bounds(self, lower: float, upper: float) -> None:
        """Is log Z where a method says it is?"""
        log_z = self.target.log_z
        self.expect(
            lower <= log_z + TOLERANCE and log_z <= upper + TOLERANCE,
            "bounds",
            f"log Z is {log_z:.12g}, and not between {lower:.12g} and {upper:.12g}",
        )


def mass(law: Law) -> float:
    """What a law adds up to."""
    return math.exp(log_sum_exp(np.array(list(law.values())))) if law else 0.0


def check_attempts(checks: Checks, explorer: Explorer, random: np.random.Generator, *, attempts: int) -> None:
    """See that ``exact`` keeps its promise from the first attempt on, whatever it has learned.

    Args:
        checks: are added to.
        explorer: of the prompt.
        random: random numbers.
        attempts: how many to look at.
    """
    trie = Trie()
    method = exact(explorer, trie, random, max_model_calls=None)
    laws = set(_powers(attempts))
    bound = math.inf
    for number in range(1, attempts + 1):
        before = trie.root.value
        checks.expect(
            before <= bound + TOLERANCE, "bound", f"the bound on log Z rose from {bound:.12g} to {before:.12g}"
        )
        checks.bounds(trie.root.proven, before)
        bound = before
        if number in laws:
            law = law_of_trie(explorer, trie, rejects=True, most=len(checks.target.logprobs))
            checks.support(law)
            for key, value in law.items():
                checks.close(value, checks.target.logprobs[key] - before, "proportion", "log of an attempt's law")
        _check_attempt(checks, method, before)


def _check_attempt(checks: Checks, method: GuidedDraws, bound: float) -> None:
    made = method.attempt()
    if made is not None:
        drawn = Draw(*made)
        checks.drawn(drawn)
        checks.close(drawn.logweight, bound, "log W", "log W of an output")


def _powers(most: int) -> Iterator[int]:
    power = 1
    while power <= most:
        yield power
        power *= 2
