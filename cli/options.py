"""Options that several commands share, each declared once.

A command's signature names these types; typer reads names, help and defaults from them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, NoReturn, TypeAlias

import typer

__all__ = [
    "Budget",
    "Compiled",
    "Data",
    "Device",
    "Draft",
    "Dtype",
    "Formats",
    "GrammarArgument",
    "GrammarFormat",
    "IgnoreFormat",
    "ImportPath",
    "Indenter",
    "Job",
    "Json",
    "Lexer",
    "MaxBytes",
    "MaxTokens",
    "Model",
    "Offline",
    "Prompt",
    "PromptSchema",
    "Reference",
    "ReferenceFolder",
    "Revision",
    "SchemaArgument",
    "Start",
    "System",
    "Terminal",
    "Tokenizer",
    "TokensOf",
    "Verbose",
    "examples",
    "show_help",
]

Job: TypeAlias = Callable[[], int]
"""What a command's function returns: the work, to be run after parsing; its result is the exit code."""

SchemaArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SCHEMA",
        help="A file, '-' for standard input, '{...}', 'true', 'false', 'dsl:...' (see 'schema dsl'), or module:Class.",
        show_default=False,
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
Prompt: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="PROMPT|-", help="The prompt; '-' or nothing reads standard input.")
]
System: TypeAlias = Annotated[
    str | None, typer.Option("-s", "--system", metavar="TEXT", help="System message, for models that take one.")
]
PromptSchema: TypeAlias = Annotated[
    str, typer.Option("--prompt-schema", metavar="auto|none", help="Is the model shown the schema?")
]
MaxTokens: TypeAlias = Annotated[
    int, typer.Option("--max-tokens", min=1, metavar="N", help="Longest output in tokens.")
]
MaxBytes: TypeAlias = Annotated[
    int | None, typer.Option("--max-bytes", min=1, metavar="N", help="Longest output in bytes [any length].")
]
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
