"""What a rule says."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LintWarning"]


class LintWarning(NamedTuple):
    """One finding.

    Attributes:
        code: name of the kind of finding.
        pointer: JSON pointer into the schema.
        message: what is there, and what it leads to.
        mend: what to write instead.
        error: the schema cannot be used at all as it stands.
    """

    code: str
    pointer: str
    message: str
    mend: str
    error: bool = False

    @property
    def place(self) -> str:
        """Where, in words."""
        return self.pointer
