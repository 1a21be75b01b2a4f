"""Where schemas stand inside a schema: only there do identifiers count, never in values and unknown keywords."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.pointers import escaped

__all__ = ["Kind", "kind_of_member", "subschemas"]

_MAPS = frozenset(["properties", "patternProperties", "dependentSchemas", "dependencies"])
_SINGLE = frozenset(
    [
        *("items", "additionalItems", "additionalProperties", "propertyNames", "contains", "not", "if"),
        *("unevaluatedItems", "unevaluatedProperties"),
    ]
)
_LISTS = frozenset(["allOf", "anyOf", "oneOf", "items", "prefixItems"])


class Kind(Enum):
    """What a value in a schema document is."""

    SCHEMA = "a schema"
    SCHEMAS = "a list or an object whose members are schemas"
    OTHER = "something that holds no schemas, as far as the draft knows"


class _Positions(NamedTuple):
    maps: frozenset[str]
    single: frozenset[str]
    lists: frozenset[str]


@lru_cache(maxsize=64)
def _positions(draft: Draft) -> _Positions:
    maps, single = _MAPS & draft.keywords, _SINGLE & draft.keywords
    if draft.id_keyword is not None:
        maps |= {"definitions"}
    if draft.reference_siblings:  # 2019-09 and later
        maps |= {"$defs"}
        single |= {"contentSchema"}
    if "if" in draft.keywords:
        single |= {"then", "else"}
    return _Positions(maps, single, _LISTS & draft.keywords)


def kind_of_member(draft: Draft, keyword: str, value: Any) -> Kind:
    """What the value of a schema's keyword is."""
    maps, single, lists = _positions(draft)
    if isinstance(value, dict):
        if keyword in single:
            return Kind.SCHEMA
        return Kind.SCHEMAS if keyword in maps else Kind.OTHER
    if isinstance(value, list):
        return Kind.SCHEMAS if keyword in lists else Kind.OTHER
    return Kind.OTHER


def subschemas(raw: dict[str, Any], draft: Draft) -> Iterator[tuple[str, Any]]:
    """The schema objects directly inside a schema, each with the pointer from there, in the draft's keyword order."""
    for keyword, value in raw.items():
        kind = kind_of_member(draft, keyword, value)
        if kind is Kind.SCHEMA:
            yield f"/{escaped(keyword)}", value
        elif kind is Kind.SCHEMAS:
            members = value.items() if isinstance(value, dict) else enumerate(value)
            for name, member in members:
                if isinstance(member, dict):
                    yield f"/{escaped(keyword)}/{escaped(str(name))}", member
