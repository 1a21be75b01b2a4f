"""Arguments that are not written as JSON: the declared properties of an object schema, and the texts of their values.

Styles such as Qwen3-Coder's write each argument by itself, and strings without quotes. Only declared properties are
written there: nothing would keep others from coming twice. Keywords that say more about the object than ``properties``
and ``required`` do are refused by name.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from constrain.compiler.grammar import Expression, Grammar, GrammarBuilder
from constrain.compiler.json_schema import build as build_schema
from constrain.compiler.json_schema import strings
from constrain.compiler.json_schema.document import open_schema
from constrain.compiler.json_schema.lowering import refused
from constrain.compiler.json_schema.model import STRING
from constrain.compiler.json_schema.pointers import escaped, shown
from constrain.compiler.structural_tag.schemas import SchemaReading
from constrain.errors import DataError, InputError, UnsatisfiableError, UnsupportedError

__all__ = ["Property", "other_values", "placed", "properties_of", "string_values"]

NOTES = ("title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment")
SHARED = ("$defs", "definitions", "$schema")


class Property(NamedTuple):
    """A declared property.

    Attributes:
        name: its key.
        required: must it be there?
        schema: of its value, with the definitions of the whole schema.
        pointer: of its schema.
    """

    name: str
    required: bool
    schema: dict[str, Any]
    pointer: str


def properties_of(schema: Any) -> list[Property]:
    """The declared properties of an object schema, in order.

    Raises:
        UnsupportedError: the schema says more; with JSON pointer.
    """
    if schema is True:
        return []
    if not isinstance(schema, dict):
        raise UnsupportedError(f"the schema {shown(schema)} is not supported here", pointer="", expected="an object's")
    for name, value in schema.items():
        closed = name == "additionalProperties" and isinstance(value, bool)
        typed = name == "type" and value == "object"
        if not (closed or typed or name in ("properties", "required", *NOTES, *SHARED)):
            raise UnsupportedError(
                f"{name!r} is not supported where arguments are not written as JSON",
                pointer=f"/{escaped(name)}",
                expected="'type': 'object' with 'properties' and 'required'",
            )
    declared, required = schema.get("properties", {}), schema.get("required", [])
    missing = [name for name in required if name not in declared]
    if missing:
        raise UnsupportedError(
            f"the required property {missing[0]!r} is not declared", pointer="/required", expected="it in 'properties'"
        )
    around = {name: schema[name] for name in SHARED if name in schema}
    found = []
    for name, inner in declared.items():
        pointer = f"/properties/{escaped(name)}"
        _check_references(inner, pointer)
        found.append(Property(name, name in required, {**around, "allOf": [inner]}, pointer))
    return found


def _check_references(value: Any, pointer: str) -> None:
    if isinstance(value, list):
        for index, entry in enumerate(value):
            _check_references(entry, f"{pointer}/{index}")
    if isinstance(value, dict):
        for name, entry in value.items():
            place = f"{pointer}/{escaped(name)}"
            if name in ("$ref", "$dynamicRef") and isinstance(entry, str):
                if entry.startswith("#") and not entry.startswith(("#/$defs/", "#/definitions/")):
                    expected = "a reference to '#/$defs/...', or to another document"
                    raise UnsupportedError(f"{entry!r} is not supported here", pointer=place, expected=expected)
            else:
                _check_references(entry, place)


def string_values(property: Property, builder: GrammarBuilder, reading: SchemaReading) -> Expression | None:
    """The strings under a property's schema, as they are; None if there are none.

    Raises:
        InputError: a mistake in the schema, or a keyword that is not implemented; with JSON pointer.
        DataError: a file that the schema names is not given, or cannot be used; with JSON pointer.
    """
    document = open_schema(
        _with_type(property, {"type": "string"}),
        draft=reading.draft,
        formats=reading.formats,
        ignore_formats=reading.ignore_formats,
        references=reading.references or None,
        data=reading.data,
    )
    root, found = document.reader.root(), []
    for types, values, excluded, leaves, _ in document.algebra.expand((root,)):
        facets = [document.store.schemas[leaf] for leaf in leaves]
        for refusal in (refusal for facet in facets for refusal in facet.refusals):
            if refusal.types & types:
                raise refused(refusal)
        if types & STRING:
            facet = strings.merge([facet.string for facet in facets if facet.string is not None])
            texts = None if values is None else [str(value[1]) for value in values if value[0] == "string"]
            hidden = [str(value[1]) for value in excluded if value[0] == "string"]
            if texts is None:
                facet = strings.bounded(facet, reading.sizes.max_string, tuple(hidden))
            found.append(strings.texts_of(builder, facet, texts, hidden))
    return builder.union(found) if found else None


def other_values(property: Property, reading: SchemaReading) -> Grammar | None:
    """The JSON texts of the values that are no strings; None if there are none. Errors as :func:`string_values`."""
    try:
        return build_schema(
            _with_type(property, {"not": {"type": "string"}}),
            draft=reading.draft,
            formats=reading.formats,
            ignore_formats=reading.ignore_formats,
            references=reading.references or None,
            data=reading.data,
            whitespace=reading.whitespace,
            order=reading.order,
            numbers=reading.numbers,
            escapes=reading.escapes,
            sizes=reading.sizes,
        )
    except UnsatisfiableError:
        return None


def _with_type(property: Property, bound: dict[str, Any]) -> dict[str, Any]:
    return {**property.schema, "allOf": [*property.schema["allOf"], bound]}


def placed(error: InputError | DataError, property: Property) -> InputError | DataError:
    """An error about a property's schema, whose pointer leads through the schema around it."""
    pointer = error.pointer or ""
    inner = pointer.removeprefix("/allOf/0")
    place = property.pointer + inner if inner != pointer or not pointer else pointer
    return type(error)(error.message, pointer=place, span=error.span, expected=error.expected)
