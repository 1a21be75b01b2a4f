"""Options are checked once, where they are made."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from constrain.runtime import GenerationOptions


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "magic"),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("max_tokens", True),
        ("temperature", -0.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("top_k", 0),
        ("top_p", 0.0),
        ("top_p", 1.1),
        ("min_p", -0.1),
        ("min_p", 1.1),
        ("repetition_penalty", 0.0),
        ("presence_penalty", math.inf),
        ("frequency_penalty", math.nan),
        ("seed", -1),
        ("seed", "x"),
    ],
)
def test_values_out_of_range_are_named(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        GenerationOptions(**{name: value})


def test_options_are_frozen() -> None:
    options = GenerationOptions(top_k=5, top_p=0.9, min_p=0.1, seed=0, temperature=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.top_k = 6  # type: ignore[misc]
