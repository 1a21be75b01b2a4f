"""What probabilities depend on, by name: what is kept of them is good for nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from constrain.compiler import CompiledGrammar
from constrain.runtime.decoding.options import GenerationOptions

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel

__all__ = ["key_of"]


def key_of(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions,
    *,
    narrowed: CompiledGrammar | None = None,
    begun: bytes = b"",
) -> dict[str, object]:
    """What the trie of a prompt is of, in JSON's types."""
    prompt = np.array(prompt_ids, dtype="<i8").tobytes()
    truncated = options.is_truncated and options.truncate_before
    return {
        "model": model.fingerprint,
        "vocabulary": compiled.vocabulary.sha256,
        "constraint": compiled.sha256,
        "part of the constraint": None if narrowed is None else narrowed.sha256,
        "beginning of the text": begun.hex(),
        "prompt": hashlib.sha256(prompt).hexdigest(),
        "tokenization": options.spelling,
        "temperature": options.heat,
        "truncation": [options.top_k, options.top_p, options.min_p] if truncated else None,
        "penalties": [options.repetition_penalty, options.presence_penalty, options.frequency_penalty],
        "logits function": [getattr(function, "__qualname__", "") for function in options.logits],
        "max_tokens": options.max_tokens,
        "max_bytes": options.max_bytes,
    }
