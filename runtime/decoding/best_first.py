"""The most probable outputs of all, exactly: best-first search over the tokens that the automaton allows.

A beginning is never less probable than what continues it. So when the most probable beginning at hand is a complete
output, no other one is more probable (uniform-cost search; Dijkstra 1959). Outputs that begin alike share their scores,
and those that are improbable from early on are never scored further. Nor are beginnings that can't be completed within
the limits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar
from constrain.errors import BudgetError, ModelError
from constrain.runtime.decoding.constraint import Constraint
from constrain.runtime.decoding.distribution import log_sum_exp, pooled
from constrain.runtime.decoding.fitting import check_fit
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.result import GenerationResult, Timings
from constrain.runtime.decoding.room import Room
from constrain.runtime.decoding.step import TokenChooser
from constrain.runtime.decoding.text import text_of

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows

__all__ = ["most_probable"]

MAX_MODEL_CALLS = 10_000
"""Beginnings that are scored before the search is given up."""


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Tokens of an output, and where they lead."""

    constraint: Constraint
    chooser: TokenChooser
    room: Room
    token_ids: tuple[int, ...]
    token_logprobs: tuple[float, ...]
    logprob: float


class _Continuations:
    """How a beginning can go on, the most probable way first; the next one is looked at when the last was."""

    def __init__(self, beginning: _Beginning, ids: NDArray[np.int64], logprobs: NDArray[np.float64]) -> None:
        order = np.argsort(-logprobs, kind="stable")
        self.beginning = beginning
        self._ids, self._logprobs = ids[order], logprobs[order]
        self._at = 0

    @property
    def logprob(self) -> float:
        """Of the beginning with its next continuation; minus infinity where there is none."""
        if self._at == len(self._ids):
            return -np.inf
        return self.beginning.logprob + float(self._logprobs[self._at])

    def take(self) -> tuple[int, float]:
        """The next continuation: a token, and its log-probability."""
        self._at += 1
        return int(self._ids[self._at - 1]), float(self._logprobs[self._at - 1])


def most_probable(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions,
    rows: Rows,
    *,
    max_model_calls: int = MAX_MODEL_CALLS,
) -> Iterator[GenerationResult]:
    """The outputs of a language, the most probable first.

    The probability of an output is that of its tokens and of any stop token after them, under the model alone:
    penalties, temperature and truncation are left out, functions of ``options.logits`` belong to the model. Each way to
    cut a text into tokens is an output of its own; what the model finds impossible is none.

    Args:
        model: the model.
        compiled: a grammar compiled for it.
        prompt_ids: from :meth:`CausalModel.encode_prompt`.
        options: ``max_tokens`` and ``max_bytes`` bound the outputs; ``logits`` and ``on_nan`` count.
        rows: of the model.
        max_model_calls: so many beginnings are scored.

    Raises:
        ArtifactError: ``compiled`` is for another vocabulary.
        BudgetError: no output fits into the limits; or the next one was not found within so many calls: the message
            says how probable it is at most.
        ModelError: the prompt does not fit, or the model fails or finds every output impossible.
    """
    return _Search(model, compiled, prompt_ids, options, rows, max_model_calls).run()


class _Search:
    def __init__(
        self,
        model: CausalModel,
        compiled: CompiledGrammar,
        prompt_ids: Sequence[int],
        options: GenerationOptions,
        rows: Rows,
        max_model_calls: int,
    ) -> None:
        check_fit(model, (compiled,), prompt_ids, options)
        self._model = model
        self._prompt_ids = prompt_ids
        self._rows = rows
        self._max_model_calls = max_model_calls
        self._started = time.perf_counter()
        self._clock = Timings.clock()
        self._calls = 0
        self._stops = np.array(compiled.vocabulary.eos_token_ids, dtype=np.int64)
        self._impossible: ModelError | None = None
        self._tie = count()
        self._queue: list[tuple[float, int, _Continuations]] = []
        bare = GenerationOptions(temperature=1.0, logits=options.logits, on_nan=options.on_nan)
        room = Room(options.max_tokens, options.max_bytes)
        constraint = Constraint(compiled, room=room)
        self._first = _Beginning(constraint, TokenChooser(bare, prompt_ids), room, (), (), 0.0)

    def run(self) -> Iterator[GenerationResult]:
        found = 0
        self._score(self._first)
        while self._queue:
            ways = heappop(self._queue)[2]
            total = ways.logprob
            token_id, logprob = ways.take()
            self._push(ways)
            if token_id in self._stops:
                found += 1
                yield self._result(ways.beginning, logprob)
            elif (beginning := self._continued(ways.beginning, token_id, logprob, total)) is not None:
                self._score(beginning)
        if not found and self._impossible is not None:
            raise self._impossible

    def _push(self, ways: _Continuations) -> None:
        if ways.logprob > -np.inf:
            heappush(self._queue, (-ways.logprob, next(self._tie), ways))

    def _continued(self, origin: _Beginning, token_id: int, logprob: float, total: float) -> _Beginning | None:
        """The beginning with a token more; None where it can't be completed."""
        after = origin.room.after(len(self._model.vocabulary.token(token_id) or b""))
        constraint = origin.constraint.fork()
        if not constraint.accept(token_id, after):
            return None
        chooser = origin.chooser.fork()
        chooser.note(token_id)
        token_ids, logprobs = (*origin.token_ids, token_id), (*origin.token_logprobs, logprob)
        return _Beginning(constraint, chooser, after, token_ids, logprobs, total)

    def _score(self, beginning: _Beginning) -> None:
        """Ask the model how it goes on."""
        if self._calls == self._max_model_calls:
            most = np.exp(max(beginning.logprob, -self._queue[0][0] if self._queue else -np.inf))
            raise BudgetError(
                f"the most probable output was not found within {self._max_model_calls:,} calls of the model; it has a "
                f"probability of at most {most:.3g}",
                expected="fewer choices, or more calls",
            )
        self._calls += 1
        before = time.perf_counter()
        ids = beginning.constraint.allowed(beginning.room).ids
        masked = time.perf_counter()
        logits = self._read([*self._prompt_ids, *beginning.token_ids])
        self._clock["mask"] += masked - before
        self._clock["model"] += time.perf_counter() - masked
        shaped = beginning.chooser.shaped(logits)
        logprobs = shaped[ids] - log_sum_exp(shaped)
        if logprobs.max() == -np.inf:
            try:
                logprobs = beginning.chooser.permitted(shaped, ids)
            except ModelError as error:
                self._impossible = error
                return
        # whichever stop token comes, the output is the same
        self._push(_Continuations(beginning, ids, pooled(logprobs, np.isin(ids, self._stops))))

    def _read(self, token_ids: list[int]) -> NDArray[np.float32]:
        row = self._rows.join(token_ids)
        try:
            logits: NDArray[np.float32] = self._rows.forward({row: token_ids[row.length :]})[row].numpy()
        finally:
            self._rows.leave(row)
        return logits

    def _result(self, beginning: _Beginning, logprob: float) -> GenerationResult:
        return GenerationResult(
            text=text_of(self._model.vocabulary, beginning.token_ids),
            token_ids=beginning.token_ids,
            finish_reason="stop",
            is_complete=beginning.constraint.is_complete(),
            limit=None,
            logprob=beginning.logprob + logprob,
            sampling_logprob=0.0,
            token_logprobs=beginning.token_logprobs,
            sampling_token_logprobs=(0.0,) * len(beginning.token_ids),
            masked={},
            uniform_steps=beginning.chooser.uniform_steps,
            model_calls=self._calls,
            drafted_tokens=0,
            prompt_tokens=len(self._prompt_ids),
            seconds=time.perf_counter() - self._started,
            timings=Timings(**self._clock),
        )
