"""The engines by name. A module is imported only in the worker process that runs it, so none has to be installed."""

from __future__ import annotations

import importlib
from typing import Any

from masks.engines.base import Engine
from masks.tokenizer import Tokenizer

__all__ = ["ENGINES", "load"]

ENGINES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "constrain": ("constrain_engine", "Constrain", {}),
    "constrain-lenient": ("constrain_engine", "Constrain", {"ignore_formats": ("unknown",)}),
    "constrain-artifact": ("constrain_engine", "ConstrainArtifact", {}),
    "llguidance": ("llguidance_engine", "LLGuidance", {}),
    "xgrammar": ("xgrammar_engine", "XGrammar", {"strict_mode": False}),
    "xgrammar-default": ("xgrammar_engine", "XGrammar", {"strict_mode": True}),
    "outlines-core": ("outlines_engine", "OutlinesCore", {}),
    "llama.cpp": ("llamacpp_engine", "LlamaCpp", {}),
}
"""Name -> module, class and options."""


def load(name: str, tokenizer: Tokenizer) -> Engine:
    """Import an engine and set it up for a tokenizer."""
    module, attribute, options = ENGINES[name]
    engine: Engine = getattr(importlib.import_module(f"masks.engines.{module}"), attribute)(tokenizer, **options)
    return engine
