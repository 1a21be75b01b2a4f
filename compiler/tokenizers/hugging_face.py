"""Hugging Face ``tokenizer.json``, read as data.

The decoder decides the family: ``ByteLevel`` is GPT-2's byte alphabet, a chain of ``Replace`` / ``ByteFallback`` /
``Fuse`` is SentencePiece style. Anything else (WordPiece, CTC, ...) cannot be mapped to exact bytes and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from constrain.compiler.tokenizers.byte_level import byte_level_bytes
from constrain.compiler.tokenizers.sentence_piece import PieceDecoder
from constrain.compiler.tokenizers.table import TokenTable, checked_id
from constrain.errors import VocabularyError

__all__ = ["read_tokenizer_json"]


def read_tokenizer_json(data: Mapping[str, Any], *, added_tokens: Iterable[Mapping[str, Any]] = ()) -> TokenTable:
    """Token bytes of a parsed ``tokenizer.json``.

    Args:
        data: the parsed document.
        added_tokens: further added tokens in the same form (``id``, ``content``, ``special``), for example from
            ``tokenizer_config.json``; entries of ``data`` win.

    Raises:
        VocabularyError: the document is not a tokenizer.json, or its decoder is of an unsupported kind.
    """
    model = data.get("model")
    if not isinstance(model, Mapping):
        raise VocabularyError("this is not a tokenizer.json: there is no 'model'")
    model_bytes, added_bytes = _decoders(data)

    spellings: dict[int, bytes | None] = {}
    ids: dict[str, int] = {}
    for token, token_id in _model_tokens(model):
        ids[token] = token_id
        spellings[token_id] = _spell(model_bytes, token, token_id)
    unknown = _unknown_id(model)
    if unknown is not None:
        spellings[unknown] = None

    special: dict[str, int] = {}
    for entry in _added_tokens(data, added_tokens):
        token_id, content = checked_id(entry.get("id"), entry.get("content")), entry.get("content")
        if not isinstance(content, str):
            raise VocabularyError(f"the added token with the id {token_id} has no content")
        ids[content] = token_id
        if entry.get("special"):
            special[content] = token_id
            spellings[token_id] = None
        else:
            spellings[token_id] = _spell(added_bytes, content, token_id)

    if not spellings:
        raise VocabularyError("the tokenizer has no tokens")
    width = max(spellings) + 1
    return TokenTable([spellings.get(token_id) for token_id in range(width)], ids, special)


def _decoders(data: Mapping[str, Any]) -> tuple[Callable[[str], bytes], Callable[[str], bytes]]:
    """How tokens of the model, and how added tokens, are turned into bytes."""
    steps = list(_steps(data.get("decoder"), "decoders"))
    kinds = [step.get("type") for step in steps or _steps(data.get("pre_tokenizer"), "pretokenizers")]
    if not steps and "ByteLevel" in kinds:
        kinds = ["ByteLevel"]
    if "ByteLevel" in kinds and set(kinds) <= {"ByteLevel", "Fuse"}:
        # An added token is matched in the text itself, before the byte alphabet is applied.
        return byte_level_bytes, lambda content: content.encode("utf-8")
    if not steps:
        raise VocabularyError(
            "the tokenizer has no decoder, so the text of its tokens is not known",
            expected="a ByteLevel decoder, or a SentencePiece one (Replace, ByteFallback, Fuse)",
        )
    pieces = PieceDecoder.from_steps(steps)
    return pieces, pieces


def _steps(component: object, key: str) -> Iterator[Mapping[str, Any]]:
    """The steps of a decoder or pre-tokenizer, with nested sequences flattened."""
    pending = [component]
    while pending:
        current = pending.pop(0)
        if not isinstance(current, Mapping):
            continue
        if current.get("type") == "Sequence":
            inner = current.get(key)
            pending[:0] = inner if isinstance(inner, list) else []
        else:
            yield current


def _model_tokens(model: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    vocabulary = model.get("vocab")
    if isinstance(vocabulary, Mapping):
        for token, token_id in vocabulary.items():
            yield token, checked_id(token_id, token)
    elif isinstance(vocabulary, list):
        for token_id, entry in enumerate(vocabulary):
            if not isinstance(entry, list) or not entry or not isinstance(entry[0], str):
                raise VocabularyError(f"the vocabulary's entry {token_id} is not a [token, score] pair: {entry!r}")
            yield entry[0], token_id
    else:
        raise VocabularyError("this is not a tokenizer.json: its model has no 'vocab'")


def _unknown_id(model: Mapping[str, Any]) -> int | None:
    """The id that stands for text the tokenizer cannot spell; it has no bytes of its own."""
    vocabulary = model.get("vocab")
    unknown = model.get("unk_token")
    if isinstance(vocabulary, Mapping) and isinstance(unknown, str) and unknown in vocabulary:
        return checked_id(vocabulary[unknown], unknown)
    unknown = model.get("unk_id")
    return None if unknown is None else checked_id(unknown, "unk_id")


def _added_tokens(data: Mapping[str, Any], more: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    own = data.get("added_tokens") or []
    if not isinstance(own, list) or not all(isinstance(entry, Mapping) for entry in own):
        raise VocabularyError("'added_tokens' of the tokenizer is not a list of objects")
    known = {entry.get("id") for entry in own}
    yield from (entry for entry in more if entry.get("id") not in known)
    yield from own


def _spell(to_bytes: Callable[[str], bytes], token: str, token_id: int) -> bytes | None:
    """Bytes of a token; None for the empty token, which would never advance."""
    try:
        return to_bytes(token) or None
    except UnicodeEncodeError:
        raise VocabularyError(f"the token with the id {token_id} is not Unicode text: {token!r}") from None
