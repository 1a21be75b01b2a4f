"""JSON Schema to a grammar: exactly the schema's language within a declared spelling, or a refusal with the place.

``read_text`` -> ``reader`` (one file per keyword family) -> ``model`` -> ``algebra`` -> ``lowering``. What is
generated: members in schema order with undeclared ones last; strings in UTF-8 with only the escapes that JSON needs;
integers without fraction or exponent; numbers inside bounds without exponent; blanks as ``layout`` says.

One thing is left out of it: ``pretty`` ends at a declared depth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from constrain.compiler.grammar import Grammar
from constrain.compiler.json_schema.algebra import Algebra
from constrain.compiler.json_schema.drafts import check_metaschema, detect_draft
from constrain.compiler.json_schema.lowering import Lowering
from constrain.compiler.json_schema.model import Store
from constrain.compiler.json_schema.nesting import check_nesting
from constrain.compiler.json_schema.options import read_options
from constrain.compiler.json_schema.read_text import read_schema_text
from constrain.compiler.json_schema.reader import Reader
from constrain.errors import LimitError, SchemaError

__all__ = ["build", "read_schema_text"]


def build(
    schema: dict[str, Any] | bool | str | bytes,
    *,
    draft: str | None = None,
    formats: Literal["assert", "annotate"] = "assert",
    ignore_formats: Sequence[str] | Literal["unknown"] = (),
    references: Mapping[str, object] | None = None,
    whitespace: str = "compact",
    order: Literal["schema", "any"] = "schema",
    numbers: Literal["plain", "any"] = "plain",
    escapes: Literal["minimal", "any"] = "minimal",
    preview: Sequence[str] | Literal["all"] = (),
) -> Grammar:
    """The grammar of the JSON texts that satisfy a schema.

    Args:
        schema: parsed JSON (a float means its shortest spelling, members are in the file's order), or JSON text
            (exact decimals).
        draft: ``4``, ``6``, ``7``, ``2019-09`` or ``2020-12``; None reads ``$schema``, and without that the latest.
        formats: whether ``format`` constrains.
        ignore_formats: formats that are annotations: their names, or ``"unknown"`` for all that nobody defined.
        references: other documents (not supported yet).
        whitespace: ``compact`` (none), ``pretty:N`` (as ``json.dumps(indent=N)``) or ``flexible`` (up to 64 blanks
            between tokens).
        order: order of members; only ``schema`` is supported yet.
        numbers: spellings of numbers; only ``plain`` is supported yet.
        escapes: spellings of characters; only ``minimal`` is supported yet.
        preview: keywords that are implemented but not yet held against the whole official test suite, and therefore
            refused unless they are named here (``"all"``: every one of them).

    Raises:
        SchemaError: not a valid schema, or an option that is not known.
        RegexError: an invalid ``pattern``.
        UnsupportedError: a keyword or option that is not implemented.
        UnsatisfiableError: no JSON value satisfies the schema.
        LimitError: a budget ran out.
    """
    options = read_options(
        draft=draft,
        formats=formats,
        ignore_formats=ignore_formats,
        references=references,
        whitespace=whitespace,
        order=order,
        numbers=numbers,
        escapes=escapes,
        preview=preview,
    )
    document: Any = read_schema_text(schema) if isinstance(schema, str | bytes) else schema
    if not isinstance(document, dict | bool):
        raise SchemaError(
            f"the schema is of type {type(document).__name__}", pointer="", expected="a JSON object, true or false"
        )
    check_nesting(document)
    try:
        return _build(document, options.draft, options)
    except RecursionError:
        raise LimitError("the schema nests too deeply", expected="a flatter schema; this limit is fixed") from None


def _build(document: Any, draft: Any, options: Any) -> Grammar:
    known = draft or detect_draft(document)
    check_metaschema(document, known)
    store = Store()
    reader = Reader(document, known, options, store)
    return Lowering.of(store, Algebra(store, reader.target), options).grammar(reader.root())
