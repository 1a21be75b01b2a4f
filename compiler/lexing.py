"""How text is split into terminals, where not every split counts: a part of the grammar form.

A *scanner* finds one terminal at the place where the one before it ended. In a contextual lexer (lark's) those of all
terminals that the parser waits for are tried in order, and the first that matches decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Indenter", "Lexing", "Longer", "Outcome", "Reserved", "Scanner"]

Index: TypeAlias = int
"""Of an expression or a symbol of the grammar."""

Longer: TypeAlias = Literal["any", "none", "none unless followed"]
"""Which longer matches may follow the text that a scanner takes."""


class Outcome(NamedTuple):
    """Texts that a scanner finds.

    Attributes:
        texts: the expression.
        longer: may a longer match of the scanner follow: any, none, or none unless ``follow`` comes after it?
        follow: an expression; the text that follows begins with none of its texts, which are not empty.
    """

    texts: Index
    longer: Longer = "any"
    follow: Index | None = None


class Reserved(NamedTuple):
    """Texts of a scanner that are another terminal's, where that one is waited for.

    Attributes:
        texts: the expression.
        terminal: the symbol.
        embedded: is the terminal found in no other way where the scanner is tried?
    """

    texts: Index
    terminal: Index
    embedded: bool


@dataclass(frozen=True, slots=True)
class Scanner:
    """What is tried at a place in the text.

    Attributes:
        terminal: the symbol that it finds.
        matches: an expression: all texts that it may match, preferred or not.
        outcomes: the texts that it finds; no text belongs to two of them.
        reserved: texts of other terminals, the first of which counts.
        covers: an expression: all that is left of a text, to the end, where the scanner matches. None: whatever begins
            with one of ``matches``.
    """

    terminal: Index
    matches: Index
    outcomes: tuple[Outcome, ...]
    reserved: tuple[Reserved, ...] = ()
    covers: Index | None = None


@dataclass(frozen=True, slots=True)
class Indenter:
    """Terminals of indentation: after a line's end, the columns of the next line open and close blocks.

    Attributes:
        newline: a line's end with the blanks behind it; a blank is a column, a tab eight.
        indent: what begins a block, after a line's end; it has no text of its own.
        dedent: what ends one.
        opening: brackets in which line ends mean nothing.
        closing: those that end them.
    """

    newline: Index
    indent: Index
    dedent: Index
    opening: tuple[Index, ...] = ()
    closing: tuple[Index, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexing:
    """All scanners of a grammar.

    Attributes:
        contextual: of all terminals that the parser waits for, by its LALR(1) table, the first scanner that matches
            decides. If not, the order means nothing.
        scanners: in the order in which they are tried.
        ignored: symbols of terminals whose text may stand between any others, and at both ends.
        indenter: terminals of indentation, if there are any.
    """

    contextual: bool
    scanners: tuple[Scanner, ...]
    ignored: tuple[Index, ...] = ()
    indenter: Indenter | None = None
