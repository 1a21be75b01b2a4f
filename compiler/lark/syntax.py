"""The syntax tree of a grammar's text: statements, and the bodies of definitions.

Aliases and modifiers are left out: they choose trees, not texts. So do priorities, but for a lexer that takes one
terminal where several match. ``at`` is always the index of the first character in the text.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import NamedTuple, TypeAlias

from constrain.compiler.data import Unit

__all__ = [
    "Body",
    "Call",
    "Choice",
    "Data",
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

    @property
    def flags(self) -> str:
        """The letters behind the closing quote."""
        return self.text[self.text.rindex(self.text[0]) + 1 :]


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


class Data(NamedTuple):
    """``%choices "file"`` or ``%substring_of "file" unit``: the whole body of a terminal."""

    how: OneOf["%choices", "%substring_of"]
    file: Literal
    unit: Unit

    @property
    def at(self) -> int:
        """Where the file's name stands."""
        return self.file.at


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
    """The right-hand side of a definition, and everything in it that has a place, in the text's order.

    ``depths``: how deep each of these lies in lark's own tree, in which what is deepest is named first.
    """

    choice: Choice
    leaves: tuple[Leaf, ...]
    depths: tuple[int, ...] = ()


class Define(NamedTuple):
    """A rule or a terminal, made anew or changed; ``priority`` is 0 where none is written."""

    how: OneOf["define", "override", "extend"]
    name: Name
    parameters: tuple[Name, ...]
    body: Body
    priority: int = 0


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

    @property
    def at(self) -> int:
        """Where its path, or without one its name, begins."""
        return (*self.path, self.names[0][0])[0].at


Value: TypeAlias = Name | Literal | Range | Call
Leaf: TypeAlias = Value | Data
Node: TypeAlias = Leaf | Repeat | Choice
Statement: TypeAlias = Define | Ignore | Declare | Import
