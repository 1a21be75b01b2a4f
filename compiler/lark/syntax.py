"""The syntax tree of a grammar's text: statements, and the bodies of definitions.

Aliases, priorities and modifiers are left out: they choose trees, not texts. ``at`` is always the index of the first
character in the text.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import NamedTuple, TypeAlias

__all__ = [
    "Body",
    "Call",
    "Choice",
    "Declare",
    "Define",
    "Ignore",
    "Import",
    "Leaf",
    "Literal",
    "Name",
    "Node",
    "Range",
    "Repeat",
    "Statement",
    "Value",
]


class Name(NamedTuple):
    """A rule, a terminal or a template's parameter."""

    text: str
    at: int

    @property
    def is_terminal(self) -> bool:
        """Is it in upper case?"""
        return self.text.isupper()


class Literal(NamedTuple):
    """A string or a regular expression, as it is written, flags included."""

    text: str
    at: int

    @property
    def written(self) -> str:
        """As it is written."""
        return self.text


class Range(NamedTuple):
    """``"a".."z"``"""

    low: Literal
    high: Literal

    @property
    def written(self) -> str:
        """As it is written, but for spaces."""
        return f"{self.low.text}..{self.high.text}"

    @property
    def at(self) -> int:
        """Where it begins."""
        return self.low.at


class Call(NamedTuple):
    """``template{argument, ...}``"""

    template: Name
    arguments: tuple[Value, ...]

    @property
    def at(self) -> int:
        """Where it begins."""
        return self.template.at


class Repeat(NamedTuple):
    """``part`` between ``minimum`` and ``maximum`` times (None: no upper bound)."""

    part: Node
    minimum: int
    maximum: int | None


class Choice(NamedTuple):
    """Any of the sequences."""

    alternatives: tuple[tuple[Node, ...], ...]


class Body(NamedTuple):
    """The right-hand side of a definition, and everything in it that has a place, in the text's order."""

    choice: Choice
    leaves: tuple[Leaf, ...]


class Define(NamedTuple):
    """A rule or a terminal, made anew or changed."""

    how: OneOf["define", "override", "extend"]
    name: Name
    parameters: tuple[Name, ...]
    body: Body


class Ignore(NamedTuple):
    """``%ignore``"""

    body: Body
    at: int


class Declare(NamedTuple):
    """``%declare``"""

    names: tuple[Name, ...]


class Import(NamedTuple):
    """``%import``: which names, and what they are called here, from the grammar at a path."""

    path: tuple[Name, ...]
    relative: bool
    names: tuple[tuple[Name, Name], ...]


Leaf: TypeAlias = Name | Literal | Range | Call
Value: TypeAlias = Leaf
Node: TypeAlias = Leaf | Repeat | Choice
Statement: TypeAlias = Define | Ignore | Declare | Import
