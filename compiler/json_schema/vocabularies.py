"""``$vocabulary``: which groups of keywords a metaschema of one's own uses (2019-09 and 2020-12, core, section 8.1.2).

A keyword whose vocabulary is not among them is an annotation. A vocabulary that is not known here is ignored where the
metaschema allows that (``false``) and refused where it does not (``true``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.pointers import escaped, shown
from constrain.errors import SchemaError, UnsupportedError

__all__ = ["dialect_of"]

_VALIDATION = frozenset(
    [
        *("type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
        *("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains"),
        *("maxProperties", "minProperties", "required", "dependentRequired"),
    ]
)
_UNEVALUATED = frozenset(["unevaluatedItems", "unevaluatedProperties"])
_APPLICATORS = frozenset(
    [
        *("items", "contains", "properties", "patternProperties", "additionalProperties", "propertyNames"),
        *("dependentSchemas", "if", "then", "else", "allOf", "anyOf", "oneOf", "not"),
    ]
)
_FORMAT = frozenset(["format"])
_NONE = frozenset[str]()
_VOCABULARIES = {
    "2019-09": {
        "core": _NONE,
        "applicator": _APPLICATORS | _UNEVALUATED | {"additionalItems"},
        "validation": _VALIDATION,
        "meta-data": _NONE,
        "format": _FORMAT,
        "content": _NONE,
    },
    "2020-12": {
        "core": _NONE,
        "applicator": _APPLICATORS | {"prefixItems"},
        "unevaluated": _UNEVALUATED,
        "validation": _VALIDATION,
        "meta-data": _NONE,
        "format-annotation": _FORMAT,
        "format-assertion": _FORMAT,
        "content": _NONE,
    },
}
_OPENAPI_31 = "https://spec.openapis.org/oas/3.1/vocab/base"  # annotations only
_IN_NO_VOCABULARY = frozenset(["dependencies"])


def dialect_of(draft: Draft, vocabulary: Any, pointer: str) -> Draft:
    """A draft with the keywords of some vocabularies only.

    Args:
        draft: the draft of the metaschema.
        vocabulary: the value of ``$vocabulary``.
        pointer: its place.

    Raises:
        SchemaError: not an object of booleans.
        UnsupportedError: a vocabulary that is required and not known.
    """
    known = _VOCABULARIES.get(draft.name.replace("openapi-3.1", "2020-12"))
    if known is None:  # drafts without vocabularies, where the keyword says nothing
        return draft
    if not isinstance(vocabulary, dict) or not all(isinstance(flag, bool) for flag in vocabulary.values()):
        raise SchemaError(f"$vocabulary is {shown(vocabulary)}", pointer=pointer, expected="an object of booleans")
    home = (draft.metaschema or draft.uri).removesuffix("schema") + "vocab/"
    names = {home + name: name for name in known}
    used = set[str]()
    for uri, required in vocabulary.items():
        if uri in names:
            used.add(names[uri])
        elif required and uri != _OPENAPI_31:
            raise UnsupportedError(
                f"the vocabulary {uri} is not supported, and the metaschema requires it",
                pointer=f"{pointer}/{escaped(uri)}",
                expected="vocabularies of the draft, or false, which makes one optional",
            )
    heeded = frozenset[str]().union(*(known[name] for name in used))
    # 2019-09 leaves formats to the application unless their vocabulary is required. 2020-12 has a vocabulary of its
    # own for their assertion; whoever knows it must assert them, required or not.
    asserts = "format-assertion" in used or vocabulary.get(home + "format") is True
    dropped = (frozenset[str]().union(*known.values()) | _IN_NO_VOCABULARY) - heeded
    return replace(draft, keywords=draft.keywords - dropped, dropped=dropped, asserts_formats=asserts)
