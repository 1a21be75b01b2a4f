"""Regular expressions: two notations, one tree of code points, one way down to the grammar form.

``ecma`` reads the notation of JSON Schema's ``pattern`` and ``python_re`` that of Python's ``re``; both give a
:data:`Node`. ``lower`` turns a node into an expression of a grammar builder, with any encoding of characters as bytes.
``build`` makes a grammar of one terminal; ``is_empty`` says whether a node has any text.

The two notations are imported where they are used: whoever needs one rarely needs the other.
"""

from __future__ import annotations

from constrain.compiler.regex.ast import (
    ANY,
    EMPTY,
    NOTHING,
    Anchor,
    CharacterClass,
    Complement,
    Concat,
    Intersection,
    Node,
    Repeat,
    Union,
    intersection,
)
from constrain.compiler.regex.build import build, nothing_left
from constrain.compiler.regex.emptiness import is_empty
from constrain.compiler.regex.lower import lower, utf8_class

__all__ = [
    "ANY",
    "EMPTY",
    "NOTHING",
    "Anchor",
    "CharacterClass",
    "Complement",
    "Concat",
    "Intersection",
    "Node",
    "Repeat",
    "Union",
    "build",
    "intersection",
    "is_empty",
    "lower",
    "nothing_left",
    "utf8_class",
]
