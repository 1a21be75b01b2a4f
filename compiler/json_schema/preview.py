"""What is implemented, but not yet held against the whole official test suite: refused unless asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from constrain.compiler.json_schema.model import ALL_TYPES, OBJECT

__all__ = ["KEYWORDS", "PREVIEW"]

KEYWORDS: dict[str, tuple[int, Callable[[Any], bool]]] = {
    "oneOf": (ALL_TYPES, lambda value: True),
    "not": (ALL_TYPES, lambda value: True),
    "if": (ALL_TYPES, lambda value: True),
    "minProperties": (OBJECT, bool),
    "maxProperties": (OBJECT, lambda value: True),
    "propertyNames": (OBJECT, lambda value: value is not True and value != {}),
    **dict.fromkeys(("dependencies", "dependentRequired", "dependentSchemas"), (OBJECT, bool)),
}
"""Keyword -> the types it restricts, and whether a value of it restricts them at all."""

PREVIEW = frozenset(KEYWORDS)
