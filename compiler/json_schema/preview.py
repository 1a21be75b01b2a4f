"""What is implemented, but not yet held against the whole official test suite: refused unless asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from constrain.compiler.json_schema.formats import REGISTRY_FORMATS
from constrain.compiler.json_schema.model import ALL_TYPES, OBJECT

__all__ = ["KEYWORDS", "PREVIEW"]

KEYWORDS: dict[str, tuple[int, Callable[[Any], bool]]] = {}
"""Keyword -> the types it restricts, and whether a value of it restricts them at all."""

PREVIEW = frozenset((*KEYWORDS, *REGISTRY_FORMATS))
"""The keywords, and OpenAPI's formats, which no draft defines."""
