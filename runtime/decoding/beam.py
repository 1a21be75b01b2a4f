"""Beam search, and stochastic beam search: several outputs side by side.

**Beam search** keeps, at each step, the beginnings of which the model thinks most. An output's score is the logarithm
of its probability, stop token included, so that long and short ones compare as they are; the search ends when no
beginning can beat the outputs at hand any more.

**Stochastic beam search** (Kool, van Hoof, Welling, arXiv 1903.06059) draws different outputs, without replacement,
from the law of ``--method mask``. Each beginning has, beside its log-probability, a Gumbel variable with that location,
the largest of those of all outputs that begin so; keeping the largest is a draw of the top of all outputs
(Gumbel-top-k).

Stop tokens end the same output, whichever it is: together they are one way on, with the sum of their probabilities.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar
from constrain.errors import ModelError
from constrain.runtime.decoding.constraint import Constraint
from constrain.runtime.decoding.distribution import log_sum_exp, normalise, pooled
from constrain.runtime.decoding.fitting import check_fit
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.record import Kept, masked, weigh
from constrain.runtime.decoding.result import GenerationResult, Timings
from constrain.runtime.decoding.room import Room
from constrain.runtime.decoding.step import TokenChooser
from constrain.runtime.decoding.text import text_of
from constrain.runtime.decoding.truncation import truncate

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Row, Rows

__all__ = ["beam_search", "distinct_samples"]


@dataclass(slots=True, eq=False)
class _Hypothesis:
    """A beginning, or a whole output.

    Attributes:
        tokens: of the text.
        logprobs: those of the tokens under the model, so far as they are known, and of a stop token that was chosen.
        sampling_logprobs: the same under the law that outputs are drawn from; certain tokens have zero.
        unread: tokens that the row has not read; all but the first are certain, and have no score yet.
        key: what hypotheses are ranked by.
        kept: what limits left of the probability.
        noise: tokens and their Gumbel variables, each drawn once for the step that goes on from here.
        is_whole: has it come to its end?
    """

    constraint: Constraint
    chooser: TokenChooser
    row: Row
    room: Room
    unread: list[int]
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    sampling_logprobs: list[float] = field(default_factory=list)
    key: float = 0.0
    kept: Kept = field(default_factory=dict)
    noise: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None
    is_whole: bool = False

    @property
    def logprob(self) -> float:
        """Of all of it, under the model."""
        return sum(self.logprobs)

    @property
    def sampling_logprob(self) -> float:
        """Of all of it, under the law that outputs are drawn from."""
        return sum(self.sampling_logprobs)

    @property
    def pending(self) -> int:
        """How many tokens have no score yet."""
        return len(self.tokens) - len(self.logprobs)


@dataclass(frozen=True, slots=True)
class _Step:
    """A way on: a hypothesis with one more token."""

    origin: _Hypothesis
    token_id: int
    logprob: float
    sampling_logprob: float
    key: float
    kept: Kept


@dataclass(frozen=True, slots=True)
class _Ways:
    """The tokens that a hypothesis may go on with.

    Attributes:
        ids: ascending.
        logprobs: under the model.
        permitted: among themselves.
        stops: which of them are stop tokens.
        kept: what limits left of the probability, with this step.
    """

    ids: NDArray[np.int64]
    logprobs: NDArray[np.float64]
    permitted: NDArray[np.float64]
    stops: NDArray[np.bool_]
    kept: Kept


class _Ranking(Protocol):
    """What tells one search from the other."""

    def steps(self, origin: _Hypothesis, ways: _Ways, width: int) -> list[_Step]:
        """The best ways on from a hypothesis, at least ``width`` of them where there are so many."""


class _Likeliest:
    """By the probability under the model."""

    def steps(self, origin: _Hypothesis, ways: _Ways, width: int) -> list[_Step]:
        """Those of the likeliest tokens."""
        # what the model finds impossible is a way only where all is, and it was said to be one
        possible = np.flatnonzero(pooled(ways.permitted, ways.stops) > -np.inf)
        logprobs = pooled(ways.logprobs, ways.stops)[possible]
        best = np.argsort(-logprobs, kind="stable")[: 2 * width]
        known = origin.logprob
        return [
            _Step(origin, int(ways.ids[possible[i]]), float(logprobs[i]), 0.0, known + float(logprobs[i]), ways.kept)
            for i in best
        ]


class _Gumbel:
    """By Gumbel variables, of which that of a beginning is the largest among its continuations'."""

    def __init__(self, options: GenerationOptions) -> None:
        self._options = options
        self._random = np.random.default_rng(options.seed)

    def steps(self, origin: _Hypothesis, ways: _Ways, width: int) -> list[_Step]:
        """Those with the largest variables, given that the largest of all is the origin's.

        Where a token came to nothing, the others have the variables that they had: so they are ranked as if that token
        had never been among them.
        """
        if origin.noise is None:
            origin.noise = ways.ids, self._random.gumbel(size=len(ways.ids))
        known_ids, noise = origin.noise
        permitted = ways.permitted if self._options.truncate_before else truncate(ways.permitted, self._options)
        drawn = pooled(normalise(permitted), ways.stops)
        kept = np.flatnonzero(drawn > -np.inf)
        ids, drawn, logprobs = ways.ids[kept], drawn[kept], pooled(ways.logprobs, ways.stops)[kept]
        free = origin.sampling_logprob + drawn + noise[np.searchsorted(known_ids, ids)]
        # shifted so that the largest is the origin's: section 4.1, in the stable form of appendix B.3
        with np.errstate(divide="ignore"):
            gap = origin.key - free + np.log1p(-np.exp(free - free.max()))
        keys = origin.key - np.maximum(gap, 0.0) - np.log1p(np.exp(-np.abs(gap)))
        keys[np.argmax(free)] = origin.key
        best = np.argsort(-keys, kind="stable")[: 2 * width]
        return [
            _Step(origin, int(ids[i]), float(logprobs[i]), float(drawn[i]), float(keys[i]), ways.kept) for i in best
        ]


def beam_search(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions,
    rows: Rows,
    *,
    width: int,
    narrowed: CompiledGrammar | None = None,
) -> list[GenerationResult]:
    """The likeliest outputs that beam search finds, the best first.

    Args:
        model: the model.
        compiled: a grammar compiled for it.
        prompt_ids: from :meth:`CausalModel.encode_prompt`.
        options: ``max_tokens``, ``max_bytes`` and ``tokenization`` count, and what shapes the logits; truncation does
            not.
        rows: of the model.
        width: how many beginnings are kept, and outputs returned.
        narrowed: a part of the language that outputs keep to.

    Raises:
        ArtifactError: ``compiled`` is for another vocabulary.
        BudgetError: no output fits into the limits.
        ModelError: the prompt does not fit, or the model fails.
    """
    return _Search(model, compiled, prompt_ids, options, rows, narrowed, width, _Likeliest(), beats=True).run()


def distinct_samples(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions,
    rows: Rows,
    *,
    number: int,
    narrowed: CompiledGrammar | None = None,
) -> list[GenerationResult]:
    """Different outputs, drawn without replacement from the law of plain masking; fewer where there are no more.

    Two of them may be one text, cut into tokens differently. Arguments and errors are those of :func:`beam_search`.
    """
    return _Search(model, compiled, prompt_ids, options, rows, narrowed, number, _Gumbel(options), beats=False).run()


class _Search:
    def __init__(
        self,
        model: CausalModel,
        compiled: CompiledGrammar,
        prompt_ids: Sequence[int],
        options: GenerationOptions,
        rows: Rows,
        narrowed: CompiledGrammar | None,
        width: int,
        ranking: _Ranking,
        *,
        beats: bool,
    ) -> None:
        check_fit(model, (compiled, narrowed), prompt_ids, options)
        self._model = model
        self._options = options
        self._rows = rows
        self._width = width
        self._ranking = ranking
        self._beats = beats
        self._prompt_tokens = len(prompt_ids)
        self._started = time.perf_counter()
        self._clock = Timings.clock()
        self._calls = 0
        room = Room(options.max_tokens, options.max_bytes)
        constraint = Constraint(compiled, narrowed=narrowed, room=room)
        self._stops = np.array(compiled.vocabulary.eos_token_ids, dtype=np.int64)
        self._impossible: ModelError | None = None
        row = rows.join(prompt_ids)
        self._held = {row}
        first = _Hypothesis(constraint, TokenChooser(options, prompt_ids), row, room, list(prompt_ids[row.length :]))
        self._live = [first]
        self._whole: list[_Hypothesis] = []

    def run(self) -> list[GenerationResult]:
        """Until no beginning is left that could still be among the best."""
        try:
            while self._live:
                self._step()
        finally:
            while self._held:
                self._rows.leave(self._held.pop())
        if not self._whole and self._impossible is not None:
            raise self._impossible
        return [self._result(hypothesis) for hypothesis in self._whole]

    def _leave(self, hypothesis: _Hypothesis) -> None:
        self._held.remove(hypothesis.row)
        self._rows.leave(hypothesis.row)

    def _step(self) -> None:
        started = time.perf_counter()
        for hypothesis in self._live:
            self._take_certain(hypothesis)
        masked = time.perf_counter()
        read = {hypothesis.row: hypothesis.unread for hypothesis in self._live}
        wanted = {hypothesis.row: hypothesis.pending + 1 for hypothesis in self._live}
        logits = self._rows.forward(read, wanted)
        self._calls += 1
        self._clock["mask"] += masked - started
        self._clock["model"] += time.perf_counter() - masked
        origins, self._live = self._live, []
        following = [self._settled(origin, logits[origin.row].numpy()) for origin in origins]
        while True:
            steps = [
                step for origin, shaped in zip(origins, following, strict=True) for step in self._ways(origin, shaped)
            ]
            if self._select(sorted(steps, key=lambda step: -step.key)):
                break
        for origin in origins:
            self._leave(origin)

    def _take_certain(self, hypothesis: _Hypothesis) -> None:
        """Write what is certain, as the tokenizer does."""
        while self._options.spelling == "canonical" and (forced := hypothesis.constraint.forced()):
            for token_id in forced:
                if not self._advance(hypothesis, token_id):
                    return

    def _advance(self, hypothesis: _Hypothesis, token_id: int) -> bool:
        after = hypothesis.room.after(len(self._model.vocabulary.token(token_id) or b""))
        if not hypothesis.constraint.accept(token_id, after):
            return False
        hypothesis.room = after
        hypothesis.tokens.append(token_id)
        hypothesis.unread.append(token_id)
        return True

    def _settled(self, hypothesis: _Hypothesis, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Score what was certain; what the model says of the next token."""
        hypothesis.unread = []
        for token_id, row in zip(hypothesis.tokens[len(hypothesis.logprobs) :], logits[:-1], strict=True):
            shaped = hypothesis.chooser.shaped(row)
            logprob = float(shaped[token_id]) - log_sum_exp(shaped)
            hypothesis.logprobs.append(logprob)
            hypothesis.sampling_logprobs.append(0.0)
            hypothesis.chooser.note(token_id)
            hypothesis.key += logprob if self._beats else 0.0
        return hypothesis.chooser.shaped(logits[-1])

    def _ways(self, hypothesis: _Hypothesis, shaped: NDArray[np.float64]) -> list[_Step]:
        """The best ways on; none where the model finds all that is allowed impossible."""
        allowed = hypothesis.constraint.allowed(hypothesis.room)
        if hypothesis.constraint.must_stop(allowed):
            stop = int(allowed.ids[0])
            return [_Step(hypothesis, stop, 0.0, 0.0, hypothesis.key, hypothesis.kept)]
        try:
            permitted = hypothesis.chooser.permitted(shaped, allowed.ids)
        except ModelError as error:
            self._impossible = error
            return []
        kept = dict(hypothesis.kept)
        weigh(kept, shaped, allowed)
        logprobs = shaped[allowed.ids] - log_sum_exp(shaped)
        ways = _Ways(allowed.ids, logprobs, permitted, np.isin(allowed.ids, self._stops), kept)
        return self._ranking.steps(hypothesis, ways, self._width)

    def _select(self, steps: list[_Step]) -> bool:
        """Keep the best, those that are whole already among them. False where one of them came to nothing: then nothing
        is kept, and there are others instead of it.
        """
        before = self._whole
        for step in steps:
            if len(self._live) == self._width or self._is_beaten(step.key):
                break
            hypothesis = self._continued(step)
            if hypothesis is None:
                step.origin.constraint.refuse(step.token_id)
                for kept in self._live:
                    self._leave(kept)
                self._whole, self._live = before, []
                return False
            if hypothesis.is_whole:
                self._whole = sorted([*self._whole, hypothesis], key=lambda one: -one.key)[: self._width]
            else:
                self._live.append(hypothesis)
        # what came later may beat what was kept before
        while self._live and self._is_beaten(self._live[-1].key):
            self._leave(self._live.pop())
        return True

    def _is_beaten(self, key: float) -> bool:
        """Are there enough better ones?"""
        better = sum(one.key >= key for one in self._whole)
        if not self._beats:
            better += sum(one.key > key for one in self._live)
        return better >= self._width

    def _continued(self, step: _Step) -> _Hypothesis | None:
        """The hypothesis after a step; None where too little would be left to complete it."""
        origin = step.origin
        new = replace(
            origin,
            constraint=origin.constraint.fork(),
            chooser=origin.chooser.fork(),
            tokens=list(origin.tokens),
            unread=[],
            logprobs=[*origin.logprobs, step.logprob],
            sampling_logprobs=[*origin.sampling_logprobs, step.sampling_logprob],
            key=step.key,
            kept=step.kept,
            noise=None,
        )
        if new.constraint.is_stop(step.token_id):
            new.is_whole = True
            return new
        if not self._advance(new, step.token_id):
            return None
        new.chooser.note(step.token_id)
        new.row = self._rows.fork(origin.row)
        self._held.add(new.row)
        return new

    def _result(self, hypothesis: _Hypothesis) -> GenerationResult:
        count = len(hypothesis.tokens)
        return GenerationResult(
            text=text_of(self._model.vocabulary, hypothesis.tokens),
            token_ids=tuple(hypothesis.tokens),
            finish_reason="stop",
            is_complete=hypothesis.constraint.is_complete(),
            limit=None,
            logprob=hypothesis.logprob,
            sampling_logprob=hypothesis.sampling_logprob,
            token_logprobs=tuple(hypothesis.logprobs[:count]),
            sampling_token_logprobs=tuple(hypothesis.sampling_logprobs[:count]),
            masked=masked(hypothesis.kept),
            uniform_steps=hypothesis.chooser.uniform_steps,
            model_calls=self._calls,
            drafted_tokens=0,
            prompt_tokens=self._prompt_tokens,
            seconds=time.perf_counter() - self._started,
            timings=Timings(**self._clock),
        )
