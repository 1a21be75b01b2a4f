"""Mistral's ``tekken.json``: byte-level BPE whose file holds the bytes themselves, in base64.

Special tokens come first (``default_num_special_tokens`` ids), then the vocabulary by rank, cut to
``default_vocab_size``. Source: https://github.com/mistralai/mistral-common (``tokens/tokenizers/tekken.py``).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from constrain.compiler.tokenizers.table import MAX_TOKENS, TokenTable, checked_id
from constrain.errors import VocabularyError

__all__ = ["read_tekken"]

FIRST_SPECIAL_TOKENS = ("<unk>", "<s>", "</s>")
"""Ids 0, 1, 2 of files that do not list their special tokens."""


def read_tekken(data: Mapping[str, Any]) -> TokenTable:
    """Token bytes of a parsed ``tekken.json``.

    Raises:
        VocabularyError: the document is not a tekken.json.
    """
    config, vocabulary = data.get("config"), data.get("vocab")
    if not isinstance(config, Mapping) or not isinstance(vocabulary, list):
        raise VocabularyError("this is not a tekken.json: it needs 'config' and 'vocab'")
    special_count = _count(config, "default_num_special_tokens")
    width = _count(config, "default_vocab_size")
    ranks = width - special_count
    if ranks < 0 or width > MAX_TOKENS:
        raise VocabularyError(f"a tekken.json with {width} tokens of which {special_count} are special")

    token_bytes: list[bytes | None] = [None] * width
    for entry in vocabulary:
        if not isinstance(entry, Mapping):
            raise VocabularyError(f"the vocabulary of tekken.json holds {entry!r}", expected="objects with a rank")
        rank = checked_id(entry.get("rank"), entry.get("token_str"))
        if rank < ranks:
            token_bytes[special_count + rank] = _decode(entry, rank)
    special_ids = _special_ids(data, special_count)
    return TokenTable(token_bytes, special_ids, special_ids)


def _count(config: Mapping[str, Any], key: str) -> int:
    value = config.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise VocabularyError(f"'{key}' of tekken.json is {value!r}", expected="a non-negative integer")
    return value


def _decode(entry: Mapping[str, Any], rank: int) -> bytes | None:
    encoded = entry.get("token_bytes")
    try:
        return base64.b64decode(encoded, validate=True) or None  # type: ignore[arg-type]  # or a TypeError, caught
    except (binascii.Error, TypeError, ValueError):
        raise VocabularyError(f"the token of rank {rank} in tekken.json is not base64: {encoded!r}") from None


def _special_ids(data: Mapping[str, Any], special_count: int) -> dict[str, int]:
    listed = data.get("special_tokens")
    if not listed:
        return {token: index for index, token in enumerate(FIRST_SPECIAL_TOKENS) if index < special_count}
    if not isinstance(listed, list) or not all(isinstance(entry, Mapping) for entry in listed):
        raise VocabularyError("'special_tokens' of tekken.json is not a list of objects")
    return {str(entry.get("token_str")): checked_id(entry.get("rank"), entry.get("token_str")) for entry in listed}
