"""Vocabularies from loaded tokenizers, on disk, and how the engine treats odd ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from constrain import ArtifactError, Vocabulary, VocabularyError, compile_regex
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids

TOKENS = [b"a", b"b", b"ab", None, b"a", b"\xc3", b"\xa9", "é".encode(), b"", None]


def allowed(vocabulary: Vocabulary, pattern: str, text: bytes = b"") -> list[int]:
    matcher = compile_regex(pattern, vocabulary).matcher()
    assert matcher.accept_bytes(text)
    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    matcher.fill_next_token_bitmask(bitmask, 0)
    return bitmask_to_ids(bitmask[0]).tolist()


def test_duplicate_empty_and_missing_tokens_in_masks() -> None:
    vocabulary = Vocabulary(TOKENS, [9], vocab_size=70)
    assert allowed(vocabulary, "a") == [0, 4]
    assert allowed(vocabulary, "ab") == [0, 2, 4]
    assert allowed(vocabulary, "é") == [5, 7]
    assert allowed(vocabulary, "é", b"\xc3") == [6]
    assert allowed(vocabulary, "a?") == [0, 4, 9]


def test_unused_ids_at_the_end_are_those_past_the_bytes() -> None:
    assert Vocabulary([b"a", None, None], [1]).sha256 == Vocabulary([b"a"], [1], vocab_size=3).sha256
    assert Vocabulary([b"a", None, None], [1]).sha256 != Vocabulary([b"a"], [1], vocab_size=4).sha256


def test_stop_tokens_never_stand_for_their_bytes() -> None:
    vocabulary = Vocabulary([b"a", b"b"], [1])
    assert allowed(vocabulary, "[ab]") == [0]
    assert allowed(vocabulary, "a", b"a") == [1]


def test_bytes_is_the_byte_vocabulary(byte_vocabulary: Vocabulary) -> None:
    vocabulary = Vocabulary.bytes()
    assert vocabulary.sha256 == byte_vocabulary.sha256
    assert [vocabulary.token(byte) for byte in range(257)] == [*(bytes([byte]) for byte in range(256)), None]
    assert vocabulary.encode is not None
    assert vocabulary.encode("é\n") == [0xC3, 0xA9, 0x0A]


def test_from_a_tokenizer_and_from_its_file_are_the_same(tokenizer_file: Callable[..., Path]) -> None:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added = [
        {"id": 4, "content": "</s>", "special": True, **flags},
        {"id": 5, "content": "<x>", "special": False, **flags},
    ]
    path = tokenizer_file({"a": 0, "Ġ": 1, "Ã": 2, "z": 3}, added=added)
    from_file = Vocabulary.from_file(path)
    from_tokenizer = Vocabulary.from_tokenizer(Tokenizer.from_file(str(path)))
    assert from_tokenizer.sha256 == from_file.sha256
    transformers = pytest.importorskip("transformers")
    fast = transformers.PreTrainedTokenizerFast(tokenizer_file=str(path), eos_token="</s>")
    from_fast = Vocabulary.from_tokenizer(fast)
    assert from_fast.sha256 == from_file.sha256
    assert from_fast.eos_token_ids == [fast.eos_token_id]
    assert from_fast.encode is not None
    assert from_fast.encode("a<x></s>a") == [0, 5, 0]  # no letter of "</s>" is in this vocabulary
    assert Vocabulary.from_tokenizer(fast, eos_token_ids=[0, 4], vocab_size=4).eos_token_ids == [0]


def test_other_objects_are_no_tokenizers() -> None:
    with pytest.raises(VocabularyError, match="token bytes of a dict"):
        Vocabulary.from_tokenizer({})


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    vocabulary = Vocabulary(TOKENS, [9, 3], vocab_size=70)
    vocabulary.save(tmp_path / "v.bin")
    loaded = Vocabulary.load(tmp_path / "v.bin", encode=lambda text: [0])
    assert isinstance(loaded, Vocabulary)
    assert loaded.sha256 == vocabulary.sha256
    assert loaded.vocab_size == 70
    assert loaded.eos_token_ids == [3, 9]
    assert loaded.encode is not None
    assert [loaded.token(token_id) for token_id in range(70)] == [vocabulary.token(token_id) for token_id in range(70)]
    assert [entry.name for entry in tmp_path.iterdir()] == ["v.bin"]  # nothing temporary is left


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    Vocabulary(TOKENS, [9]).save(path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole[: len(whole) // 2], b"X" + whole[1:], whole + b"\0"):
        path.write_bytes(damaged)
        with pytest.raises(ArtifactError, match=r"v\.bin"):
            Vocabulary.load(path)
    with pytest.raises(ArtifactError, match="cannot be read"):
        Vocabulary.load(tmp_path / "missing.bin")
    with pytest.raises(ArtifactError, match="cannot be written"):
        Vocabulary(TOKENS, [9]).save(tmp_path / "no folder" / "v.bin")
