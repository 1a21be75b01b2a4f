"""Texts that terminals have in common, by the engine: a shortest way through the automaton of both at once."""

from __future__ import annotations

from collections.abc import Mapping

from constrain._core import CompiledGrammar
from constrain.compiler.data import TextSource
from constrain.compiler.emptiness import over_bytes
from constrain.compiler.grammar import Expression, GrammarBuilder, Limits
from constrain.compiler.notation.tree import Lexeme
from constrain.compiler.regex.ast import CharacterClass, Concat, Node
from constrain.compiler.regex.lower import lower
from constrain.errors import LimitError

__all__ = ["Undecided", "Witnesses", "fixed_text"]

LIMITS = Limits(max_lexer_states=5_000, max_expressions=50_000, max_mask_steps=500_000)
"""Of one look."""


class Undecided(Exception):
    """Two terminals are too large for a look at them."""


class Witnesses:
    """Answers for the terminals of one grammar."""

    def __init__(self, taken: Mapping[Lexeme, TextSource]) -> None:
        """``taken``: terminals whose texts are in files."""
        self._taken = taken
        self._compiled: dict[str, CompiledGrammar | None] = {}

    def common(self, first: Lexeme, second: Lexeme) -> str | None:
        """A shortest text of both; None: there is none.

        Raises:
            Undecided: they are too large.
        """
        builder = GrammarBuilder()
        both = builder.intersection([self._expression(first, builder), self._expression(second, builder)])
        compiled = self._compile(builder, both)
        if compiled is None:
            return None
        try:
            return compiled.matcher().shortest_completion().decode()
        except LimitError:
            raise Undecided from None

    def accepts(self, name: str, terminal: Lexeme, text: str) -> bool:
        """Does the terminal of that name match a text?

        Raises:
            Undecided: it is too large.
        """
        if name not in self._compiled:
            builder = GrammarBuilder()
            self._compiled[name] = self._compile(builder, self._expression(terminal, builder))
        compiled = self._compiled[name]
        if compiled is None:
            return False
        try:
            matcher = compiled.matcher()
            return matcher.accept_bytes(text.encode()) and matcher.is_accepting()
        except LimitError:
            raise Undecided from None

    def _expression(self, terminal: Lexeme, builder: GrammarBuilder) -> Expression:
        source = self._taken.get(terminal)
        return lower(terminal.node, builder) if source is None else source.expression(builder)

    def _compile(self, builder: GrammarBuilder, expression: Expression) -> CompiledGrammar | None:
        try:
            return over_bytes(builder.finish(builder.terminal(expression, "terminal")), LIMITS)
        except LimitError:
            raise Undecided from None


def fixed_text(node: Node) -> str | None:
    """The text of an expression that matches but one."""
    parts = node.parts if isinstance(node, Concat) else (node,)
    characters = []
    for part in parts:
        if not isinstance(part, CharacterClass) or [low == high for low, high in part.ranges] != [True]:
            return None
        characters.append(chr(part.ranges[0][0]))
    return "".join(characters)
