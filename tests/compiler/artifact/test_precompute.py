"""Masks ahead of time: within the budget, and afterwards nothing is walked."""

from __future__ import annotations

from constrain import Vocabulary, allocate_token_bitmask, compile_lark, compile_regex


def test_no_mask_is_missed_where_all_are_there(byte_vocabulary: Vocabulary) -> None:
    compiled = compile_regex("(ab|cd){1,40}x?", byte_vocabulary)
    ahead = compiled.precompute(1 << 20)
    assert ahead["reached_states"] == ahead["precomputed_states"] > 80
    assert 0 < ahead["precomputed_bytes"] < 1 << 20
    # a or c; b; d; a, c, x or the end; x or the end; the end
    assert ahead["distinct_masks"] == 6
    misses = compiled.statistics()["mask_misses"]
    bitmask = allocate_token_bitmask(1, byte_vocabulary.vocab_size)
    matcher = compiled.matcher()
    for byte in b"ab" * 20 + b"cd" * 20 + b"x":
        matcher.fill_next_token_bitmask(bitmask)
        assert matcher.accept_bytes(bytes([byte]))
    assert compiled.statistics()["mask_misses"] == misses


def test_recursion_ends_with_the_budget(byte_vocabulary: Vocabulary) -> None:
    compiled = compile_lark('start: "(" start ")" | "[" start "]" | "x"', byte_vocabulary)
    ahead = compiled.precompute(200_000)
    assert 10 < ahead["precomputed_states"] < ahead["reached_states"]
    assert 200_000 <= ahead["precomputed_bytes"] < 400_000
