"""Outputs that are written by adaptive weighted rejection, some of their steps, and draws that are repeated there."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from constrain.runtime.decoding.awrs import draw_accepted
from constrain.runtime.decoding.distribution import Lots
from constrain.runtime.monitors.watch import MOST_REFUSALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from constrain.compiler import Matcher
    from constrain.runtime import CausalModel
    from rejection.problems import Problem

__all__ = ["Checker", "Context", "Outputs", "Repeated", "masking_seconds", "repeat", "write"]

MOST_TOKENS = 120


class Checker:
    """Is a token accepted next? It counts how often it is asked, and takes its time."""

    def __init__(self, matcher: Matcher, stops: frozenset[int]) -> None:
        self.calls = 0
        self.first: int | None = None
        """The call that was the first with the answer yes."""
        self._matcher, self._stops = matcher, stops

    def __call__(self, token_id: int) -> bool:
        """The verdict."""
        self.calls += 1
        if token_id in self._stops:
            accepted = self._matcher.is_accepting()
        else:
            accepted = self._matcher.validate_tokens([token_id]) == 1
        if accepted and self.first is None:
            self.first = self.calls
        return accepted


@dataclass
class Context:
    """What was known at one step."""

    logprobs: NDArray[np.float32]
    accepted: NDArray[np.bool_]
    matcher: Matcher
    log_mass: float

    @property
    def divergence(self) -> float:
        """Of exact masking from the model, at this step."""
        return max(-self.log_mass, 0.0)


@dataclass
class Outputs:
    """The steps of some outputs, and the log-weights of these: exact, and as estimated."""

    contexts: list[Context] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    estimated: list[float] = field(default_factory=list)
    given_up: int = 0


def write(model: CausalModel, problem: Problem, number: int, contexts: int, random: np.random.Generator) -> Outputs:
    """So many outputs by adaptive weighted rejection at temperature 1, and so many contexts out of them."""
    from constrain.compiler.bitmask import allocate_token_bitmask

    found, stops = Outputs(), frozenset(model.vocabulary.eos_token_ids)
    bitmask, seen = allocate_token_bitmask(1, model.vocabulary.vocab_size), 0
    for output in range(number):
        cache, unread = model.new_cache(), list(problem.prompts[output % len(problem.prompts)])
        matcher, text, exact, estimated = problem.compiled.matcher(), b"", 0.0, 0.0
        for _ in range(MOST_TOKENS):
            logits = model.forward(unread, cache).numpy().astype(np.float64)
            logprobs = logits - logits.max()
            logprobs -= math.log(np.exp(logprobs).sum())
            matcher.fill_next_token_bitmask(bitmask, 0)
            accepted = np.unpackbits(bitmask[0].view(np.uint8), bitorder="little")[: len(logprobs)].astype(np.bool_)
            log_mass = math.log(float(np.exp(logprobs[accepted]).sum()))
            seen += 1
            place = len(found.contexts) if len(found.contexts) < contexts else int(random.integers(seen))
            if place < contexts:  # each step is among them with the same probability
                found.contexts[place : place + 1] = [
                    Context(logprobs.astype(np.float32), accepted, matcher.fork(), log_mass)
                ]
            drawn = draw_accepted(Lots(logprobs), Checker(matcher, stops), random, most_rejected=MOST_REFUSALS + 1)
            if drawn is None:
                found.given_up += 1
                break
            exact, estimated = exact + log_mass, estimated + drawn.log_mass
            text += model.vocabulary.token(drawn.index) or b""
            if drawn.index in stops or text.endswith(problem.until) or not matcher.accept_token(drawn.index):
                break
            unread = [drawn.index]
        if drawn is not None:
            found.exact.append(exact)
            found.estimated.append(estimated)
    return found


@dataclass
class Repeated:
    """What came of the draws of one context."""

    calls: list[int] = field(default_factory=list)
    to_first: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def repeat(context: Context, stops: frozenset[int], draws: int, random: np.random.Generator) -> Repeated:
    """Draw again and again in one context."""
    found = Repeated()
    logprobs = context.logprobs.astype(np.float64)
    logprobs -= math.log(np.exp(logprobs).sum())
    for _ in range(draws):
        checker, started = Checker(context.matcher, stops), time.perf_counter()
        drawn = draw_accepted(Lots(logprobs), checker, random, most_rejected=MOST_REFUSALS + 1)
        found.seconds.append(time.perf_counter() - started)
        found.calls.append(checker.calls)
        found.to_first.append(checker.first or checker.calls)
        if drawn is not None:
            found.tokens.append(drawn.index)
    return found


def masking_seconds(context: Context, stops: frozenset[int], size: int) -> tuple[float, float]:
    """Of asking the checker about every token; and of a mask of the matcher's own."""
    from constrain.compiler.bitmask import allocate_token_bitmask

    checker, bitmask = Checker(context.matcher, stops), allocate_token_bitmask(1, size)
    started = time.perf_counter()
    found = [checker(token_id) for token_id in range(size)]
    asked = time.perf_counter() - started
    if not np.array_equal(found, context.accepted):
        raise SystemExit("the checker and the mask disagree")
    started = time.perf_counter()
    context.matcher.fill_next_token_bitmask(bitmask, 0)
    return asked, time.perf_counter() - started
