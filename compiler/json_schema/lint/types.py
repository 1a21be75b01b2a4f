"""Keywords that are about another type than the schema allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from constrain.compiler.json_schema.formats import NAMES
from constrain.compiler.json_schema.lint.context import Context
from constrain.compiler.json_schema.lint.keywords import TYPE_OF, keywords_of
from constrain.compiler.json_schema.lint.places import Place
from constrain.compiler.json_schema.lint.warning import LintWarning
from constrain.compiler.json_schema.model import ALL_TYPES, ARRAY, NUMBER, OBJECT, STRING, TYPE_NAMES

__all__ = ["misplaced_keyword", "types_of"]

_CALLED = {STRING: "string", NUMBER: "number", ARRAY: "array", OBJECT: "object"}
_NUMBER_FORMATS = frozenset(("int32", "int64", "float", "double"))


def types_of(named: Any) -> int:
    """The types that ``type`` allows."""
    if named is None:
        return ALL_TYPES
    types = 0
    for name in [named] if isinstance(named, str) else named:
        types |= TYPE_NAMES.get(name, 0) if isinstance(name, str) else 0
    return types


def misplaced_keyword(place: Place, context: Context) -> Iterator[LintWarning]:
    """``minLength`` beside ``"type": "integer"``, and its like: they say nothing, and something else was meant."""
    keys = place.keys
    types = types_of(keys.get("type"))
    about = {key: type_ for key, type_ in TYPE_OF.items() if key in keys and key in keywords_of(context.draft)}
    if isinstance(keys.get("required"), bool):
        del about["required"]  # not this draft's keyword at all
    if isinstance(keys.get("format"), str):
        about["format"] = NUMBER if keys["format"] in _NUMBER_FORMATS else STRING if keys["format"] in NAMES else types
    for key, type_ in about.items():
        if types and not types & type_:
            yield LintWarning(
                "misplaced-keyword",
                f"{place.pointer}/{key}",
                f"'{key}' is about {_CALLED[type_]}s, and 'type' allows none",
                f"no '{key}', or '{_CALLED[type_]}' in 'type'",
            )
