"""Options that several commands share, each declared once.

A command's signature names these types; typer reads names, help and defaults from them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, NoReturn, TypeAlias

import typer

__all__ = [
    "And",
    "Budget",
    "Choice",
    "ChoiceFile",
    "Compiled",
    "Data",
    "Device",
    "Draft",
    "Dtype",
    "Escapes",
    "Formats",
    "GrammarArgument",
    "GrammarFile",
    "GrammarFormat",
    "IgnoreFormat",
    "ImportPath",
    "Job",
    "Json",
    "MaxBlanks",
    "MaxDepth",
    "MaxDigits",
    "MaxItems",
    "MaxString",
    "Model",
    "Not",
    "Numbers",
    "Offline",
    "Order",
    "ParallelToolCalls",
    "Reference",
    "ReferenceFolder",
    "Regex",
    "Revision",
    "Schema",
    "SchemaArgument",
    "SpanUnit",
    "Start",
    "SubstringOf",
    "Tags",
    "Terminal",
    "Think",
    "ThinkMax",
    "Tokenizer",
    "TokensOf",
    "ToolChoice",
    "ToolStyle",
    "Tools",
    "Verbose",
    "Whitespace",
    "examples",
    "show_help",
]

Job: TypeAlias = Callable[[], int]
"""What a command's function returns: the work, to be run after parsing; its result is the exit code."""

# One of each is the most there can be; they are lists so that a second one is a mistake, and not the one that counts.
Schema: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--schema",
        metavar="S",
        help="JSON Schema: a file, '-', '{...}', 'true', 'false', 'dsl:...' (see 'schema dsl'), or module:Class.",
    ),
]
SchemaArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SCHEMA",
        help="A file, '-' for standard input, '{...}', 'true', 'false', 'dsl:...' (see 'schema dsl'), or module:Class.",
        show_default=False,
    ),
]
Regex: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--regex", metavar="R", help="Regular expression (Python syntax) for the whole text."),
]
And: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--and", metavar="R", help="With --regex: another one that the whole text matches. May be repeated."),
]
Not: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--not", metavar="R", help="With --regex: one that the whole text does not match. May be repeated."),
]
Choice: TypeAlias = Annotated[
    list[str] | None, typer.Option("--choice", metavar="A", help="One of these texts; give the option several times.")
]
ChoiceFile: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--choice-file", metavar="FILE", help="One of the lines of this file. May be repeated."),
]
SubstringOf: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--substring-of", metavar="FILE", help="A span of the text of this file. May be repeated."),
]
SpanUnit: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--span-unit", metavar="char|word|sentence", help="Where a span of --substring-of begins and ends [char]."
    ),
]
Data: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="NAME=FILE",
        help="The file that a constraint calls NAME, where it is not beside it. May be repeated.",
    ),
]
GrammarFile: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--grammar",
        metavar="FILE|NAME",
        help="Grammar (Lark, *.gbnf, *.ebnf): a file, '-', or the name of a shipped one (see 'constrain grammar').",
    ),
]
GrammarArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="GRAMMAR",
        help="A file, '-' for standard input, or the name of a shipped grammar.",
        show_default=False,
    ),
]
Compiled: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--compiled", metavar="FILE", help="What 'constrain compile -o FILE' wrote, in place of a constraint."
    ),
]
Tags: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--tags",
        metavar="FILE",
        help="Structural tags, free text with constrained regions: a JSON file, '-', or '{...}'.",
    ),
]
Tools: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--tools", metavar="FILE", help="Tools that may be called: a JSON file, '-', or '[...]'."),
]
ToolStyle: TypeAlias = Annotated[
    str,
    typer.Option(
        "--tool-style",
        metavar="STYLE",
        help="How calls are written: hermes, llama3, mistral, qwen-xml, deepseek, deepseek-v3, gpt-oss, python.",
        show_default=False,
    ),
]
ToolChoice: TypeAlias = Annotated[
    str,
    typer.Option(
        "--tool-choice", metavar="auto|required|none|NAME", help="Text or calls, calls, text, or calls of one tool."
    ),
]
ParallelToolCalls: TypeAlias = Annotated[
    bool,
    typer.Option("--parallel-tool-calls/--no-parallel-tool-calls", help="May there be several calls?"),
]
Think: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--think",
        metavar="TAG",
        help="Free text first: 'think' is <think>...</think>, 'A...B' is between A and B.",
        show_default=False,
    ),
]
ThinkMax: TypeAlias = Annotated[
    int | None,
    typer.Option("--think-max", metavar="N", help="Most characters between the marks of --think [no bound]."),
]
Start: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="RULE",
        help="Start rule of the grammar [the one its header names, else start; of GBNF and EBNF, root].",
    ),
]
Lexer: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--lexer",
        metavar="complete|contextual",
        help="How terminals split the text: in any way, or as lark's LALR parser does it [as the grammar's header "
        "says, else complete].",
    ),
]
Indenter: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--indenter",
        metavar="python",
        help="Let the columns of lines open and close blocks (with the contextual lexer) [as the grammar's header "
        "says].",
    ),
]
GrammarFormat: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--grammar-format",
        metavar="lark|gbnf|ebnf",
        help="Notation of the grammar [as its file name ends, else lark].",
    ),
]
ImportPath: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--import-path",
        metavar="DIR",
        help="Folder in which a grammar's '%import' looks for files, besides its own. May be repeated.",
    ),
]
Terminal: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--terminal",
        metavar="NAME=REGEX",
        help="What a terminal matches that the grammar only declares ('%declare'). May be repeated.",
    ),
]

Draft: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--draft",
        metavar="D",
        help="Draft, where '$schema' does not name it: 4, 6, 7, 2019-09, 2020-12, openapi-3.0, openapi-3.1.",
    ),
]
Reference: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--ref", metavar="URI=FILE", help="Another document that '$ref' names by this URI. May be repeated."),
]
ReferenceFolder: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--ref-dir",
        metavar="DIR",
        help="Other documents: every *.json in it, by its '$id', else by its path in DIR. May be repeated.",
    ),
]
Formats: TypeAlias = Annotated[
    str,
    typer.Option("--formats", metavar="assert|annotate", help="Does 'format' constrain, or only describe?"),
]
IgnoreFormat: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore-format",
        metavar="NAME",
        help="Treat this format as a description; 'unknown' stands for all unknown ones. May be repeated.",
    ),
]
Whitespace: TypeAlias = Annotated[
    str,
    typer.Option(
        "--whitespace", metavar="spaced|compact|pretty:N|flexible|any", help="White space between JSON tokens."
    ),
]
Order: TypeAlias = Annotated[
    str, typer.Option("--order", metavar="schema|any", help="Order of declared properties in generated JSON.")
]
Numbers: TypeAlias = Annotated[
    str,
    typer.Option("--numbers", metavar="plain|any", help="Spelling of generated numbers: as 12, or also as 1.2e1."),
]
Escapes: TypeAlias = Annotated[
    str,
    typer.Option(
        "--escapes", metavar="minimal|any", help="Escapes in generated strings: where JSON needs them, or any."
    ),
]

MaxString: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-string",
        metavar="N",
        help="Most characters of a string that the schema does not bound; or none [1000].",
    ),
]
MaxDigits: TypeAlias = Annotated[
    str | None,
    typer.Option("--max-digits", metavar="N", help="Most digits of such a number, before the point and after it [20]."),
]
MaxItems: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-items",
        metavar="N",
        help="Most items of such an array, and members of an object beyond the number declared [100].",
    ),
]
MaxDepth: TypeAlias = Annotated[
    str | None,
    typer.Option("--max-depth", metavar="N", help="Arrays and objects inside each other, where they recur [16]."),
]
MaxBlanks: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-blanks",
        metavar="N",
        help="Most blanks between two tokens; characters of what a Lark grammar ignores there [64].",
    ),
]

Budget: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--budget",
        metavar="NAME=VALUE",
        help="Raise or lower a limit of the engine, for example max_expressions=5000000. May be repeated.",
    ),
]

Model: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "-m",
        "--model",
        metavar="PATH|NAME",
        help="Model folder, GGUF file or Hugging Face name; 'embedded' is the embedded model [embedded].",
    ),
]
TokensOf: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "-m",
        "--model",
        metavar="PATH|NAME",
        help="The tokens of this model; 'embedded' is the one that 'gen' uses without -m [single bytes].",
    ),
]
Tokenizer: TypeAlias = Annotated[
    str | None, typer.Option("--tokenizer", metavar="FILE", help="The tokens of a tokenizer.json, instead of a model.")
]
Revision: TypeAlias = Annotated[
    str | None, typer.Option("--revision", metavar="REV", help="Branch, tag or commit of a named model.")
]
Offline: TypeAlias = Annotated[bool, typer.Option("--offline", help="Never use the network for models.")]
Device: TypeAlias = Annotated[
    str | None, typer.Option("--device", metavar="D", help="Where the model runs: auto, cpu, cuda, cuda:1, mps [auto].")
]
Dtype: TypeAlias = Annotated[
    str | None,
    typer.Option("--dtype", metavar="T", help="Number type of the weights: auto, float32, bfloat16, float16 [auto]."),
]
Verbose: TypeAlias = Annotated[
    bool, typer.Option("--verbose", help="Let the model libraries print their own messages on standard error.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


def show_help(context: typer.Context) -> NoReturn:
    """A group without a command: its help, as the answer to a mistake."""
    sys.stderr.write(context.get_help() + "\n")
    raise typer.Exit(2)


def examples(*lines: str) -> str:
    """The end of a command's help text; ``\\b`` keeps the lines as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
