"""Exact resolution of ``^`` and ``$``, wherever in a pattern they stand.

An anchor holds or not depending on what surrounds the match of its node, so each node is resolved for the surroundings
that matter: is there text before it, and is there nothing, one newline, or something else after it? Surroundings are
ordered: what matches amid text also matches at an end, because an anchor only ever gains truth. So the language of a
concatenation ``AB`` is the union of

* A and B as if both had text on their inner side (``A`` before something, ``B`` after something),
* A alone where B can be empty, and B alone where A can be empty (then the outer side is also the inner one),
* for Python's ``$``, A before a newline that is all that B matches,

and every one of these is sound by that order. Nothing is approximated; nodes without anchors are left as they are.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from enum import IntEnum
from typing import TypeAlias

from constrain.compiler.regex.ast import (
    EMPTY,
    EVERYTHING,
    NOTHING,
    Anchor,
    CharacterClass,
    Concat,
    Intersection,
    Node,
    Repeat,
    Union,
    character,
    children_of,
    concat,
    contains,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.membership import matches_newline, nullable
from constrain.errors import LimitError, UnsupportedError

__all__ = ["After", "anchor_kinds", "resolve_search", "resolve_within"]

MAXIMUM_ANCHORS = 200
"""Anchors of one pattern; each can multiply its surroundings."""

MAXIMUM_STEPS = 1_000_000
"""Parts of concatenations looked at while anchors are resolved, for each anchor and surroundings anew."""


class After(IntEnum):
    """What follows a node, from the least to the most that an anchor can hold in."""

    TEXT = 0
    NEWLINE = 1
    NOTHING = 2


Surroundings: TypeAlias = tuple[bool, After]
"""Is the node at the start of the text; what follows it."""

_Step: TypeAlias = Generator[tuple[Node, Surroundings], Node, Node]

_BEGIN = Anchor("begin")
_END = Anchor("end")
_NEWLINE = character(10)
_NO_KINDS: frozenset[str] = frozenset()
_WHOLE: Surroundings = (True, After.NOTHING)


def anchor_kinds(node: Node) -> frozenset[str]:
    """Which kinds of anchor stand in a tree."""
    return _Resolver(node).all_kinds


def resolve_within(node: Node, surroundings: Surroundings = _WHOLE) -> Node:
    """The texts that ``node`` matches in the given surroundings; by default, alone in the text (``re.fullmatch``).

    Raises:
        UnsupportedError: an anchor inside a repetition, in the one form that is not implemented.
        LimitError: too many anchors.
    """
    return _Resolver(node).resolve(node, surroundings) if contains(node, Anchor) else node


def resolve_search(node: Node) -> Node:
    """The whole texts in which ``node`` matches somewhere (ECMAScript's ``test``, Python's ``re.search``)."""
    if isinstance(node, Union):
        # one alternative at a time, so that ^a$|b keeps the simple form of ^a$
        return union([resolve_search(part) for part in node.parts])
    parts = node.parts if isinstance(node, Concat) else (node,)
    at_begin, at_end = parts[:1] == (_BEGIN,), parts[-1:] == (_END,)
    inside = parts[at_begin : len(parts) - at_end]
    if not any(contains(part, Anchor) for part in inside):
        # the form of nearly every pattern: all that anchors say is where the text begins and ends
        return concat([*([] if at_begin else [EVERYTHING]), *inside, *([] if at_end else [EVERYTHING])])
    resolver = _Resolver(node)
    before, after = resolver.kinds(node)
    starts: list[tuple[bool, list[Node]]] = [(False, [EVERYTHING])]
    ends: list[tuple[After, list[Node]]] = [(After.TEXT, [EVERYTHING])]
    # a place that no anchor asks about needs no case of its own: free text there covers it
    if before:
        starts.append((True, []))
    if after:
        ends.append((After.NOTHING, []))
    if "last_line_end" in resolver.all_kinds:
        ends.append((After.NEWLINE, [_NEWLINE]))
    return union(
        [
            concat([*prefix, resolver.resolve(node, (at_start, following)), *suffix])
            for at_start, prefix in starts
            for following, suffix in ends
        ]
    )


class _Resolver:
    """Resolves the nodes of one tree; results are kept per node and surroundings."""

    def __init__(self, root: Node) -> None:
        self._kinds: dict[int, frozenset[str]] = {}
        self._done: dict[tuple[int, Surroundings], Node] = {}
        self._splits: dict[int, tuple[Node, Node]] = {}
        self._steps = 0
        self._root = root  # with the splits, keeps every node alive whose identity is a key
        count = self._find_anchors(root)
        if count > MAXIMUM_ANCHORS:
            raise LimitError(f"the pattern has {count} anchors, above the limit of {MAXIMUM_ANCHORS}")
        self.all_kinds = self._kinds[id(root)]

    def _find_anchors(self, root: Node) -> int:
        count = 0
        stack = [(root, False)]
        while stack:
            node, ready = stack.pop()
            children = children_of(node)
            if children and not ready:
                stack.append((node, True))
                for child in children:
                    if isinstance(child, CharacterClass):  # most nodes are
                        self._kinds[id(child)] = _NO_KINDS
                    else:
                        stack.append((child, False))
            elif isinstance(node, Anchor):
                count += 1
                self._kinds[id(node)] = frozenset((node.kind,))
            else:
                self._kinds[id(node)] = _NO_KINDS.union(*{self._kinds[id(child)] for child in children})
        return count

    def kinds(self, node: Node) -> tuple[bool, bool]:
        """Does the node ask about its start, and about its end?"""
        kinds = self._kinds[id(node)]
        return "begin" in kinds, bool(kinds - {"begin"})

    def resolve(self, node: Node, surroundings: Surroundings) -> Node:
        """``node`` without anchors. A loop over suspended steps, so depth costs memory but no stack."""
        steps: list[tuple[tuple[int, Surroundings], _Step]] = []
        request: tuple[Node, Surroundings] = (node, surroundings)
        while True:
            key = (id(request[0]), request[1])
            answer = self._done.get(key)
            if answer is None and not self._kinds[key[0]]:
                answer = request[0]
            if answer is None:
                step = self._step(*request)
                steps.append((key, step))
                advance = None
            else:
                advance = answer
            while True:
                if not steps:
                    return self._done.get((id(node), surroundings), node)
                key, step = steps[-1]
                try:
                    request = next(step) if advance is None else step.send(advance)
                    break
                except StopIteration as stop:
                    steps.pop()
                    advance = self._done[key] = stop.value

    def _step(self, node: Node, surroundings: Surroundings) -> _Step:
        start, after = surroundings
        match node:
            case Anchor("begin"):
                return EMPTY if start else NOTHING
            case Anchor("end"):
                return EMPTY if after is After.NOTHING else NOTHING
            case Anchor():
                return EMPTY if after is not After.TEXT else NOTHING
            case Union(parts):
                members = []
                for part in parts:
                    members.append((yield part, surroundings))
                return union(members)
            case Intersection(parts):
                # all parts match the same piece of text, so in the same surroundings
                members = []
                for part in parts:
                    members.append((yield part, surroundings))
                return intersection(members)
            case Repeat(part, minimum, maximum):
                return (yield from self._repeat(part, minimum, maximum, surroundings))
            case Concat(parts):
                self._steps += len(parts)
                if self._steps > MAXIMUM_STEPS:
                    raise LimitError(
                        f"the pattern's anchors take more than {MAXIMUM_STEPS} steps to resolve",
                        expected="fewer anchors, or a shorter pattern; this limit is fixed",
                    )
                first, rest = self._split(node, parts)
                return (yield from self._pair(first, rest, surroundings))
            case _:
                raise UnsupportedError("an anchor inside a negated part is not implemented")

    def _split(self, node: Node, parts: Sequence[Node]) -> tuple[Node, Node]:
        """A concatenation in two: where nobody asks across the border if there is such a place."""
        known = self._splits.get(id(node))
        if known is None:
            last_start = max((i for i, part in enumerate(parts) if self.kinds(part)[0]), default=-1)
            first_end = min((i for i, part in enumerate(parts) if self.kinds(part)[1]), default=len(parts))
            if last_start < first_end:
                border = last_start + 1 if last_start >= 0 else first_end
            else:
                # runs without anchors stay whole: the depth of splitting is the number of anchored parts
                border = next(i for i, part in enumerate(parts) if any(self.kinds(part)))
            border = min(max(border, 1), len(parts) - 1)
            known = self._splits[id(node)] = self._made(parts[:border]), self._made(parts[border:])
        return known

    def _made(self, parts: Sequence[Node]) -> Node:
        node = concat(parts)
        if id(node) not in self._kinds:
            self._kinds[id(node)] = _NO_KINDS.union(*{self._kinds[id(part)] for part in parts})
        return node

    def _pair(self, first: Node, second: Node, surroundings: Surroundings) -> _Step:
        start, after = surroundings
        if not self.kinds(first)[1] and not self.kinds(second)[0]:
            return concat([(yield first, (start, After.TEXT)), (yield second, (False, after))])
        inner_first = yield first, (start, After.TEXT)
        inner_second = yield second, (False, after)
        outer_first = yield first, surroundings
        outer_second = yield second, surroundings
        members = [concat([inner_first, inner_second])]
        if nullable(inner_second):
            members.append(outer_first)
        if nullable(inner_first):
            members.append(outer_second)
        if nullable(outer_first) and nullable(outer_second):
            members.append(EMPTY)
        if after is After.NOTHING and "last_line_end" in self._kinds[id(first)]:
            before_newline = yield first, (start, After.NEWLINE)
            if matches_newline(inner_second):
                members.append(concat([before_newline, _NEWLINE]))
            if nullable(before_newline) and matches_newline(outer_second):
                members.append(_NEWLINE)
        return union(members)

    def _repeat(self, part: Node, minimum: int, maximum: int | None, surroundings: Surroundings) -> _Step:
        start, after = surroundings
        alone = yield part, surroundings
        first = yield part, (start, After.TEXT)
        inner = yield part, (False, After.TEXT)
        last = yield part, (False, after)
        if "last_line_end" in self._kinds[id(part)] and after is After.NOTHING and matches_newline(alone):
            raise UnsupportedError(
                "'$' inside a repetition that can also match a lone newline is not implemented",
                expected=r"\Z, which means the very end, or a pattern without '$' there",
            )
        # iterations that match the empty string can be left out where an anchor lets them stand at either side
        skippable = nullable(first) or nullable(last)
        least = 1 if skippable else max(minimum, 1)
        members: list[Node] = []
        if minimum == 0 or nullable(alone):
            members.append(EMPTY)
        if least == 1 and maximum != 0:
            members.append(alone)
        if maximum is None or maximum >= 2:
            middle = repeat(inner, max(least - 2, 0), None if maximum is None else maximum - 2)
            members.append(concat([first, middle, last]))
        return union(members)
