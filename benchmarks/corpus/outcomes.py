"""What became of a schema in an engine, and for what reason it was refused."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

from constrain.compiler.json_schema.drafts import DRAFTS
from corpus.keywords import Facts
from masks.report import general
from masks.results import SchemaResult

__all__ = ["OUTCOMES", "Outcome", "outcome_of", "reason_of"]

Outcome = Literal["compiled", "unknown format", "refused", "limit", "unsatisfiable", "timeout", "crash", "invalid"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

KEYWORDS = frozenset(["$schema"]).union(*(draft.keywords for draft in DRAFTS))

NAMES = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")

NAMES_FORMAT = re.compile(
    r"\b(?:unknown|unsupported|unrecognized) format\b|\bformat \S+ is not supported\b", re.IGNORECASE
)
"""How engines that give no place say that a format is nothing they know."""


def outcome_of(result: SchemaResult, schema: Any, facts: Facts) -> Outcome:
    """Exactly one for each schema in each engine.

    A schema counts as compiled once its first mask was made, whatever became of its instances. A refusal of what is no
    valid schema is "invalid" for every engine, by the same judge (see :class:`Facts`).
    """
    if result.status == "done" or result.compile_us is not None:
        return "compiled"
    if result.status != "unsupported":
        return result.status
    if not facts.valid:
        return "invalid"
    kind = (result.error or "").partition(":")[0]
    if kind == "LimitError":
        return "limit"
    if kind == "UnsatisfiableError":
        return "unsatisfiable"
    if result.pointer is None:
        return "unknown format" if NAMES_FORMAT.search(result.error or "") else "refused"
    return "unknown format" if _format_at(schema, result.pointer) else "refused"


def reason_of(result: SchemaResult, schema: Any) -> str:
    """Why a schema was refused, in words that are the same for all schemas refused for that.

    The keyword, with the value of ``format``, where the engine names a place in the schema; else its message, without
    what differs from schema to schema.
    """
    message = general(result.error or "")
    kind, _, said = message.partition(": ")
    if kind != "UnsupportedError":
        return message
    if not result.pointer:
        return said
    name = _format_at(schema, result.pointer)
    if name is not None:
        return f"format {name}"
    *above, keyword = result.pointer.split("/")
    if said == f"{keyword} is not supported here":
        return keyword
    named = above[-1] in NAMES  # the place is a schema's, and what leads there a name
    return f"{keyword}: {said}" if keyword in KEYWORDS and not named else said


def _format_at(schema: Any, pointer: str) -> str | None:
    """The format that a pointer leads to; None where it leads to something else, such as a property of that name."""
    value = _value_at(schema, pointer) if pointer.endswith("/format") else None
    return value if isinstance(value, str) else None


def _value_at(schema: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) leads to; None where it leads nowhere, as into another document."""
    value = schema
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return None
    return value
