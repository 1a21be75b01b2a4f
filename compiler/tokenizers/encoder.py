"""The tokenizer's own encoder, set up for text in the middle of an output.

Three habits of tokenizers are for whole prompts and wrong for a continuation: adding special tokens, adding a leading
space, and reading ``<eos>`` in the text as the special token. A private copy of the tokenizer has them switched off.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["ContinuationEncoder", "continuation_form"]


class ContinuationEncoder:
    """Callable: text -> token ids. The tokenizer is read again at the first call, which takes a second or two."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        """Args: read: gives the parsed tokenizer.json; not called before it is needed, as it is large."""
        self._read = read
        self._tokenizer: Tokenizer | None = None

    def __call__(self, text: str) -> list[int]:
        """Ids for ``text``.

        A normaliser (Qwen's NFC) may change the text; whoever needs the bytes kept compares them.
        """
        if self._tokenizer is None:
            self._tokenizer = _build(self._read())
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


def _build(data: Mapping[str, Any]) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(json.dumps(continuation_form(data)))
    tokenizer.encode_special_tokens = True
    return tokenizer
