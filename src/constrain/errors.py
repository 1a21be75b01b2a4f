"""Every error that constrain raises on purpose, as one tree.

    ConstrainError
    ├── InputError              the constraint itself is at fault            exit code 3
    │   ├── SchemaError         not a valid JSON Schema, or not JSON
    │   ├── RegexError          not a valid regular expression
    │   ├── GrammarError        not a valid grammar
    │   ├── UnsupportedError    valid, but a feature is not implemented: refused by name, never dropped
    │   ├── UnsatisfiableError  valid, but its language is empty
    │   └── LimitError          a budget ran out; says which, its value, and how to raise it
    ├── DataError               a list or document that is missing or no text    exit code 4
    ├── VocabularyError         token bytes that cannot be used              exit code 4
    ├── ArtifactError           a saved file that is corrupt or foreign      exit code 4
    ├── BudgetError             no complete output within the token budget   exit code 5
    ├── ModelError              a model cannot be loaded or run              exit code 6
    └── MonitorError            a monitor fails, hangs, or leaves nothing    exit code 6

The library raises; only the command line turns errors into text and exit codes.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ArtifactError",
    "BudgetError",
    "ConstrainError",
    "DataError",
    "GrammarError",
    "InputError",
    "LimitError",
    "ModelError",
    "MonitorError",
    "RegexError",
    "SchemaError",
    "Span",
    "UnsatisfiableError",
    "UnsupportedError",
    "VocabularyError",
]


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a source text: 1-based line and column (in characters), and the text's name if it has one.

    The constraint's own text has none here; what it imports has.
    """

    line: int
    column: int
    file: str | None = None

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}"
        return place if self.file is None else f"{place} of {self.file}"


class ConstrainError(Exception):
    """Root of the tree. ``message`` is one sentence or two; the other fields say where and what was expected."""

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        pointer: str | None = None,
        span: Span | None = None,
        expected: str | None = None,
    ) -> None:
        """Keep the parts apart so that a program can read them.

        Args:
            message: what is wrong.
            pointer: JSON pointer (RFC 6901) into the schema, ``""`` for the whole document.
            span: line and column in the source text.
            expected: what would have been accepted.
        """
        super().__init__(message)
        self.message = message
        self.pointer = pointer
        self.span = span
        self.expected = expected

    @property
    def place(self) -> str | None:
        """Where the error is, in words, or None."""
        parts = []
        if self.pointer is not None:
            parts.append(f"at {self.pointer or '/'}")
        if self.span is not None:
            parts.append(f"at {self.span}")
        return ", ".join(parts) or None

    def __str__(self) -> str:
        text = self.message
        if self.place:
            text = f"{text} ({self.place})"
        if self.expected:
            text = f"{text}; expected {self.expected}"
        return text


class InputError(ConstrainError):
    """The constraint is at fault."""

    exit_code = 3


class SchemaError(InputError):
    """The document is not a valid JSON Schema."""


class RegexError(InputError):
    """The text is not a valid regular expression; ``span.column`` points into the pattern."""


class GrammarError(InputError):
    """The text is not a valid grammar."""


class UnsupportedError(InputError):
    """A keyword or feature that is not implemented; refused, because dropping it would widen the language."""


class UnsatisfiableError(InputError):
    """No output satisfies the constraint."""


class LimitError(InputError):
    """A budget ran out."""


class DataError(ConstrainError):
    """A list of choices, or a document, that a constraint is made from: not given, empty, or not UTF-8."""

    exit_code = 4


class VocabularyError(ConstrainError):
    """Token bytes, stop tokens or a tokenizer file that cannot be used."""

    exit_code = 4


class ArtifactError(ConstrainError):
    """A saved file is corrupt, of another version, or belongs to another vocabulary."""

    exit_code = 4


class BudgetError(ConstrainError):
    """No complete output within the token budget; ``partial`` holds the text so far."""

    exit_code = 5

    def __init__(self, message: str, *, partial: str = "", expected: str | None = None) -> None:
        super().__init__(message, expected=expected)
        self.partial = partial


class ModelError(ConstrainError):
    """A model or tokenizer cannot be found, loaded or run."""

    exit_code = 6


class MonitorError(ConstrainError):
    """A monitor cannot be made, raises, does not answer in time, or refuses everything that could come next."""

    exit_code = 6
