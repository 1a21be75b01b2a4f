"""The normal form of a schema as JSON Schema 2020-12: what the compiler understood, whatever draft it was written in.

A place is its alternatives (``anyOf``), and an alternative is its types and what applies to each of them: ``allOf`` is
merged, ``oneOf``, ``not`` and ``if`` are worked out, impossible alternatives are gone. References stay references.
Annotations are not kept. What the compiler would refuse is noted in ``$comment``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from constrain.compiler.json_schema.document import open_schema
from constrain.compiler.json_schema.show.text import json_text
from constrain.compiler.json_schema.show.write import Writer
from constrain.compiler.nesting import bounded_nesting

__all__ = ["normalised", "normalised_text"]


def normalised(
    schema: dict[str, Any] | bool | str | bytes,
    *,
    draft: str | None = None,
    formats: Literal["assert", "annotate"] = "assert",
    ignore_formats: Sequence[str] | Literal["unknown"] = (),
    references: Mapping[str, object] | None = None,
) -> dict[str, Any] | bool:
    """The normal form of a schema; numbers are int or :class:`~decimal.Decimal`.

    Args:
        schema: parsed JSON, or JSON text.
        draft, formats, ignore_formats, references: as for :func:`~constrain.compiler.json_schema.build`.

    Raises:
        SchemaError: not a valid schema.
        RegexError: an invalid ``pattern``.
        UnsupportedError: something that cannot be read at all.
        LimitError: a budget ran out.
    """
    document = open_schema(schema, draft=draft, formats=formats, ignore_formats=ignore_formats, references=references)
    with bounded_nesting("schema", "a flatter schema"):
        document.reader.check()
        return Writer(document).schema()


def normalised_text(schema: dict[str, Any] | bool | str | bytes, **options: Any) -> str:
    """The normal form as JSON text, numbers digit for digit; arguments and errors as those of :func:`normalised`."""
    return json_text(normalised(schema, **options))
