"""From ``--schema``, ``--regex``, ``--choice``, ``--grammar`` and ``--compiled`` to what decides about texts.

What an argument means never depends on what happens to lie in the current folder: its spelling decides.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from constrain.cli.budget import read_budget
from constrain.cli.compiled import CompiledFile
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.data import grammar_data, read_documents, read_lists, schema_data, tags_data
from constrain.cli.imports import grammar_folders, imported_texts
from constrain.cli.notations import notation_of
from constrain.cli.problems import InputFileError, UsageProblem
from constrain.cli.sizes import read_sizes
from constrain.cli.streams import STANDARD_INPUT, read_text_file
from constrain.compiler.sizes import UNBOUNDED
from constrain.errors import ConstrainError, InputError

if TYPE_CHECKING:
    from constrain.cli.constraint_options import ConstraintOptions, SizeOptions
    from constrain.compiler import CompiledGrammar, Limits, Vocabulary
    from constrain.compiler.notation import Notation

__all__ = ["Source", "argument_text", "grammar_constraint", "read_source", "schema_constraint"]

CLASS_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
GRAMMAR_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class Source(Protocol):
    """A constraint, or a compiled file."""

    @property
    def constraint(self) -> Constraint | None:
        """The constraint's text and options; None where a compiled file does not hold them."""

    @property
    def is_json(self) -> bool:
        """Are its texts JSON values under a schema?"""

    def language(self) -> CompiledGrammar:
        """The automaton over bytes.

        Raises:
            InputError: the constraint is at fault.
            ArtifactError: the file is.
        """

    def language_with(self, vocabulary: Vocabulary) -> CompiledGrammar:
        """As :meth:`language`, of a constraint that names tokens by their ids in a vocabulary."""

    def narrowed_for(self, vocabulary: Vocabulary) -> CompiledGrammar | None:
        """The automaton of those texts that a model may ramble in nowhere; None where that is all of them.

        Each of its texts is one of the language. Errors as those of :meth:`compiled_for`.
        """

    def compiled_for(self, vocabulary: Vocabulary, asked_by: str) -> CompiledGrammar:
        """The automaton for a vocabulary; errors as those of :meth:`language`, or the file is for another one.

        Args:
            vocabulary: the tokens.
            asked_by: the options that name them, for messages; empty where there are none.
        """


def read_source(
    given: ConstraintOptions, *, sizes: SizeOptions | None = None, standard_input_taken: bool = False
) -> Source:
    """The one constraint or compiled file among the options.

    Args:
        given: the options.
        sizes: bounds of what a model writes; None: there are none.
        standard_input_taken: something else is read from standard input.

    Raises:
        UsageProblem: none or several, or one that cannot be used.
        InputFileError: a file is missing or unreadable.
        SchemaError: a concise form with a mistake, or a class without a schema.
        LimitError: a list or document is too large.
    """
    options, named, data = given.reading(), given.named, given.schemas.data
    import_paths = given.grammars.import_path
    offered = {
        "--schema": named.schema,
        "--regex": named.regex,
        "--choice": named.choice,
        "--choice-file": named.choice_file,
        "--substring-of": named.substring_of,
        "--grammar": named.grammar,
        "--tags": named.tags,
        "--tools": named.tools,
        "--compiled": given.compiled,
    }
    present = [(name, values) for name, values in offered.items() if values]
    if len(present) != 1:
        names = [name for name, _ in present]
        problem = f"{' and '.join(names)} exclude each other" if present else "there is no constraint"
        expected = f"exactly one of {', '.join(offered)}"
        raise UsageProblem(problem, expected=expected)
    ((option, values),) = present
    _check_kind(options, option)
    if import_paths and option != "--grammar":
        raise UsageProblem("--import-path goes with --grammar only")
    if named.span_unit is not None and option != "--substring-of":
        raise UsageProblem("--span-unit goes with --substring-of only")
    if data and option not in ("--schema", "--grammar", "--tags", "--tools"):
        raise UsageProblem("--data goes with --schema, --grammar, --tags and --tools only")
    for name, more in (("--and", named.and_), ("--not", named.not_)):
        if more and option != "--regex":
            raise UsageProblem(f"{name} goes with --regex only")
    limits = read_budget(given.budget or ())
    bounds = UNBOUNDED if sizes is None else read_sizes(asdict(sizes), option)
    if option == "--choice":
        choices = [argument_text(text, option) for text in values]
        return Constraint("choice", json.dumps(choices, ensure_ascii=False), option, options, limits)
    if option == "--choice-file":
        text = read_lists(values, limits, standard_input_taken=standard_input_taken)
        return Constraint("choice-file", text, _names(values), options, limits)
    if option == "--substring-of":
        text = read_documents(values, named.span_unit, limits, standard_input_taken=standard_input_taken)
        return Constraint("substring", text, _names(values), options, limits)
    if len(values) > 1:
        raise UsageProblem(f"{option} is given {len(values)} times", expected="one constraint")
    (value,) = values
    if option == "--regex":
        options = replace(
            options,
            all_of=tuple([argument_text(text, "--and") for text in named.and_ or ()]),
            none_of=tuple([argument_text(text, "--not") for text in named.not_ or ()]),
        )
        return Constraint("regex", argument_text(value, option), option, options, limits)
    if not value:
        raise UsageProblem(f"{option} names no file")
    if option == "--compiled":
        return CompiledFile(value, limits)
    if value == "-" and standard_input_taken:
        raise UsageProblem(f"{option} and the text cannot both come from standard input")
    if option == "--schema":
        return replace(schema_constraint(value, options, limits, option=option, data=data), sizes=bounds)
    if option in ("--tags", "--tools"):
        return replace(_tagged(value, option, options, limits, data), sizes=bounds)
    constraint = grammar_constraint(value, options, limits, import_paths, data)
    if sizes and sizes.max_blanks and constraint.options.notation not in (None, "lark"):
        raise UsageProblem(f"--max-blanks says nothing about a grammar in {constraint.options.notation.upper()}")
    return replace(constraint, sizes=bounds)


def _names(paths: list[str]) -> str:
    return ", ".join(map(_source, paths))


def _tagged(
    value: str, option: str, options: CompileOptions, limits: Limits | None, data: list[str] | None
) -> Constraint:
    """Tags or tools: a JSON file, or the argument itself, where it begins with a bracket."""
    if value.startswith("{" if option == "--tags" else "["):
        text, source = argument_text(value, option), option
        folder: str | None = "."
    else:
        text, source = _file_text(value, "JSON"), _source(value)
        folder = _folder(value)
    contents = tags_data((text, *(text for _, text in options.references)), folder, data, limits)
    return Constraint("tags" if option == "--tags" else "tools", text, source, replace(options, data=contents), limits)


def _folder(path: str) -> str | None:
    """The folder of a file; None of standard input."""
    return None if path == "-" else str(Path(path).parent)


def _check_kind(options: CompileOptions, given: str) -> None:
    """An option that would say nothing about the constraint at hand is a mistake, not a wish to be ignored."""
    schema, grammar = given in ("--schema", "--tags", "--tools"), given == "--grammar"
    default = CompileOptions()
    names = {
        "draft": "--draft",
        "formats": "--formats",
        "ignore_formats": "--ignore-format",
        "whitespace": "--whitespace",
        "order": "--order",
        "numbers": "--numbers",
        "escapes": "--escapes",
        "references": "--ref (or --ref-dir)",
    }
    for name, option in names.items():
        if not schema and getattr(options, name) != getattr(default, name):
            raise UsageProblem(f"{option} goes with --schema, --tags and --tools only")
    if given == "--tools" and not options.tool_style:
        raise UsageProblem("--tools needs --tool-style", expected="the style in which the model writes calls")
    with_tools = {
        "tool_style": "--tool-style",
        "tool_choice": "--tool-choice",
        "parallel_tool_calls": "--no-parallel-tool-calls",
    }
    for name, option in with_tools.items():
        if given != "--tools" and getattr(options, name) != getattr(default, name):
            raise UsageProblem(f"{option} goes with --tools only")
    if given == "--compiled" and options.think:
        raise UsageProblem("--think goes with a constraint", expected="it in 'constrain compile' already")
    with_grammars = {
        "start": "--start",
        "notation": "--grammar-format",
        "lexer": "--lexer",
        "indenter": "--indenter",
        "terminals": "--terminal",
    }
    for name, option in with_grammars.items():
        if not grammar and getattr(options, name) != getattr(default, name):
            raise UsageProblem(f"{option} goes with --grammar only")


def schema_constraint(
    value: str,
    options: CompileOptions,
    limits: Limits | None = None,
    *,
    option: str = "SCHEMA",
    data: list[str] | None = None,
) -> Constraint:
    """A schema in any of its spellings: ``-``, inline JSON, ``dsl:...``, ``package.module:Class``, else a file.

    Args:
        value: the argument.
        options: how to read it.
        limits: budgets to compile it under.
        option: what messages call a schema that stands in the argument itself.
        data: values of ``--data``.

    Raises:
        UsageProblem: it cannot be used.
        InputFileError: a file or module is missing or unreadable.
        SchemaError: a concise form with a mistake, or a class without a schema.
    """
    if not value:
        raise UsageProblem(f"{option} names no file")
    text, source = _schema(value, option)
    folder = _folder(value) if value == "-" or source == value else "."
    contents = schema_data((text, *(text for _, text in options.references)), folder, data, limits)
    return Constraint("schema", text, source, replace(options, data=contents), limits)


def _schema(value: str, option: str) -> tuple[str, str]:
    """A schema's text, and how messages call it."""
    if value.startswith("{") or value in ("true", "false"):
        return argument_text(value, option), option
    if value.startswith("dsl:"):
        from constrain.compiler.json_schema.dsl import schema_text

        try:
            return schema_text(argument_text(value.removeprefix("dsl:"), option)), option
        except InputError as error:
            error.add_note(f"{option} dsl:")
            raise
    if CLASS_NAME.fullmatch(value):
        from constrain.cli.classes import schema_of_class

        return schema_of_class(value), value
    return _file_text(value, "a JSON Schema"), _source(value)


def grammar_constraint(
    value: str,
    options: CompileOptions,
    limits: Limits | None = None,
    import_paths: list[str] | None = None,
    data: list[str] | None = None,
    *,
    option: str = "--grammar-format",
) -> Constraint:
    """A grammar: ``-``, the name of a shipped one, else a file; the notation is in the options or the file's ending.

    Args:
        value: the argument.
        options: how to read it.
        limits: budgets to compile it under.
        import_paths: where its imports are looked for first.
        data: values of ``--data``.
        option: the option that names the notation.

    Raises:
        UsageProblem: there is no grammar of that name, or an option is not for its notation.
        InputFileError: a file is missing or unreadable.
    """
    if not value:
        raise UsageProblem("GRAMMAR names no file")
    notation = notation_of(value, options.notation, option)
    text, source, path = _grammar(value, notation, option)
    options = replace(options, notation=notation)
    if notation != "lark":
        larks = {
            "--import-path": import_paths,
            "--terminal": options.terminals,
            "--lexer": options.lexer,
            "--indenter": options.indenter,
            "--data": data,
        }
        for name, given in larks.items():
            if given:
                raise UsageProblem(f"{name} goes with Lark grammars only")
        return Constraint("grammar", text, source, options, limits)
    folders = grammar_folders(path, import_paths)
    if "%import" in text:
        options = replace(options, imports=imported_texts(text, source, folders, limits))
    texts = (text, *(text for _, _, text in options.imports))
    options = replace(options, data=grammar_data(texts, folders[0], data, limits))
    return Constraint("grammar", text, source, options, limits, folders)


def _grammar(value: str, notation: Notation, option: str) -> tuple[str, str, str]:
    """A grammar's text, how messages call it, and its file."""
    if not GRAMMAR_NAME.fullmatch(value):
        return _file_text(value, "a grammar"), _source(value), value
    if notation != "lark":
        expected = f"no {option}, or a file (write './{value}' for one in this folder)"
        raise UsageProblem("the grammars that come with constrain are Lark's", expected=expected)
    from constrain import grammars

    try:
        return grammars.load(value), f"the shipped grammar {value!r}", grammars.__file__
    except ConstrainError as error:
        expected = f"{error.expected}, or a file (write './{value}' for one in this folder)"
        raise UsageProblem(error.message, expected=expected) from None


def _file_text(value: str, expected: str) -> str:
    text = read_text_file(value)
    if not text.strip():
        raise InputFileError(f"{STANDARD_INPUT if value == '-' else repr(value)} is empty", expected=expected)
    return text


def _source(value: str) -> str:
    return "standard input" if value == "-" else value


def argument_text(value: str, option: str) -> str:
    """``value``, when it is text: an argument that is not UTF-8 arrives with lone surrogates in it."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageProblem(f"{option} is not UTF-8 at character {error.start + 1}") from None
    return value
