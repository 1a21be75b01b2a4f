"""Outputs of constrain, and the same texts again by the same loop without a constraint."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import constrain

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar
    from constrain.runtime import CausalModel, GenerationOptions, GenerationResult
    from constrain.runtime.decoding.drafts import DraftMemory
    from constrain.runtime.models.rows import Rows

__all__ = ["Compiled", "Plain", "Written", "plain", "record", "write"]


class Compiled:
    """A schema for a model as `constrain gen` compiles it: whole, and narrowed to texts that do not ramble on."""

    def __init__(self, schema: str, model: CausalModel) -> None:
        from constrain.compiler import compile_grammar, json_schema
        from constrain.compiler.sameness import is_same
        from constrain.compiler.sizes import Sizes

        started = time.perf_counter()
        grammar, bounded = json_schema.build(schema), json_schema.build(schema, sizes=Sizes())
        self.whole = compile_grammar(grammar, model.vocabulary)
        self.narrowed: CompiledGrammar | None = None
        if not is_same(bounded, grammar):
            with suppress(constrain.LimitError):  # what is too large to be bounded is written without bounds
                self.narrowed = compile_grammar(bounded, model.vocabulary)
        self.seconds = time.perf_counter() - started


@dataclass(frozen=True)
class Written:
    """An output, and when its first token was there that the model chose."""

    result: GenerationResult
    first_seconds: float


def write(
    model: CausalModel,
    compiled: Compiled,
    prompt: Sequence[int],
    options: GenerationOptions,
    *,
    rows: Rows | None = None,
    memory: DraftMemory | None = None,
) -> Written:
    """One output."""
    from constrain.runtime.decoding import Generation

    started = time.perf_counter()
    first = 0.0
    generation = Generation(
        model, compiled.whole, prompt, options, narrowed=compiled.narrowed, rows=rows, memory=memory
    )
    try:
        while not generation.is_finished:
            generation.step()
            if not first and generation.result().model_calls:
                first = time.perf_counter() - started
    finally:
        generation.close()
    return Written(generation.result(), first)


@dataclass(frozen=True)
class Plain:
    """Seconds of a text that was written without a constraint; of these, up to its first token, and for all draws."""

    seconds: float
    first_seconds: float
    sampling: float


def plain(model: CausalModel, prompt: Sequence[int], options: GenerationOptions, token_ids: Sequence[int]) -> Plain:
    """One forward a token, and a draw from all tokens; but the given tokens are what the loop goes on with."""
    from constrain.runtime.decoding.step import TokenChooser

    started = time.perf_counter()
    everything = np.arange(model.vocabulary.vocab_size)
    chooser = TokenChooser(options, prompt)
    cache = model.new_cache()
    unread = list(prompt)
    first = sampling = 0.0
    for token_id in token_ids:
        logits = model.forward(unread, cache).numpy()
        before = time.perf_counter()
        chooser.choose(chooser.shaped(logits), everything)
        sampling += time.perf_counter() - before
        first = first or time.perf_counter() - started
        unread = [token_id]
    return Plain(time.perf_counter() - started, first, sampling)


def record(written: Written, beside: Plain) -> dict[str, Any]:
    """Both as data."""
    result = written.result
    return {
        "tokens": len(result.token_ids),
        "seconds": result.seconds,
        "first_seconds": written.first_seconds,
        "calls": result.model_calls,
        "drafted": result.drafted_tokens,
        "complete": result.is_complete,
        **asdict(result.timings),
        "plain": asdict(beside),
        "text": result.text,
    }
