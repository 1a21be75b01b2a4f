"""From ``--schema``, ``--regex``, ``--choice``, ``--grammar`` and ``--compiled`` to what decides about texts.

What an argument means never depends on what happens to lie in the current folder: its spelling decides.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn, Protocol

from constrain.cli.compiled import CompiledFile
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.problems import UsageProblem
from constrain.cli.streams import read_text_file
from constrain.errors import ConstrainError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar, Vocabulary

__all__ = ["Source", "argument_text", "read_source"]

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

    def compiled_for(self, vocabulary: Vocabulary) -> CompiledGrammar:
        """The automaton for a vocabulary; errors as those of :meth:`language`, or the file is for another one."""


def read_source(
    *,
    schema: str | None,
    regex: str | None,
    choice: list[str] | None,
    grammar: str | None,
    compiled: str | None,
    options: CompileOptions,
    standard_input_taken: bool = False,
) -> Source:
    """The one constraint or compiled file among the options.

    Args:
        schema, regex, choice, grammar, compiled: the options as given.
        options: how to read it.
        standard_input_taken: something else is read from standard input.

    Raises:
        UsageProblem: none or several, or a form that this version does not have.
        InputFileError: a file is missing or unreadable.
    """
    offered = {
        "--schema": schema,
        "--regex": regex,
        "--choice": choice,
        "--grammar": grammar,
        "--compiled": compiled,
    }
    given = [name for name, value in offered.items() if value is not None and value != []]
    if len(given) != 1:
        problem = f"{' and '.join(given)} exclude each other" if given else "there is no constraint"
        expected = "exactly one of --schema, --regex, --choice (repeatable), --grammar, --compiled"
        raise UsageProblem(problem, expected=expected)
    _check_kind(options, schema=schema is not None, grammar=grammar is not None)
    if standard_input_taken and "-" in (schema, grammar):
        raise UsageProblem(f"{given[0]} and the text cannot both come from standard input")
    if compiled is not None:
        return CompiledFile(compiled)
    if schema is not None:
        return _schema(schema, options)
    if regex is not None:
        return Constraint("regex", argument_text(regex, "--regex"), "--regex", options)
    if grammar is not None:
        return _grammar(grammar, options)
    choices = [argument_text(text, "--choice") for text in choice or ()]
    return Constraint("choice", json.dumps(choices, ensure_ascii=False), "--choice", options)


def _check_kind(options: CompileOptions, *, schema: bool, grammar: bool) -> None:
    """An option that would say nothing about the constraint at hand is a mistake, not a wish to be ignored."""
    default = CompileOptions()
    names = {
        "draft": "--draft",
        "formats": "--formats",
        "ignore_formats": "--ignore-format",
        "whitespace": "--whitespace",
        "preview": "--preview",
    }
    for name, option in names.items():
        if not schema and getattr(options, name) != getattr(default, name):
            raise UsageProblem(f"{option} goes with --schema only")
    if not grammar and options.start != default.start:
        raise UsageProblem("--start goes with --grammar only")


def _schema(value: str, options: CompileOptions) -> Constraint:
    if value.startswith("{") or value in ("true", "false"):
        return Constraint("schema", argument_text(value, "--schema"), "--schema", options)
    if value.startswith("dsl:"):
        _later("the short schema notation 'dsl:...'")
    if CLASS_NAME.fullmatch(value):
        _later(f"a schema from a Python class ({value})")
    return Constraint("schema", read_text_file(value), _source(value), options)


def _grammar(value: str, options: CompileOptions) -> Constraint:
    if GRAMMAR_NAME.fullmatch(value):
        from constrain import grammars

        try:
            return Constraint("grammar", grammars.load(value), f"the shipped grammar {value!r}", options)
        except ConstrainError as error:
            error.expected = f"{error.expected}, or a file (write './{value}' for one in this folder)"
            raise
    return Constraint("grammar", read_text_file(value), _source(value), options)


def _source(value: str) -> str:
    return "standard input" if value == "-" else value


def argument_text(value: str, option: str) -> str:
    """``value``, when it is text: an argument that is not UTF-8 arrives with lone surrogates in it."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageProblem(f"{option} is not UTF-8 at character {error.start + 1}") from None
    return value


def _later(what: str) -> NoReturn:
    raise UsageProblem(
        f"{what} is not available in this version", expected="a file, '-', or the schema itself: '{...}', true, false"
    )
