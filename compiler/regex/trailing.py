r"""What a piece of text may be followed by: assertions at the end of a terminal, apart from what it matches.

``/if\b/`` matches ``if`` where no word character follows. What a piece matches is a language, and so is what may follow
it: an :class:`Ending` is the one with the other. A pattern becomes a few of them, and matches where any of them does.

* An assertion at the very end (``(?=x)``, ``(?!x)``, ``\b``, ``\B``, ``$``, ``\Z``; also at the end of only some
  alternatives) speaks of nothing but what follows.
* A lookahead further left may see past the end, too: ``/(?!if\b)[a-z]+/`` has to know what follows ``if`` and ``i``.
  Where its body has a bounded length, it is read as sequences of classes, and the piece is split by how far into these
  sequences it reaches: ``if`` must be followed by a word character, ``i`` not by ``f`` and the end of a word,
  everything else by anything.

Nothing here looks at what comes before a piece: assertions that do are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from constrain.compiler.regex.anchors import After, resolve_within
from constrain.compiler.regex.ast import (
    ANY,
    EMPTY,
    EVERYTHING,
    NOTHING,
    Anchor,
    CharacterClass,
    Complement,
    Concat,
    Look,
    Node,
    Ranges,
    Repeat,
    Union,
    character,
    complement_ranges,
    concat,
    contains,
    contains_lazy,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.language import piece
from constrain.compiler.regex.lengths import length_bounds
from constrain.errors import LimitError, UnsupportedError

__all__ = ["Ending", "endings"]

MAXIMUM_ALTERNATIVES = 256
"""Alternatives that choices with assertions in them may be multiplied out to."""

MAXIMUM_SEQUENCES = 2_000
"""Sequences of classes that a lookahead past the end may be read as, and states of the automaton made of them."""

_NEWLINE = character(10)
_AT_END = Look(ANY, ahead=True, negative=True)
_AT_LAST_LINE_END = Look(
    Union((CharacterClass(complement_ranges(((10, 10),))), Concat((_NEWLINE, ANY)))), ahead=True, negative=True
)


@dataclass(frozen=True, slots=True)
class Ending:
    """A piece of text, and what may follow it.

    Attributes:
        node: the pieces, without assertions.
        looks: lookahead at their end; all of it has to hold.
    """

    node: Node
    looks: tuple[Look, ...] = ()

    @property
    def forbidden(self) -> Node | None:
        """What the rest of the text must not begin with, if that says it all; None where it does not.

        Without lookahead it is the empty language.
        """
        bodies = [look.body for look in self.looks]
        if any(not look.negative for look in self.looks) or any(map(_has_assertion, bodies)):
            return None
        return union(bodies)

    @property
    def rest(self) -> Node:
        """All texts that may follow, up to the end of the whole text; without assertions."""
        parts: list[Node] = []
        for look in self.looks:
            follow = resolve_within(concat([look.body, EVERYTHING]), (False, After.NOTHING))
            parts.append(Complement(follow) if look.negative else follow)
        return intersection(parts) if parts else EVERYTHING


def endings(node: Node) -> list[Ending]:
    """The pieces that ``node`` matches amid other text, with what may follow each.

    Args:
        node: a tree with assertions and lazy quantifiers, as a pattern's notation is read.

    Raises:
        UnsupportedError: an assertion about what comes before a piece, or one that cannot be resolved exactly.
        LimitError: too many alternatives.
    """
    found: dict[tuple[Look, ...], list[Node]] = {}
    for parts in _multiplied_out(node):
        for ending in _of_sequence([_as_look(part) for part in parts]):
            if ending.node is not NOTHING:
                found.setdefault(ending.looks, []).append(ending.node)
    return [Ending(union(nodes), looks) for looks, nodes in found.items()]


def _multiplied_out(root: Node) -> list[tuple[Node, ...]]:
    """The alternatives of ``root``, as sequences in which no choice holds an assertion."""
    if not _has_assertion(root):
        return [(root,)]
    done: list[tuple[Node, ...]] = []
    pending = [root]
    while pending:
        node = pending.pop()
        parts = node.parts if isinstance(node, Concat) else (node,)
        place = next((i for i, part in enumerate(parts) if _choices(part)), None)
        if place is None:
            done.append(parts)
        else:
            choices = _choices(parts[place])
            pending.extend(concat([*parts[:place], each, *parts[place + 1 :]]) for each in reversed(choices))
        if len(done) + len(pending) > MAXIMUM_ALTERNATIVES:
            raise LimitError(
                f"assertions in choices make more than {MAXIMUM_ALTERNATIVES} alternatives",
                expected="fewer choices; this limit is fixed",
            )
    return done


def _choices(part: Node) -> Sequence[Node]:
    if isinstance(part, Union) and _has_assertion(part):
        return part.parts
    if isinstance(part, Repeat) and (part.minimum, part.maximum) == (0, 1) and _has_assertion(part):
        return (EMPTY, part.part) if part.lazy else (part.part, EMPTY)
    return ()


def _as_look(part: Node) -> Node:
    """An anchor as the lookahead that it is."""
    if isinstance(part, Anchor) and part.kind != "begin":
        return _AT_END if part.kind == "end" else _AT_LAST_LINE_END
    return part


def _of_sequence(parts: list[Node]) -> list[Ending]:
    looks: list[Look] = []
    # whatever takes no text at the end stands at the end: lookahead is taken away, lookbehind is about the piece itself
    at = len(parts)
    while at and isinstance(parts[at - 1], Look | Anchor):
        at -= 1
        part = parts[at]
        if isinstance(part, Look) and part.ahead:
            looks.insert(0, _simple(part))
            del parts[at]
    if looks and any(map(contains_lazy, parts)):
        raise UnsupportedError(
            "a lazy quantifier before lookahead at the end of a terminal is not implemented",
            expected="a class that leaves the character out that ends the text, such as [^x]*",
        )
    beyond = [index for index, part in enumerate(parts) if isinstance(part, Look) and _sees_past(part, parts[index:])]
    if not beyond:
        return [Ending(_piece(parts), tuple(looks))]
    # what stands before the first of them: some parts of any length, then some of a fixed one
    first = beyond[0]
    while first and _is_fixed(parts[first - 1]):
        first -= 1
    if any(map(contains_lazy, parts[: beyond[-1]])) or not all(map(_is_fixed, parts[first : beyond[-1]])):
        raise UnsupportedError(
            "lookahead (?=...) or (?!...) that sees past the end of a terminal, with parts of different lengths or "
            "lazy quantifiers before it, is not implemented"
        )
    head = _piece(parts[:first])
    tail = _piece([part for index, part in enumerate(parts) if index >= first and index not in beyond])
    found = [(tail, tuple(looks))]
    for place in beyond:
        offset = length_bounds(Concat(tuple(parts[first:place])))[0]
        split = _split(parts[place], *_shifted(length_bounds(tail), offset))
        if len(found) * len(split) > MAXIMUM_SEQUENCES:
            raise _too_many()
        skipped = repeat(ANY, offset, offset)
        found = [
            (intersection([node, concat([skipped, inside])]), (*known, *follow))
            for node, known in found
            for inside, follow in split
        ]
    return [Ending(concat([head, node]), follow) for node, follow in found]


def _shifted(bounds: tuple[int, int | None], offset: int) -> tuple[int, int | None]:
    low, high = bounds
    return max(low - offset, 0), None if high is None else max(high - offset, 0)


def _piece(parts: Sequence[Node]) -> Node:
    node = concat(parts)
    if contains(node, Anchor):
        raise UnsupportedError(
            "an anchor in a terminal that speaks of the text before it, or stands in a repetition, is not implemented"
        )
    return piece(node)


def _is_fixed(part: Node) -> bool:
    """Is every match of the part as long as the others?"""
    low, high = length_bounds(part)
    return low == high


def _sees_past(look: Look, parts: Sequence[Node]) -> bool:
    """Can a lookahead see more than the parts after it are sure to have?"""
    if not look.ahead:
        return False
    reach = length_bounds(look.body)[1]
    least = length_bounds(Concat(tuple(parts)))[0]
    return reach is None or reach > least or _has_assertion(look.body)


def _has_assertion(node: Node) -> bool:
    return contains(node, Look) or contains(node, Anchor)


def _simple(look: Look) -> Look:
    """Lookahead at the end without lookaround in its body."""
    if not contains(look.body, Look):
        return look
    return Look(union([sequence.after(0) for sequence in _sequences(look.body)]), ahead=True, negative=look.negative)


# -- lookahead as sequences of classes -----------------------------------------------------------------------------


class _Sequence(NamedTuple):
    """Characters, and perhaps the end of the text after them.

    ``closed``: the last of it came from an assertion, which takes no text, so that nothing can be put behind it.
    """

    classes: tuple[Ranges, ...]
    ended: bool = False
    closed: bool = False

    def after(self, count: int) -> Node:
        """What is left after ``count`` characters."""
        left: list[Node] = [CharacterClass(ranges) for ranges in self.classes[count:]]
        return concat([*left, Anchor("end")] if self.ended else left)


def _sequences(body: Node) -> list[_Sequence]:
    """A body of bounded length as sequences: a text begins with the body where it begins with one of them.

    Raises:
        UnsupportedError: it has no bounded length, or assertions that cannot be told as sequences.
        LimitError: there are too many.
    """
    return _extended([_Sequence(())], body)


def _extended(known: list[_Sequence], part: Node) -> list[_Sequence]:
    """Each of the ``known``, and then ``part``; recursion follows the nesting of groups."""
    found: list[_Sequence]
    match _as_look(part):
        case CharacterClass(ranges) if not any(each.closed for each in known):
            found = [_Sequence((*each.classes, ranges)) for each in known]
        case Concat(parts):
            found = known
            for inner in parts:
                found = _extended(found, inner)
        case Union(parts):
            found = [each for inner in parts for each in _extended(known, inner)]
        case Repeat(inner, minimum, maximum) if maximum is not None:
            found, level = [], known
            for count in range(maximum + 1):
                if count >= minimum:
                    found.extend(level)
                _check_number(len(found) + count)
                level = _extended(level, inner) if count < maximum else []
        case Look(body, True, True) if not any(each.closed for each in known):
            found = [each for sequence in known for each in _not_followed(sequence, body)]
        case Look(CharacterClass(ranges), True, False) if not any(each.closed for each in known):
            found = [_Sequence((*each.classes, ranges), closed=True) for each in known]
        case Look(CharacterClass(ranges), False, negative) if all(each.classes and not each.closed for each in known):
            wanted = complement_ranges(ranges) if negative else ranges
            found = [_Sequence((*each.classes[:-1], _common(each.classes[-1], wanted))) for each in known]
            found = [each for each in found if each.classes[-1]]
        case _:
            raise UnsupportedError(
                "lookahead (?=...) or (?!...) that sees past the end of a terminal, with a body without a bounded "
                "length or with assertions of more than a character inside, is not implemented",
                expected="a body of characters, classes and choices",
            )
    _check_number(len(found))
    return found


def _not_followed(known: _Sequence, body: Node) -> list[_Sequence]:
    """``known``, and then nothing that begins with ``body``: another character, or the end of the text."""
    if isinstance(body, CharacterClass):
        outside = complement_ranges(body.ranges)
        others = [_Sequence((*known.classes, outside), closed=True)] if outside else []
        return [*others, _Sequence(known.classes, ended=True, closed=True)]
    if body == _AT_LAST_LINE_END.body:
        newline = ((10, 10),)
        ends = [_Sequence(known.classes, ended=True, closed=True)]
        return [*ends, _Sequence((*known.classes, newline), ended=True, closed=True)]
    raise UnsupportedError("negative lookahead of several characters inside lookahead is not implemented")


def _check_number(count: int) -> None:
    if count > MAXIMUM_SEQUENCES:
        raise _too_many()


def _too_many() -> LimitError:
    return LimitError(
        f"lookahead that sees past the end of a terminal has more than {MAXIMUM_SEQUENCES} alternatives",
        expected="a shorter one; this limit is fixed",
    )


def _split(look: Node, low: int, high: int | None) -> list[tuple[Node, tuple[Look, ...]]]:
    """Pieces of ``low`` to ``high`` characters in which, or after which, a lookahead at their start holds.

    Returns:
        What the piece is, and what has to hold at its end.
    """
    if not isinstance(look, Look):
        raise TypeError(look)
    sequences = _sequences(look.body)
    _check_number(sum(len(sequence.classes) for sequence in sequences))
    return (_split_negative if look.negative else _split_positive)(sequences, low, high)


def _split_positive(sequences: list[_Sequence], low: int, high: int | None) -> list[tuple[Node, tuple[Look, ...]]]:
    whole = [concat([each.after(0), EVERYTHING]) for each in sequences if not each.ended]
    found: list[tuple[Node, tuple[Look, ...]]] = [(union(whole), ())]
    for sequence in sequences:
        count = len(sequence.classes)
        for cut in range(low, count + sequence.ended):
            if high is None or cut <= high:
                inside = concat([CharacterClass(ranges) for ranges in sequence.classes[:cut]])
                found.append((inside, (_look([sequence.after(cut)], negative=False),)))
    return found


def _split_negative(sequences: list[_Sequence], low: int, high: int | None) -> list[tuple[Node, tuple[Look, ...]]]:
    """Breadth first over sets of sequences that a text may still be in, after each number of characters."""
    found: list[tuple[Node, tuple[Look, ...]]] = []
    told: list[Node] = []
    level: dict[frozenset[int], Node] = {frozenset(range(len(sequences))): EMPTY}
    depth = states = 0
    while level:
        following: dict[frozenset[int], list[Node]] = {}
        states += len(level)
        _check_number(states)
        for state, inside in level.items():
            alive = [sequences[index] for index in sorted(state)]
            if any(len(each.classes) == depth and not each.ended for each in alive):
                told.append(concat([inside, EVERYTHING]))
                continue
            told.append(inside)
            if low <= depth and (high is None or depth <= high):
                found.append((inside, (_look([each.after(depth) for each in alive], negative=True),)))
            for ranges, reached in _atoms({index: sequences[index].classes[depth:][:1] for index in state}):
                following.setdefault(reached, []).append(concat([inside, CharacterClass(ranges)]))
        level = {state: union(insides) for state, insides in following.items()}
        depth += 1
    return [(Complement(union(told)), ()), *found]


def _atoms(classes: Mapping[int, Sequence[Ranges]]) -> list[tuple[Ranges, frozenset[int]]]:
    """Disjoint classes of characters, each with the numbers of those of ``classes`` that it is part of."""
    atoms: list[tuple[Ranges, frozenset[int]]] = []
    for number, ranges in ((number, ranges) for number, found in classes.items() for ranges in found):
        left, split = ranges, []
        for known, numbers in atoms:
            shared = _common(known, left)
            if shared:
                split.append((shared, numbers | {number}))
                left = _common(left, complement_ranges(shared))
                known = _common(known, complement_ranges(shared))
            if known:
                split.append((known, numbers))
        atoms = [*split, (left, frozenset((number,)))] if left else split
        _check_number(len(atoms))
    return atoms


@lru_cache(maxsize=1024)
def _common(left: Ranges, right: Ranges) -> Ranges:
    return complement_ranges([*complement_ranges(left), *complement_ranges(right)])


def _look(bodies: Sequence[Node], *, negative: bool) -> Look:
    """Lookahead for any of the bodies, or for none; without the end of the text in it where that can be."""
    classes = [part for body in bodies if isinstance(body, CharacterClass) for part in body.ranges]
    ended = [body for body in bodies if body == Anchor("end")]
    if ended and all(isinstance(body, CharacterClass | Anchor) for body in bodies):
        # the end or one of these is whatever doesn't begin with another
        return Look(CharacterClass(complement_ranges(classes)), ahead=True, negative=not negative)
    return Look(union(bodies), ahead=True, negative=negative)
