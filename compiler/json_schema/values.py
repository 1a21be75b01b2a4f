"""JSON values inside a schema (``enum``, ``const``): exact numbers, equality as the specification has it.

``1`` equals ``1.0``, and ``true`` equals neither. Arrays and objects are turned into schemas that only they satisfy, so
that the rest of the compiler knows scalars alone.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from constrain.compiler.json_schema.model import (
    ARRAY,
    BOOLEAN,
    FALSE,
    FRACTION,
    INTEGER,
    NULL,
    OBJECT,
    STRING,
    ArrayFacet,
    ObjectFacet,
    Schema,
    SchemaId,
    Store,
    Value,
)
from constrain.compiler.json_schema.pointers import shown
from constrain.errors import LimitError, SchemaError

__all__ = [
    "MAXIMUM_DIGITS",
    "WORDS",
    "exact",
    "is_integral",
    "key_of",
    "scalar",
    "schema_of_values",
    "type_of",
    "types_by_spelling",
]

MAXIMUM_DIGITS = 400
"""Digits of a number before or after the decimal point; more would make rules of unreasonable size."""

_MAXIMUM_VALUE_NESTING = 100

WORDS: tuple[tuple[int, bytes, Value], ...] = (
    (NULL, b"null", ("null", None)),
    (BOOLEAN, b"true", ("boolean", True)),
    (BOOLEAN, b"false", ("boolean", False)),
)
"""The values of the types that have few: the type, the text and the value."""


def exact(number: Any, pointer: str) -> int | Decimal:
    """A number of a schema as an exact one; a float means its shortest spelling.

    Raises:
        SchemaError: not a finite number.
        LimitError: too many digits.
    """
    result: int | Decimal
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        raise SchemaError(f"{shown(number)} is not a number", pointer=pointer, expected="a number")
    if isinstance(number, int):
        result = number
        too_long = number.bit_length() > MAXIMUM_DIGITS * 3
    else:
        if not (number.is_finite() if isinstance(number, Decimal) else math.isfinite(number)):
            raise SchemaError(f"{number} is not a JSON number", pointer=pointer, expected="a finite number")
        result = Decimal(repr(number)) if isinstance(number, float) else number
        _, digits, exponent = result.as_tuple()
        too_long = not isinstance(exponent, int) or len(digits) + abs(exponent) > MAXIMUM_DIGITS
        if not too_long and is_integral(result):
            result = int(result)
    if too_long:
        raise LimitError(
            "a number of the schema is too long",
            pointer=pointer,
            expected=f"at most {MAXIMUM_DIGITS} digits before and after the point; this limit is fixed",
        )
    return result


def is_integral(number: int | Decimal) -> bool:
    """Whether a number has no fraction."""
    return isinstance(number, int) or number == number.to_integral_value()


def scalar(value: Any, pointer: str) -> Value | None:
    """The record of a scalar; None for an array or object."""
    if isinstance(value, str):
        return ("string", value)
    if value is None:
        return ("null", None)
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list | tuple | dict):
        return None
    if not isinstance(value, int | float | Decimal):
        raise SchemaError(
            f"a {type(value).__name__} is not a JSON value", pointer=pointer, expected="what JSON text can say"
        )
    number = exact(value, pointer)
    return ("number", number, repr(value) if isinstance(value, float) else str(value))


def key_of(value: Value) -> tuple[str, bool | str | int | Decimal | None]:
    """Equal for equal JSON values, whatever their spelling."""
    return value[0], value[1]


def type_of(value: Value) -> int:
    """The type bit of a scalar."""
    match value[0]:
        case "null":
            return NULL
        case "boolean":
            return BOOLEAN
        case "string":
            return STRING
    return INTEGER if is_integral(value[1]) else FRACTION  # type: ignore[arg-type]  # the one kind left


def types_by_spelling(value: Value) -> int:
    """The type bits of a scalar where 1.0 is no integer: of a number without a fraction, those of both spellings."""
    bit = type_of(value)
    return INTEGER | FRACTION if bit == INTEGER else bit


def schema_of_values(store: Store, values: list[Any], pointer: str, depth: int = 0) -> SchemaId:
    """The schema that exactly the given values satisfy.

    Raises:
        SchemaError: something that is not a JSON value.
        LimitError: values nested too deeply.
    """
    if depth > _MAXIMUM_VALUE_NESTING:
        raise LimitError(
            f"a value nests deeper than {_MAXIMUM_VALUE_NESTING} levels",
            pointer=pointer,
            expected="a flatter value; this limit is fixed",
        )
    scalars: dict[tuple[object, object], Value] = {}
    structures: list[SchemaId] = []
    for value in values:
        if isinstance(value, str):
            # its own key, and the case of long enumerations
            text = ("string", value)
            scalars.setdefault(text, text)
            continue
        record = scalar(value, pointer)
        if record is not None:
            known = scalars.setdefault(key_of(record), record)
            if known is not record and record[0] == "number" and record[2:] != known[2:]:
                scalars[("spelling", record[2])] = record  # type: ignore[misc]  # numbers have a third part
        elif isinstance(value, dict):
            structures.append(_object(store, value, pointer, depth))
        else:
            structures.append(_array(store, value, pointer, depth))
    parts = tuple(structures)
    if scalars:
        parts = (store.add(Schema(values=tuple(scalars.values()))), *parts)
    return store.any_of(parts)


def _object(store: Store, value: dict[Any, Any], pointer: str, depth: int) -> SchemaId:
    for name in value:
        if not isinstance(name, str):
            raise SchemaError(f"the key {name!r} is not a string", pointer=pointer, expected="JSON")
    members = tuple((name, schema_of_values(store, [item], pointer, depth + 1)) for name, item in value.items())
    return store.add(
        Schema(types=OBJECT, object=ObjectFacet(properties=members, additional=FALSE, required=tuple(value)))
    )


def _array(store: Store, value: Any, pointer: str, depth: int) -> SchemaId:
    items = tuple(schema_of_values(store, [item], pointer, depth + 1) for item in value)
    return store.add(
        Schema(types=ARRAY, array=ArrayFacet(prefix=items, rest=FALSE, minimum=len(items), maximum=len(items)))
    )
