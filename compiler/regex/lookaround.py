r"""Lookahead, lookbehind and word boundaries as intersections with a piece of the pattern itself.

In ``p (?=x) q`` the assertion speaks of the text that ``q`` and whatever follows it match. When ``q`` cannot be shorter
than ``x`` can be long, or when the text ends with ``q``, that is a statement about ``q`` alone: the pattern is ``p``
followed by ``q`` intersected with ``x.*``. A negative assertion intersects with the complement; lookbehind is the
mirror image.

So each assertion claims a run of the parts of its concatenation. Runs may nest or be apart; one that would cross
another is extended outwards, which changes nothing, until it nests. A choice inside a concatenation is multiplied out
first, for then its assertions can claim parts outside it. What remains is refused here, and left to
:mod:`~constrain.compiler.regex.determinise`: assertions inside repetitions that would have to look outside an
iteration, and crossing runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from constrain.compiler.grammar import normalise_ranges
from constrain.compiler.regex.anchors import After, anchor_kinds, resolve_within
from constrain.compiler.regex.ast import (
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
    character_class,
    complement_ranges,
    concat,
    contains,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.lengths import length_bounds
from constrain.errors import LimitError, UnsupportedError

__all__ = ["has_lookaround", "resolve_lookaround", "word_boundary"]

MAXIMUM_ALTERNATIVES = 256
"""Alternatives that choices with assertions in them may be multiplied out to."""

MAXIMUM_STEPS = 2_000_000
"""Parts looked at while assertions are resolved: each assertion looks along its concatenation, in each alternative."""


def word_boundary(word: Ranges, *, negated: bool, empty_text: bool = True) -> Node:
    r"""``\b`` or ``\B`` for the given word characters.

    Args:
        word: what counts as a word character.
        negated: ``\B``.
        empty_text: does ``\B`` hold in an empty text (in ECMAScript it does, in Python only since 3.14)?
    """
    body = CharacterClass(word)
    after = [Look(body, ahead=False, negative=negative) for negative in (False, True)]
    before = [Look(body, ahead=True, negative=negative) for negative in (False, True)]
    if not negated:
        return Union((Concat((after[0], before[1])), Concat((after[1], before[0]))))
    outside: tuple[Node, ...] = (after[1], before[1])
    if empty_text:
        return Union((Concat((after[0], before[0])), Concat(outside)))
    other = CharacterClass(complement_ranges(word))
    return Union(
        (
            Concat((after[0], before[0])),
            Concat((after[1], Look(other, ahead=True, negative=False))),
            Concat((Look(other, ahead=False, negative=False), before[1])),
        )
    )


def has_lookaround(root: Node) -> bool:
    """Is there an assertion anywhere in the tree?"""
    return contains(root, Look)


def resolve_lookaround(node: Node, *, whole: bool) -> Node:
    """``node`` without assertions.

    Args:
        node: a tree, anchors allowed.
        whole: does the text begin and end with the match of ``node``? If not, no assertion may look beyond it.

    Raises:
        UnsupportedError: an assertion that cannot be resolved exactly.
        LimitError: too many alternatives.
    """
    if not has_lookaround(node):
        return node
    return _Lookaround().resolve(node, at_start=whole, at_end=whole)


@dataclass(slots=True)
class _Claim:
    """An assertion and the run of parts, from ``start`` up to ``end``, that it speaks of."""

    look: Look
    start: int
    end: int


class _Lookaround:
    def __init__(self) -> None:
        self._alternatives = 0
        self._steps = 0

    def resolve(self, node: Node, *, at_start: bool, at_end: bool) -> Node:
        """Recursion follows the nesting of assertions and groups, which the parsers bound."""
        if not has_lookaround(node):
            return node
        match node:
            case Union(parts):
                return union([self.resolve(part, at_start=at_start, at_end=at_end) for part in parts])
            case Repeat(part, 0, 1):
                return union([EMPTY, self.resolve(part, at_start=at_start, at_end=at_end)])
            case Repeat(part, minimum, maximum):
                return repeat(self.resolve(part, at_start=False, at_end=False), minimum, maximum)
            case Concat(parts):
                return self._concat(parts, at_start=at_start, at_end=at_end)
            case Look():
                return self._concat((node,), at_start=at_start, at_end=at_end)
            case _:
                raise UnsupportedError("lookaround inside a negated part is not implemented")

    def _concat(self, parts: Sequence[Node], *, at_start: bool, at_end: bool) -> Node:
        self._spend(len(parts))
        choices = [_choices(part) for part in parts]
        self._check_alternatives(prod(len(each) for each in choices if each))
        for index, alternatives in enumerate(choices):
            if alternatives:
                members = []
                for choice in alternatives:
                    expanded = concat([*parts[:index], choice, *parts[index + 1 :]])
                    members.append(self.resolve(expanded, at_start=at_start, at_end=at_end))
                return union(members)
        self._alternatives += 1
        plain: list[Node] = []
        looks: list[tuple[Look, int]] = []
        for part in parts:
            if isinstance(part, Look):
                looks.append((part, len(plain)))
            else:
                plain.append(self.resolve(part, at_start=False, at_end=False))
        if any(part is NOTHING for part in plain):
            return NOTHING
        self._spend(len(looks) * max(len(parts), len(looks)))
        bounds = [length_bounds(part)[0] for part in plain]
        claims = [self._claim(look, place, bounds, at_start=at_start, at_end=at_end) for look, place in looks]
        _nest(claims)
        return self._build(plain, claims, at_start=at_start, at_end=at_end)

    def _check_alternatives(self, more: int) -> None:
        if self._alternatives + more > MAXIMUM_ALTERNATIVES:
            raise LimitError(
                f"lookaround in choices makes more than {MAXIMUM_ALTERNATIVES} alternatives",
                expected="fewer choices or fewer word boundaries; this limit is fixed",
            )

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAXIMUM_STEPS:
            raise LimitError(
                f"the pattern's assertions take more than {MAXIMUM_STEPS} steps to resolve",
                expected="fewer assertions, or a shorter pattern; this limit is fixed",
            )

    def _claim(self, look: Look, place: int, least: Sequence[int], *, at_start: bool, at_end: bool) -> _Claim:
        """The shortest run beside ``place`` that is as long as the assertion can look."""
        reach = length_bounds(look.body)[1]
        if look.negative and reach is not None and (at_end if look.ahead else at_start) and anchor_kinds(look.body):
            reach = None  # a complement needs to know for certain where the text ends
        length = 0
        if look.ahead:
            for end in range(place, len(least) + 1):
                if reach is not None and length >= reach:
                    return _Claim(look, place, end)
                length += least[end] if end < len(least) else 0
            if at_end:
                return _Claim(look, place, len(least))
        else:
            for start in range(place, -1, -1):
                if reach is not None and length >= reach:
                    return _Claim(look, start, place)
                length += least[start - 1] if start > 0 else 0
            if at_start:
                return _Claim(look, 0, place)
        raise UnsupportedError(
            f"{_name(look)} that looks beyond its repetition, or beyond the end of a terminal, is not implemented"
        )

    def _build(self, parts: Sequence[Node], claims: list[_Claim], *, at_start: bool, at_end: bool) -> Node:
        """The parts with each claimed run intersected, innermost runs first."""
        # each part stands for the run [index, ends[index]); runs that have become one node are merged
        nodes: list[tuple[int, int, Node]] = [(index, index + 1, part) for index, part in enumerate(parts)]
        for claim in sorted(claims, key=lambda claim: claim.end - claim.start):
            inside = [entry for entry in nodes if claim.start <= entry[0] and entry[1] <= claim.end]
            # an empty run is the node that earlier empty claims have put there, if any
            if claim.start == claim.end:
                inside = [entry for entry in inside if entry[0] == entry[1]]
            run = concat([node for _, _, node in inside])
            constrained = self._constrain(
                run,
                claim.look,
                at_start=at_start and claim.start == 0,
                at_end=at_end and claim.end == len(parts),
                after_begin=claim.start > 0 and parts[claim.start - 1] == Anchor("begin"),
            )
            position = sum(1 for entry in nodes if entry[1] <= claim.start and entry not in inside)
            nodes = [entry for entry in nodes if entry not in inside]
            nodes.insert(position, (claim.start, claim.end, constrained))
        return concat([node for _, _, node in nodes])

    def _constrain(self, run: Node, look: Look, *, at_start: bool, at_end: bool, after_begin: bool) -> Node:
        if isinstance(run, CharacterClass) and isinstance(look.body, CharacterClass):
            # one character against one character: no need to trouble the engine with it
            wanted = complement_ranges(look.body.ranges) if look.negative else look.body.ranges
            return character_class(_common(run.ranges, wanted))
        if look.ahead:
            body = self.resolve(concat([look.body, EVERYTHING]), at_start=False, at_end=at_end)
        else:
            body = self.resolve(concat([EVERYTHING, look.body]), at_start=at_start, at_end=False)
        if not look.negative:
            return intersection([run, body])
        kinds = anchor_kinds(body)
        if kinds:
            # the complement needs to know for certain where the text starts or ends
            if look.ahead and at_end and (after_begin or "begin" not in kinds):
                body = resolve_within(body, (after_begin, After.NOTHING))
            elif not look.ahead and at_start and kinds == {"begin"}:
                body = resolve_within(body, (True, After.TEXT))
            else:
                raise UnsupportedError(f"an anchor inside {_name(look)} in this place is not implemented")
        return intersection([run, Complement(body)])


def _choices(part: Node) -> Sequence[Node]:
    """The alternatives of a choice with assertions in it; none for anything else."""
    if isinstance(part, Union) and has_lookaround(part):
        return part.parts
    if isinstance(part, Repeat) and (part.minimum, part.maximum) == (0, 1) and has_lookaround(part):
        return part.part, EMPTY
    return ()


def _nest(claims: list[_Claim]) -> None:
    """Extend runs outwards until any two are nested or apart."""
    changed = True
    while changed:
        changed = False
        for left in claims:
            for right in claims:
                if not left.start < right.start < left.end < right.end:
                    continue
                if left.look.ahead:
                    left.end = right.end
                elif not right.look.ahead:
                    right.start = left.start
                else:
                    raise UnsupportedError(f"{_name(left.look)} that crosses {_name(right.look)} is not implemented")
                changed = True


@lru_cache(maxsize=1024)
def _common(left: Ranges, right: Ranges) -> Ranges:
    return complement_ranges(normalise_ranges([*complement_ranges(left), *complement_ranges(right)]))


def _name(look: Look) -> str:
    sign = ("" if look.ahead else "<") + ("!" if look.negative else "=")
    return f"{'negative ' if look.negative else ''}look{'ahead' if look.ahead else 'behind'} (?{sign}...)"
