"""The drafts of JSON Schema: how a document names one, its keywords, the check against its metaschema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from constrain.compiler.json_schema.pointers import pointer_of, shown
from constrain.compiler.json_schema.values import exact
from constrain.errors import SchemaError, UnsupportedError

__all__ = ["DRAFTS", "LATEST", "Draft", "check_metaschema", "detect_draft", "find_draft", "named_draft"]

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
_OPENAPI_30 = _DRAFT_4 - {"patternProperties", "additionalItems", "dependencies"}


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """One draft, or a dialect of it. There is one object for each, so comparing them is cheap.

    Attributes:
        name: the short name that options use.
        uri: its metaschema.
        keywords: those that constrain values; all others are annotations, or read together with one of these.
        id_keyword: what changes the base of references; None when nothing does.
        reference_siblings: whether keywords beside ``$ref`` count.
        tuple_items: whether ``items`` may be a list.
        boolean_exclusive: whether ``exclusiveMinimum`` is a flag of ``minimum``.
        counts_contained: whether ``minContains`` and ``maxContains`` are heeded.
        evaluates_contained: whether ``contains`` evaluates the items that satisfy it.
        nullable: whether ``nullable`` adds null to ``type``.
        foreign: keywords of JSON Schema that the dialect does not have and whose meaning in it is nowhere said.
        dropped: keywords of the draft that the dialect's vocabularies leave out: annotations.
        asserts_contents: whether ``contentEncoding`` and ``contentMediaType`` constrain where ``format`` does.
        asserts_formats: whether ``format`` constrains whatever the options say.
        metaschema: what to check schemas against, where ``uri`` is not that.
        integral_floats: whether ``1.0`` is of type integer.
    """

    name: str
    uri: str
    keywords: frozenset[str]
    id_keyword: str | None = "$id"
    reference_siblings: bool = False
    tuple_items: bool = True
    boolean_exclusive: bool = False
    counts_contained: bool = False
    evaluates_contained: bool = False
    nullable: bool = False
    foreign: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    asserts_contents: bool = False
    asserts_formats: bool = False
    metaschema: str | None = None
    integral_floats: bool = True


DRAFTS = (
    Draft(
        "4",
        "http://json-schema.org/draft-04/schema#",
        _DRAFT_4,
        id_keyword="id",
        boolean_exclusive=True,
        integral_floats=False,
    ),
    Draft("6", "http://json-schema.org/draft-06/schema#", _DRAFT_6),
    Draft("7", "http://json-schema.org/draft-07/schema#", _DRAFT_7, asserts_contents=True),
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
    Draft(
        "openapi-3.0",
        "https://spec.openapis.org/oas/3.0/dialect",
        _OPENAPI_30,
        id_keyword=None,
        boolean_exclusive=True,
        nullable=True,
        foreign=(_DRAFT_2019 | _DRAFT_2020) - _OPENAPI_30 - {"exclusiveMinimum", "exclusiveMaximum"},
        metaschema="http://json-schema.org/draft-04/schema#",
    ),
    Draft(
        "openapi-3.1",
        "https://spec.openapis.org/oas/3.1/dialect/base",
        _DRAFT_2020,
        reference_siblings=True,
        tuple_items=False,
        metaschema="https://json-schema.org/draft/2020-12/schema",
    ),
)
LATEST = DRAFTS[4]
_BY_URI = {draft.uri.rstrip("#").split("://")[1]: draft for draft in DRAFTS}
_OPENAPI_31_DIALECT = re.compile(r"spec\.openapis\.org/oas/3\.1/dialect/[0-9]{4}-[0-9]{2}-[0-9]{2}")


def find_draft(uri: str) -> Draft | None:
    """The draft whose metaschema a URI names (http and https are the same, and so is an empty fragment)."""
    name = uri.rstrip("#").partition("://")[2]
    if _OPENAPI_31_DIALECT.fullmatch(name):
        name = "spec.openapis.org/oas/3.1/dialect/base"
    return _BY_URI.get(name)


def named_draft(name: str) -> Draft:
    """The draft of a short name."""
    return next(draft for draft in DRAFTS if draft.name == name)


def detect_draft(schema: object, pointer: str = "/$schema") -> Draft:
    """The draft that ``$schema`` names; the latest when there is none. Metaschemas of one's own are not looked for.

    Args:
        schema: parsed JSON.
        pointer: where the ``$schema`` stands, for errors.

    Raises:
        SchemaError: a ``$schema`` that is no text.
        UnsupportedError: a ``$schema`` that is no draft.
    """
    name = schema.get("$schema") if isinstance(schema, dict) else None
    if name is None:
        return LATEST
    if not isinstance(name, str):
        raise SchemaError(f"$schema is {shown(name)}", pointer=pointer, expected="a URI")
    draft = find_draft(name)
    if draft is None:
        raise UnsupportedError(
            f"the metaschema {shown(name)} is not supported",
            pointer=pointer,
            expected="one of drafts " + ", ".join(d.name for d in DRAFTS) + ", or the metaschema among references=",
        )
    return draft


def check_metaschema(schema: Any, draft: Draft) -> None:
    """Check a document against the draft's metaschema.

    Raises:
        SchemaError: it is not valid; with the pointer of the first offending place.
    """
    document = {**schema, "$schema": draft.metaschema or draft.uri} if isinstance(schema, dict) else schema
    if isinstance(schema, bool):
        if draft.boolean_exclusive:  # draft 4 and what is made of it
            raise SchemaError(f"the schema is {shown(schema)}", pointer="", expected=f"an object (draft {draft.name})")
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
