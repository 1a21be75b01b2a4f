"""Arguments as Python writes them: ``a=1, city="Paris"``.

A value is a literal of Python: a JSON text, with ``True``, ``False`` and ``None``. Strings in double quotes with the
escapes that JSON needs mean the same in both.
"""

from __future__ import annotations

import keyword
from dataclasses import replace
from typing import Any

from constrain.compiler.grammar import ExpressionNode, Grammar, GrammarBuilder, Option
from constrain.compiler.json_schema import build as build_schema
from constrain.compiler.structural_tag.declared import placed, properties_of
from constrain.compiler.structural_tag.schemas import SchemaReading
from constrain.errors import DataError, InputError, UnsupportedError

__all__ = ["build"]

WORDS = {b"true": b"True", b"false": b"False", b"null": b"None"}


def build(schema: Any, reading: SchemaReading) -> Grammar:
    """The grammar of an object's declared properties as named arguments.

    Raises:
        InputError: a mistake in the schema, or what is not implemented; with JSON pointer.
        DataError: a file that it names is not given, or cannot be used; with JSON pointer.
    """
    builder = GrammarBuilder()
    options = []
    for each in properties_of(schema):
        if not each.name.isidentifier() or keyword.iskeyword(each.name):
            raise UnsupportedError(
                f"Python cannot name an argument {each.name!r}", pointer=each.pointer, expected="an identifier"
            )
        try:
            value = build_schema(
                each.schema,
                draft=reading.draft,
                formats=reading.formats,
                ignore_formats=reading.ignore_formats,
                references=reading.references or None,
                data=reading.data,
                whitespace=reading.whitespace,
                order=reading.order,
                numbers=reading.numbers,
                sizes=reading.sizes,
            )
        except (InputError, DataError) as error:
            raise placed(error, each) from None
        begin = builder.terminal(builder.literal(f"{each.name}=".encode()), each.name, "begins")
        argument = builder.choice("argument", [[begin, builder.embed(_in_python(value))]])
        options.append(Option(argument, required=each.required))
    comma = builder.terminal(builder.literal(b", "), "comma")
    return builder.finish(builder.members(options, comma, order=reading.order))


def _in_python(grammar: Grammar) -> Grammar:
    """The grammar with Python's words; a JSON schema's has the words of JSON in terminals of their own."""
    expressions: list[ExpressionNode] = list(grammar.expressions)
    symbols = list(grammar.symbols)
    for index, symbol in enumerate(symbols):
        if symbol[0] == "terminal" and symbol[1] == "word":
            node = grammar.expressions[symbol[2]]
            texts = node[1] if node[0] == "literals" else ()
            expressions.append(("literals", tuple(sorted(WORDS.get(text, text) for text in texts))))
            symbols[index] = ("terminal", "word", type(symbol[2])(len(expressions) - 1), symbol[3])
    return replace(grammar, expressions=tuple(expressions), symbols=tuple(symbols))
