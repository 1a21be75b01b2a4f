"""Driving a model under a compiled constraint: models, decoding, kernels, integrations.

Names are loaded when first used, so that importing this package costs nothing: torch alone takes seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constrain.runtime.cache import Cache, CacheEntry
    from constrain.runtime.decoding import Generation, GenerationOptions, GenerationResult, generate
    from constrain.runtime.decoding.draft_model import DraftModel
    from constrain.runtime.generator import Generator, TextStream
    from constrain.runtime.kernels import apply_token_bitmask_inplace
    from constrain.runtime.models import CausalModel, load_model
    from constrain.runtime.partial_json import PartialJson, PartialValue

__all__ = [
    "Cache",
    "CacheEntry",
    "CausalModel",
    "DraftModel",
    "Generation",
    "GenerationOptions",
    "GenerationResult",
    "Generator",
    "PartialJson",
    "PartialValue",
    "TextStream",
    "apply_token_bitmask_inplace",
    "generate",
    "load_model",
]

_HOMES = {
    "Cache": "constrain.runtime.cache",
    "CacheEntry": "constrain.runtime.cache",
    "CausalModel": "constrain.runtime.models",
    "DraftModel": "constrain.runtime.decoding.draft_model",
    "Generation": "constrain.runtime.decoding",
    "GenerationOptions": "constrain.runtime.decoding",
    "GenerationResult": "constrain.runtime.decoding",
    "Generator": "constrain.runtime.generator",
    "PartialJson": "constrain.runtime.partial_json",
    "PartialValue": "constrain.runtime.partial_json",
    "TextStream": "constrain.runtime.generator",
    "apply_token_bitmask_inplace": "constrain.runtime.kernels",
    "generate": "constrain.runtime.decoding",
    "load_model": "constrain.runtime.models",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
