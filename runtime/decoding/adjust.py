"""A user's own changes to the logits, before everything else: a bias, contrast with another model, a second opinion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from constrain.errors import ModelError

__all__ = ["LogitsFunction", "adjusted"]

LogitsFunction: TypeAlias = Callable[[Sequence[int], NDArray[np.float32]], NDArray[np.floating]]
"""From the tokens of prompt and output so far, and the logits of the next one, float32 ``[vocab_size]``, to others of
the same shape. It may change the array that it is given."""


def adjusted(
    functions: Sequence[LogitsFunction], token_ids: Sequence[int], logits: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The logits after all functions, one after the other.

    Raises:
        ModelError: a function raises, or gives something of another shape; the message names it.
    """
    for function in functions:
        name = getattr(function, "__qualname__", type(function).__qualname__)
        try:
            given = np.asarray(function(token_ids, logits.copy()), dtype=np.float32)
        except Exception as error:
            raise ModelError(f"the logits function {name} fails: {type(error).__name__}: {error}") from error
        if given.shape != logits.shape:
            raise ModelError(
                f"the logits function {name} gives an array of shape {list(given.shape)}",
                expected=f"logits of shape {list(logits.shape)}, as it was given",
            )
        logits = given
    return logits
