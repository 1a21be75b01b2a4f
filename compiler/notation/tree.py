"""The tree that every notation is read into and written from.

A rule's body is a choice of sequences. What is at the leaves is a regular language over code points
(:data:`~constrain.compiler.regex.ast.Node`): a string, a class, a terminal of Lark. ``at`` is always the index of the
first character in the text that was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, get_args

from constrain.compiler.data import TextSource
from constrain.compiler.regex.ast import Node as RegexNode
from constrain.compiler.regex.ast import text_span
from constrain.errors import Span

__all__ = [
    "NOTATIONS",
    "Choice",
    "Difference",
    "Lexeme",
    "Name",
    "Node",
    "Notation",
    "Repeat",
    "Rule",
    "RuleSet",
    "Unused",
    "flat_alternatives",
    "names_in",
    "nodes_of",
]

Notation: TypeAlias = Literal["lark", "gbnf", "ebnf"]
NOTATIONS: tuple[Notation, ...] = get_args(Notation)


class Lexeme(NamedTuple):
    """A piece of text in a regular language; ``written`` is how messages call it."""

    node: RegexNode
    at: int
    written: str = ""


class Name(NamedTuple):
    """A use of a rule."""

    text: str
    at: int


class Repeat(NamedTuple):
    """``part`` between ``minimum`` and ``maximum`` times (None: no upper bound)."""

    part: Node
    minimum: int
    maximum: int | None
    at: int


class Difference(NamedTuple):
    """The texts of ``left`` that are no texts of ``right``."""

    left: Node
    right: Node
    at: int


class Choice(NamedTuple):
    """Any of the sequences; ``()`` is the empty text."""

    alternatives: tuple[tuple[Node, ...], ...]
    at: int


Node: TypeAlias = Lexeme | Name | Repeat | Difference | Choice


class Rule(NamedTuple):
    """A rule, or a terminal of Lark (its body is one lexeme)."""

    name: str
    body: Choice
    at: int
    is_terminal: bool = False


class Unused(NamedTuple):
    """Something that is defined in vain: its kind, its name, and its place."""

    kind: str
    name: str
    at: int


@dataclass(slots=True, eq=False)
class RuleSet:
    """A grammar that was read.

    Attributes:
        text: what was read; places are indices into it.
        rules: by name, in the text's order.
        start: the name of the rule to begin with.
        ignored: what may stand before, between and after Lark's terminals.
        unused: of a Lark grammar, what is defined beside the rules.
        lexer: how Lark's terminals split the text.
        sealed: terminals of Lark that stand for more than an expression: for what is in a file, or for texts and what
            may follow them. Their nodes say nothing.
        taken: of those, the ones that are taken from a file, and what they are taken from.
    """

    text: str
    rules: dict[str, Rule]
    start: str
    ignored: tuple[Lexeme, ...] = ()
    unused: tuple[Unused, ...] = ()
    lexer: Literal["complete", "contextual"] = "complete"
    sealed: list[Lexeme] = field(default_factory=list)
    taken: dict[Lexeme, TextSource] = field(default_factory=dict)

    def span(self, at: int) -> Span:
        """Line and column of an index in the text."""
        return text_span(self.text, at)


def nodes_of(root: Node) -> Iterator[Node]:
    """A node and all below it, each before what it holds, from left to right."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        match node:
            case Repeat(part):
                stack.append(part)
            case Difference(left, right):
                stack.extend((right, left))
            case Choice(alternatives):
                stack.extend(item for items in reversed(alternatives) for item in reversed(items))


def names_in(root: Node) -> Iterator[Name]:
    """The names that are used in a node."""
    return (node for node in nodes_of(root) if isinstance(node, Name))


def flat_alternatives(choice: Choice) -> Iterator[tuple[Node, ...]]:
    """The alternatives, those of choices that stand alone in one included."""
    for items in choice.alternatives:
        if len(items) == 1 and isinstance(items[0], Choice):
            yield from flat_alternatives(items[0])
        else:
            yield items
