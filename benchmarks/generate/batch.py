"""A batch with a schema of its own for each row, and the same texts again in a batch without constraints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from generate.ours import Compiled

if TYPE_CHECKING:
    from constrain.runtime import CausalModel, GenerationOptions, GenerationResult

__all__ = ["Row", "constrained", "plain", "record"]


@dataclass(frozen=True)
class Row:
    """What one row writes."""

    compiled: Compiled
    prompt: list[int]
    options: GenerationOptions


@dataclass(frozen=True)
class Timed:
    """Seconds of all steps, and of the first, in which prompts are read."""

    seconds: float
    first_seconds: float
    steps: int


def constrained(model: CausalModel, rows: Sequence[Row]) -> tuple[Timed, list[GenerationResult]]:
    """All rows side by side; they leave as they are done.

    Raises:
        ConstrainError: a row failed.
    """
    from constrain.runtime.decoding.batch import Batch, Request

    requests = [Request(row.compiled.whole, row.prompt, row.options, narrowed=row.compiled.narrowed) for row in rows]
    results: dict[int, GenerationResult] = {}
    started = time.perf_counter()
    first, steps = 0.0, 0
    with Batch(model) as batch:
        for request in requests:
            batch.join(request)
        while len(results) < len(requests):
            for ended in batch.step():
                if ended.result is None:
                    raise ended.error or RuntimeError("a row ended without a result")
                results[requests.index(ended.request)] = ended.result
            steps += 1
            first = first or time.perf_counter() - started
        seconds = time.perf_counter() - started
    return Timed(seconds, first, steps), [results[index] for index in range(len(requests))]


def plain(model: CausalModel, rows: Sequence[Row], texts: Sequence[Sequence[int]]) -> Timed:
    """One forward a step, and a draw from all tokens for each row; but the given tokens are what rows go on with.

    Draws are made on threads, as those of a constrained batch are.
    """
    from constrain.runtime.decoding.step import TokenChooser
    from constrain.runtime.models.rows import Rows

    started = time.perf_counter()
    first = 0.0
    everything = np.arange(model.vocabulary.vocab_size)
    shared = Rows(model)
    living = []
    for row, text in zip(rows, texts, strict=True):
        joined = shared.join(row.prompt)
        living.append((joined, TokenChooser(row.options, row.prompt), row.prompt[joined.length :], list(text)))

    def draw(chooser: TokenChooser, logits: Any) -> None:
        chooser.choose(chooser.shaped(logits.numpy()), everything)

    steps = 0
    with ThreadPoolExecutor() as workers:
        while living:
            logits = shared.forward({joined: unread for joined, _, unread, _ in living})
            drawn = [workers.submit(draw, chooser, logits[joined]) for joined, chooser, _, _ in living]
            wait(drawn)
            going = []
            for joined, chooser, _, left in living:
                if len(left) > 1:
                    going.append((joined, chooser, left[:1], left[1:]))
                else:
                    shared.leave(joined)
            living = going
            steps += 1
            first = first or time.perf_counter() - started
    return Timed(time.perf_counter() - started, first, steps)


def record(timed: Timed, results: Sequence[GenerationResult], beside: Timed) -> dict[str, Any]:
    """Both as data."""
    return {
        "rows": len(results),
        "tokens": sum(len(result.token_ids) for result in results),
        "seconds": timed.seconds,
        "first_seconds": timed.first_seconds,
        "steps": timed.steps,
        "complete": sum(result.is_complete for result in results),
        "plain": {"seconds": beside.seconds, "first_seconds": beside.first_seconds, "steps": beside.steps},
        "texts": [result.text for result in results],
    }
