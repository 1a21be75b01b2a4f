"""What the rules know of keywords: which draft has them, what types they are about, where schemas stand in them."""

from __future__ import annotations

from functools import cache

from constrain.compiler.json_schema import sources
from constrain.compiler.json_schema.drafts import DRAFTS, Draft
from constrain.compiler.json_schema.model import ARRAY, NUMBER, OBJECT, STRING

__all__ = [
    "ALL_KEYWORDS",
    "ANNOTATIONS",
    "IN_PLACE",
    "LISTS",
    "MAPS",
    "SINGLES",
    "TYPE_OF",
    "drafts_with",
    "keywords_of",
]

MAPS = ("properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions")
"""Keywords that hold schemas by name."""

LISTS = ("prefixItems", "items", "allOf", "anyOf", "oneOf")
"""Keywords that may hold a list of schemas."""

SINGLES = (
    *("items", "additionalItems", "unevaluatedItems", "contains", "additionalProperties", "unevaluatedProperties"),
    *("propertyNames", "not", "if", "then", "else"),
)
"""Keywords that may hold a schema."""

IN_PLACE = frozenset(
    ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies")
)  # fmt: skip
"""Keywords whose schemas are about the same value as the schema that holds them."""

TYPE_OF = {
    **dict.fromkeys(("minLength", "maxLength", "pattern", *sources.KEYWORDS), STRING),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), NUMBER),
    **dict.fromkeys(("items", "additionalItems", "prefixItems", "minItems", "maxItems", "uniqueItems"), ARRAY),
    **dict.fromkeys(("contains", "minContains", "maxContains", "unevaluatedItems"), ARRAY),
    **dict.fromkeys(("properties", "patternProperties", "additionalProperties", "propertyNames"), OBJECT),
    **dict.fromkeys(("required", "minProperties", "maxProperties", "unevaluatedProperties"), OBJECT),
    **dict.fromkeys(("dependencies", "dependentRequired", "dependentSchemas"), OBJECT),
}
"""Keyword -> the type of which it says something."""

ANNOTATIONS = frozenset(
    [
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("$schema", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$comment"),
        *("$defs", "definitions", "contentEncoding", "contentMediaType", "contentSchema"),
    ]
)
_OPENAPI = frozenset(["nullable", "discriminator", "xml", "externalDocs", "example"])
_COMPANIONS = {"then": "if", "else": "if", "minContains": "unevaluatedItems", "maxContains": "unevaluatedItems"}
"""Keyword -> another that the same drafts have."""


@cache
def keywords_of(draft: Draft) -> frozenset[str]:
    """The keywords that constrain values in a draft."""
    found = draft.keywords.union(sources.KEYWORDS) | {
        key for key, other in _COMPANIONS.items() if other in draft.keywords
    }
    return found | {"exclusiveMinimum", "exclusiveMaximum"} if draft.boolean_exclusive else found


def drafts_with(keyword: str) -> list[str]:
    """Names of the drafts that have a keyword."""
    return [draft.name for draft in DRAFTS if keyword in keywords_of(draft)]


ALL_KEYWORDS = frozenset().union(*(keywords_of(draft) for draft in DRAFTS)) | ANNOTATIONS | _OPENAPI
"""Every keyword of any draft."""
