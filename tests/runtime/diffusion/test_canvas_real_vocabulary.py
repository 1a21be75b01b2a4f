"""Canvases over a real vocabulary, beside matchers: what is allowed behind decided tokens, with room for the rest."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from constrain import (
    ConstrainError,
    Matcher,
    Vocabulary,
    allocate_token_bitmask,
    compile_json_schema,
    compile_regex,
)
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.compiler.canvas import token_automaton
from constrain.runtime.diffusion import OPEN, Canvas

pytestmark = pytest.mark.slow

LENGTH = 96
PATTERNS = [
    "[a-zé]{3,40}(?:,[a-zé]{0,9})*",
    r"(?:\w+ ){2,}\w+\.",
    r"(?:[^\"\\]|\\.){5,200}",
    "(?:日本|[0-9]{4}-[0-9]{2})+",
    ".{0,30}",
]


@pytest.fixture(scope="module")
def vocabulary(shared_data: Path) -> Vocabulary:
    return Vocabulary.from_file(shared_data / "tokenizers/qwen3/tokenizer.json")


def agrees_with_matcher(canvas: Canvas, matcher: Matcher, seed: int) -> int:
    """Go down one drawn completion, token by token; how many positions were compared."""
    numbers = np.random.default_rng(seed)
    width = len(canvas.automaton.class_of())
    bitmask = allocate_token_bitmask(1, width)
    canvas.weigh(numbers.normal(size=(len(canvas), width)).astype(np.float32))
    path = canvas.sample(numbers)
    for place, token in enumerate(path.cells):
        if matcher.is_terminated():
            return place
        matcher.fill_next_token_bitmask(bitmask)
        expected, found = bitmask_to_ids(bitmask[0]), canvas.allowed_tokens(place)
        assert np.isin(found, expected).all()
        # those that are left out need more tokens than there are positions
        for other in np.setdiff1d(expected, found)[:20]:
            fork = matcher.fork()
            assert fork.accept_token(int(other))
            needed = fork.fewest_tokens(len(canvas) - place - 1)
            assert needed is not None
            assert len(needed[0]) > len(canvas) - place - 1 or not needed[1]
        assert matcher.accept_token(int(token))
        canvas.commit([place], [token])
    assert matcher.is_accepting()
    return len(canvas)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns(vocabulary: Vocabulary, pattern: str) -> None:
    grammar = compile_regex(pattern, vocabulary)
    automaton = token_automaton(grammar, LENGTH)
    for seed in range(3):
        assert agrees_with_matcher(Canvas(automaton, np.full(LENGTH, OPEN)), grammar.matcher(), seed) >= 1


def test_schemas(vocabulary: Vocabulary, shared_data: Path) -> None:
    with gzip.open(shared_data / "maskbench/sample.jsonl.gz", "rt", encoding="utf-8") as lines:
        schemas = [json.loads(line)["schema"] for line in list(lines)[1::12]]
    compared = 0
    for seed, schema in enumerate(schemas):
        try:
            grammar = compile_json_schema(schema, vocabulary)
            automaton = token_automaton(grammar, LENGTH, max_states=2_000)
            canvas = Canvas(automaton, np.full(LENGTH, OPEN))
            canvas.require_possible()
        except ConstrainError:
            continue
        compared += agrees_with_matcher(canvas, grammar.matcher(), seed)
    assert compared > 250
