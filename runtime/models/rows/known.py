"""How models are told what a token may see, remembered from one process to the next: trying takes a second."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

import torch
import transformers

from constrain.runtime.cache import Cache
from constrain.runtime.models.rows.attention import AttentionForm
from constrain.runtime.models.rows.probe import attention_form

if TYPE_CHECKING:
    from constrain.runtime.models.causal import CausalModel

__all__ = ["known_form"]

KIND = "attention"
VERSION = 1
"""Of the trial; counted up where it, or what it is for, changes."""


def known_form(model: CausalModel, cache: Cache | None) -> AttentionForm | None:
    """As :func:`attention_form`, tried once for each configuration, device and version of the libraries."""
    key = _key(model)
    if cache is None or key is None:
        return attention_form(model)
    with suppress(OSError, ValueError, TypeError):
        found = cache.find(KIND, key)
        if found is not None:
            known = json.loads(found.read_bytes())
            return None if known is None else AttentionForm(**known)
    form = attention_form(model)
    with suppress(OSError):  # a read-only cache still serves
        cache.add_bytes(KIND, key, json.dumps(None if form is None else asdict(form)).encode())
    return form


def _key(model: CausalModel) -> str | None:
    """What the form depends on; None for code that isn't of the library, which nobody knows the version of."""
    network = model.network
    if not type(network).__module__.startswith("transformers."):
        return None
    config = json.loads(network.config.to_json_string(use_diff=False))
    config.pop("_name_or_path", None)
    told = [
        VERSION,
        torch.__version__,
        transformers.__version__,
        type(network).__qualname__,
        config,
        getattr(network.config, "_attn_implementation", None),
        str(network.dtype),
        str(model.device),
        model.context_length,
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
