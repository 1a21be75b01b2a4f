r"""Lookahead that is settled by what follows it in the pattern, as a statement about that part alone.

In ``(?!if(?!\w))[a-z]+\(`` what is asked never reaches past the bracket: no text of the question holds one, and what
the question asks of the character after ``if`` the bracket answers. So the name is any but ``if``, which is the
difference of two languages, and no automaton has to remember the question. In the same way ``(?!\w)\(`` asks nothing.

In ``(?:[a-z0-9]|\\[0-7]{1,2}(?![0-7]))*"`` one turn asks about the next. So turns that ask come in runs, after each of
which comes the end or a turn that doesn't ask and begins otherwise: then nobody has to ask.

All of this is exact, whatever surrounds the pattern. What isn't settled stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from constrain.compiler.grammar import normalise_ranges
from constrain.compiler.regex.ast import (
    EMPTY,
    EVERYTHING,
    NOTHING,
    Anchor,
    Atomic,
    CharacterClass,
    Complement,
    Concat,
    Intersection,
    Look,
    Node,
    Ranges,
    Repeat,
    Union,
    character_class,
    complement_ranges,
    concat,
    contains,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.heads import common
from constrain.compiler.regex.lookaround import has_lookaround
from constrain.compiler.regex.membership import nullable
from constrain.compiler.regex.preference import characters_of, inside, meets
from constrain.errors import LimitError

__all__ = ["settled"]

MAXIMUM_STEPS = 500_000
"""Parts that lookahead is tried on, and ranges of characters that may come next."""


class _Next(NamedTuple):
    """What may come next.

    Attributes:
        first: all characters with which it may begin; perhaps more.
        unknown: may the pattern end here, so that anything may follow, or nothing?
    """

    first: Ranges
    unknown: bool


_ANYTHING = _Next((), True)


def settled(node: Node) -> Node:
    """A piece amid other text with fewer assertions.

    Args:
        node: a tree without lazy quantifiers, intersections and complements.

    Raises:
        LimitError: it takes too long.
    """
    if contains(node, Anchor) or contains(node, Atomic):
        return node
    return _Settler().settled(node, _ANYTHING)


class _Settler:
    def __init__(self) -> None:
        # with the nodes themselves, lest others get their identities
        self._beginnings: dict[int, tuple[Node, _Next]] = {}
        self._steps = 0
        self._turned = 0

    def settled(self, node: Node, after: _Next) -> Node:
        """Recursion follows the nesting of groups, which the parsers bound."""
        if not has_lookaround(node):
            return node
        match node:
            case Union(parts):
                return union([self.settled(part, after) for part in parts])
            case Concat(parts):
                return self._sequence(parts, after)
            case Look(_, True):
                return self._sequence((node,), after)
            case Repeat(part, minimum, maximum):
                again = after if maximum == 1 else _either([_Next(self._beginning(part).first, False), after])
                turned = self._turned
                part = self.settled(part, again)
                # its turns will be there twice: if one of those inside was made so, the tree would grow and grow
                if minimum <= 1 and maximum is None and has_lookaround(part) and turned == self._turned:
                    return self._turns(part, minimum, after)
                return repeat(part, minimum, maximum)
            case _:
                return node

    def _sequence(self, parts: Sequence[Node], after: _Next) -> Node:
        done: list[Node] = []
        nexts = [after]
        """What may come before each of ``done``, and after the last; the last comes first."""
        for part in reversed(parts):
            if isinstance(part, Look) and part.ahead:
                run = self._run_of(part, done, nexts)
                if run is not None:
                    length, made = run
                    del done[len(done) - length :]
                    del nexts[len(nexts) - length :]
                    part = made
            else:
                part = self.settled(part, nexts[-1])
            done.append(part)
            nexts.append(self._before(part, nexts[-1]))
        return concat(done[::-1])

    def _run_of(self, look: Look, done: Sequence[Node], nexts: Sequence[_Next]) -> tuple[int, Node] | None:
        """How many parts after a lookahead it asks about, and what they are if it holds; None where that is unknown.

        Args:
            look: the lookahead.
            done: the parts after it, the last one first.
            nexts: what may come after the last part, before it, and so on.
        """
        if isinstance(look.body, CharacterClass) and done and isinstance(done[-1], CharacterClass):
            wanted = complement_ranges(look.body.ranges) if look.negative else look.body.ranges
            return 1, character_class(common(done[-1].ranges, wanted))
        text, refused = _question(look.body)
        characters = characters_of(text)
        if characters is None:
            return None
        for length in range(len(done) + 1):
            first, unknown = nexts[len(done) - length]
            self._spend(1 + len(first) + len(characters))
            if not unknown and not meets(first, characters) and not meets(first, refused):
                run = concat(done[len(done) - length :][::-1])
                return None if has_lookaround(run) else (length, _answered(look.negative, text, refused, run))
        return None

    def _turns(self, part: Node, minimum: int, after: _Next) -> Node:
        """Turns of which each may ask about the next."""
        asking = _asking(part)
        whole = repeat(part, minimum, None)
        if asking is None or after.unknown or meets(after.first, asking.refused):
            return whole
        if any(has_lookaround(each) or nullable(each) for each in (asking.others, asking.askers)):
            return whole
        self._turned += 1
        # runs of turns that ask, and what may come after one
        run = concat([asking.askers, repeat(self._without(asking.askers, asking.refused), 0, None)])
        answered = self._without(asking.others, asking.refused)
        some = repeat(union([asking.others, concat([run, answered])]), minimum, None)
        ended = concat([some, repeat(run, 0, 1)])
        return ended if minimum == 0 else union([ended, run])

    def _without(self, node: Node, refused: Ranges) -> Node:
        """Texts that begin with none of the refused characters."""
        if not meets(self._beginning(node).first, refused):
            return node
        if isinstance(node, CharacterClass):
            return character_class(common(node.ranges, complement_ranges(refused)))
        if isinstance(node, Union):
            return union([self._without(part, refused) for part in node.parts])
        return intersection([node, Complement(concat([CharacterClass(refused), EVERYTHING]))])

    def _before(self, node: Node, after: _Next) -> _Next:
        """What may come next where the node does."""
        first, empty = self._beginning(node)
        if not empty:
            return _Next(first, False)
        self._spend(len(first) + len(after.first))
        return _either([_Next(first, False), after])

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAXIMUM_STEPS:
            raise LimitError(
                f"the pattern's lookahead takes more than {MAXIMUM_STEPS} steps to settle",
                expected="fewer assertions, or a shorter pattern; this limit is fixed",
            )

    def _beginning(self, node: Node) -> _Next:
        """With what a node may begin; ``unknown``: it may be empty."""
        known = self._beginnings.get(id(node))
        if known is None:
            known = self._beginnings[id(node)] = node, self._begins(node)
        return known[1]

    def _begins(self, node: Node) -> _Next:
        match node:
            case CharacterClass(ranges):
                return _Next(ranges, False)
            case Concat(parts):
                found = []
                for part in parts:
                    found.append(self._beginning(part))
                    if not found[-1].unknown:
                        return _Next(_either(found).first, False)
                return _either([*found, _ANYTHING])
            case Union(parts):
                return _either([self._beginning(part) for part in parts])
            case Intersection(parts):
                return self._beginning(parts[0])
            case Repeat(part, minimum):
                first, empty = self._beginning(part)
                return _Next(first, empty or minimum == 0)
            case _:
                return _ANYTHING


def _either(nexts: Sequence[_Next]) -> _Next:
    return _Next(normalise_ranges([each for first, _ in nexts for each in first]), any(unknown for _, unknown in nexts))


# -- questions about one part --------------------------------------------------------------------------------------


def _question(body: Node) -> tuple[Node, Ranges]:
    """A body as a text, and the characters one of which must not come after it."""
    if isinstance(body, Concat) and body.parts:
        last = body.parts[-1]
        if isinstance(last, Look) and last.ahead and last.negative and isinstance(last.body, CharacterClass):
            return concat(body.parts[:-1]), last.body.ranges
    return body, ()


def _answered(negative: bool, text: Node, refused: Ranges, run: Node) -> Node:
    """The texts of a run that begin (or don't) with one asked for: that ends in the run, nothing refused follows."""
    if run == EMPTY:
        return EMPTY if nullable(text) != negative else NOTHING
    of_run = characters_of(run)
    if refused and of_run is not None and inside(of_run, refused):
        asked = text
    elif refused:
        allowed = character_class(refused, negated=True)
        asked = concat([text, union([EMPTY, concat([allowed, EVERYTHING])])])
    else:
        asked = concat([text, EVERYTHING])
    return intersection([run, Complement(asked) if negative else asked])


# -- questions about the next turn ---------------------------------------------------------------------------------


class _Asking(NamedTuple):
    """A part as one of two: ``others``, or ``askers`` after which none of the characters ``refused`` comes."""

    others: Node
    askers: Node
    refused: Ranges


def _asking(part: Node) -> _Asking | None:
    """A part whose assertions stand at its end, and all refuse the same characters."""
    if not has_lookaround(part):
        return _Asking(part, NOTHING, ())
    match part:
        case Look(CharacterClass(ranges), True, True):
            return _Asking(NOTHING, EMPTY, ranges)
        case Concat(parts):
            last = _asking(parts[-1])
            if last is None:
                return None
            before = parts[:-1]
            return _Asking(concat([*before, last.others]), concat([*before, last.askers]), last.refused)
        case Union(parts):
            each = [asking for inner in parts if (asking := _asking(inner)) is not None]
            refused = {asking.refused for asking in each if asking.refused}
            if len(each) < len(parts) or len(refused) > 1:
                return None
            return _Asking(
                union([asking.others for asking in each]),
                union([asking.askers for asking in each]),
                next(iter(refused), ()),
            )
        case _:
            return None
