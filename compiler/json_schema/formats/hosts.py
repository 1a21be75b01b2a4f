"""Host names of RFC 1123, and what of them is certain not to need the tables of IDNA."""

from __future__ import annotations

from functools import cache

from constrain.compiler.regex.ast import Complement, Node, concat, intersection, repeat
from constrain.compiler.regex.ecma import whole_language

__all__ = ["LDH_LABEL", "MAXIMUM_LABEL", "MAXIMUM_NAME", "RESERVED", "ascii_label", "ascii_name", "ldh_name"]

MAXIMUM_NAME = 253
"""Characters of a name: 255 octets on the wire (RFC 1035, section 2.3.4)."""

MAXIMUM_LABEL = 63
"""Characters of a label, in ASCII."""

LDH_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
"""Letters, digits, hyphens."""

RESERVED = whole_language(r"[^]{2}--[^]*")
"""Hyphens in places three and four: an A-label, or reserved for what may come (RFC 5890, section 2.3.1)."""


@cache
def ldh_name() -> Node:
    """RFC 1123, section 2.1: the whole format up to draft 6."""
    return _name(whole_language(LDH_LABEL), r"\.")


@cache
def ascii_label() -> Node:
    """A label that is no A-label, and not reserved."""
    return intersection([whole_language(LDH_LABEL), Complement(RESERVED)])


@cache
def ascii_name(separator: str = r"\.") -> Node:
    """Names of such labels."""
    return _name(ascii_label(), separator)


def _name(label: Node, separator: str) -> Node:
    labels = concat([label, repeat(concat([whole_language(separator), label]), 0, None)])
    return intersection([labels, whole_language(rf"[^]{{1,{MAXIMUM_NAME}}}")])
