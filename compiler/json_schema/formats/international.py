"""Internationalised host names (RFC 5890 to 5893): a regular subset, so that whatever is generated is a host name.

Kept out are A-labels, code points that are valid in some contexts only, digits beyond ASCII, marks that normal form C
could compose, labels that might be too long as A-labels, of which only a bound is known, and names of many labels.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from constrain.compiler.json_schema.formats.hosts import MAXIMUM_LABEL, MAXIMUM_NAME, RESERVED, ascii_label, ascii_name
from constrain.compiler.json_schema.formats.scripts import (
    LEFT_TO_RIGHT,
    LONGEST_MIXED,
    RIGHT_TO_LEFT,
    Script,
    letters,
    marks,
    reordered_marks,
)
from constrain.compiler.regex.ast import (
    EVERYTHING,
    Complement,
    Node,
    character_class,
    concat,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.ecma import whole_language

__all__ = ["LONGEST_LABEL", "SEPARATORS", "idn_hostname", "idn_hostname_superset", "international_name"]

SEPARATORS = "[.\u3002\uff0e\uff61]"
"""What stands for the dot (RFC 3490, section 3.1; IDNA2008 leaves it to the application)."""

LONGEST_LABEL = 62
"""Octets of a label as an A-label; four of them with their dots are no more than a name may have (253 octets)."""

_ASCII = whole_language("[a-z0-9]")
_HYPHEN = whole_language("-")
_DIGIT_FIRST = whole_language("[0-9][^]*")
_BEYOND_ASCII = r"[\x80-\u3001\u3003-\uFF0D\uFF0F-\uFF60\uFF62-\u{10FFFF}]"
_EDGE_OR_RESERVED = union([RESERVED, concat([_HYPHEN, EVERYTHING]), concat([EVERYTHING, _HYPHEN])])


@cache
def _left_to_right_label() -> Node:
    """A label without right-to-left characters."""
    letter, mark, reordered = (_class(kind(s) for s in LEFT_TO_RIGHT) for kind in (letters, marks, reordered_marks))
    # no two marks side by side that would have to be swapped
    unit = union([_ASCII, _HYPHEN, letter, mark])
    spelled = concat(
        [union([_ASCII, letter]), repeat(union([unit, concat([reordered, unit])]), 0, None), repeat(reordered, 0, 1)]
    )
    return intersection([spelled, Complement(_EDGE_OR_RESERVED), _short(LEFT_TO_RIGHT)])


@cache
def _right_to_left_label() -> Node:
    """RFC 5893, section 2, rules 1 to 4, with letters, ASCII digits and hyphens."""
    letter = _class(letters(s) for s in RIGHT_TO_LEFT)
    spelled = concat([letter, repeat(union([letter, whole_language("[0-9-]")]), 0, None)])
    return intersection([spelled, Complement(_EDGE_OR_RESERVED), _short(RIGHT_TO_LEFT)])


def _short(scripts: tuple[Script, ...]) -> Node:
    """Labels that are short enough as A-labels: longer ones where all characters are of one script."""
    everything = [union([_ASCII, _HYPHEN, _class([letters(s), marks(s), reordered_marks(s)])]) for s in scripts]
    return union(
        [
            repeat(union(everything), 1, LONGEST_MIXED),
            *(repeat(members, 1, script.longest) for script, members in zip(scripts, everything, strict=True)),
        ]
    )


def _class(parts: Iterable[Iterable[tuple[int, int]]]) -> Node:
    return character_class([found for part in parts for found in part])


@cache
def international_name(labels: int, separator: str) -> Node:
    """Names of at most so many labels that may be beyond ASCII."""
    short = whole_language(rf"[^]{{1,{LONGEST_LABEL}}}")
    left_to_right, plain = _left_to_right_label(), intersection([ascii_label(), short])
    # with right-to-left letters anywhere, the rule holds for all labels (RFC 5893, section 1.4): the others begin with
    # a letter, and end with a letter or a digit
    lettered = intersection([left_to_right, Complement(union([_DIGIT_FIRST, _marked()]))])
    plain_lettered = intersection([plain, Complement(_DIGIT_FIRST)])
    kinds = (union([plain, left_to_right]), union([plain_lettered, lettered, _right_to_left_label()]))
    dot = whole_language(separator)
    return union([concat([label, repeat(concat([dot, label]), 0, labels - 1)]) for label in kinds])


def _marked() -> Node:
    mark = _class(kind(script) for kind in (marks, reordered_marks) for script in LEFT_TO_RIGHT)
    return concat([EVERYTHING, mark, EVERYTHING])


@cache
def idn_hostname() -> Node:
    """Host names without A-labels, in ASCII or not."""
    return union([ascii_name(SEPARATORS), international_name(4, SEPARATORS)])


@cache
def idn_hostname_superset() -> Node:
    """What every internationalised host name looks like, whatever the tables say of its code points."""
    edge = rf"(?:[A-Za-z0-9]|{_BEYOND_ASCII})"
    label = rf"{edge}(?:(?:-|{edge}){{0,{MAXIMUM_LABEL - 2}}}{edge})?"
    return intersection(
        [whole_language(rf"{label}(?:{SEPARATORS}{label})*"), whole_language(rf"[^]{{1,{MAXIMUM_NAME}}}")]
    )
