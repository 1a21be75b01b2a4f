"""The grammars of what stands in tags: schemas, regular expressions and grammars, each read by its own front end.

Errors keep their place: the pointer into the tag file comes before the one inside a schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from constrain.compiler.emptiness import has_text
from constrain.compiler.grammar import Expression, Fragment, Grammar, GrammarBuilder, Limits, reachable
from constrain.compiler.sizes import UNBOUNDED, Sizes
from constrain.compiler.structural_tag.model import EmbeddedGrammar, JsonSchema, Regex
from constrain.errors import DataError, InputError

__all__ = ["SchemaReading", "grammar_of", "holds", "is_guarded"]


@dataclass(frozen=True, slots=True)
class SchemaReading:
    """How the schemas of a tag file are read, and their values written; see :func:`constrain.compile_json_schema`."""

    draft: str | None = None
    formats: Literal["assert", "annotate"] = "assert"
    ignore_formats: tuple[str, ...] = ()
    references: Mapping[str, object] = field(default_factory=dict)
    data: Mapping[str, bytes | str] = field(default_factory=dict)
    whitespace: str = "spaced"
    order: Literal["schema", "any"] = "schema"
    numbers: Literal["plain", "any"] = "plain"
    escapes: Literal["minimal", "any"] = "minimal"
    sizes: Sizes = UNBOUNDED


def grammar_of(part: JsonSchema | Regex | EmbeddedGrammar, reading: SchemaReading, limits: Limits) -> Grammar:
    """The grammar of one part of a tag file.

    Raises:
        InputError, DataError: as the part's own front end; with the place in the file.
    """
    if isinstance(part, JsonSchema):
        return _placed(part.pointer, lambda: _schema_grammar(part, reading))
    if isinstance(part, Regex):
        from constrain.compiler import regex

        return _placed(part.pointer, lambda: regex.build(part.pattern, limits=limits))
    return _placed(part.pointer, lambda: _notation_grammar(part, reading, limits))


def is_guarded(grammar: Grammar) -> bool:
    """Must some keys or items of its texts differ, in a way that only the engine's guards know?"""
    symbols = [grammar.symbols[index] for index in reachable(grammar)]
    return any(symbol[0] == "terminal" and symbol[3] in ("distinct", "repeated") for symbol in symbols)


def holds(grammar: Grammar, character: str) -> bool:
    """Is a character in any text that a terminal of the grammar matches?"""
    builder = GrammarBuilder()
    numbers: list[Expression] = []
    for index in reachable(grammar):
        symbol = grammar.symbols[index]
        if symbol[0] == "terminal":
            numbers.append(builder.paste(Fragment(grammar.expressions[: symbol[2] + 1])))
    anything = builder.repeat(builder.char_class([(0, 0x10FFFF)]), 0, None)
    held = builder.concat([anything, builder.literal(character.encode()), anything])
    return has_text(builder.finish(builder.terminal(builder.intersection([builder.union(numbers), held]), "held")))


def _schema_grammar(part: JsonSchema, reading: SchemaReading) -> Grammar:
    if part.style == "qwen_xml":
        from constrain.compiler.structural_tag.parameters import build

        return build(part.schema, reading)
    if part.style == "python":
        from constrain.compiler.structural_tag.python_arguments import build

        return build(part.schema, reading)
    from constrain.compiler import json_schema

    return json_schema.build(
        part.schema,
        draft=reading.draft,
        formats=reading.formats,
        ignore_formats=reading.ignore_formats,
        references=reading.references or None,
        data=reading.data,
        whitespace=reading.whitespace,
        order="any" if part.any_order else reading.order,
        numbers=reading.numbers,
        escapes=reading.escapes,
        sizes=reading.sizes,
    )


def _notation_grammar(part: EmbeddedGrammar, reading: SchemaReading, limits: Limits) -> Grammar:
    if part.notation == "lark":
        from constrain.compiler import lark

        return lark.build(part.text, start=part.start, data=reading.data, limits=limits)
    from constrain.compiler import notation

    return notation.build(part.text, part.notation, start=part.start, limits=limits)


def _placed(pointer: str, build: Callable[[], Grammar]) -> Grammar:
    try:
        return build()
    except (InputError, DataError) as error:
        place = pointer + (error.pointer or "")
        raise type(error)(error.message, pointer=place, span=error.span, expected=error.expected) from None
