"""Masks ahead of time: within the budget, and then nothing is walked, neither here nor where the file is loaded."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest

from constrain import (
    CompiledGrammar,
    Limits,
    Vocabulary,
    allocate_token_bitmask,
    compile_json_schema,
    compile_lark,
    compile_regex,
)

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 12},
        "tags": {"type": "array", "items": {"enum": ["a", "bc", "bcd"]}, "maxItems": 3},
        "child": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    },
    "required": ["name"],
    "additionalProperties": {"type": "integer"},
}
TEXTS = [
    '{"name":"Jäne","tags":["a","bc"],"child":{"name":"ab","child":null},"x":12}'.encode(),
    b'{"name":"a\\nb","child":{"name":"abcdefghijkl","tags":[]}}',
]


def masks(compiled: CompiledGrammar, text: bytes) -> list[np.ndarray]:
    """The mask after each beginning of a text."""
    bitmask = allocate_token_bitmask(1, compiled.vocabulary.vocab_size)
    matcher = compiled.matcher()
    found = []
    for byte in [*text, None]:
        matcher.fill_next_token_bitmask(bitmask)
        found.append(bitmask[0].copy())
        assert byte is None or matcher.accept_bytes(bytes([byte]))
    return found


def nothing_was_made(compiled: CompiledGrammar) -> bool:
    statistics = compiled.statistics()
    assert statistics["mask_loaded"] > 0
    return statistics["mask_misses"] == statistics["trie_walks"] == 0


def test_no_mask_is_made_where_all_are_there(byte_vocabulary: Vocabulary) -> None:
    compiled = compile_regex("(ab|cd){1,40}x?", byte_vocabulary)
    ahead = compiled.precompute(1 << 20)
    assert ahead["reached_states"] == ahead["precomputed_states"] > 80
    assert 0 < ahead["precomputed_bytes"] == compiled.statistics()["stored_bytes"] < 1 << 20
    # a or c; b; d; a, c, x or the end; x or the end; the end
    assert ahead["distinct_masks"] == 6
    masks(compiled, b"ab" * 20 + b"cd" * 20 + b"x")
    assert nothing_was_made(compiled)


@pytest.fixture(scope="module")
def wide_vocabulary() -> Vocabulary:
    """Besides single bytes, 3,000 texts of up to four letters and marks, most of which no lexeme ends with."""
    pieces = [*'abcnx0129":,{}[]\\ ', "é", "ä"]
    texts = ["".join(parts) for count in (2, 3, 4) for parts in product(pieces, repeat=count)]
    tokens = [bytes([byte]) for byte in range(256)] + [text.encode() for text in Random(5).sample(texts, 3_000)]
    return Vocabulary([*tokens, None], [len(tokens)])


def test_a_loaded_file_walks_nothing(wide_vocabulary: Vocabulary, tmp_path: Path) -> None:
    compiled = compile_json_schema(SCHEMA, wide_vocabulary, whitespace="compact")
    ahead = compiled.precompute(32 << 20)
    assert ahead["precomputed_states"] > 1_000
    compiled.save(tmp_path / "grammar")
    loaded = CompiledGrammar.load(tmp_path / "grammar", wide_vocabulary)
    cold = compile_json_schema(SCHEMA, wide_vocabulary, whitespace="compact")
    for text in TEXTS:
        assert np.array_equal(masks(loaded, text), masks(cold, text))
    assert nothing_was_made(loaded)


def test_masks_carry_over_to_any_depth(byte_vocabulary: Vocabulary) -> None:
    """Recursion ends with the budget, but what lies deeper is like what was seen."""
    compiled = compile_lark('start: "(" start ")" | "[" start "]" | "x"', byte_vocabulary)
    ahead = compiled.precompute(200_000)
    assert 10 < ahead["precomputed_states"] <= ahead["reached_states"]
    assert 0 < ahead["precomputed_bytes"] < 200_000
    loaded = CompiledGrammar.from_bytes(compiled.to_bytes(), byte_vocabulary)
    masks(loaded, b"([" * 500 + b"x" + b"])" * 500)
    assert nothing_was_made(loaded)


def test_a_small_budget_leaves_some_to_be_made(byte_vocabulary: Vocabulary) -> None:
    compiled = compile_json_schema(SCHEMA, byte_vocabulary, whitespace="compact")
    ahead = compiled.precompute(20_000)
    assert 0 < ahead["precomputed_states"] < ahead["reached_states"]
    cold = compile_json_schema(SCHEMA, byte_vocabulary, whitespace="compact")
    for text in TEXTS:
        assert np.array_equal(masks(compiled, text), masks(cold, text))
    assert compiled.statistics()["mask_misses"] > 0


def test_a_limit_ends_it(byte_vocabulary: Vocabulary) -> None:
    compiled = compile_regex("(a|b)*a(a|b){12}", byte_vocabulary, limits=Limits(max_lexer_states=40))
    ahead = compiled.precompute(1 << 20)
    assert 0 < ahead["precomputed_states"] < ahead["reached_states"]


@pytest.mark.parametrize("budget", [0, 20_000, 1 << 20])
def test_tables_do_not_depend_on_what_was_done_before(budget: int, byte_vocabulary: Vocabulary) -> None:
    plain = compile_json_schema(SCHEMA, byte_vocabulary, whitespace="compact")
    used = compile_json_schema(SCHEMA, Vocabulary.bytes(), whitespace="compact")
    masks(compile_regex('[^"]{0,9}"', used.vocabulary), b"abc")
    masks(used, TEXTS[1])
    used.precompute(5_000)
    assert plain.precompute(budget) == used.precompute(budget)
    assert plain.to_bytes() == used.to_bytes()
    loaded = CompiledGrammar.from_bytes(plain.to_bytes(), byte_vocabulary)
    assert loaded.to_bytes() == plain.to_bytes() == plain.to_bytes()


@pytest.mark.parametrize("budget", [-1, (1 << 27) + 1, 1 << 40, 1 << 70, -(1 << 70)])
def test_budgets_out_of_range(budget: int, byte_vocabulary: Vocabulary) -> None:
    compiled = compile_regex("[a-z]{2}", byte_vocabulary)
    with pytest.raises(ValueError, match=rf"^budget_bytes {budget} is out of range; expected 0 to {1 << 27}$"):
        compiled.precompute(budget)
    assert compiled.statistics()["stored_bytes"] == 0
    compiled.precompute(1 << 27)


def test_a_budget_is_a_number(byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(TypeError):
        compile_regex("[a-z]{2}", byte_vocabulary).precompute("1")  # type: ignore[arg-type]  # the mistake
