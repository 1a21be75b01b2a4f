"""Particles under an opaque checker: how close to the model's own distribution do outputs come, in how much time?

The checker is the matcher of a language that is small enough to list, so that the target is known. The grammar is any
line of ASCII. Who asks the checker how often makes the difference:

* with full masks, it is asked about every token of the grammar, at each place: one output by plain masking, or
  particles that know exactly what the mask leaves;
* unmasked particles are drawn from the grammar, and die where the checker refuses what they have drawn;
* particles of ``smc --monitor`` draw by adaptive weighted rejection, and estimate what the mask would leave.

Laws are those of many outputs; as all of a run's particles count by their weights, one run tells more than one output.
Since laws do not depend on what is remembered, these outputs share what the model said. Seconds are those of outputs
that remember nothing.
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import constrain
from constrain.errors import BudgetError
from constrain.runtime.decoding.constraint import Allowed
from constrain.runtime.decoding.faithful.explorer import Explorer, Place
from constrain.runtime.decoding.faithful.law import law_of_model, normalised
from constrain.runtime.decoding.faithful.proposal import Proposal
from constrain.runtime.decoding.faithful.smc import ParticleDraws
from constrain.runtime.decoding.text import text_of
from constrain.runtime.monitors.monitor import Monitor
from constrain.runtime.monitors.watch import NothingLeftError, Watch
from faithful.spelling import needless_tokens, without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from constrain.compiler import CompiledGrammar, Vocabulary
    from constrain.runtime import CausalModel, GenerationOptions
    from constrain.runtime.decoding.constraint import Constraint
    from constrain.runtime.decoding.faithful.law import Law
    from constrain.runtime.decoding.room import Room
    from faithful.tasks import Language

__all__ = ["KINDS", "LANGUAGES", "OURS", "Point", "divergence_of_runs", "measure"]

LANGUAGES = ("24-hour times", "marks", "Roman numerals", "nested calls")
"""Those that have few beginnings."""

LINE = r"[ -~]*\n"

OURS = "smc, adaptive rejection"
KINDS: dict[str, tuple[int, ...]] = {
    "plain masking": (1,),
    "smc, full masks": (2, 4, 8, 16, 32),
    "smc, unmasked": (4, 16, 64),
    OURS: (4, 16, 64),
}
"""With so many particles."""

MEMORY = 6 << 30
BLOCKS = 10
MOST_RUNS = 3_000

MOST_ATTEMPTS = 100
"""After so many that come to nothing, particles are taken to find nothing at all."""
MOST_CALLS = 2_000
"""Of the model for an output that is timed."""


class Checker(Monitor):
    """Is a text the beginning of one of the language? That is all it says.

    Attributes:
        questions: how many it was asked.
    """

    def __init__(self, compiled: CompiledGrammar) -> None:
        """Know the language."""
        self.questions = 0
        self._matcher = compiled.matcher()

    def veto(self, prefix: str, complete: bool) -> bool:
        """Is it not?"""
        self.questions += 1
        data = prefix.encode()
        return self._matcher.viable_prefix(data) < len(data)


class AskingAboutAll(Explorer):
    """An explorer that asks the checker about every token of the grammar, at each place."""

    def __init__(self, checker: Checker, texts: Mapping[int, str], *arguments: Any, **options: Any) -> None:
        """Begin with the empty text; the rest is as for :class:`Explorer`.

        Args:
            checker: to be asked.
            texts: of the tokens of the grammar.
            arguments: positional ones of an explorer.
            options: the others.
        """
        self._checker, self._texts = checker, texts
        super().__init__(*arguments, **options)

    def _place(self, token_ids: tuple[int, ...], constraint: Constraint, room: Room) -> Place:
        place = super()._place(token_ids, constraint, room)
        if place.is_whole:
            return place
        text, veto, texts = text_of(self.vocabulary, token_ids), self._checker.veto, self._texts
        accepted = [token_id for token_id in place.ids.tolist() if not veto(text + texts[token_id], False)]
        if not accepted:
            raise NothingLeftError("the checker accepts no token")
        return Place(token_ids, constraint, room, Allowed.all_of(np.array(accepted)), self._stops)


@dataclass(frozen=True)
class Point:
    """A method with so many particles.

    Attributes:
        seconds: for one output, on average.
        questions: to the checker, likewise.
        divergence: KL of the law of outputs from the target, in nats.
        error: the standard error of that.
        runs: in which it was found; 0 where nothing was.
    """

    kind: str
    particles: int
    seconds: float
    questions: float
    divergence: float
    error: float
    runs: int


class Setting:
    """A language, a prompt, and explorers for both ways to know the language."""

    def __init__(self, model: CausalModel, language: Language, prompt: str, seed: int) -> None:
        """Compile everything."""
        from constrain.runtime import GenerationOptions
        from constrain.runtime.models.rows import Rows

        self._model = model
        self._rows = partial(Rows, model)
        self._compiled = constrain.compile_lark(language.grammar, model.vocabulary)
        self._line = constrain.compile_regex(LINE, model.vocabulary)
        self._prompt_ids = model.encode_prompt(language.prompt(prompt))
        shaping = without(needless_tokens(model.vocabulary))
        self._options: GenerationOptions = GenerationOptions(
            method="smc", max_tokens=language.max_tokens, logits=(shaping,), seed=seed
        )
        self.checker = Checker(self._compiled)
        root = Explorer(model, self._line, self._prompt_ids, self._options, self._rows()).root
        self.texts = {token_id: text_of(self.vocabulary, [token_id]) for token_id in root.ids.tolist()}

    @property
    def vocabulary(self) -> Vocabulary:
        """Of the model."""
        return self._model.vocabulary

    def listed(self) -> Explorer:
        """Places of the language itself."""
        return Explorer(self._model, self._compiled, self._prompt_ids, self._options, self._rows(), memory=MEMORY)

    def explorer(self, kind: str) -> Explorer:
        """Places of any line, as a method sees them."""
        given = self._model, self._line, self._prompt_ids, self._options, self._rows()
        if kind in ("plain masking", "smc, full masks"):
            return AskingAboutAll(self.checker, self.texts, *given, memory=MEMORY)
        return Explorer(*given, watch=Watch(self.checker, self._line, deadline=None), memory=MEMORY)


def method(explorer: Explorer, kind: str, particles: int, random: np.random.Generator) -> ParticleDraws:
    """A method; with one particle and full masks, it is plain masking."""
    proposal = Proposal(explorer, random, asks_on=kind == OURS)
    return ParticleDraws(proposal, random, particles=particles, max_model_calls=MOST_CALLS)


def texts_of_run(draws: ParticleDraws, vocabulary: Vocabulary) -> dict[str, float] | None:
    """With which probability a run gives out each text: its particles in proportion to their weights.

    None where no particle comes to its end, again and again.
    """
    for _ in range(MOST_ATTEMPTS):
        particles = draws.run()
        weights = np.array([particle.logweight for particle in particles])
        if len(weights) and weights.max() > -math.inf:
            break
    else:
        return None
    shares = np.exp(weights - weights.max())
    shares /= shares.sum()
    found: dict[str, float] = {}
    for particle, share in zip(particles, shares.tolist(), strict=True):
        text = text_of(vocabulary, particle.place.token_ids)
        found[text] = found.get(text, 0.0) + share
    return found


def several(draws: ParticleDraws, vocabulary: Vocabulary, number: int) -> list[dict[str, float]]:
    """So many runs; none at all where one of them finds nothing."""
    runs = []
    for _ in range(number):
        run = texts_of_run(draws, vocabulary)
        if run is None:
            return []
        runs.append(run)
    return runs


def by_text(law: Law, vocabulary: Vocabulary) -> dict[str, float]:
    """Probabilities of texts, however they are cut into tokens."""
    found: dict[str, float] = {}
    for token_ids, logprob in law.items():
        text = text_of(vocabulary, token_ids)
        found[text] = found.get(text, 0.0) + math.exp(logprob)
    return found


def divergence(law: Mapping[str, float], target: Mapping[str, float]) -> float:
    """KL of a law from the target, in nats."""
    return math.fsum(share * math.log(share / target[text]) for text, share in law.items() if share > 0.0)


def divergence_of_runs(runs: Sequence[Mapping[str, float]], target: Mapping[str, float]) -> tuple[float, float]:
    """KL of the law of runs from the target, and its standard error.

    A law of so many runs is off by chance, which makes the divergence seem larger; the jackknife over blocks takes that
    away to the first order.
    """
    keys = list(target)
    index = {text: at for at, text in enumerate(keys)}
    blocks = min(BLOCKS, len(runs))
    sums = np.zeros((blocks, len(keys)))
    counts = np.zeros(blocks)
    for number, run in enumerate(runs):
        counts[number % blocks] += 1
        for text, share in run.items():
            sums[number % blocks, index[text]] += share

    def of(law: NDArray[np.float64]) -> float:
        return divergence(dict(zip(keys, law.tolist(), strict=True)), target)

    whole = of(sums.sum(axis=0) / counts.sum())
    if blocks < 2:
        return whole, math.inf
    without_one = np.array([of((sums.sum(axis=0) - sums[at]) / (counts.sum() - counts[at])) for at in range(blocks)])
    values = blocks * whole - (blocks - 1) * without_one
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(blocks))


def measure(model: CausalModel, language: Language, *, paths: int, rounds: int, seed: int) -> dict[str, Any]:
    """All methods on the first held-out prompt.

    Args:
        model: the model.
        language: one of few beginnings.
        paths: particles in all whose texts make up a law.
        rounds: outputs that are timed, of each method.
        seed: of the draws.
    """
    setting = Setting(model, language, language.held_out[0], seed)
    logprobs = law_of_model(setting.listed())
    possible = {token_ids: value for token_ids, value in logprobs.items() if value > -math.inf}
    target = by_text(normalised(possible), setting.vocabulary)
    costs = timed(setting, rounds, seed)
    points = []
    for kind, numbers in KINDS.items():
        explorer = setting.explorer(kind)
        for particles in numbers:
            seconds, questions = np.mean(costs[kind, particles], axis=0).tolist()
            draws = method(explorer, kind, particles, np.random.default_rng([seed, particles]))
            runs = several(draws, setting.vocabulary, min(MOST_RUNS, max(BLOCKS, paths // particles)))
            found, error = divergence_of_runs(runs, target) if runs else (math.inf, math.inf)
            points.append(Point(kind, particles, seconds, questions, found, error, len(runs)))
            print(f"{language.name}: {points[-1]}", file=sys.stderr, flush=True)
    return {
        "prompt": language.held_out[0],
        "texts": len(target),
        "log_z": math.log(math.fsum(math.exp(value) for value in possible.values())),
        "asked": len(setting.texts),
        "points": [vars(point) for point in points],
    }


def timed(setting: Setting, rounds: int, seed: int) -> dict[tuple[str, int], list[tuple[float, int]]]:
    """Seconds and questions of single outputs by method and particles; in each round every method writes one."""
    found: dict[tuple[str, int], list[tuple[float, int]]] = {}
    for number in range(rounds):
        for kind, numbers in KINDS.items():
            for particles in numbers:
                explorer = setting.explorer(kind)
                draws = method(explorer, kind, particles, np.random.default_rng([seed, number, particles]))
                setting.checker.questions, started = 0, time.perf_counter()
                with contextlib.suppress(BudgetError):  # it has cost that all the same
                    draws.draw()
                cost = time.perf_counter() - started, setting.checker.questions
                found.setdefault((kind, particles), []).append(cost)
    return found
