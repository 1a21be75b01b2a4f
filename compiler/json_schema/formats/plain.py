"""Formats of one line each: UUIDs, JSON pointers, base64."""

from __future__ import annotations

from constrain.compiler.regex.ast import Node
from constrain.compiler.regex.ecma import whole_language

__all__ = ["byte", "json_pointer", "relative_json_pointer", "relative_json_pointer_with_shift", "uuid"]

_NATURAL = "(?:0|[1-9][0-9]*)"
_POINTER = r"(?:/(?:[^~/]|~[01])*)*"


def uuid() -> Node:
    """RFC 4122, section 3, of any version and variant."""
    return whole_language(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")


def json_pointer() -> Node:
    """RFC 6901, section 3, as a string (section 5)."""
    return whole_language(_POINTER)


def relative_json_pointer() -> Node:
    """draft-handrews-relative-json-pointer, to which drafts 7 and 2019-09 point."""
    return whole_language(rf"{_NATURAL}(?:#|{_POINTER})")


def relative_json_pointer_with_shift() -> Node:
    """draft-bhutton-relative-json-pointer-00, to which draft 2020-12 points: an index may be shifted."""
    return whole_language(rf"{_NATURAL}(?:#|(?:[+-]{_NATURAL})?{_POINTER})")


def byte() -> Node:
    """RFC 4648, section 4, padded, and with pad bits of zero (section 3.5)."""
    return whole_language(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?")
