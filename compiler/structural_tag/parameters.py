"""Arguments as Qwen3-Coder writes them: a block for each, strings as they are, everything else as JSON.

    <parameter=city>
    Paris
    </parameter>

Source: the chat template of Qwen3-Coder. Parsers find the end of a block by text, so no string holds a marker; and a
text that could be read as a value of another type which the schema allows is no string.
"""

from __future__ import annotations

from typing import Any

from constrain.compiler.grammar import Expression, Grammar, GrammarBuilder, Option, Symbol
from constrain.compiler.structural_tag import free_text
from constrain.compiler.structural_tag.declared import Property, other_values, placed, properties_of, string_values
from constrain.compiler.structural_tag.schemas import SchemaReading
from constrain.errors import DataError, InputError, UnsatisfiableError, UnsupportedError

__all__ = ["MARKERS", "build"]

MARKERS = ("<parameter=", "</parameter>", "<function=", "</function>", "<tool_call>", "</tool_call>")
"""What no string holds."""

NAME_STOPS = "<>\n"


def build(schema: Any, reading: SchemaReading) -> Grammar:
    """The grammar of an object's declared properties, a block each.

    Raises:
        InputError: a mistake in the schema, or what is not implemented; with JSON pointer.
        DataError: a file that it names is not given, or cannot be used; with JSON pointer.
    """
    builder = GrammarBuilder()
    options = []
    for each in properties_of(schema):
        if any(stop in each.name for stop in NAME_STOPS) or not each.name:
            expected = "a name without '<', '>' and line breaks"
            raise UnsupportedError(f"the name {each.name!r} cannot be written", pointer=each.pointer, expected=expected)
        try:
            value = _value(builder, each, reading)
        except (InputError, DataError) as error:
            raise placed(error, each) from None
        if value is not None:
            begin = builder.terminal(builder.literal(f"<parameter={each.name}>\n".encode()), each.name, "begins")
            end = builder.terminal(builder.literal(b"\n</parameter>\n"), "end")
            block = builder.choice("parameter", [[begin, value, end]])
            options.append(Option(block, required=each.required))
        elif each.required:
            raise UnsatisfiableError("no value of this required property is valid", pointer=each.pointer)
    return builder.finish(builder.members(options, order=reading.order))


def _value(builder: GrammarBuilder, property: Property, reading: SchemaReading) -> Symbol | None:
    text = string_values(property, builder, reading)
    other = other_values(property, reading)
    ways: list[list[Symbol]] = []
    if other is not None:
        ways.append([builder.embed(other)])
    if text is not None:
        parts = [text, free_text.without(builder, MARKERS)]
        if other is not None:
            parts.append(builder.complement(_like_json(builder)))
        ways.append([builder.terminal(builder.intersection(parts), "string")])
    if not ways:
        return None
    return builder.choice("value", ways)


def _like_json(builder: GrammarBuilder) -> Expression:
    """Texts that are, or begin like, JSON of another type than string."""
    blank = builder.repeat(builder.char_class([(ord(sign), ord(sign)) for sign in " \t\r\n"]), 0, None)
    digits = builder.repeat(builder.char_class([(0x30, 0x39)]), 1, None)

    def maybe(part: Expression) -> Expression:
        return builder.repeat(part, 0, 1)

    fraction = builder.concat([builder.literal(b"."), digits])
    exponent = builder.concat([builder.literals([b"e", b"E"]), maybe(builder.literals([b"+", b"-"])), digits])
    number = builder.concat([maybe(builder.literal(b"-")), digits, maybe(fraction), maybe(exponent)])
    scalar = builder.concat([blank, builder.union([number, builder.literals([b"true", b"false", b"null"])]), blank])
    anything = builder.repeat(builder.char_class([(0, 0x10FFFF)]), 0, None)
    return builder.union([scalar, builder.concat([blank, builder.literals([b"[", b"{"]), anything])])
