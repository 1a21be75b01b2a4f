"""Regular expressions of ECMA-262 with the ``u`` flag: a subset without backreferences or deep nesting.

Brackets nest, so the whole format isn't regular; :mod:`~constrain.compiler.regex.ecma_syntax` decides about it.
"""

from __future__ import annotations

from functools import cache

from constrain.compiler.regex.ast import Node, concat, repeat, union
from constrain.compiler.regex.ecma import whole_language

__all__ = ["MAXIMUM_DEPTH", "regex", "regex_superset"]

MAXIMUM_DEPTH = 3
"""Groups inside groups."""

_SYNTAX = r"\^$\\.*+?()\[\]{}|"
_ESCAPE = (
    r"\\(?:[dDsSwWfnrtv]|c[A-Za-z]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{0*(?:10[0-9A-Fa-f]{4}|[0-9A-Fa-f]{1,5})\}"
    rf"|[{_SYNTAX}/])"
)


def _ascending(characters: str) -> str:
    """Ranges whose ends are both among some characters, in order."""
    return "|".join(f"{low}-[{low}-{characters[-1]}]" for low in characters)


_RANGE = "|".join(map(_ascending, ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
_CLASS = rf"\[\^?-?(?:{_RANGE}|[^\\\]^-]|{_ESCAPE}|\\[b-])*-?\]"
# counts in order: both of one digit, one of one digit, or both of two
_COUNTS = "|".join(
    [
        r"[0-9]{1,4},?",
        *(f"{low},[{low}-9]" for low in range(10)),
        "[0-9],[1-9][0-9]",
        *(f"{tens}{low},{tens}[{low}-9]" for tens in range(1, 10) for low in range(10)),
        *(f"{tens}[0-9],[{tens + 1}-9][0-9]" for tens in range(1, 9)),
    ]
)
_ATOM = rf"[^{_SYNTAX}]|\.|{_ESCAPE}|{_CLASS}"
_QUANTIFIER = rf"(?:[*+?]|\{{(?:{_COUNTS})\}})\??"
_ASSERTION = r"\^|\$|\\[bB]"
_GROUP = r"\((?:\?:)?"
_NAMED_GROUP = r"\(\?<[A-Za-z$_][A-Za-z0-9$_]*>"
_LOOK = r"\(\?<?[=!]"


@cache
def regex() -> Node:
    """Patterns of groups up to :data:`MAXIMUM_DEPTH`, of which at most one has a name."""
    atom, assertion = whole_language(_ATOM), whole_language(_ASSERTION)
    found = _pattern([atom], [assertion])
    for _ in range(MAXIMUM_DEPTH):
        group, look = (concat([whole_language(start), found, whole_language(r"\)")]) for start in (_GROUP, _LOOK))
        found = _pattern([atom, group], [assertion, look])
    named = concat([whole_language(_NAMED_GROUP), found, whole_language(rf"\)(?:{_QUANTIFIER})?")])
    # no name may be given twice
    return concat([found, repeat(concat([named, found]), 0, 1)])


def _pattern(atoms: list[Node], assertions: list[Node]) -> Node:
    """Alternatives of terms; an assertion takes no text, and no quantifier."""
    quantified = concat([union(atoms), whole_language(rf"(?:{_QUANTIFIER})?")])
    terms = repeat(union([quantified, *assertions]), 0, None)
    return concat([terms, repeat(concat([whole_language(r"\|"), terms]), 0, None)])


def regex_superset() -> Node:
    """What begins with a quantifier or a closing parenthesis is certainly no pattern."""
    return whole_language(r"(?:[^*+?)][^]*)?")
