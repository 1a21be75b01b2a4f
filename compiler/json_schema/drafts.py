"""The drafts of JSON Schema: how a document names one, its keywords, the check against its metaschema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from constrain.compiler.json_schema.pointers import pointer_of, shown
from constrain.compiler.json_schema.values import exact
from constrain.errors import SchemaError, UnsupportedError

__all__ = ["DRAFTS", "LATEST", "Draft", "check_metaschema", "detect_draft"]

_DRAFT_4 = frozenset(
    [
        *("$ref", "type", "enum", "allOf", "anyOf", "oneOf", "not", "format"),
        *("minLength", "maxLength", "pattern", "minimum", "maximum", "multipleOf"),
        *("items", "additionalItems", "minItems", "maxItems", "uniqueItems"),
        *("properties", "patternProperties", "additionalProperties", "required", "minProperties", "maxProperties"),
        "dependencies",
    ]
)
_DRAFT_6 = _DRAFT_4 | {"const", "contains", "propertyNames", "exclusiveMinimum", "exclusiveMaximum"}
_DRAFT_7 = _DRAFT_6 | {"if"}
_DRAFT_2019 = _DRAFT_7 | {
    *("dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "$recursiveRef")
}
_DRAFT_2020 = _DRAFT_2019 - {"additionalItems", "$recursiveRef"} | {"prefixItems", "$dynamicRef"}


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft.

    Attributes:
        name: the short name that options use.
        uri: its metaschema.
        keywords: those that constrain values; all others are annotations, or read together with one of these.
        id_keyword: what changes the base of references.
        reference_siblings: whether keywords beside ``$ref`` count.
        tuple_items: whether ``items`` may be a list.
        boolean_exclusive: whether ``exclusiveMinimum`` is a flag of ``minimum``.
        counts_contained: whether ``minContains`` and ``maxContains`` are heeded.
        evaluates_contained: whether ``contains`` evaluates the items that satisfy it.
    """

    name: str
    uri: str
    keywords: frozenset[str]
    id_keyword: str = "$id"
    reference_siblings: bool = False
    tuple_items: bool = True
    boolean_exclusive: bool = False
    counts_contained: bool = False
    evaluates_contained: bool = False


DRAFTS = (
    Draft("4", "http://json-schema.org/draft-04/schema#", _DRAFT_4, id_keyword="id", boolean_exclusive=True),
    Draft("6", "http://json-schema.org/draft-06/schema#", _DRAFT_6),
    Draft("7", "http://json-schema.org/draft-07/schema#", _DRAFT_7),
    Draft(
        "2019-09",
        "https://json-schema.org/draft/2019-09/schema",
        _DRAFT_2019,
        reference_siblings=True,
        counts_contained=True,
    ),
    Draft(
        "2020-12",
        "https://json-schema.org/draft/2020-12/schema",
        _DRAFT_2020,
        reference_siblings=True,
        tuple_items=False,
        counts_contained=True,
        evaluates_contained=True,
    ),
)
LATEST = DRAFTS[-1]
_BY_URI = {draft.uri.rstrip("#").split("://")[1]: draft for draft in DRAFTS}


def detect_draft(schema: object) -> Draft:
    """The draft that ``$schema`` names; the latest when there is none.

    Raises:
        UnsupportedError: a ``$schema`` that is no draft.
    """
    name = schema.get("$schema") if isinstance(schema, dict) else None
    if name is None:
        return LATEST
    if not isinstance(name, str):
        raise SchemaError(f"$schema is {shown(name)}", pointer="/$schema", expected="a URI")
    draft = _BY_URI.get(name.rstrip("#").partition("://")[2])
    if draft is None:
        raise UnsupportedError(
            f"the metaschema {shown(name)} is not supported",
            pointer="/$schema",
            expected="one of drafts " + ", ".join(d.name for d in DRAFTS),
        )
    return draft


def check_metaschema(schema: Any, draft: Draft) -> None:
    """Check a document against the draft's metaschema.

    Raises:
        SchemaError: it is not valid; with the pointer of the first offending place.
    """
    document = {**schema, "$schema": draft.uri} if isinstance(schema, dict) else schema
    if isinstance(schema, bool):
        if draft.name == "4":
            raise SchemaError(f"the schema is {shown(schema)}", pointer="", expected="an object (draft 4)")
        return
    try:
        jsonschema_rs.meta.validate(document)
    except jsonschema_rs.ValidationError as error:
        path = _with_empty_keys(error.instance_path, schema)
        _check_number(schema, path)
        raise SchemaError(
            f"not a valid schema: {_shortened(error.message)}",
            pointer=pointer_of(path),
            expected=f"what draft {draft.name} allows there",
        ) from None
    except (ValueError, TypeError) as error:
        raise SchemaError(f"the schema is not JSON: {error}", pointer="") from None


def _with_empty_keys(path: Sequence[str | int], document: Any) -> list[str | int]:
    """The path to a value, of which the validator leaves out the keys that are empty."""
    # what is reached, how many steps lead there, and all steps to it
    places: list[tuple[Any, int, tuple[str | int, ...]]] = [(document, 0, ())]
    while places:
        value, taken, steps = places.pop()
        if taken == len(path):
            return list(steps)
        step = path[taken]
        keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        if "" in keys:
            places.append((value[""], taken, (*steps, "")))
        if step in keys:
            places.append((value[step], taken + 1, (*steps, step)))
    return []


def _check_number(schema: Any, path: Sequence[str | int]) -> None:
    """The validator takes a number beyond its own range for null; say what is wrong with it instead."""
    value = schema
    for step in path:
        value = value[step]
    if isinstance(value, int | float) and not isinstance(value, bool):
        exact(value, pointer_of(path))


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:200]} ... {text[-90:]}"
