"""One function per kind of constraint: front end, then native engine.

Front ends are imported when first used, so that importing the package stays cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from constrain._core import CompiledGrammar, Vocabulary
from constrain._core import __version__ as _version
from constrain._core import compile_grammar as _compile_grammar
from constrain.compiler.collection import collection_paused
from constrain.compiler.grammar import Grammar, Limits

__all__ = ["compile_choices", "compile_grammar", "compile_json_schema", "compile_lark", "compile_regex"]

_DEFAULT_LIMITS = Limits()


def compile_grammar(
    grammar: Grammar,
    vocabulary: Vocabulary,
    limits: Limits = _DEFAULT_LIMITS,
    *,
    description: Mapping[str, str] | None = None,
) -> CompiledGrammar:
    """A grammar made with :class:`~constrain.compiler.grammar.GrammarBuilder`, for one vocabulary.

    Args:
        grammar: the grammar.
        vocabulary: the tokens.
        limits: budgets.
        description: what it was made from, by name; kept in saved files. By default only the version of constrain.

    Raises:
        UnsatisfiableError: the language is empty.
        LimitError: a budget of ``limits`` ran out.
    """
    _check_limits(limits)
    return _compile_grammar(grammar, vocabulary, limits, {"constrain": _version} | dict(description or {}))


@collection_paused()
def compile_json_schema(
    schema: dict[str, Any] | bool | str | bytes,
    vocabulary: Vocabulary,
    *,
    draft: str | None = None,
    formats: Literal["assert", "annotate"] = "assert",
    ignore_formats: Sequence[str] | Literal["unknown"] = (),
    references: Mapping[str, Any] | None = None,
    whitespace: str = "compact",
    order: Literal["schema", "any"] = "schema",
    numbers: Literal["plain", "any"] = "plain",
    escapes: Literal["minimal", "any"] = "minimal",
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """A JSON Schema, for one vocabulary.

    Args:
        schema: a parsed schema (floats mean their shortest repr, properties come in the dict's order), or its text
            (exact decimals; duplicate keys are refused; errors have line and column).
        vocabulary: the tokens.
        draft: ``"4"``, ``"6"``, ``"7"``, ``"2019-09"`` or ``"2020-12"``; None: ``$schema`` decides, else 2020-12.
        formats: does ``format`` constrain (``"assert"``) or only describe (``"annotate"``)?
        ignore_formats: names of formats that only describe, or ``"unknown"`` for all that no draft defines.
        references: documents for ``$ref`` by URI. Nothing is ever fetched.
        whitespace: ``"compact"`` (none), ``"pretty:N"`` (indented by N) ``"flexible"`` (bounded) or ``"any"``.
        order: members in schema order (undeclared ones last), or in any.
        numbers: ``"plain"`` writes integers without fraction or exponent, ``"any"`` every spelling of a number.
        escapes: ``"minimal"`` escapes only what must be, ``"any"`` is every spelling of a string.
        limits: budgets.

    Raises:
        SchemaError: not a schema; with JSON pointer or line and column.
        UnsupportedError: a keyword or option that is not implemented, by name and place.
        UnsatisfiableError: nothing is valid under the schema.
        LimitError: a budget ran out.
    """
    from constrain.compiler import json_schema

    grammar = json_schema.build(
        schema,
        draft=draft,
        formats=formats,
        ignore_formats=ignore_formats,
        references=references,
        whitespace=whitespace,
        order=order,
        numbers=numbers,
        escapes=escapes,
    )
    described = {
        "kind": "schema",
        "draft": draft or "as $schema says",
        "formats": formats,
        "whitespace": whitespace,
        "order": order,
        "numbers": numbers,
        "escapes": escapes,
    }
    return compile_grammar(grammar, vocabulary, limits, description=described)


def compile_regex(
    pattern: str,
    vocabulary: Vocabulary,
    *,
    syntax: Literal["python", "ecma"] = "python",
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """A regular expression that the whole output must match, for one vocabulary.

    Raises:
        RegexError: a mistake in the pattern, with its column.
        UnsupportedError: a construct that is not implemented, by name and column.
        UnsatisfiableError: nothing matches.
        LimitError: a budget ran out.
    """
    from constrain.compiler import regex

    _check_text("pattern", pattern)
    _check_limits(limits)
    grammar = regex.build(pattern, syntax=syntax, limits=limits)
    return compile_grammar(grammar, vocabulary, limits, description={"kind": "regex", "syntax": syntax})


def compile_lark(
    grammar: str,
    vocabulary: Vocabulary,
    *,
    start: str = "start",
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """A Lark grammar, for one vocabulary; terminals may split the text in any way (lark's ``dynamic_complete``).

    Raises:
        GrammarError: a mistake in the grammar, with line and column.
        UnsupportedError: a feature that is not implemented, by name and place.
        UnsatisfiableError: the language is empty.
        LimitError: a budget ran out.
    """
    from constrain.compiler import lark

    _check_text("grammar", grammar)
    _check_limits(limits)
    described = {"kind": "grammar", "start": start}
    return compile_grammar(lark.build(grammar, start=start, limits=limits), vocabulary, limits, description=described)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")


def _check_limits(value: object) -> None:
    if not isinstance(value, Limits):
        raise TypeError(f"limits must be Limits, not {type(value).__name__}")


def compile_choices(
    choices: Iterable[str], vocabulary: Vocabulary, *, limits: Limits = _DEFAULT_LIMITS
) -> CompiledGrammar:
    """Exactly one of the strings, for one vocabulary.

    Raises:
        TypeError: not several strings.
        InputError: a string that holds a lone surrogate.
        UnsatisfiableError: there are none.
        LimitError: a budget ran out.
    """
    from constrain.compiler import choices as front_end

    return compile_grammar(front_end.build(choices), vocabulary, limits, description={"kind": "choice"})
