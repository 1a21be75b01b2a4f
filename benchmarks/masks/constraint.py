"""What an engine compiles: a JSON Schema, a regular expression or a Lark grammar, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Constraint"]


@dataclass(frozen=True)
class Constraint:
    """One constraint, the same for every engine.

    Attributes:
        kind: the language of ``source``.
        source: a parsed schema, keys in the file's order; a pattern that the whole text must match, without anchors; or
            a Lark grammar, in what lark, llguidance and xgrammar have in common.
    """

    kind: Literal["json_schema", "regex", "lark"]
    source: Any
