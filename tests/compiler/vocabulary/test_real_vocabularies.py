"""Token bytes of real tokenizers against the tokenizers' own decoding: every id, and texts joined again."""

from __future__ import annotations

import unicodedata
from itertools import product
from typing import Any

from constrain import Vocabulary, allocate_token_bitmask, compile_regex

PREFIXES = (b"", b"\xc3", b"\xe2\x82", b"\xe2", b"\xf0\x9f\x98", b"\xf0\x9f", b"\xf0", b"\xe0", b"\xf4", b"\xed")
SUFFIXES = (b"", b"\x80", b"\x80\x80", b"\x80\x80\x80", b"\xa0", b"\xa0\x80", b"\xa0\x80\x80")


NEVER_IN_UTF8 = {0xC0, 0xC1, *range(0xF5, 0x100)}


def made_whole(token: bytes) -> tuple[bytes, bytes] | None:
    """Bytes to put before and after so that the whole is UTF-8; None when there are none."""
    for before, after in product(PREFIXES, SUFFIXES):
        try:
            (before + token + after).decode("utf-8")
        except UnicodeDecodeError:
            continue
        return before, after
    return None


def test_every_id_stands_for_what_the_tokenizer_decodes(known: Any) -> None:
    vocabulary: Vocabulary = known.vocabulary
    tokens = [vocabulary.token(token_id) for token_id in range(vocabulary.vocab_size)]
    byte_ids = {token[0]: token_id for token_id, token in enumerate(tokens) if token is not None and len(token) == 1}
    checked = whole = 0
    for token_id, token in enumerate(tokens):
        if token is None:
            assert token_id in known.special_ids or token_id in vocabulary.eos_token_ids or unused(known, token_id)
            continue
        assert token_id not in known.special_ids
        try:
            expected = token.decode("utf-8")
            ids = [token_id]
        except UnicodeDecodeError:
            around = made_whole(token)
            if around is None:
                assert len(token) == 1
                assert token[0] in NEVER_IN_UTF8
                assert known.decode([token_id]) == "\ufffd"
                checked += 1
                continue
            before, after = around
            expected = (before + token + after).decode("utf-8")
            ids = [*(byte_ids[byte] for byte in before), token_id, *(byte_ids[byte] for byte in after)]
            whole += 1
        assert known.decode(ids) == expected, (token_id, token)
        checked += 1
    assert whole >= 128 - len(NEVER_IN_UTF8)  # single bytes of longer characters, at least
    assert checked + tokens.count(None) == vocabulary.vocab_size
    assert set(byte_ids) == set(range(256)) or known.name == "gpt4o"


def unused(known: Any, token_id: int) -> bool:
    """Does the tokenizer itself have nothing for this id?"""
    return bool(known.decode([token_id]) == "")


def test_encoded_texts_join_to_the_text(known: Any, hard_text: dict[str, Any]) -> None:
    text = hard_text["text"]
    if known.vocabulary.encode is None:
        assert known.name == "mistral"  # its own encoder needs mistral-common: see test_tekken.py
        return
    ids = known.vocabulary.encode(text)
    joined = b"".join(known.vocabulary.token(token_id) for token_id in ids)
    if known.normalises:
        text = unicodedata.normalize("NFC", text)
    assert joined == text.encode("utf-8")


def test_the_engine_walks_the_same_bytes(known: Any) -> None:
    vocabulary: Vocabulary = known.vocabulary
    matcher = compile_regex("[0-9]{1,3}", vocabulary).matcher()
    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    matcher.fill_next_token_bitmask(bitmask, 0)
    allowed = {
        token_id for token_id in range(vocabulary.vocab_size) if bitmask[0, token_id >> 5] >> (token_id & 31) & 1
    }
    digits = [(token_id, vocabulary.token(token_id)) for token_id in range(vocabulary.vocab_size)]
    assert allowed == {token_id for token_id, token in digits if token and len(token) <= 3 and token.isdigit()}
    assert matcher.accept_token(min(allowed))
    matcher.fill_next_token_bitmask(bitmask, 0)
    stops = vocabulary.eos_token_ids
    assert all(bitmask[0, token_id >> 5] >> (token_id & 31) & 1 for token_id in stops)
