"""Structural tags: free text with constrained regions, in the JSON form that xgrammar, vLLM and SGLang share.

``reader`` (a tag file to ``model``) -> ``regions`` (is the place of each JSON part certain?) -> ``lowering`` (one
grammar, in which those of ``schemas`` are embedded; ``free_text`` knows where free text ends, ``special`` how special
tokens are written).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from constrain.compiler.grammar import Grammar, Limits
from constrain.compiler.structural_tag.lowering import Lowering
from constrain.compiler.structural_tag.model import EmbeddedGrammar, Format, JsonSchema, Regex
from constrain.compiler.structural_tag.reader import Reader, read_tag_text
from constrain.compiler.structural_tag.regions import check
from constrain.compiler.structural_tag.schemas import SchemaReading, grammar_of
from constrain.errors import UnsupportedError

__all__ = ["SchemaReading", "build", "grammar_of_format", "read_tag_text"]

_DEFAULT_READING = SchemaReading()
_DEFAULT_LIMITS = Limits()


def build(
    tag: Mapping[str, Any] | str | bytes,
    *,
    reading: SchemaReading = _DEFAULT_READING,
    special: Collection[str] = (),
    token_names: Callable[[int], str | None] | None = None,
    limits: Limits = _DEFAULT_LIMITS,
) -> Grammar:
    """The grammar of a structural tag.

    Args:
        tag: the file's text, or what it holds.
        reading: how schemas in it are read, and their values written.
        special: names of the vocabulary's special tokens: where a fixed text holds one, that token is meant.
        token_names: the texts of the tokens that the file may name by id.
        limits: how long patterns and grammars in it may be.

    Raises:
        GrammarError: not a structural tag; with JSON pointer, or line and column.
        SchemaError, RegexError, UnsatisfiableError: a mistake in what a tag holds; with JSON pointer.
        UnsupportedError: a format, field or keyword that is not implemented; with JSON pointer.
        DataError: a file that a schema or grammar in it names is not given, or cannot be used; with JSON pointer.
        LimitError: a budget ran out.
    """
    document = read_tag_text(tag) if isinstance(tag, str | bytes) else tag

    def token_text(token_id: int, pointer: str) -> str:
        name = token_names(token_id) if token_names else None
        if name is None:
            raise UnsupportedError(
                f"the text of the token {token_id} is not known here",
                pointer=pointer,
                expected="the token by its text, or the vocabulary of a model in which it has one",
            )
        return name

    return grammar_of_format(Reader(token_text).document(document), reading=reading, special=special, limits=limits)


def grammar_of_format(
    format: Format,
    *,
    reading: SchemaReading = _DEFAULT_READING,
    special: Collection[str] = (),
    limits: Limits = _DEFAULT_LIMITS,
) -> Grammar:
    """The grammar of a format that is already read; arguments and errors as those of :func:`build`."""
    grammars: dict[int, Grammar] = {}

    def embedded(part: JsonSchema | Regex | EmbeddedGrammar) -> Grammar:
        known = grammars.get(id(part))
        if known is None:
            known = grammars[id(part)] = grammar_of(part, reading, limits)
        return known

    guarded = check(format, embedded)
    return Lowering(embedded, special, guarded=guarded).grammar(format)
