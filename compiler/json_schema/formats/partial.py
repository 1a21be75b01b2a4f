"""Which formats are generated in part only, and whether a schema may ask for one of them."""

from __future__ import annotations

from collections.abc import Iterable

from constrain.compiler.json_schema.formats import FORMATS

__all__ = ["PARTIAL", "may_ask_for_partial"]

PARTIAL = frozenset(key for key, known in FORMATS.items() if known.superset is not None)
"""Formats whose language is a declared subset of the texts that conform."""

_METASCHEMAS = "json-schema.org/"
"""The official metaschemas ask for the format of patterns, and need not be given to be referred to."""


def may_ask_for_partial(documents: Iterable[object]) -> bool:
    """Whether a format that is generated in part may bear upon some documents; certainly not when it is false.

    Args:
        documents: parsed JSON: schemas, with those that they may refer to.
    """
    waiting = list(documents)
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            name = part.get("format")
            if isinstance(name, str) and name in PARTIAL:
                return True
            waiting.extend(value for key, value in part.items() if key != "$schema" or not isinstance(value, str))
        elif isinstance(part, str) and _METASCHEMAS in part:
            return True
    return False
