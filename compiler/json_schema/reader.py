"""From parsed JSON to the model, lazily: what no reference reaches is not read, so it cannot be refused either."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

from constrain.compiler.json_schema import arrays, numbers, objects, strings
from constrain.compiler.json_schema.drafts import Draft, check_metaschema, detect_draft
from constrain.compiler.json_schema.model import (
    ALL_TYPES,
    ARRAY,
    FALSE,
    OBJECT,
    TRUE,
    TYPE_NAMES,
    NumberFacet,
    ObjectFacet,
    PatternTerm,
    Refusal,
    Schema,
    SchemaId,
    Store,
    StringFacet,
)
from constrain.compiler.json_schema.options import Options
from constrain.compiler.json_schema.pointers import escaped, shown
from constrain.compiler.json_schema.preview import KEYWORDS
from constrain.compiler.json_schema.references import Place, References
from constrain.compiler.json_schema.values import schema_of_values
from constrain.errors import LimitError, SchemaError, UnsupportedError

__all__ = ["MAXIMUM_NESTING", "Reader"]

MAXIMUM_NESTING = 100
"""Schemas inside schemas."""

_STRING, _NUMBER, _ARRAY, _OBJECT, _COMBINATOR = 1, 2, 4, 8, 16

_FAMILIES = {
    **dict.fromkeys(("minLength", "maxLength", "pattern"), _STRING),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _NUMBER),
    **dict.fromkeys(("items", "additionalItems", "prefixItems", "minItems", "maxItems", "uniqueItems"), _ARRAY),
    **dict.fromkeys(("properties", "patternProperties", "additionalProperties", "required"), _OBJECT),
    **dict.fromkeys(("minProperties", "maxProperties", "propertyNames"), _OBJECT),
    **dict.fromkeys(("$ref", "allOf", "anyOf", "oneOf", "not", "if", "dependencies"), _COMBINATOR),
    **dict.fromkeys(("dependentRequired", "dependentSchemas", "enum", "const"), _COMBINATOR),
}
_SCHEMA_PLACE = re.compile(r"(?:/(?:definitions|\$defs|properties)/[^/]*|/items|/additionalProperties)*")
_REFUSED_IF: dict[str, tuple[int, Callable[[Any], bool]]] = {
    "contains": (ARRAY, lambda value: True),
    "unevaluatedItems": (ARRAY, lambda value: value is not True and value != {}),
    "unevaluatedProperties": (OBJECT, lambda value: value is not True and value != {}),
    "$dynamicRef": (ALL_TYPES, lambda value: True),
    "$recursiveRef": (ALL_TYPES, lambda value: True),
}

_Rule: TypeAlias = int | tuple[int, Callable[[Any], bool]]


@lru_cache(maxsize=256)
def _keywords(draft: Draft, preview: frozenset[str]) -> dict[str, _Rule]:
    """Keywords that are read, with their family, and those that are refused, with the types and when."""
    # what is no keyword of the draft is an annotation
    rules: dict[str, _Rule] = {key: rule for key, rule in (_FAMILIES | _REFUSED_IF).items() if key in draft.keywords}
    if draft.reference_siblings:
        # dropped from the specification in 2019-09, yet many validators still heed it: neither reading is safe
        rules["dependencies"] = (OBJECT, bool)
    rules |= {key: rule for key, rule in KEYWORDS.items() if key in rules and key not in preview}
    return rules


class Reader:
    """Reads one document."""

    def __init__(self, root: Any, draft: Draft, options: Options, store: Store) -> None:
        self._root = root
        self._draft = draft
        self._options = options
        self._store = store
        self._references = References(root, draft)
        self._places: dict[str, Place] = {}
        self._targets: dict[str, SchemaId] = {}
        self._known_references: dict[tuple[str, str], SchemaId] = {}
        self._keywords = _keywords(draft, options.preview)

    def root(self) -> SchemaId:
        """The document's schema."""
        return self.read(self._root, "", "", 0)

    def target(self, name: str) -> SchemaId:
        """The schema that a reference of the model names."""
        known = self._targets.get(name)
        if known is None:
            raw, pointer, base = self._places[name]
            self._check_place(raw, pointer)
            known = self._targets[name] = self.read(raw, pointer, base, 0)
        return known

    def _check_place(self, raw: Any, pointer: str) -> None:
        """A reference may lead where the metaschema has not looked, for instance into an unknown keyword."""
        if _SCHEMA_PLACE.fullmatch(pointer) and (self._draft.reference_siblings or "/$defs/" not in pointer):
            return
        try:
            check_metaschema(raw, self._draft)
        except SchemaError as error:
            inner = f"{pointer}{error.pointer or ''}"
            raise SchemaError(error.message, pointer=inner, expected=error.expected) from None

    def read(self, raw: Any, pointer: str, base: str, depth: int) -> SchemaId:
        """A schema at a place.

        Args:
            raw: parsed JSON.
            pointer: its place.
            base: base URI outside it.
            depth: schemas around it.
        """
        if raw is True:
            return TRUE
        if raw is False:
            return FALSE
        if not isinstance(raw, dict):
            raise SchemaError(f"{shown(raw)} is not a schema", pointer=pointer, expected="an object or a boolean")
        if depth > MAXIMUM_NESTING:
            raise LimitError(
                f"schemas nest deeper than {MAXIMUM_NESTING} levels",
                pointer=pointer,
                expected="a flatter schema; this limit is fixed",
            )
        draft = self._draft
        if draft.id_keyword in raw:
            base = self._references.base_of(raw, base)
        if "$ref" in raw and not draft.reference_siblings:
            return self._reference(raw, raw["$ref"], pointer, base, depth)
        if "$schema" in raw and pointer and detect_draft(raw) != draft:
            raise UnsupportedError("a subschema of another draft", pointer=f"{pointer}/$schema")
        keywords = self._keywords
        families = 0
        parts: list[SchemaId] = []
        place = 0  # of the facets among the parts: where the first of them stands, of the object's if there are any
        refusals: list[Refusal] = []
        for key in raw:
            family = keywords.get(key)
            if family is None:
                continue
            if isinstance(family, tuple):
                types, matters = family
                if matters(raw[key]):
                    hint = f"preview={key!r} (--preview {key}), to use it nevertheless" if key in KEYWORDS else None
                    refusals.append(Refusal(types, key, f"{pointer}/{key}", hint))
            elif family == _COMBINATOR:
                parts.append(_COMBINATORS[key](self, raw, raw[key], f"{pointer}/{key}", base, depth))
            else:
                if not families or (family == _OBJECT and not families & _OBJECT):
                    place = len(parts)
                families |= family
        facets = self._facets(raw, families, refusals, pointer, base, depth)
        self._store.places.setdefault(facets, pointer)
        if not parts:
            return facets
        parts.insert(place, facets)
        schema = self._store.all_of(tuple(parts))
        self._store.places.setdefault(schema, pointer)
        return schema

    def _facets(
        self, raw: dict[str, Any], families: int, refusals: list[Refusal], pointer: str, base: str, depth: int
    ) -> SchemaId:
        draft = self._draft
        named = raw.get("type")
        if named is None:
            types = ALL_TYPES
        elif isinstance(named, str):
            types = TYPE_NAMES[named]
        else:
            types = 0
            for name in named:
                types |= TYPE_NAMES[name]
        if not families and not refusals and "format" not in raw:
            return self._store.typed(types)

        def child(item: Any, where: str) -> SchemaId:
            return self.read(item, where, base, depth + 1)

        string: StringFacet | None = strings.read(raw, pointer) if families & _STRING else None
        number: NumberFacet | None = None
        if families & _NUMBER:
            number, more = numbers.read(raw, pointer, boolean_exclusive=draft.boolean_exclusive)
            refusals.extend(more)
        if "format" in raw:
            for part in strings.read_format(raw["format"], types, self._options, f"{pointer}/format"):
                if isinstance(part, PatternTerm):
                    known = string or StringFacet()
                    string = known._replace(patterns=(*known.patterns, part))
                elif isinstance(part, NumberFacet):
                    number = part if number is None else numbers.merge([number, part])
                else:
                    refusals.append(part)
        return self._store.add(
            Schema(
                types=types,
                string=string,
                number=number,
                array=arrays.read(raw, pointer, draft, child) if families & _ARRAY else None,
                object=objects.read(raw, pointer, draft, child) if families & _OBJECT else None,
                refusals=tuple(refusals),
            )
        )

    # -- combinators -----------------------------------------------------------------------------------------------

    def _reference(self, raw: dict[str, Any], value: Any, pointer: str, base: str, depth: int) -> SchemaId:
        if not isinstance(value, str):
            raise SchemaError(f"$ref is {shown(value)}", pointer=pointer, expected="a URI reference")
        known = self._known_references.get((value, base))
        if known is None:
            place = self._references.resolve(value, base, pointer)
            self._places.setdefault(place.pointer, place)
            known = self._known_references[value, base] = self._store.add(Schema(reference=place.pointer))
        return known

    def _parts(self, value: Any, pointer: str, base: str, depth: int) -> tuple[SchemaId, ...]:
        return tuple(self.read(item, f"{pointer}/{i}", base, depth + 1) for i, item in enumerate(value))

    def _all_of(self, raw: dict[str, Any], value: Any, pointer: str, base: str, depth: int) -> SchemaId:
        return self._store.all_of(self._parts(value, pointer, base, depth))

    def _any_of(self, raw: dict[str, Any], value: Any, pointer: str, base: str, depth: int) -> SchemaId:
        return self._store.any_of(self._parts(value, pointer, base, depth))

    def _one_of(self, raw: dict[str, Any], value: Any, pointer: str, base: str, depth: int) -> SchemaId:
        return self._store.one_of(self._parts(value, pointer, base, depth))

    def _not(self, raw: dict[str, Any], value: Any, pointer: str, base: str, depth: int) -> SchemaId:
        return self._store.add(Schema(nots=(self.read(value, pointer, base, depth + 1),)))

    def _if(self, raw: dict[str, Any], value: Any, pointer: str, base: str, depth: int) -> SchemaId:
        if "then" not in raw and "else" not in raw:
            return TRUE
        store = self._store
        outer = pointer[: -len("/if")]
        condition = self.read(value, pointer, base, depth + 1)
        then, otherwise = (self.read(raw.get(key, True), f"{outer}/{key}", base, depth + 1) for key in ("then", "else"))
        refused = store.add(Schema(nots=(condition,)))
        return store.any_of((store.all_of((condition, then)), store.all_of((refused, otherwise))))

    def _enum(self, raw: dict[str, Any], value: Any, pointer: str, base: str, depth: int) -> SchemaId:
        return schema_of_values(self._store, value, pointer)

    def _const(self, raw: dict[str, Any], value: Any, pointer: str, base: str, depth: int) -> SchemaId:
        return schema_of_values(self._store, [value], pointer)

    def _dependencies(self, raw: dict[str, Any], value: Any, pointer: str, base: str, depth: int) -> SchemaId:
        store = self._store
        parts = []
        for name, needed in value.items():
            if isinstance(needed, list):
                consequence = store.add(Schema(object=ObjectFacet(required=tuple(needed))))
            else:
                consequence = self.read(needed, f"{pointer}/{escaped(name)}", base, depth + 1)
            absent = store.add(Schema(object=ObjectFacet(properties=((name, FALSE),))))
            parts.append(store.any_of((absent, consequence)))
        return store.all_of(tuple(parts))


_COMBINATORS: dict[str, Callable[[Reader, dict[str, Any], Any, str, str, int], SchemaId]] = {
    "$ref": Reader._reference,
    "allOf": Reader._all_of,
    "anyOf": Reader._any_of,
    "oneOf": Reader._one_of,
    "not": Reader._not,
    "if": Reader._if,
    "enum": Reader._enum,
    "const": Reader._const,
    "dependencies": Reader._dependencies,
    "dependentRequired": Reader._dependencies,
    "dependentSchemas": Reader._dependencies,
}
