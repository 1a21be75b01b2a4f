"""From clauses to JSON Schema 2020-12."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from constrain.compiler.json_schema import numbers, objects, strings
from constrain.compiler.json_schema.clauses import Clause
from constrain.compiler.json_schema.document import Document
from constrain.compiler.json_schema.model import (
    ALL_TYPES,
    ARRAY,
    BOOLEAN,
    FALSE,
    FRACTION,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    ObjectFacet,
    Schema,
    SchemaId,
    Value,
)
from constrain.compiler.json_schema.pointers import escaped
from constrain.compiler.json_schema.reader import pointer_of_name
from constrain.compiler.json_schema.show.facets import Fragment, Inside, conjoined, fragments, some_member
from constrain.compiler.json_schema.values import key_of, type_of
from constrain.errors import LimitError

__all__ = ["MAXIMUM_PLACES", "Writer"]

MAXIMUM_PLACES = 100_000
"""Schemas inside the normal form, which can be much longer than what it was made from."""

_METASCHEMA = "https://json-schema.org/draft/2020-12/schema"
_TYPES = (
    (OBJECT, "object"),
    (ARRAY, "array"),
    (STRING, "string"),
    (NUMBER, "number"),
    (BOOLEAN, "boolean"),
    (NULL, "null"),
)
_BITS = (NULL, BOOLEAN, INTEGER, FRACTION, STRING, ARRAY, OBJECT)


class Writer:
    """Writes one schema."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._algebra = document.algebra
        self._names: dict[SchemaId | tuple[SchemaId, ...], str] = {}
        self._taken: set[str] = set()
        self._definitions: dict[str, Any] = {}
        self._waiting: deque[tuple[str, SchemaId]] = deque()
        self._open: set[tuple[SchemaId, ...]] = set()
        self._inline: dict[tuple[SchemaId, ...], dict[str, Any]] = {}
        self._refers: dict[SchemaId, bool] = {}
        self._written = 0
        self._inside = Inside(self._child, document.algebra.negate)

    def schema(self) -> dict[str, Any] | bool:
        """The whole document."""
        root = self._document.reader.root()
        self._names[root] = ""
        body: dict[str, Any] | bool = self._child((root,)) if self._pure(root) is not None else self._body((root,))
        while self._waiting:
            name, schema = self._waiting.popleft()
            self._definitions[name] = self._body((schema,))
        if isinstance(body, bool):
            return body
        return {"$schema": _METASCHEMA, **body} | ({"$defs": self._definitions} if self._definitions else {})

    # -- places ----------------------------------------------------------------------------------------------------

    def _child(self, schemas: tuple[SchemaId, ...]) -> Any:
        """A schema inside another: a reference where it is one, or where it is inside itself."""
        if len(schemas) == 1 and (target := self._pure(schemas[0])) is not None:
            name = self._names.get(target)
            if name is None:
                name = self._named(target, self._document.store.schemas[schemas[0]].reference or "")
                self._waiting.append((name, target))
            return _reference(name)
        name = self._names.get(schemas)
        if name is not None:
            return _reference(name)
        if schemas in self._open:
            return _reference(self._named(schemas, "recursive"))
        if schemas in self._inline:
            return self._moved(schemas)
        self._open.add(schemas)
        body = self._body(schemas)
        self._open.remove(schemas)
        name = self._names.get(schemas)
        if name is not None:
            self._definitions[name] = body
            return _reference(name)
        if isinstance(body, dict) and any(self._follows(schema) for schema in schemas):
            self._inline[schemas] = body
        return body

    def _moved(self, schemas: tuple[SchemaId, ...]) -> dict[str, Any]:
        """Make a definition of what is met again: references inside references would double at each level."""
        first = self._inline[schemas]
        name = self._named(schemas, "shared")
        self._definitions[name] = first.copy()
        first.clear()
        first.update(_reference(name))
        return _reference(name)

    def _follows(self, schema: SchemaId) -> bool:
        """Whether a reference is a part of what a schema says of a value."""
        known = self._refers.get(schema)
        if known is None:
            said = self._document.store.schemas[schema]
            parts = (*said.all_of, *(said.any_of or ()), *(said.one_of or ()), *said.nots)
            parts += () if said.unevaluated is None else (said.unevaluated.body,)
            known = said.reference is not None or said.not_reference is not None or any(map(self._follows, parts))
            self._refers[schema] = known
        return known

    def _pure(self, schema: SchemaId) -> SchemaId | None:
        """What a schema leads to that is nothing but a reference."""
        known = self._document.store.schemas[schema]
        if known.reference is None or known != Schema(reference=known.reference):
            return None
        return self._document.reader.target(known.reference)

    def _named(self, key: SchemaId | tuple[SchemaId, ...], reference: str) -> str:
        last = pointer_of_name(reference).removesuffix("#").rpartition("/")[2]
        wanted = last.replace("~1", "/").replace("~0", "~") or "root"
        name = wanted
        number = 1
        while name in self._taken:
            number += 1
            name = f"{wanted}-{number}"
        self._taken.add(name)
        self._names[key] = name
        return name

    def _body(self, schemas: tuple[SchemaId, ...]) -> Any:
        self._written += 1
        if self._written > MAXIMUM_PLACES:
            raise LimitError(
                f"the normal form has more than {MAXIMUM_PLACES} places",
                expected="fewer combinations of anyOf, oneOf and allOf; this limit is fixed",
            )
        if FALSE in schemas:
            return False
        alternatives = [body for clause in self._algebra.expand(schemas) if (body := self._clause(clause)) is not False]
        if not alternatives or {} in alternatives:
            return bool(alternatives)
        return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}

    # -- alternatives ----------------------------------------------------------------------------------------------

    def _clause(self, clause: Clause) -> Any:
        """One alternative; False for one that nothing satisfies."""
        types = self._possible(clause)
        if not types:
            return False
        return conjoined(self._said(clause._replace(types=types)))

    def _possible(self, clause: Clause) -> int:
        types = clause.types
        if clause.values is not None:
            types &= sum({type_of(value) for value in clause.values})
        return self._algebra.possible(clause, types)

    def _said(self, clause: Clause) -> Iterator[Fragment]:
        types, values, excluded, leaves, choices = clause
        yield from _types(types)
        if values is not None:
            allowed = _json_values(value for value in values if type_of(value) & types)
            yield {"const": allowed[0]} if len(allowed) == 1 else {"enum": allowed}
        hidden = _json_values(value for value in excluded if type_of(value) & types)
        if hidden and values is None:
            yield {"not": {"const": hidden[0]} if len(hidden) == 1 else {"enum": hidden}}
        schemas = [self._document.store.schemas[leaf] for leaf in leaves]
        if types & STRING:
            text = strings.merge([schema.string for schema in schemas if schema.string is not None])
            yield from fragments(text, self._inside)
        if types & NUMBER:
            number = numbers.merge([schema.number for schema in schemas if schema.number is not None])
            yield from fragments(number, self._inside)
        if values is None and types & ARRAY:
            yield from fragments(self._algebra.items(leaves), self._inside)
        if values is None and types & OBJECT:
            yield from self._members([schema.object for schema in schemas if schema.object is not None])
        for choice in choices:
            options = [[self._document.store.schemas[leaf] for leaf in option] for option in choice]
            yield {"anyOf": [conjoined(self._members([s.object for s in o if s.object is not None])) for o in options]}
            schemas.extend(schema for option in options for schema in option)
        refusals = dict.fromkeys(r for schema in schemas for r in schema.refusals if r.types & types)
        if refusals:
            yield {"$comment": "; ".join(f"refused: {r.keyword} (at {r.pointer or '/'})" for r in refusals)}

    def _members(self, facets: list[ObjectFacet]) -> Iterator[Fragment]:
        store = self._document.store
        # what must be there is said for itself: worked out, it would make alternatives of the whole object
        for members in objects.merge([facet._replace(some=()) for facet in facets], store):
            yield from fragments(members, self._inside)
        for some in dict.fromkeys(some for facet in facets for some in facet.some):
            yield some_member(some, self._inside)


def _types(types: int) -> Iterator[Fragment]:
    if types == ALL_TYPES:
        return
    if types & NUMBER == INTEGER:
        names = ["integer" if bit == NUMBER else name for bit, name in _TYPES if types & bit]
    else:
        names = [name for bit, name in _TYPES if types & bit]
    yield {"type": names[0] if len(names) == 1 else names}
    if types & NUMBER == FRACTION:
        yield {"not": {"type": "integer"}}


def _json_values(values: Iterator[Value]) -> list[Any]:
    """As JSON, each once: a number may be there in several spellings."""
    return list({key_of(value): value[1] for value in values}.values())


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{quote(escaped(name), safe='~!$&()*+,;=:@')}" if name else "#"}
