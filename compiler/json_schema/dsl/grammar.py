"""The grammar of the concise form, for lark's LALR parser, and what messages call its terminals."""

from __future__ import annotations

__all__ = ["GRAMMAR", "NAMES"]

GRAMMAR = r"""
start: fields | SEPARATOR? array SEPARATOR?

fields: SEPARATOR? _list SEPARATOR?
_list: _field | _list SEPARATOR _field
_field: field | others
field: name OPTIONAL? ":"? type? DESCRIPTION?
others: "*" ":" type DESCRIPTION?
name: WORD | QUOTED

type: alternative ("|" alternative)*
?alternative: named | constant | pattern | array | object
named: WORD (RANGE | count)?
constant: QUOTED | NUMBER
pattern: PATTERN
array: "[" type "]" count?
object: "{" fields "}"
count: "{" (RANGE | NUMBER) "}"

WORD: /[^\W\d][\w-]*/
QUOTED: /"(?:[^"\\\n]|\\.)*"/
RANGE.2: /-?\d+(?:\.\d+)?\.\.(?:-?\d+(?:\.\d+)?)?|\.\.-?\d+(?:\.\d+)?/
NUMBER: /-?\d+(?:\.\d+)?(?!\.)/
PATTERN: /\/(?:[^\/\\\n]|\\.)+\//
OPTIONAL: "?"
DESCRIPTION: /#[^\n]*/
SEPARATOR: /\s*(?:,\s*|\n\s*)/

%ignore /[ \t\r]+/
"""

NAMES = {
    "WORD": "a name or type",
    "QUOTED": "a text in double quotes",
    "RANGE": "a range such as 0..150",
    "NUMBER": "a number",
    "PATTERN": "a pattern such as /[a-z]+/",
    "OPTIONAL": "'?'",
    "DESCRIPTION": "'# a description'",
    "SEPARATOR": "',' or a line break",
    "COLON": "':'",
    "STAR": "'*'",
    "VBAR": "'|'",
    "LSQB": "'['",
    "RSQB": "']'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "$END": "the end",
}
"""Terminals as a person calls them, the order being that of messages."""
