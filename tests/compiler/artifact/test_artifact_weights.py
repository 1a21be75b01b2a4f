"""Weights in the file of a compiled grammar: bytes that go along, and nothing else changes."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from constrain import ArtifactError, CompiledGrammar, Vocabulary, compile_grammar


def test_a_grammar_has_no_weights(compiled: CompiledGrammar) -> None:
    before = compiled.to_bytes()
    assert compiled.weights is None
    assert b"WGHT" not in before
    assert compiled.with_weights(b"abc").with_weights(None).to_bytes() == before


@pytest.mark.parametrize("weights", [b"", b"\0", b"abc", bytes(range(256)) * 40])
def test_weights_go_along(
    weights: bytes, compiled: CompiledGrammar, byte_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    compiled.precompute(1 << 16)
    other = compiled.with_weights(weights)
    other.save(tmp_path / "a.grammar")
    loaded = CompiledGrammar.load(tmp_path / "a.grammar", byte_vocabulary)
    assert compiled.weights is None
    assert loaded.weights == other.weights == weights
    assert loaded.to_bytes() == other.to_bytes()
    assert loaded.with_weights(None).to_bytes() == compiled.to_bytes()
    assert loaded.description == compiled.description


def test_all_else_is_shared(compiled: CompiledGrammar, byte_vocabulary: Vocabulary) -> None:
    other = compiled.with_weights(b"abc")
    assert other.vocabulary is byte_vocabulary
    assert other.sha256 == compiled.sha256
    before = compiled.statistics()["lexer_states"]
    assert other.matcher().accept_bytes(b"abz,ab,,a")
    assert compiled.statistics() == other.statistics()
    assert compiled.statistics()["lexer_states"] > before
    other.precompute(1 << 16)
    assert compiled.statistics()["stored_bytes"] == other.statistics()["stored_bytes"] > 0


def test_another_vocabulary_takes_no_weights(compiled: CompiledGrammar) -> None:
    other = Vocabulary([b"a", b"b", b","], [3], vocab_size=4)
    rebound = CompiledGrammar.from_bytes(compiled.with_weights(b"abc").to_bytes(), other, rebind=True)
    assert rebound.weights is None
    assert b"WGHT" not in rebound.to_bytes()


def test_damaged_files(compiled: CompiledGrammar, byte_vocabulary: Vocabulary) -> None:
    good = compiled.with_weights(bytes(range(1, 60))).to_bytes()
    for at in range(0, len(good), 3):
        for bad in (good[:at], good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :]):
            with pytest.raises(ArtifactError):
                CompiledGrammar.from_bytes(bad, byte_vocabulary)
    content = good[:-4]
    section = content[content.index(b"WGHT") :]
    twice = content + section
    with pytest.raises(ArtifactError, match="does not belong"):
        CompiledGrammar.from_bytes(twice + zlib.crc32(twice).to_bytes(4, "little"), byte_vocabulary)


def test_the_hash_is_that_of_the_language(compiled: CompiledGrammar, byte_vocabulary: Vocabulary) -> None:
    loaded = CompiledGrammar.from_bytes(compiled.to_bytes(), byte_vocabulary)
    assert loaded.sha256 == compiled.sha256


def test_the_hash_in_hexadecimal(compiled: CompiledGrammar, grammar: object) -> None:
    again = compile_grammar(grammar, compiled.vocabulary)  # type: ignore[arg-type]
    assert again.sha256 == compiled.sha256  # whatever the description
    assert bytes.fromhex(again.sha256).hex() == again.sha256
