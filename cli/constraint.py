"""From ``--schema``, ``--regex``, ``--choice`` and ``--grammar`` to one constraint.

What an argument means never depends on what happens to lie in the current folder: its spelling decides.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NoReturn, TypeAlias

from constrain.cli.problems import UsageProblem
from constrain.cli.streams import read_text_file
from constrain.errors import ConstrainError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar, Grammar, Vocabulary

__all__ = ["CompileOptions", "Constraint", "argument_text", "read_constraint"]

Kind: TypeAlias = Literal["schema", "regex", "choice", "grammar"]

CLASS_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
GRAMMAR_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
WHITESPACE = re.compile(r"compact|flexible|pretty:\d+")


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """How a constraint is read. ``draft`` to ``whitespace`` concern schemas, ``start`` grammars."""

    draft: str | None = None
    formats: str = "assert"
    ignore_formats: tuple[str, ...] = ()
    whitespace: str = "compact"
    start: str = "start"
    preview: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that no front end knows, as mistakes in the arguments."""
        if self.formats not in ("assert", "annotate"):
            raise UsageProblem(f"--formats cannot be {self.formats!r}", expected="'assert' or 'annotate'")
        if not WHITESPACE.fullmatch(self.whitespace):
            raise UsageProblem(
                f"--whitespace cannot be {self.whitespace!r}", expected="'compact', 'pretty:N' or 'flexible'"
            )


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint as the user gave it.

    Attributes:
        kind: which option it came from.
        text: schema text, regular expression, grammar text, or the choices as a JSON array.
        source: how messages call it.
        options: how to read it.
    """

    kind: Kind
    text: str
    source: str
    options: CompileOptions = field(default_factory=CompileOptions)

    @property
    def sha256(self) -> str:
        """Hash of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def grammar(self) -> Grammar:
        """Read the constraint; every error about its text comes from here.

        Raises:
            InputError: with a note that names the source.
        """
        try:
            return self._build()
        except ConstrainError as error:
            error.add_note(self.source)
            raise

    def compile(self, grammar: Grammar, vocabulary: Vocabulary) -> CompiledGrammar:
        """The automaton of ``grammar`` for ``vocabulary``.

        Raises:
            UnsatisfiableError, LimitError: with a note that names the source.
        """
        from constrain.compiler import compile_grammar

        try:
            return compile_grammar(grammar, vocabulary)
        except ConstrainError as error:
            error.add_note(self.source)
            raise

    def _build(self) -> Grammar:
        options = self.options
        if self.kind == "schema":
            from constrain.compiler import json_schema

            return json_schema.build(
                self.text,
                draft=options.draft,
                formats="annotate" if options.formats == "annotate" else "assert",
                ignore_formats=options.ignore_formats,
                whitespace=options.whitespace,
                preview=options.preview,
            )
        if self.kind == "regex":
            from constrain.compiler import regex

            return regex.build(self.text)
        if self.kind == "grammar":
            from constrain.compiler import lark

            return lark.build(self.text, start=options.start)
        from constrain.compiler import choices

        return choices.build(json.loads(self.text))


def read_constraint(
    *,
    schema: str | None,
    regex: str | None,
    choice: list[str] | None,
    grammar: str | None,
    options: CompileOptions,
    standard_input_taken: bool = False,
) -> Constraint:
    """The one constraint among the options.

    Args:
        schema, regex, choice, grammar: the options as given.
        options: how to read it.
        standard_input_taken: something else is read from standard input.

    Raises:
        UsageProblem: none or several, or a form that this version does not have.
        InputFileError: a file is missing or unreadable.
    """
    given = [
        name
        for name, value in (("--schema", schema), ("--regex", regex), ("--choice", choice), ("--grammar", grammar))
        if value is not None and value != []
    ]
    if len(given) != 1:
        problem = f"{' and '.join(given)} exclude each other" if given else "there is no constraint"
        raise UsageProblem(problem, expected="exactly one of --schema, --regex, --choice (repeatable), --grammar")
    _check_kind(options, schema=schema is not None, grammar=grammar is not None)
    if standard_input_taken and "-" in (schema, grammar):
        raise UsageProblem(f"{given[0]} and the text cannot both come from standard input")
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
