"""A decoding loop as small as one can be, with a "model" that draws any token alike."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from constrain import CompiledGrammar, allocate_token_bitmask
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.runtime.monitors import Watch


@dataclass(frozen=True)
class Drawn:
    token_id: int


def write(
    compiled: CompiledGrammar,
    monitor: Any,
    generator: random.Random,
    *,
    prompt: str = "",
    most_tokens: int = 200,
    weights: dict[int, float] | None = None,
    **options: Any,
) -> str | None:
    """A text, or None where it is longer than so many tokens. Without a monitor, it is the grammar's alone."""
    matcher = compiled.matcher()
    watch = None if monitor is None else Watch(monitor, compiled, prompt, **options)
    bitmask = allocate_token_bitmask(1, compiled.vocabulary.vocab_size)
    stops = set(compiled.vocabulary.eos_token_ids)
    text = b""

    def draw(ids: NDArray[Any]) -> Drawn:
        if weights is None:
            return Drawn(generator.choice(ids.tolist()))
        return Drawn(generator.choices(ids.tolist(), [weights.get(each, 1.0) for each in ids.tolist()])[0])

    for _ in range(most_tokens):
        matcher.fill_next_token_bitmask(bitmask, 0)
        if watch is not None:
            watch.restrict(bitmask, 0)
        allowed = bitmask_to_ids(bitmask[0])
        drawn = draw(allowed) if watch is None else watch.first_accepted(draw, allowed)
        if drawn.token_id in stops:
            return text.decode()
        if watch is not None:
            watch.accept(drawn.token_id)
        assert matcher.accept_token(drawn.token_id)
        text += compiled.vocabulary.token(drawn.token_id) or b""
    return None
