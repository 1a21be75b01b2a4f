"""What is implemented, but not yet held against the whole official test suite: refused unless asked for by name."""

from __future__ import annotations

from constrain.compiler.json_schema.formats import REGISTRY_FORMATS

__all__ = ["PREVIEW"]

PREVIEW = REGISTRY_FORMATS
"""OpenAPI's formats, which no draft defines."""
