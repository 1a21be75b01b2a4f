"""The options that name a constraint and say how it is read, in groups: commands order them differently.

A command has those of :class:`ConstraintOptions`, or some of its groups, as parameters (see :mod:`.groups`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import typer

from constrain.cli import options as option
from constrain.cli.constraint import CompileOptions
from constrain.cli.imports import read_terminals
from constrain.cli.references import read_references

__all__ = [
    "ConstraintOptions",
    "GrammarOptions",
    "Named",
    "SchemaOptions",
    "SizeOptions",
    "Spelling",
    "Thoughts",
]


@dataclass(frozen=True, slots=True)
class Named:
    """What the constraint is, and what goes with one kind of it alone.

    One of each is the most there can be of most of them; they are lists so that a second one is a mistake, and not the
    one that counts.
    """

    schema: Annotated[
        list[str] | None,
        typer.Option(
            "--schema",
            metavar="S",
            help="JSON Schema: a file, '-', '{...}', 'true', 'false', 'dsl:...' (see 'schema dsl'), or module:Class.",
        ),
    ] = None
    regex: Annotated[
        list[str] | None,
        typer.Option("--regex", metavar="R", help="Regular expression (Python syntax) for the whole text."),
    ] = None
    and_: Annotated[
        list[str] | None,
        typer.Option(
            "--and", metavar="R", help="With --regex: another one that the whole text matches. May be repeated."
        ),
    ] = None
    not_: Annotated[
        list[str] | None,
        typer.Option(
            "--not", metavar="R", help="With --regex: one that the whole text does not match. May be repeated."
        ),
    ] = None
    choice: Annotated[
        list[str] | None,
        typer.Option("--choice", metavar="A", help="One of these texts; give the option several times."),
    ] = None
    choice_file: Annotated[
        list[str] | None,
        typer.Option("--choice-file", metavar="FILE", help="One of the lines of this file. May be repeated."),
    ] = None
    substring_of: Annotated[
        list[str] | None,
        typer.Option("--substring-of", metavar="FILE", help="A span of the text of this file. May be repeated."),
    ] = None
    span_unit: Annotated[
        str | None,
        typer.Option(
            "--span-unit", metavar="char|word|sentence", help="Where a span of --substring-of begins and ends [char]."
        ),
    ] = None
    grammar: Annotated[
        list[str] | None,
        typer.Option(
            "--grammar",
            metavar="FILE|NAME",
            help="Grammar (Lark, *.gbnf, *.ebnf): a file, '-', or the name of a shipped one (see 'constrain grammar').",
        ),
    ] = None
    tags: Annotated[
        list[str] | None,
        typer.Option(
            "--tags",
            metavar="FILE",
            help="Structural tags, free text with constrained regions: a JSON file, '-', or '{...}'.",
        ),
    ] = None
    tools: Annotated[
        list[str] | None,
        typer.Option("--tools", metavar="FILE", help="Tools that may be called: a JSON file, '-', or '[...]'."),
    ] = None
    tool_style: Annotated[
        str,
        typer.Option(
            "--tool-style",
            metavar="STYLE",
            help="How calls are written: hermes, llama3, mistral, qwen-xml, deepseek, deepseek-v3, gpt-oss, python.",
            show_default=False,
        ),
    ] = ""
    tool_choice: Annotated[
        str,
        typer.Option(
            "--tool-choice", metavar="auto|required|none|NAME", help="Text or calls, calls, text, or calls of one tool."
        ),
    ] = "auto"
    parallel_tool_calls: Annotated[
        bool,
        typer.Option("--parallel-tool-calls/--no-parallel-tool-calls", help="May there be several calls?"),
    ] = True


@dataclass(frozen=True, slots=True)
class Thoughts:
    """What comes before the constrained text."""

    think: Annotated[
        str | None,
        typer.Option(
            "--think",
            metavar="TAG",
            help="Free text first: 'think' is <think>...</think>, 'A...B' is between A and B.",
            show_default=False,
        ),
    ] = None
    think_max: Annotated[
        int | None,
        typer.Option("--think-max", metavar="N", help="Most characters between the marks of --think [no bound]."),
    ] = None


@dataclass(frozen=True, slots=True)
class GrammarOptions:
    """How a grammar is read."""

    start: option.Start = None
    grammar_format: option.GrammarFormat = None
    lexer: option.Lexer = None
    indenter: option.Indenter = None
    import_path: option.ImportPath = None
    terminal: option.Terminal = None


@dataclass(frozen=True, slots=True)
class SchemaOptions:
    """How a schema is read; ``data`` is for grammars and tags as well."""

    draft: option.Draft = None
    ref: option.Reference = None
    ref_dir: option.ReferenceFolder = None
    data: option.Data = None
    formats: option.Formats = "assert"
    ignore_format: option.IgnoreFormat = None


@dataclass(frozen=True, slots=True)
class Spelling:
    """How JSON is written."""

    whitespace: Annotated[
        str,
        typer.Option(
            "--whitespace", metavar="spaced|compact|pretty:N|flexible|any", help="White space between JSON tokens."
        ),
    ] = "spaced"
    order: Annotated[
        str, typer.Option("--order", metavar="schema|any", help="Order of declared properties in generated JSON.")
    ] = "schema"
    numbers: Annotated[
        str,
        typer.Option("--numbers", metavar="plain|any", help="Spelling of generated numbers: as 12, or also as 1.2e1."),
    ] = "plain"
    escapes: Annotated[
        str,
        typer.Option(
            "--escapes", metavar="minimal|any", help="Escapes in generated strings: where JSON needs them, or any."
        ),
    ] = "minimal"


@dataclass(frozen=True, slots=True)
class SizeOptions:
    """Bounds of what a model writes, no part of the language. The names are those of ``Sizes``."""

    max_string: Annotated[
        str | None,
        typer.Option(
            "--max-string",
            metavar="N",
            help="Most characters of a string that the schema does not bound; or none [1000].",
        ),
    ] = None
    max_digits: Annotated[
        str | None,
        typer.Option(
            "--max-digits", metavar="N", help="Most digits of such a number, before the point and after it [20]."
        ),
    ] = None
    max_items: Annotated[
        str | None,
        typer.Option(
            "--max-items",
            metavar="N",
            help="Most items of such an array, and members of an object beyond the number declared [100].",
        ),
    ] = None
    max_depth: Annotated[
        str | None,
        typer.Option("--max-depth", metavar="N", help="Arrays and objects inside each other, where they recur [16]."),
    ] = None
    max_blanks: Annotated[
        str | None,
        typer.Option(
            "--max-blanks",
            metavar="N",
            help="Most blanks between two tokens; characters of what a Lark grammar ignores there [64].",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintOptions:
    """All that names a constraint and says how it is read."""

    named: Named = field(default_factory=Named)
    thoughts: Thoughts = field(default_factory=Thoughts)
    compiled: option.Compiled = None
    grammars: GrammarOptions = field(default_factory=GrammarOptions)
    schemas: SchemaOptions = field(default_factory=SchemaOptions)
    spelling: Spelling = field(default_factory=Spelling)
    budget: option.Budget = None

    def reading(self) -> CompileOptions:
        """How the constraint is read.

        Raises:
            UsageProblem: a value that nothing knows.
            InputFileError: a document that a schema refers to is missing or unreadable.
            InputError: such a document is no JSON.
        """
        return CompileOptions(
            draft=self.schemas.draft,
            formats=self.schemas.formats,
            ignore_formats=tuple(self.schemas.ignore_format or ()),
            whitespace=self.spelling.whitespace,
            order=self.spelling.order,
            numbers=self.spelling.numbers,
            escapes=self.spelling.escapes,
            references=read_references(self.schemas.ref, self.schemas.ref_dir),
            notation=self.grammars.grammar_format,
            start=self.grammars.start,
            lexer=self.grammars.lexer,
            indenter=self.grammars.indenter,
            terminals=read_terminals(self.grammars.terminal),
            tool_style=self.named.tool_style,
            tool_choice=self.named.tool_choice,
            parallel_tool_calls=self.named.parallel_tool_calls,
            think=self.thoughts.think,
            think_max=self.thoughts.think_max,
        )
