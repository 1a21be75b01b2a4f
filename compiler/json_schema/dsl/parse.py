"""From the concise form's text to its tree, and every mistake with its place and what was expected there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from constrain.compiler.json_schema.dsl.grammar import GRAMMAR, NAMES
from constrain.compiler.json_schema.dsl.write import Writer
from constrain.compiler.nesting import bounded_nesting
from constrain.errors import SchemaError, Span

__all__ = ["parse_schema", "schema_text"]

_METASCHEMA = "https://json-schema.org/draft/2020-12/schema"


def schema_text(text: str) -> str:
    """The JSON text of the schema of a concise form; errors as those of :func:`parse_schema`."""
    return json.dumps(parse_schema(text), ensure_ascii=False)


def parse_schema(text: str) -> dict[str, Any]:
    """The schema of a concise form.

    Raises:
        SchemaError: a mistake, with line and column.
        LimitError: it nests too deeply.
    """
    with bounded_nesting("concise schema", "a flatter one"):
        schema = Writer().schema(_tree(text))
    return {"$schema": _METASCHEMA, **schema}


def _tree(text: str) -> Tree[Token]:
    try:
        return _parser().parse(text)
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        # where the text ends, lark names the place of the last token
        span = _end(text) if at_end else Span(error.line, error.column)
        what = "the text ends here" if at_end else f"{json.dumps(str(error.token), ensure_ascii=False)} is not expected"
        raise SchemaError(what, span=span, expected=_words(error.accepts or error.expected)) from None
    except UnexpectedCharacters as error:
        found = text[error.pos_in_stream or 0]
        raise SchemaError(
            f"{json.dumps(found, ensure_ascii=False)} is not expected",
            span=Span(error.line, error.column),
            expected=_words(error.allowed or ()),
        ) from None
    except UnexpectedInput as error:
        raise SchemaError("not a concise schema", span=Span(error.line, error.column)) from None


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr")


def _words(terminals: Iterable[str]) -> str:
    names = [name for terminal, name in NAMES.items() if terminal in set(terminals)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _end(text: str) -> Span:
    return Span(text.count("\n") + 1, len(text) - text.rfind("\n"))
