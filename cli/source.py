"""From ``--schema``, ``--regex``, ``--choice``, ``--grammar`` and ``--compiled`` to what decides about texts.

What an argument means never depends on what happens to lie in the current folder: its spelling decides.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Protocol

from constrain.cli.budget import read_budget
from constrain.cli.compiled import CompiledFile
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.problems import UsageProblem
from constrain.cli.streams import read_text_file
from constrain.errors import ConstrainError, InputError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar, Limits, Vocabulary

__all__ = ["Source", "argument_text", "read_source", "schema_constraint"]

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

    def compiled_for(self, vocabulary: Vocabulary, asked_by: str) -> CompiledGrammar:
        """The automaton for a vocabulary; errors as those of :meth:`language`, or the file is for another one.

        Args:
            vocabulary: the tokens.
            asked_by: the options that name them, for messages; empty where there are none.
        """


def read_source(
    *,
    schema: list[str] | None,
    regex: list[str] | None,
    choice: list[str] | None,
    grammar: list[str] | None,
    compiled: list[str] | None,
    options: CompileOptions,
    budget: list[str] | None = None,
    standard_input_taken: bool = False,
) -> Source:
    """The one constraint or compiled file among the options.

    Args:
        schema, regex, choice, grammar, compiled: the options as given.
        options: how to read it.
        budget: the limits to compile it under, as given.
        standard_input_taken: something else is read from standard input.

    Raises:
        UsageProblem: none or several, or one that cannot be used.
        InputFileError: a file is missing or unreadable.
        SchemaError: a concise form with a mistake, or a class without a schema.
    """
    offered = {
        "--schema": schema,
        "--regex": regex,
        "--choice": choice,
        "--grammar": grammar,
        "--compiled": compiled,
    }
    given = [(name, values) for name, values in offered.items() if values]
    if len(given) != 1:
        names = [name for name, _ in given]
        problem = f"{' and '.join(names)} exclude each other" if given else "there is no constraint"
        expected = "exactly one of --schema, --regex, --choice (repeatable), --grammar, --compiled"
        raise UsageProblem(problem, expected=expected)
    ((option, values),) = given
    _check_kind(options, schema=option == "--schema", grammar=option == "--grammar")
    limits = read_budget(budget or ())
    if option == "--choice":
        choices = [argument_text(text, option) for text in values]
        return Constraint("choice", json.dumps(choices, ensure_ascii=False), option, options, limits)
    if len(values) > 1:
        raise UsageProblem(f"{option} is given {len(values)} times", expected="one constraint")
    (value,) = values
    if option == "--regex":
        return Constraint("regex", argument_text(value, option), option, options, limits)
    if not value:
        raise UsageProblem(f"{option} names no file")
    if option == "--compiled":
        return CompiledFile(value, limits)
    if value == "-" and standard_input_taken:
        raise UsageProblem(f"{option} and the text cannot both come from standard input")
    if option == "--schema":
        return schema_constraint(value, options, limits, option=option)
    return Constraint("grammar", *_grammar(value), options, limits)


def _check_kind(options: CompileOptions, *, schema: bool, grammar: bool) -> None:
    """An option that would say nothing about the constraint at hand is a mistake, not a wish to be ignored."""
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
            raise UsageProblem(f"{option} goes with --schema only")
    if not grammar and options.start != default.start:
        raise UsageProblem("--start goes with --grammar only")


def schema_constraint(
    value: str, options: CompileOptions, limits: Limits | None = None, *, option: str = "SCHEMA"
) -> Constraint:
    """A schema in any of its spellings: ``-``, inline JSON, ``dsl:...``, ``package.module:Class``, else a file.

    Args:
        value: the argument.
        options: how to read it.
        limits: budgets to compile it under.
        option: what messages call a schema that stands in the argument itself.

    Raises:
        UsageProblem: it cannot be used.
        InputFileError: a file or module is missing or unreadable.
        SchemaError: a concise form with a mistake, or a class without a schema.
    """
    if not value:
        raise UsageProblem(f"{option} names no file")
    return Constraint("schema", *_schema(value, option), options, limits)


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
    return read_text_file(value), _source(value)


def _grammar(value: str) -> tuple[str, str]:
    """A grammar's text, and how messages call it."""
    if not GRAMMAR_NAME.fullmatch(value):
        return read_text_file(value), _source(value)
    from constrain import grammars

    try:
        return grammars.load(value), f"the shipped grammar {value!r}"
    except ConstrainError as error:
        expected = f"{error.expected}, or a file (write './{value}' for one in this folder)"
        raise UsageProblem(error.message, expected=expected) from None


def _source(value: str) -> str:
    return "standard input" if value == "-" else value


def argument_text(value: str, option: str) -> str:
    """``value``, when it is text: an argument that is not UTF-8 arrives with lone surrogates in it."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageProblem(f"{option} is not UTF-8 at character {error.start + 1}") from None
    return value
