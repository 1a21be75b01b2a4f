"""A text that definitions come from: the grammar itself, a file that it imports, or one of lark's own grammars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from constrain.compiler.lark.files import Location
from constrain.compiler.lark.literals import Patterns
from constrain.compiler.lark.syntax import Statement
from constrain.compiler.regex.ast import text_span
from constrain.errors import GrammarError, Span

__all__ = ["Source"]


@dataclass(slots=True, eq=False)
class Source:
    """One text.

    Attributes:
        text: it.
        statements: read from it.
        file: what messages call it; None for the grammar itself.
        location: where it lies; None for lark's own.
        patterns: of its literals.
    """

    text: str
    statements: Sequence[Statement]
    file: str | None = None
    location: Location | None = None
    patterns: Patterns = field(init=False)

    def __post_init__(self) -> None:
        self.patterns = Patterns(self.text, self.file)

    def span(self, at: int) -> Span:
        """Line and column of an index."""
        return text_span(self.text, at, self.file)

    def error(self, message: str, at: int, *, expected: str | None = None) -> GrammarError:
        """A mistake at an index."""
        return GrammarError(message, span=self.span(at), expected=expected)
