"""The tokenizer's own encoder, set up for text in the middle of an output.

Three habits of tokenizers are for whole prompts and wrong for a continuation: adding special tokens, adding a leading
space, and reading ``<eos>`` in the text as the special token. A private copy of the tokenizer has them switched off.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["ContinuationEncoder", "continuation_form"]


class ContinuationEncoder:
    """Callable: text -> token ids. The private copy is made at the first call."""

    def __init__(self, source: Tokenizer | Callable[[], Mapping[str, Any]]) -> None:
        """Remember where the tokenizer is.

        Args:
            source: the tokenizer, with which the copy shares its model; or what reads a tokenizer.json, which takes a
                second or two, where the tokenizer is not at hand.
        """
        self._source = source
        self._tokenizer: Tokenizer | None = None

    def __call__(self, text: str) -> list[int]:
        """Ids for ``text``.

        A normaliser (Qwen's NFC) may change the text; whoever needs the bytes kept compares them.
        """
        if self._tokenizer is None:
            self._tokenizer = _built(self._source()) if callable(self._source) else _shared(self._source)
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


def continuation_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a tokenizer.json without truncation, padding, post-processing and leading spaces."""
    return {
        **data,
        "truncation": None,
        "padding": None,
        "post_processor": None,
        "normalizer": _without_prefix(data.get("normalizer")),
        "pre_tokenizer": _without_prefix(data.get("pre_tokenizer")),
    }


def _without_prefix(component: Any) -> Any:
    if not isinstance(component, Mapping):
        return component
    kind = component.get("type")
    if kind == "Prepend":
        return None
    if kind == "ByteLevel":
        return {**component, "add_prefix_space": False}
    if kind == "Metaspace":
        return {**component, "add_prefix_space": False, "prepend_scheme": "never"}
    for key in ("normalizers", "pretokenizers"):
        if isinstance(component.get(key), list):
            parts = [_without_prefix(part) for part in component[key]]
            return {**component, key: [part for part in parts if part is not None]}
    return component


def _built(data: Mapping[str, Any]) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(json.dumps(continuation_form(data)))
    tokenizer.encode_special_tokens = True
    return tokenizer


def _shared(tokenizer: Tokenizer) -> Tokenizer:
    """A copy that shares the model, which is nearly all of it: some hundred times faster than to write and read it."""
    from tokenizers import Tokenizer

    parts = {"normalizer": tokenizer.normalizer, "pre_tokenizer": tokenizer.pre_tokenizer}
    try:
        states = {name: None if part is None else json.loads(part.__getstate__()) for name, part in parts.items()}
    except Exception:  # a component written in Python, of which the library says so in various ways
        return _built(json.loads(tokenizer.to_str()))
    shell = _built({**states, "added_tokens": [], "model": {"type": "BPE", "vocab": {}, "merges": []}})
    copy = Tokenizer(tokenizer.model)
    for name in parts:
        if (part := getattr(shell, name)) is not None:
            setattr(copy, name, part)
    added = sorted(tokenizer.get_added_tokens_decoder().items())
    for is_special, group in groupby(added, key=lambda item: item[1].special):
        add = copy.add_special_tokens if is_special else copy.add_tokens
        add([token for _, token in group])
    if any(copy.token_to_id(token.content) != token_id for token_id, token in added):
        # numbered with gaps, which only its document can say
        return _built(json.loads(tokenizer.to_str()))
    copy.encode_special_tokens = True
    return copy
