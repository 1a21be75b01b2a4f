"""``constrain grammar convert``: a grammar in another notation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.budget import read_budget
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.imports import read_terminals
from constrain.cli.notations import check_notation
from constrain.cli.problems import UsageProblem
from constrain.cli.source import grammar_constraint
from constrain.cli.streams import write
from constrain.errors import ConstrainError

if TYPE_CHECKING:
    from constrain.compiler.notation import Notation

__all__ = ["EXAMPLES", "convert"]

EXAMPLES = option.examples(
    "constrain grammar convert json --to gbnf",
    "constrain grammar convert examples/moves.gbnf --to lark -o moves.lark",
    """printf 'root ::= "a" | "b" root' | constrain grammar convert - --from gbnf --to ebnf""",
)


def convert(
    grammar: option.GrammarArgument,
    to: Annotated[str, typer.Option("--to", metavar="lark|gbnf|ebnf", help="The notation to write.")],
    given: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="lark|gbnf|ebnf", help="Notation of GRAMMAR [as its file name ends, else lark]."
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there [standard output].")
    ] = None,
    start: option.Start = None,
    lexer: option.Lexer = None,
    import_path: option.ImportPath = None,
    terminal: option.Terminal = None,
    data: option.Data = None,
    budget: option.Budget = None,
) -> option.Job:
    """Write a grammar in another notation, with exactly the same language.

    What a notation cannot say is refused, with its place and exit code 3. Choices from a file (%choices) are written
    out. GBNF is for llama.cpp, which takes no left
    recursion and no large counts; EBNF is xgrammar's. Comments, and rules that the start rule does not reach, are left
    out.
    """
    target = check_notation("--to", to)
    if output == "":
        raise UsageProblem("-o names no file", expected="a file")
    if given is not None:
        check_notation("--from", given)
    options = CompileOptions(start=start, lexer=lexer, notation=given, terminals=read_terminals(terminal))
    constraint = grammar_constraint(grammar, options, read_budget(budget or ()), import_path, data, option="--from")
    return lambda: _run(constraint, target, output)


def _run(constraint: Constraint, target: Notation, output: str | None) -> int:
    from constrain.compiler.files import replaceable, write_whole
    from constrain.compiler.notation import convert as front_end

    if output is not None:
        replaceable(output)
    try:
        written_in = check_notation("--from", constraint.options.notation or "lark")
        text = front_end.convert(constraint.text, written_in, target, **constraint.reading())
    except ConstrainError as error:
        error.add_note(constraint.source)
        raise
    if output is None:
        write(text, end="")
        return 0
    write_whole(output, text.encode())
    render.note(render.saved(output, len(text.encode())))
    return 0
