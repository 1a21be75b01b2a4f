"""Which tokens end an output.

A ``tokenizer.json`` does not say; the files beside it do, each in its own way, and chat models have several
(Llama 3: ``<|end_of_text|>``, ``<|eom_id|>``, ``<|eot_id|>``). Every declared one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

__all__ = ["WELL_KNOWN_STOP_TOKENS", "declared_stop_tokens", "well_known_stop_tokens"]

WELL_KNOWN_STOP_TOKENS = (
    "</s>",
    "<eos>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|im_end|>",
    "<end_of_turn>",
    "<turn|>",
    "<|end|>",
    "<|return|>",
    "<|END_OF_TURN_TOKEN|>",
    "<｜end▁of▁sentence｜>",
)
"""Special tokens that mean "the end" wherever they occur; used where no file declares any."""


def declared_stop_tokens(files: Iterable[Mapping[str, Any]], ids: Mapping[str, int]) -> list[int]:
    """Stop tokens that ``generation_config.json``, ``tokenizer_config.json`` and the like declare, ascending.

    Args:
        files: the parsed files.
        ids: content -> id of the tokenizer's tokens.
    """
    found: list[int] = []
    for data in files:
        token_ids = data.get("eos_token_id")
        found += [value for value in (token_ids if isinstance(token_ids, list) else [token_ids]) if is_token_id(value)]
        token = data.get("eos_token")
        content = token.get("content") if isinstance(token, Mapping) else token
        if isinstance(content, str) and content in ids:
            found.append(ids[content])
    return sorted(set(found))


def well_known_stop_tokens(ids: Mapping[str, int]) -> list[int]:
    """Ids of those special tokens whose name says that they end a text or a turn."""
    return sorted(ids[token] for token in WELL_KNOWN_STOP_TOKENS if token in ids)


def is_token_id(value: object) -> TypeGuard[int]:
    """Could this be a token id?"""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
