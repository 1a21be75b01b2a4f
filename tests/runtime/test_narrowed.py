"""Outputs that keep to a part of the language, and what that costs."""

from __future__ import annotations

import json
import math
import random
import re
from typing import Any

import jsonschema_rs
import pytest
import torch
from adversary import NeverClosing
from json_schema_random import Writer

from constrain import (
    LimitError,
    ModelError,
    Sizes,
    UnsatisfiableError,
    UnsupportedError,
    Vocabulary,
    compile_json_schema,
    compile_regex,
)
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids
from constrain.runtime import GenerationOptions, generate
from constrain.runtime.models import CausalModel

SIZES = Sizes(max_string=5, max_digits=3, max_items=2, max_depth=2)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    pieces = ['","', '":', '{"', "[[", "]]", "aaa", "000", "null"]
    return Vocabulary([*(bytes([byte]) for byte in range(256)), *map(str.encode, pieces), None], [264])


def measured(value: Any, depth: int = 0) -> tuple[int, int, int]:
    """Longest string, most items and deepest level of a value."""
    if isinstance(value, str):
        return len(value), 0, depth
    inner = list(value.items()) if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        return 0, 0, depth
    parts = [measured(item[1] if isinstance(value, dict) else item, depth + 1) for item in inner]
    keys = [len(key) for key, _ in inner] if isinstance(value, dict) else []
    return (
        max([*(part[0] for part in parts), *keys, 0]),
        max([*(part[1] for part in parts), len(inner)]),
        max([*(part[2] for part in parts), depth + 1]),
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_rambling_model_is_held_to_sizes(vocabulary: Vocabulary, seed: int) -> None:
    compiled = compile_json_schema(True, vocabulary)
    narrowed = compile_json_schema(True, vocabulary, sizes=SIZES)
    model = NeverClosing(vocabulary, seed)
    model._likings[list(b'[{"a0')] = 3.0  # type: ignore[index]
    result = generate(model, compiled, [0], GenerationOptions(seed=seed), narrowed=narrowed)
    longest, items, depth = measured(json.loads(result.text))
    assert longest <= 5
    assert items <= 2
    assert depth <= 2
    assert result.is_complete
    assert set(result.masked) <= {"sizes"}
    assert "sizes" in result.masked or len(result.text) < 9


def test_random_schemas(vocabulary: Vocabulary) -> None:
    done = bit = 0
    for seed in range(120):
        schema = Writer(seed).document()
        try:
            compiled = compile_json_schema(schema, vocabulary)
            narrowed = compile_json_schema(schema, vocabulary, sizes=SIZES)
        except (UnsatisfiableError, UnsupportedError, LimitError):
            continue
        needed = [one.matcher().fewest_tokens() for one in (compiled, narrowed)]
        if None in needed or max(len(found[0]) for found in needed) > 300:
            continue
        room = random.Random(seed).choice([max(len(needed[0][0]), 1), max(len(needed[1][0]), 1), 300])
        options = GenerationOptions(seed=seed, max_tokens=room)
        result = generate(NeverClosing(vocabulary, seed), compiled, [0], options, narrowed=narrowed)
        assert result.is_complete
        if not re.search(r"\d[.eE]", result.text):  # whose value a float may not hold
            jsonschema_rs.validator_for(schema).validate(json.loads(result.text))
        inner = narrowed.matcher()
        if len(needed[1][0]) <= room:
            assert inner.accept_bytes(result.text.encode())
            assert inner.is_accepting()
        done += 1
        bit += "sizes" in result.masked
    assert done > 80
    assert bit > 10


@pytest.mark.parametrize("seed", range(4))
def test_the_masked_mass_is_that_of_the_rest_of_the_language(tiny: CausalModel, seed: int) -> None:
    compiled, narrowed = compile_regex("[a-z]{2,}", tiny.vocabulary), compile_regex("[a-m]{2,9}", tiny.vocabulary)
    options = GenerationOptions(seed=seed, temperature=1.0)
    result = generate(tiny, compiled, [5], options, narrowed=narrowed)
    inner, outer, kept = narrowed.matcher(), compiled.matcher(), 0.0
    bitmask = allocate_token_bitmask(2, tiny.vocabulary.vocab_size)
    stop = tiny.eos_token_ids[0]
    for step, token in enumerate([*result.token_ids, stop]):
        inner.fill_next_token_bitmask(bitmask, 0)
        outer.fill_next_token_bitmask(bitmask, 1)
        logits = tiny.forward([5, *result.token_ids[:step]], tiny.new_cache()).double()
        shares = [torch.logsumexp(logits[torch.from_numpy(bitmask_to_ids(row))], 0) for row in bitmask]
        kept += float(shares[0] - shares[1])
        assert inner.accept_token(token)
        assert outer.accept_token(token)
    assert result.masked["sizes"] == pytest.approx(-math.expm1(kept), abs=1e-5)


def test_where_the_part_has_no_text_that_is_short_enough(tiny: CausalModel) -> None:
    compiled, narrowed = compile_regex("[a-z]+", tiny.vocabulary), compile_regex("[a-z]{90,99}", tiny.vocabulary)
    result = generate(tiny, compiled, [5], GenerationOptions(seed=0, max_tokens=3), narrowed=narrowed)
    assert 1 <= len(result.text) <= 30
    assert "sizes" not in result.masked


def test_a_part_that_is_none_is_noticed(tiny: CausalModel) -> None:
    compiled, narrowed = compile_regex("[ab]c", tiny.vocabulary), compile_regex("xy", tiny.vocabulary)
    with pytest.raises(ModelError, match="refuses the token"):
        generate(tiny, compiled, [5], narrowed=narrowed)
