"""Schema text to Python values without losing anything: exact decimals, no duplicate keys, places for errors."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from constrain.errors import LimitError, SchemaError, Span

__all__ = ["MAXIMUM_TEXT_NESTING", "DuplicateKey", "check_distinct_keys", "read_schema_text"]

MAXIMUM_TEXT_NESTING = 400
"""Brackets inside brackets in a JSON text."""


def read_schema_text(text: str | bytes, *, repeated_keys: Literal["error", "last"] = "error") -> Any:
    """Parse JSON text.

    Integers become int, other numbers :class:`~decimal.Decimal`.

    Args:
        text: JSON; bytes are UTF-8 (RFC 8259), without a byte order mark.
        repeated_keys: is a key that occurs twice in one object a mistake, or does its last value count?

    Raises:
        SchemaError: not JSON, not UTF-8, a byte order mark, a duplicate key (its cause is then a
            :class:`DuplicateKey`), NaN or Infinity; with line and column.
        LimitError: nested too deeply, or a number of too many digits.
    """
    return _read(text, object_pairs_hook=dict if repeated_keys == "last" else _members, parse_float=_decimal)


def check_distinct_keys(text: str | bytes) -> None:
    """Look for an object that holds a key twice in JSON text whose numbers may have any number of digits.

    Raises:
        SchemaError: there is one (the cause is a :class:`DuplicateKey`), or the text is not JSON.
        LimitError: nested too deeply.
    """
    _read(text, object_pairs_hook=_members, parse_float=_unread, parse_int=_unread)


def _read(text: str | bytes, **hooks: Any) -> Any:
    if isinstance(text, bytes):
        data = text
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8")
            raise SchemaError(
                f"byte 0x{data[error.start]:02x} is not valid UTF-8 here",
                span=_span(before, len(before)),
                expected="JSON text in UTF-8",
            ) from None
    if text.startswith("\ufeff"):
        raise SchemaError("the text starts with a byte order mark", span=Span(1, 1), expected="JSON without one")
    _check_nesting(text)
    try:
        return json.loads(text, parse_constant=_no_constant, **hooks)
    except json.JSONDecodeError as error:
        raise SchemaError(f"not JSON: {error.msg}", span=Span(error.lineno, error.colno)) from None
    except _ConstantError as error:
        place = _outside_strings(text, error.name)
        raise SchemaError(f"{error.name} is not JSON", span=_span(text, place), expected="a finite number") from None
    except DuplicateKey as error:
        raise SchemaError(
            f"the key {json.dumps(error.name, ensure_ascii=False)} occurs twice in one object",
            span=_span(text, _second_key(text)),
            expected="distinct keys",
        ) from error
    except RecursionError:
        raise _too_deep(None) from None
    except ValueError as error:  # Python's bound on the digits of an integer
        raise LimitError(f"a number is too long: {error}", expected="fewer digits") from None


class _ConstantError(Exception):
    def __init__(self, name: str) -> None:
        self.name = name


class DuplicateKey(Exception):  # the cause of a SchemaError, which is the error
    """A key occurs twice in one object."""

    def __init__(self, name: str) -> None:
        self.name = name


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise LimitError(
            f"the exponent of the number {text[:40]} is out of range", expected="a smaller exponent"
        ) from None


def _unread(text: str) -> None:
    """No value at all, of whatever length."""


def _no_constant(name: str) -> Any:
    raise _ConstantError(name)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise DuplicateKey(name)
            seen.add(name)
    return members


_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},:]|-?[A-Za-z]+', re.DOTALL)


def _check_nesting(text: str) -> None:
    # cheap bound first: most texts hold fewer brackets than the limit
    if text.count("[") + text.count("{") <= MAXIMUM_TEXT_NESTING:
        return
    depth = 0
    for token in _TOKENS.finditer(text):
        first = token[0]
        if first in "[{":
            depth += 1
            if depth > MAXIMUM_TEXT_NESTING:
                raise _too_deep(_span(text, token.start()))
        elif first in "]}":
            depth -= 1


def _too_deep(span: Span | None) -> LimitError:
    return LimitError(
        f"the JSON nests deeper than {MAXIMUM_TEXT_NESTING} levels",
        span=span,
        expected="flatter JSON; this limit is fixed",
    )


def _outside_strings(text: str, name: str) -> int:
    return next((token.start() for token in _TOKENS.finditer(text) if token[0] == name), 0)


def _second_key(text: str) -> int:
    """Where a key first repeats, in the order in which objects end (as the parser reports it)."""
    stack: list[set[str] | None] = []
    expects_key = False
    duplicates: list[int | None] = []
    for token in _TOKENS.finditer(text):
        piece = token[0]
        if piece in "{[":
            stack.append(set() if piece == "{" else None)
            duplicates.append(None)
            expects_key = piece == "{"
        elif piece in "}]":
            stack.pop()
            place = duplicates.pop()
            if place is not None:
                return place
            expects_key = False
        elif piece == ",":
            expects_key = bool(stack) and stack[-1] is not None
        elif piece == ":":
            expects_key = False
        elif expects_key and piece.startswith('"'):
            names = stack[-1]
            name = json.loads(piece, strict=False)
            if names is not None:
                if name in names and duplicates[-1] is None:
                    duplicates[-1] = token.start()
                names.add(name)
    return 0


def _span(text: str, position: int) -> Span:
    return Span(text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1) + 1)
