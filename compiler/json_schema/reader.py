"""From parsed JSON to the model, lazily: what no reference reaches is not read, so it cannot be refused either."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from constrain.compiler.json_schema import arrays, numbers, objects, sources, strings
from constrain.compiler.json_schema.documents import Place
from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.library import Library
from constrain.compiler.json_schema.model import (
    ALL_TYPES,
    EVERYTHING,
    FALSE,
    NULL,
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
    Unevaluated,
)
from constrain.compiler.json_schema.openapi import adds_null
from constrain.compiler.json_schema.options import Options
from constrain.compiler.json_schema.pointers import escaped, shown
from constrain.compiler.json_schema.references import Base, References
from constrain.compiler.json_schema.values import schema_of_values
from constrain.errors import LimitError, SchemaError

__all__ = ["MAXIMUM_NESTING", "MAXIMUM_WAYS", "NeedsAnnotations", "Reader", "pointer_of_name"]

MAXIMUM_NESTING = 100
"""Schemas inside schemas."""

MAXIMUM_WAYS = 500
"""Combinations of dynamic anchors under which places are read, each of them anew."""

_STRING, _NUMBER, _ARRAY, _OBJECT, _COMBINATOR, _UNEVALUATED = 1, 2, 4, 8, 16, 32

_FAMILIES = {
    **dict.fromkeys(("minLength", "maxLength", "pattern", *sources.KEYWORDS), _STRING),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _NUMBER),
    **dict.fromkeys(("items", "additionalItems", "prefixItems", "minItems", "maxItems"), _ARRAY),
    **dict.fromkeys(("contains", "uniqueItems"), _ARRAY),
    **dict.fromkeys(("properties", "patternProperties", "additionalProperties", "required"), _OBJECT),
    **dict.fromkeys(("minProperties", "maxProperties", "propertyNames"), _OBJECT),
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef"), _COMBINATOR),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "not", "if", "dependencies"), _COMBINATOR),
    **dict.fromkeys(("dependentRequired", "dependentSchemas", "enum", "const"), _COMBINATOR),
    **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems"), _UNEVALUATED),
}
_SCHEMA_PLACE = re.compile(r"(?:/(?:definitions|\$defs|properties)/[^/]*|/items|/additionalProperties)*")

_WAY = " by way "

_REFUSED = 0


@lru_cache(maxsize=256)
def _keywords(draft: Draft) -> dict[str, int]:
    """Keywords that are read, with their family, and those that are refused, with the types and when."""
    # what is no keyword of the draft is an annotation
    known = draft.keywords.union(sources.KEYWORDS)
    rules: dict[str, int] = {key: rule for key, rule in _FAMILIES.items() if key in known}
    # what it would mean there is nowhere said
    return rules | dict.fromkeys(draft.foreign, _REFUSED)


def pointer_of_name(name: str) -> str:
    """The pointer in the name of a reference, which may also say on which of the ways to the place it depends."""
    pointer, _, way = name.rpartition(_WAY)
    return pointer if way.isdigit() else name


class NeedsAnnotations(Exception):  # no error: the schema is to be read once more
    """Something asks what other subschemas have evaluated."""


class Reader:
    """Reads one schema, and of other documents what its references lead to."""

    def __init__(self, root: Any, options: Options, store: Store, *, annotates: bool = False) -> None:
        """Find the draft of a schema; nothing else is read yet.

        Args:
            root: the schema.
            options: how to read it.
            store: where to put what it says.
            annotates: whether what subschemas evaluate is kept, where it could be simplified away.

        Raises:
            UnsupportedError: a ``$schema`` that is no draft, or one with an unknown required vocabulary.
        """
        self._library = Library(options.references)
        self._main = self._library.open(root, options.draft)
        self._options = options
        self._store = store
        self._references = References(self._main, self._library)
        self._places: dict[str, tuple[Place, Base]] = {}
        self._targets: dict[str, SchemaId] = {}
        self._known_references: dict[tuple[str, str, Base], SchemaId] = {}
        self._ways: dict[tuple[tuple[str, str], ...], str] = {(): ""}
        self._keywords: dict[Draft, dict[str, int]] = {}
        self._annotates = annotates

    @property
    def draft(self) -> Draft:
        """The draft of the schema."""
        return self._main.root.draft

    def check(self) -> None:
        """Hold the schema to its metaschema.

        Raises:
            SchemaError: it is not valid.
        """
        self._check_place(self._main.root)

    def within(self, raw: Any, pointer: str, around: Sequence[tuple[dict[str, Any], str]]) -> SchemaId:
        """A schema inside the document, or one that could stand there.

        Args:
            raw: parsed JSON.
            pointer: its place.
            around: the schemas that hold it, outermost first, with their pointers.
        """
        base = self._references.enter(self._main.root)
        if not around:
            return self._read(raw, pointer, base, 0)
        for outer, place in around[1:]:
            base = self._references.inside(outer, base, place)
        return self.read(raw, pointer, base, 0)

    def root(self) -> SchemaId:
        """The document's schema."""
        place = self._main.root
        self._check_place(place)
        return self._read(place.raw, place.pointer, self._references.enter(place), 0)

    def target(self, name: str) -> SchemaId:
        """The schema that a reference of the model names."""
        known = self._targets.get(name)
        if known is None:
            place, base = self._places[name]
            self._check_place(place)
            known = self._targets[name] = self._read(place.raw, place.pointer, base, 0)
        return known

    def _check_place(self, place: Place) -> None:
        """A reference may lead where the metaschema has not looked, for instance into an unknown keyword."""
        document = place.document
        if (
            document.checked
            and place.draft is document.root.draft
            and _SCHEMA_PLACE.fullmatch(place.path)
            and (place.draft.reference_siblings or "/$defs/" not in place.path)
        ):
            return
        self._library.check(place)
        if not place.path:
            document.checked = True

    def read(self, raw: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        """A schema inside another.

        Args:
            raw: parsed JSON.
            pointer: its place.
            base: base URI, draft and bound anchors outside it.
            depth: schemas around it.
        """
        if isinstance(raw, dict) and ("$schema" in raw or base.draft.id_keyword in raw):
            inner = self._references.inside(raw, base, pointer)
            if inner.draft is not base.draft:
                path = pointer.removeprefix(base.document.prefix)
                self._library.check(Place(raw, path, inner.uri, inner.draft, inner.document))
            base = inner
        return self._read(raw, pointer, base, depth)

    def _read(self, raw: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        """A schema, of which ``base`` is what is inside."""
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
        draft = base.draft
        if "$ref" in raw and not draft.reference_siblings:
            return self._refer("$ref", raw["$ref"], f"{pointer}/$ref", base)
        if draft.dropped:
            raw = {key: value for key, value in raw.items() if key not in draft.dropped}
        keywords = self._keywords.get(draft)
        if keywords is None:
            keywords = self._keywords[draft] = _keywords(draft)
        families = 0
        parts: list[SchemaId] = []
        place = 0  # of the facets among the parts: where the first of them stands, of the object's if there are any
        refusals: list[Refusal] = []
        for key in raw:
            family = keywords.get(key)
            if family is None:
                if key.startswith(sources.PREFIX):
                    raise SchemaError(
                        f"{shown(key)} is no keyword",
                        pointer=f"{pointer}/{escaped(key)}",
                        expected=" or ".join(sources.KEYWORDS),
                    )
                continue
            if family == _REFUSED:
                refusals.append(Refusal(ALL_TYPES, key, f"{pointer}/{key}"))
            elif family == _COMBINATOR:
                parts.append(_COMBINATORS[key](self, raw, raw[key], f"{pointer}/{key}", base, depth))
            else:
                if not families or (family == _OBJECT and not families & _OBJECT):
                    place = len(parts)
                families |= family
        facets = self._facets(raw, families, refusals, pointer, base, depth)
        schema = facets
        self._store.places.setdefault(schema, pointer)
        if parts:
            parts.insert(place, facets)
            schema = self._store.all_of(tuple(parts))
            self._store.places.setdefault(schema, pointer)
        if families & _UNEVALUATED:
            schema = self._with_unevaluated(raw, schema, pointer, base, depth)
        return schema

    def _with_unevaluated(self, raw: dict[str, Any], body: SchemaId, pointer: str, base: Base, depth: int) -> SchemaId:
        if not self._annotates:
            raise NeedsAnnotations
        others = [
            self.read(raw[keyword], f"{pointer}/{keyword}", base, depth + 1) if keyword in raw else None
            for keyword in ("unevaluatedProperties", "unevaluatedItems")
        ]
        schema = self._store.add(Schema(unevaluated=Unevaluated(body, *others)))
        self._store.places.setdefault(schema, pointer)
        return schema

    def _facets(
        self, raw: dict[str, Any], families: int, refusals: list[Refusal], pointer: str, base: Base, depth: int
    ) -> SchemaId:
        draft = base.draft
        named = raw.get("type")
        if named is None:
            types = ALL_TYPES
        elif isinstance(named, str):
            types = TYPE_NAMES[named]
        else:
            types = 0
            for name in named:
                types |= TYPE_NAMES[name]
        if draft.nullable and adds_null(raw, pointer):
            types |= NULL
        formats: list[PatternTerm | NumberFacet | Refusal] = []
        if "format" in raw or draft.asserts_contents:
            formats = strings.read_formats(raw, draft, self._options, pointer)
        if not families and not refusals and not formats:
            return self._store.typed(types)

        def child(item: Any, where: str) -> SchemaId:
            found = self.read(item, where, base, depth + 1)
            return EVERYTHING if found == TRUE and self._annotates else found

        string: StringFacet | None = strings.read(raw, pointer, self._options) if families & _STRING else None
        number: NumberFacet | None = None
        if families & _NUMBER:
            number, more = numbers.read(raw, pointer, boolean_exclusive=draft.boolean_exclusive)
            refusals.extend(more)
        for part in formats:
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

    def _reference(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        return self._refer("$ref", value, pointer, base)

    def _dynamic_reference(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        return self._refer("$dynamicRef", value, pointer, base)

    def _recursive_reference(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        return self._refer("$recursiveRef", value, pointer, base)

    def _refer(self, keyword: str, value: Any, pointer: str, base: Base) -> SchemaId:
        if not isinstance(value, str):
            raise SchemaError(f"{keyword} is {shown(value)}", pointer=pointer, expected="a URI reference")
        known = self._known_references.get((keyword, value, base))
        if known is None:
            references = self._references
            if keyword == "$ref":
                place = references.resolve(value, base, pointer)
            elif keyword == "$dynamicRef":
                place = references.resolve_dynamic(value, base, pointer)
            else:
                place = references.resolve_recursive(value, base, pointer)
            inside = references.enter(place, base.bound)
            # the same place means something else where other anchors are bound
            name = place.pointer + self._way(inside.bound, pointer)
            self._places.setdefault(name, (place, inside))
            known = self._known_references[keyword, value, base] = self._store.add(Schema(reference=name))
        return known

    def _way(self, bound: tuple[tuple[str, str], ...], pointer: str) -> str:
        known = self._ways.get(bound)
        if known is None:
            if len(self._ways) > MAXIMUM_WAYS:
                raise LimitError(
                    f"dynamic anchors are bound in more than {MAXIMUM_WAYS} ways",
                    pointer=pointer,
                    expected="fewer resources with dynamic anchors; this limit is fixed",
                )
            known = self._ways[bound] = f"{_WAY}{len(self._ways)}"
        return known

    def _parts(self, value: Any, pointer: str, base: Base, depth: int) -> tuple[SchemaId, ...]:
        return tuple(self.read(item, f"{pointer}/{i}", base, depth + 1) for i, item in enumerate(value))

    def _all_of(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        return self._store.all_of(self._parts(value, pointer, base, depth))

    def _any_of(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        return self._any(self._parts(value, pointer, base, depth))

    def _any(self, parts: tuple[SchemaId, ...]) -> SchemaId:
        return self._store.add(Schema(any_of=parts)) if self._annotates else self._store.any_of(parts)

    def _one_of(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        parts = self._parts(value, pointer, base, depth)
        return self._store.add(Schema(one_of=parts)) if self._annotates else self._store.one_of(parts)

    def _not(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        return self._store.add(Schema(nots=(self.read(value, pointer, base, depth + 1),)))

    def _if(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        if "then" not in raw and "else" not in raw and not self._annotates:
            return TRUE
        store = self._store
        outer = pointer[: -len("/if")]
        condition = self.read(value, pointer, base, depth + 1)
        then, otherwise = (self.read(raw.get(key, True), f"{outer}/{key}", base, depth + 1) for key in ("then", "else"))
        refused = store.add(Schema(nots=(condition,)))
        return self._any((store.all_of((condition, then)), store.all_of((refused, otherwise))))

    def _enum(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        return self._of_values(value, pointer)

    def _of_values(self, values: list[Any], pointer: str) -> SchemaId:
        found = schema_of_values(self._store, values, pointer)
        if self._annotates:
            # members of a value are not evaluated by it, and nothing inside a negation is
            found = self._store.add(Schema(nots=(self._store.add(Schema(nots=(found,))),)))
        return found

    def _const(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        return self._of_values([value], pointer)

    def _dependencies(self, raw: dict[str, Any], value: Any, pointer: str, base: Base, depth: int) -> SchemaId:
        store = self._store
        parts = []
        for name, needed in value.items():
            if isinstance(needed, list):
                consequence = store.add(Schema(object=ObjectFacet(required=tuple(needed))))
            else:
                present = store.add(Schema(types=OBJECT, object=ObjectFacet(required=(name,))))
                consequence = self.read(needed, f"{pointer}/{escaped(name)}", base, depth + 1)
                consequence = store.all_of((present, consequence)) if self._annotates else consequence
            absent = store.add(Schema(object=ObjectFacet(properties=((name, FALSE),))))
            parts.append(self._any((absent, consequence)))
        return store.all_of(tuple(parts))


_COMBINATORS: dict[str, Callable[[Reader, dict[str, Any], Any, str, Base, int], SchemaId]] = {
    "$ref": Reader._reference,
    "$dynamicRef": Reader._dynamic_reference,
    "$recursiveRef": Reader._recursive_reference,
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
