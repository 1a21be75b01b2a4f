"""A user's own functions of the logits: what they give counts as the model, and their mistakes are named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from constrain import ModelError, compile_regex
from constrain.runtime import GenerationOptions, generate
from constrain.runtime.models import CausalModel


def test_they_act_in_order_before_everything_else(tiny: CausalModel) -> None:
    compiled = compile_regex("[a-z]{3,6}", tiny.vocabulary)
    options = GenerationOptions(method="greedy", temperature=1.0, max_tokens=6)
    read: list[list[int]] = []

    def likes_z(token_ids: Sequence[int], logits: np.ndarray) -> np.ndarray:
        read.append(list(token_ids))
        logits[:] = 0.0
        logits[[i for i in range(len(logits)) if tiny.vocabulary.text(i) == b"z"]] = 7.0
        return logits

    def half(_: Sequence[int], logits: np.ndarray) -> np.ndarray:
        return logits / 2

    result = generate(tiny, compiled, [5, 6], GenerationOptions(
        method="greedy", temperature=1.0, max_tokens=6, logits=(likes_z, half)
    ))  # fmt: skip
    assert result.text == "zzzzzz"
    expected = 3.5 - np.log(np.exp(3.5) + tiny.vocabulary.vocab_size - 1)
    assert result.token_logprobs == pytest.approx([expected] * 6)
    assert read[:2] == [[5, 6], [5, 6, result.token_ids[0]]]
    assert generate(tiny, compiled, [5, 6], options).text != "zzzzzz"


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda tokens, logits: 1 / 0, "<lambda> fails: ZeroDivisionError"),
        (lambda tokens, logits: logits[:-1], r"gives an array of shape \[287\]"),
        (lambda tokens, logits: "no", "fails: ValueError"),
        (lambda tokens, logits: logits * np.nan, "not numbers"),
    ],
)
def test_their_mistakes_are_named(tiny: CausalModel, function: Any, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        generate(tiny, compile_regex("[ab]+", tiny.vocabulary), [5], GenerationOptions(logits=(function,)))
