"""One function per kind of constraint: front end, then native engine.

Front ends are imported when first used, so that importing the package stays cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from constrain._core import CompiledGrammar, Vocabulary
from constrain._core import __version__ as _version
from constrain._core import compile_grammar as _compile_grammar
from constrain.compiler.collection import collection_paused
from constrain.compiler.grammar import Grammar, Limits
from constrain.compiler.sizes import UNBOUNDED, Sizes
from constrain.errors import UnsatisfiableError

if TYPE_CHECKING:
    from constrain.compiler.structural_tag import SchemaReading

__all__ = [
    "compile_choices",
    "compile_ebnf",
    "compile_gbnf",
    "compile_grammar",
    "compile_json_schema",
    "compile_lark",
    "compile_regex",
    "compile_spans",
    "compile_structural_tag",
    "compile_tools",
]

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
    data: Mapping[str, bytes | str] | None = None,
    whitespace: str = "spaced",
    order: Literal["schema", "any"] = "schema",
    numbers: Literal["plain", "any"] = "plain",
    escapes: Literal["minimal", "any"] = "minimal",
    sizes: Sizes = UNBOUNDED,
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
        data: contents of the files that ``x-constrain-choices`` and ``x-constrain-substring-of`` name, by name.
        whitespace: ``"spaced"`` (a blank after commas and colons), ``"compact"`` (none), ``"pretty:N"`` (indented by
            N), ``"flexible"`` (bounded) or ``"any"``.
        order: members in schema order (undeclared ones last), or in any.
        numbers: ``"plain"`` writes integers without fraction or exponent, ``"any"`` every spelling of a number.
        escapes: ``"minimal"`` escapes only what must be, ``"any"`` is every spelling of a string.
        sizes: bounds of what the schema sets no bound of, for texts that a model writes; by default none.
        limits: budgets.

    Raises:
        SchemaError: not a schema; with JSON pointer or line and column.
        DataError: a file that the schema names is not in ``data``, not UTF-8, or empty.
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
        data=data,
        whitespace=whitespace,
        order=order,
        numbers=numbers,
        escapes=escapes,
        sizes=sizes,
    )
    described = {
        "kind": "schema",
        "draft": draft or "as $schema says",
        "formats": formats,
        "whitespace": whitespace,
        "order": order,
        "numbers": numbers,
        "escapes": escapes,
        **_sizes(sizes),
    }
    return compile_grammar(grammar, vocabulary, limits, description=described)


def compile_regex(
    pattern: str,
    vocabulary: Vocabulary,
    *,
    syntax: Literal["python", "ecma"] = "python",
    all_of: Sequence[str] = (),
    none_of: Sequence[str] = (),
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """A regular expression that the whole output must match, for one vocabulary.

    Args:
        pattern: the regular expression.
        vocabulary: the tokens.
        syntax: ``"python"`` is that of ``re``, ``"ecma"`` that of JSON Schema.
        all_of: patterns that the whole output must match as well (intersection).
        none_of: patterns that the whole output must not match (difference).
        limits: budgets.

    Raises:
        RegexError: a mistake in a pattern, with its column; a note names the pattern if it isn't the first.
        UnsupportedError: a construct that is not implemented, by name and column.
        UnsatisfiableError: nothing matches, or nothing is left.
        LimitError: a budget ran out.
    """
    from constrain.compiler import regex

    _check_text("pattern", pattern)
    for name, patterns in (("all_of", all_of), ("none_of", none_of)):
        _check_texts(name, patterns)
    _check_limits(limits)
    grammar = regex.build(pattern, syntax=syntax, all_of=all_of, none_of=none_of, limits=limits)
    try:
        return compile_grammar(grammar, vocabulary, limits, description={"kind": "regex", "syntax": syntax})
    except UnsatisfiableError:
        error = regex.nothing_left(pattern, syntax=syntax, all_of=all_of, none_of=none_of, limits=limits)
        raise error from None


def compile_lark(
    grammar: str | PathLike[str],
    vocabulary: Vocabulary,
    *,
    start: str | None = None,
    lexer: Literal["complete", "contextual"] | None = None,
    indenter: Literal["python"] | None = None,
    import_paths: Sequence[str | PathLike[str]] = (),
    terminals: Mapping[str, str] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    sizes: Sizes = UNBOUNDED,
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """A Lark grammar, for one vocabulary.

    Args:
        grammar: its text, or the path of its file, whose folder relative imports start from.
        vocabulary: the tokens.
        start: the rule to begin with; None: the one that the grammar's header names, else ``start``.
        lexer: ``"complete"``: terminals may split the text in any way (lark's ``dynamic_complete``);
            ``"contextual"``: as lark's LALR parser splits it with its contextual lexer, where a keyword is no name and
            the longest match counts. None: as the grammar's header says, else the first.
        indenter: ``"python"``: the columns of lines open and close blocks (``_INDENT`` and ``_DEDENT`` after
            ``_NEWLINE``), as lark's ``PythonIndenter`` has it; for the contextual lexer. None: as the header says.
        import_paths: folders that ``%import`` looks in before it looks among lark's own grammars.
        terminals: regular expressions for the terminals that the grammar only declares (``%declare``), by name.
        data: contents of the files that ``%choices`` and ``%substring_of`` name, by name.
        sizes: of these, ``max_blanks`` bounds the text that is ignored between two terminals, for texts that a model
            writes; by default nothing does.
        limits: budgets.

    Raises:
        GrammarError: a mistake in the grammar, with line and column; a file that is missing or cannot be read.
        DataError: a data file that is not in ``data``, not UTF-8, or empty.
        UnsupportedError: a feature that is not implemented, by name and place.
        UnsatisfiableError: the language is empty.
        LimitError: a budget ran out.
    """
    from constrain.compiler import lark

    _check_limits(limits)
    folder: str | None = None
    if isinstance(grammar, PathLike):
        path = Path(grammar)
        grammar, folder = lark.read_file(path), str(path.parent)
    _check_text("grammar", grammar)
    files = lark.Files.on_disk(folder, [fspath(path) for path in import_paths])
    described = {"kind": "grammar", "start": start or "", "lexer": lexer or ""}
    if indenter is not None:
        described["indenter"] = indenter
    if sizes.max_blanks is not None:
        described["max_blanks"] = str(sizes.max_blanks)
    built = lark.build(
        grammar,
        start=start,
        lexer=lexer,
        indenter=indenter,
        files=files,
        terminals=terminals,
        data=data,
        sizes=sizes,
        limits=limits,
    )
    return compile_grammar(built, vocabulary, limits, description=described)


def compile_gbnf(
    grammar: str,
    vocabulary: Vocabulary,
    *,
    start: str = "root",
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """A grammar in GBNF, llama.cpp's notation, for one vocabulary; errors as for :func:`compile_lark`."""
    return _compile_notation(grammar, "gbnf", vocabulary, start, limits)


def compile_ebnf(
    grammar: str,
    vocabulary: Vocabulary,
    *,
    start: str = "root",
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """A grammar in EBNF, as xgrammar or the W3C writes it, for one vocabulary; errors as for :func:`compile_lark`."""
    return _compile_notation(grammar, "ebnf", vocabulary, start, limits)


def _compile_notation(
    grammar: str, notation: Literal["gbnf", "ebnf"], vocabulary: Vocabulary, start: str, limits: Limits
) -> CompiledGrammar:
    from constrain.compiler import notation as front_end

    _check_text("grammar", grammar)
    _check_limits(limits)
    described = {"kind": "grammar", "notation": notation, "start": start}
    built = front_end.build(grammar, notation, start=start, limits=limits)
    return compile_grammar(built, vocabulary, limits, description=described)


@collection_paused()
def compile_structural_tag(
    tag: Mapping[str, Any] | str | bytes,
    vocabulary: Vocabulary,
    *,
    whitespace: str = "spaced",
    order: Literal["schema", "any"] = "schema",
    numbers: Literal["plain", "any"] = "plain",
    escapes: Literal["minimal", "any"] = "minimal",
    references: Mapping[str, Any] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    sizes: Sizes = UNBOUNDED,
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """Free text with constrained regions, for one vocabulary: the JSON form that xgrammar, vLLM and SGLang share.

    Args:
        tag: the structural tag: parsed JSON, or JSON text.
        vocabulary: the tokens.
        whitespace, order, numbers, escapes: how the values of schemas in it are written, see
            :func:`compile_json_schema`.
        references: other documents for ``$ref`` by URI. Nothing is ever fetched.
        data: contents of the files that schemas and Lark grammars in it name, by name.
        sizes: bounds of values that schemas set no bound of, see :func:`compile_json_schema`.
        limits: budgets.

    Raises:
        GrammarError: not a structural tag; with JSON pointer, or line and column.
        SchemaError, RegexError: a mistake in what a tag holds; with JSON pointer.
        UnsupportedError: a format, field or keyword that is not implemented; with JSON pointer.
        DataError: a file that is not in ``data``, not UTF-8, or empty; with JSON pointer.
        UnsatisfiableError: the language is empty.
        LimitError: a budget ran out.
    """
    from constrain.compiler import structural_tag
    from constrain.compiler.special_tokens import token_names

    _check_limits(limits)
    reading = structural_tag.SchemaReading(
        references=references or {},
        data=data or {},
        whitespace=whitespace,
        order=order,
        numbers=numbers,
        escapes=escapes,
        sizes=sizes,
    )
    grammar = structural_tag.build(
        tag,
        reading=reading,
        special=getattr(vocabulary, "special_tokens", {}),
        token_names=token_names(vocabulary),
        limits=limits,
    )
    return compile_grammar(grammar, vocabulary, limits, description={"kind": "tags", **_spelling(reading)})


def compile_tools(
    tools: Sequence[Mapping[str, Any]] | str | bytes,
    vocabulary: Vocabulary,
    *,
    style: str,
    choice: str = "auto",
    parallel: bool = True,
    whitespace: str = "spaced",
    order: Literal["schema", "any"] = "schema",
    numbers: Literal["plain", "any"] = "plain",
    escapes: Literal["minimal", "any"] = "minimal",
    references: Mapping[str, Any] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    sizes: Sizes = UNBOUNDED,
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """Messages that may call tools, for one vocabulary; :func:`constrain.compiler.tools.read_message` reads them.

    Args:
        tools: in the form of OpenAI's API, or the inner objects alone: parsed JSON, or JSON text.
        vocabulary: the tokens.
        style: how the model writes calls: a key of :data:`constrain.compiler.tools.STYLES`.
        choice: ``auto``, ``required``, ``none``, or the name of a tool.
        parallel: may there be several calls?
        whitespace, order, numbers, escapes: how arguments are written, see :func:`compile_json_schema`.
        references: other documents for ``$ref`` by URI. Nothing is ever fetched.
        data: contents of the files that schemas of arguments name, by name.
        sizes: bounds of values that schemas set no bound of, see :func:`compile_json_schema`.
        limits: budgets.

    Raises:
        GrammarError: no list of tools (with JSON pointer, or line and column), no such style, no such tool.
        SchemaError: a mistake in a schema of arguments; with JSON pointer.
        UnsupportedError: a field or keyword that is not implemented; with JSON pointer.
        DataError: a file that is not in ``data``, not UTF-8, or empty; with JSON pointer.
        UnsatisfiableError: the language is empty.
        LimitError: a budget ran out.
    """
    from constrain.compiler import structural_tag
    from constrain.compiler import tools as front_end

    _check_limits(limits)
    reading = structural_tag.SchemaReading(
        references=references or {},
        data=data or {},
        whitespace=whitespace,
        order=order,
        numbers=numbers,
        escapes=escapes,
        sizes=sizes,
    )
    grammar = front_end.build(
        front_end.read_tools(tools),
        style=style,
        choice=choice,
        parallel=parallel,
        reading=reading,
        special=getattr(vocabulary, "special_tokens", {}),
        limits=limits,
    )
    described = {"kind": "tools", "style": style, "choice": choice, **_spelling(reading)}
    return compile_grammar(grammar, vocabulary, limits, description=described)


def _spelling(reading: SchemaReading) -> dict[str, str]:
    names = ("whitespace", "order", "numbers", "escapes")
    return {name: getattr(reading, name) for name in names} | _sizes(reading.sizes)


def _sizes(sizes: Sizes) -> dict[str, str]:
    """Those that are bounded."""
    return {name: str(value) for name in Sizes.__slots__ if (value := getattr(sizes, name)) is not None}


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")


def _check_texts(name: str, values: object) -> None:
    # a text is a sequence of texts, too
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise TypeError(f"{name} must be a sequence of str, not {type(values).__name__}")
    for value in values:
        _check_text(f"each of {name}", value)


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


def compile_spans(
    documents: Iterable[str | bytes],
    vocabulary: Vocabulary,
    *,
    unit: Literal["char", "word", "sentence"] = "char",
    limits: Limits = _DEFAULT_LIMITS,
) -> CompiledGrammar:
    """A span of one of the documents, for one vocabulary: what is written stands there, character by character.

    Args:
        documents: texts, or their UTF-8.
        vocabulary: the tokens.
        unit: a span begins and ends with any character, or with a whole word or sentence (Unicode Standard Annex #29).
        limits: budgets.

    Raises:
        DataError: a document that is not UTF-8, or empty.
        UnsatisfiableError: there is nothing to take.
        LimitError: a budget ran out.
    """
    from constrain.compiler import spans as front_end

    described = {"kind": "substring", "unit": unit}
    return compile_grammar(front_end.build(documents, unit=unit), vocabulary, limits, description=described)
