"""Repetitions and choices that read one text in many ways, which costs time at every step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from constrain.compiler.notation.lint.finding import Context, GrammarWarning
from constrain.compiler.notation.nullable import is_nullable
from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, Rule, nodes_of

__all__ = ["adjacent_repetitions", "duplicate_alternative", "nullable_repetition"]


def nullable_repetition(context: Context) -> Iterator[GrammarWarning]:
    """``(a*)*``: the empty text any number of times."""
    for rule, node in _nodes(context):
        if isinstance(node, Repeat) and node.maximum not in (0, 1) and is_nullable(node.part, context.nullable):
            yield context.warning(
                "nullable-repetition",
                node.at,
                f"a repetition in {rule.name} is of something that may be empty, so that one text is read in many ways",
                "a repetition of what is not empty, such as (a+)* or a* for (a*)*",
            )


def adjacent_repetitions(context: Context) -> Iterator[GrammarWarning]:
    """``a* a*``, or ``ws ws``: where the first ends and the second begins is open."""
    shapes = _Shapes()
    for rule, node in _nodes(context):
        for items in node.alternatives if isinstance(node, Choice) else ():
            for first, second in pairwise(items):
                if _stretches(first, context) and shapes.of(first) == shapes.of(second):
                    yield context.warning(
                        "adjacent-repetitions",
                        second.at,
                        f"one repetition twice in a row (in {rule.name}): where the first of them ends is open",
                        "it once",
                    )


def duplicate_alternative(context: Context) -> Iterator[GrammarWarning]:
    """The same alternative twice in one choice."""
    shapes = _Shapes()
    for rule, node in _nodes(context):
        seen: set[tuple[int, ...]] = set()
        for items in node.alternatives if isinstance(node, Choice) else ():
            key = tuple(shapes.of(item) for item in items)
            if key in seen:
                yield context.warning(
                    "duplicate-alternative",
                    items[0].at if items else node.at,
                    f"an alternative of {rule.name} is there before",
                    "each alternative once",
                )
            seen.add(key)


def _nodes(context: Context) -> Iterator[tuple[Rule, Node]]:
    for rule in context.rules.rules.values():
        for node in nodes_of(rule.body):
            yield rule, node


def _stretches(node: Node, context: Context) -> bool:
    """Can it be empty, and more than one thing long?"""
    if isinstance(node, Repeat):
        return node.maximum is None
    if not isinstance(node, Name) or node.text not in context.nullable:
        return False
    return any(isinstance(part, Repeat) and part.maximum != 1 for part in nodes_of(context.rules.rules[node.text].body))


class _Shapes:
    """Numbers of parts: equal for parts that are written alike, wherever they stand."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Node, int]] = {}
        self._numbers: dict[object, int] = {}

    def of(self, node: Node) -> int:
        """The number of a part."""
        if id(node) not in self._known:
            number = self._numbers.setdefault(self._made(node), len(self._numbers))
            self._known[id(node)] = node, number  # kept, so that no other node gets the same address
        return self._known[id(node)][1]

    def _made(self, node: Node) -> object:
        match node:
            case Lexeme(expression):
                return "lexeme", expression
            case Name(name):
                return "name", name
            case Choice(alternatives):
                return "choice", tuple(tuple(self.of(item) for item in items) for items in alternatives)
            case Repeat(part, minimum, maximum):
                return "repeat", self.of(part), minimum, maximum
            case Difference(left, right):
                return "difference", self.of(left), self.of(right)
