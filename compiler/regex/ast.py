"""The tree of a regular expression over code points, before any byte encoding.

Front ends build it with the lower-case functions, which keep the tree small (flat, no neutral parts), so that later
passes see the shape a person wrote. Nothing here recurses: a tree may be deeper than Python's stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar, Literal, TypeAlias

from constrain.compiler.grammar import normalise_ranges
from constrain.errors import LimitError, Span

__all__ = [
    "ANY",
    "EMPTY",
    "EVERYTHING",
    "MAXIMUM_NESTING",
    "MAXIMUM_REPEAT",
    "NOTHING",
    "Anchor",
    "Atomic",
    "Automaton",
    "CharacterClass",
    "Complement",
    "Concat",
    "Intersection",
    "Look",
    "Node",
    "Ranges",
    "Repeat",
    "States",
    "Union",
    "character",
    "character_class",
    "children_of",
    "complement_ranges",
    "concat",
    "contains",
    "contains_choice",
    "contains_greedy",
    "contains_lazy",
    "intersection",
    "nesting_error",
    "repeat",
    "repeat_error",
    "subexpressions",
    "text_span",
    "union",
]

MAXIMUM_NESTING = 150
"""Groups inside groups. People write fewer than ten; the bound keeps every later pass off the end of its stack."""

MAXIMUM_REPEAT = 2**31 - 1
"""The largest repetition count; what lies above cannot be told from infinity by any text that fits in memory."""

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Sorted, disjoint, inclusive ranges of Unicode scalar values."""

States: TypeAlias = tuple[tuple[bool, tuple[tuple[Ranges, int], ...]], ...]
"""Whether each state of an automaton accepts, and its steps: the characters that are read, and the next state."""


_LOOK, _ANCHOR, _ATOMIC, _LAZY, _GREEDY, _UNION = 1, 2, 4, 8, 16, 32
"""What a tree may hold: assertions, repetitions in which there is a choice, and other choices."""


class _Known:
    """Finds out once what is asked of a node all the time: its hash, for tables, and what its tree holds."""

    __slots__ = ("_hash", "_holds")
    _key: ClassVar[attrgetter[Any]]
    """All fields of a node."""
    _hash: int
    _holds: int

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            known = hash(self._key(self))
            object.__setattr__(self, "_hash", known)
            return known


@dataclass(frozen=True, slots=True)
class CharacterClass(_Known):
    """One character in any of the ranges; no ranges is the empty language."""

    ranges: Ranges
    _key = attrgetter("ranges")
    __hash__ = _Known.__hash__
    _holds = 0


@dataclass(frozen=True, slots=True)
class Concat(_Known):
    """The parts one after the other; no parts is the empty string."""

    parts: tuple[Node, ...]
    _key = attrgetter("parts")
    __hash__ = _Known.__hash__


@dataclass(frozen=True, slots=True)
class Union(_Known):
    """Any of the parts; no parts is the empty language."""

    parts: tuple[Node, ...]
    _key = attrgetter("parts")
    __hash__ = _Known.__hash__


@dataclass(frozen=True, slots=True)
class Intersection(_Known):
    """All of the parts at once."""

    parts: tuple[Node, ...]
    _key = attrgetter("parts")
    __hash__ = _Known.__hash__


@dataclass(frozen=True, slots=True)
class Complement(_Known):
    """Every string that ``part`` does not match."""

    part: Node
    _key = attrgetter("part")
    __hash__ = _Known.__hash__


@dataclass(frozen=True, slots=True)
class Repeat(_Known):
    """``part`` between ``minimum`` and ``maximum`` times (None: no upper bound).

    ``lazy`` matters only where a match's end is not given; :mod:`~constrain.compiler.regex.lazy` resolves it.
    """

    part: Node
    minimum: int
    maximum: int | None
    lazy: bool = False
    _key = attrgetter("part", "minimum", "maximum", "lazy")
    __hash__ = _Known.__hash__


@dataclass(frozen=True, slots=True)
class Anchor(_Known):
    """The empty string, in one place only; :mod:`~constrain.compiler.regex.anchors` resolves it.

    ``begin`` is the start of the whole text, ``end`` its end, ``last_line_end`` the end or the place before a
    newline that is the last character (Python's ``$``).
    """

    kind: Literal["begin", "end", "last_line_end"]
    _key = attrgetter("kind")
    __hash__ = _Known.__hash__


@dataclass(frozen=True, slots=True)
class Look(_Known):
    """The empty string, where ``body`` matches what follows (``ahead``) or what precedes; or does not, if negative.

    :mod:`~constrain.compiler.regex.lookaround` resolves it.
    """

    body: Node
    ahead: bool
    negative: bool
    _key = attrgetter("body", "ahead", "negative")
    __hash__ = _Known.__hash__


@dataclass(frozen=True, slots=True)
class Atomic(_Known):
    """``part``, of whose matches only the first counts that a backtracking matcher finds.

    What is inside is in the order in which such a matcher tries it, and repetitions are lazy or not.
    :mod:`~constrain.compiler.regex.determinise` resolves it.
    """

    part: Node
    _key = attrgetter("part")
    __hash__ = _Known.__hash__


@dataclass(frozen=True, slots=True)
class Automaton(_Known):
    """The texts that lead from the first state to one that accepts.

    Attributes:
        states: no character leads to two of them, and each leads to one that accepts (but for the empty language).
    """

    states: States
    _key = attrgetter("states")
    __hash__ = _Known.__hash__


Node: TypeAlias = (
    CharacterClass | Concat | Union | Intersection | Complement | Repeat | Anchor | Look | Atomic | Automaton
)

EMPTY = Concat(())
"""The empty string."""

NOTHING = Union(())
"""The empty language."""

ANY = CharacterClass(((0, 0xD7FF), (0xE000, 0x10FFFF)))
"""Any one character."""

EVERYTHING = Repeat(ANY, 0, None)
"""Any text."""


_OF_SEVERAL = (Concat, Union, Intersection)
_OF_ONE = (Complement, Repeat, Atomic)


def children_of(node: Node) -> Sequence[Node]:
    """The nodes directly below."""
    if isinstance(node, CharacterClass):  # most are
        return ()
    if isinstance(node, _OF_SEVERAL):
        return node.parts
    if isinstance(node, _OF_ONE):
        return (node.part,)
    return (node.body,) if isinstance(node, Look) else ()


def subexpressions(root: Node) -> Iterator[Node]:
    """A node and all below it."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children_of(node))


def contains(root: Node, kind: type[Anchor | Look | Atomic]) -> bool:
    """Is there a node of some kind anywhere in the tree?"""
    return bool(_held(root) & _KINDS[kind])


def contains_lazy(root: Node) -> bool:
    """Is there a lazy quantifier that has a choice?"""
    return bool(_held(root) & _LAZY)


def contains_greedy(root: Node) -> bool:
    """Is there a quantifier that has a choice and isn't lazy?"""
    return bool(_held(root) & _GREEDY)


def contains_choice(root: Node) -> bool:
    """Is there more than one way through the tree, assertions and cuts aside?"""
    return bool(_held(root) & (_LAZY | _GREEDY | _UNION))


_KINDS: dict[type, int] = {Look: _LOOK, Anchor: _ANCHOR, Atomic: _ATOMIC, Union: _UNION}


def _held(root: Node) -> int:
    """What a tree holds, as bits."""
    known: int | None = getattr(root, "_holds", None)
    if known is not None:
        return known
    stack = [root]
    while stack:
        node = stack[-1]
        children = children_of(node)
        missing = [child for child in children if not hasattr(child, "_holds")]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        holds = _KINDS.get(node.__class__, 0)
        if isinstance(node, Repeat) and node.minimum != node.maximum:
            holds = _LAZY if node.lazy else _GREEDY
        for child in children:
            holds |= child._holds
        object.__setattr__(node, "_holds", holds)
    return root._holds


def character(code_point: int) -> Node:
    """One character; a surrogate is the empty language, for no UTF-8 text holds one."""
    return NOTHING if 0xD800 <= code_point <= 0xDFFF else CharacterClass(((code_point, code_point),))


def character_class(ranges: Iterable[tuple[int, int]], *, negated: bool = False) -> Node:
    """One character inside (or, negated, outside) the inclusive ranges."""
    inside = normalise_ranges(ranges)
    if negated:
        inside = complement_ranges(inside)
    return CharacterClass(inside) if inside else NOTHING


def complement_ranges(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """All scalar values outside ``ranges``."""
    return _complement(normalise_ranges(ranges))


_SURROGATES = (0xD800, 0xDFFF)


@lru_cache(maxsize=1024)
def _complement(ranges: Ranges) -> Ranges:
    gaps: list[tuple[int, int]] = []
    next_free = 0
    for low, high in sorted((*ranges, _SURROGATES)):
        if next_free < low:
            gaps.append((next_free, low - 1))
        next_free = high + 1
    if next_free <= 0x10FFFF:
        gaps.append((next_free, 0x10FFFF))
    return tuple(gaps)


def concat(parts: Sequence[Node]) -> Node:
    """The parts one after the other, flattened."""
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, Concat):
            flat.extend(part.parts)
        elif part is NOTHING:
            return NOTHING
        else:
            flat.append(part)
    if len(flat) == 1:
        return flat[0]
    return Concat(tuple(flat)) if flat else EMPTY


def union(parts: Sequence[Node]) -> Node:
    """Any of the parts, flattened; neighbouring classes become one class."""
    flat: list[Node] = []
    classes: list[CharacterClass] = []
    empty = False
    for part in parts:
        for member in part.parts if isinstance(part, Union) else (part,):
            if isinstance(member, CharacterClass):
                classes.append(member)
            elif member is EMPTY:
                empty = True
            else:
                flat.append(member)
    if len(classes) == 1:
        flat.append(classes[0])
    elif classes:
        flat.append(CharacterClass(normalise_ranges([each for member in classes for each in member.ranges])))
    if empty:
        flat = [repeat(flat[0], 0, 1)] if len(flat) == 1 else [*flat, EMPTY]
    if len(flat) == 1:
        return flat[0]
    return Union(tuple(flat)) if flat else NOTHING


def intersection(parts: Sequence[Node]) -> Node:
    """All of the parts at once (at least one), without those that allow every text."""
    flat: list[Node] = []
    for part in parts:
        if part is NOTHING:
            return NOTHING
        if part is not EVERYTHING:
            flat.append(part)
    if not flat:
        return EVERYTHING
    return flat[0] if len(flat) == 1 else Intersection(tuple(flat))


def repeat(part: Node, minimum: int, maximum: int | None, *, lazy: bool = False) -> Node:
    """``part`` between ``minimum`` and ``maximum`` times, with towers like ``(a*)*`` folded."""
    if maximum == 0 or part is EMPTY:
        return EMPTY
    if part is NOTHING:
        return EMPTY if minimum == 0 else NOTHING
    if (minimum, maximum) == (1, 1):
        return part
    if lazy:
        return Repeat(part, minimum, maximum, lazy)
    if (
        isinstance(part, Repeat)
        and not part.lazy
        and minimum <= 1
        and part.minimum <= 1
        and (maximum is None or maximum == 1)
    ):
        # an outer ?, * or + around {0..1,n} or {0..1,}: any count up to the bound can be reached without gaps
        if maximum is None or part.maximum is None:
            return Repeat(part.part, minimum * part.minimum, None)
        return Repeat(part.part, minimum * part.minimum, part.maximum)
    return Repeat(part, minimum, maximum)


def text_span(pattern: str, position: int, file: str | None = None) -> Span:
    """Line and column of a character index."""
    return Span(pattern.count("\n", 0, position) + 1, position - (pattern.rfind("\n", 0, position) + 1) + 1, file)


def nesting_error(pattern: str, position: int) -> LimitError:
    """The refusal of a pattern whose groups nest too deeply."""
    return LimitError(
        f"groups nest deeper than {MAXIMUM_NESTING} levels",
        span=text_span(pattern, position),
        expected="a flatter pattern; this limit is fixed",
    )


def repeat_error(pattern: str, position: int) -> LimitError:
    """The refusal of a repetition count that is too large."""
    return LimitError(
        f"a repetition count is above {MAXIMUM_REPEAT}",
        span=text_span(pattern, position),
        expected="a smaller count, or no upper bound",
    )
