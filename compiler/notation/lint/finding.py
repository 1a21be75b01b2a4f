"""What a rule of the linter says, and what it may ask about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from constrain.compiler.notation.nullable import nullable_rules
from constrain.compiler.notation.tree import Notation, RuleSet

__all__ = ["Context", "GrammarWarning"]


class GrammarWarning(NamedTuple):
    """One finding.

    Attributes:
        code: name of the kind of finding.
        line: of the place in the grammar.
        column: of the place in the grammar.
        message: what is there, and what it leads to.
        mend: what to write instead.
        error: the grammar cannot be used at all as it stands.
    """

    code: str
    line: int
    column: int
    message: str
    mend: str
    error: bool = False

    @property
    def place(self) -> str:
        """Where, in words."""
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """A grammar and what is known about it.

    Attributes:
        rules: those that the start reaches.
        every: all that were read.
        notation: what it is written in.
        nullable: names of the rules that can be empty.
    """

    rules: RuleSet
    every: RuleSet
    notation: Notation
    nullable: frozenset[str]

    @classmethod
    def of(cls, every: RuleSet, rules: RuleSet, notation: Notation) -> Context:
        """What is known about a grammar."""
        return cls(rules, every, notation, nullable_rules(rules.rules))

    def warning(self, code: str, at: int, message: str, mend: str, *, error: bool = False) -> GrammarWarning:
        """A finding at an index of the text."""
        span = self.every.span(at)
        return GrammarWarning(code, span.line, span.column, message, mend, error)
