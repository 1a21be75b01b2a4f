"""``constrain grammar sample``: random texts of a grammar's language, drawn from the automaton."""

from __future__ import annotations

import json
import random
import secrets
from typing import Annotated

import typer

from constrain.cli import options as option
from constrain.cli.budget import read_budget
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.imports import read_terminals
from constrain.cli.problems import UsageProblem
from constrain.cli.source import grammar_constraint
from constrain.cli.streams import write

__all__ = ["EXAMPLES", "sample"]

EXAMPLES = option.examples(
    "constrain grammar sample semver -n 5 --seed 7",
    "constrain grammar sample json -n 3 --seed 7 --length 400 --format json",
    "constrain grammar sample examples/reminder.lark --terminal 'PERSON=Ada|Grace'",
)

LENGTH = 200


def sample(
    grammar: Annotated[
        str,
        typer.Argument(
            metavar="FILE|NAME",
            help="A grammar's file, '-' for standard input, or a name from 'grammar list'.",
            show_default=False,
        ),
    ],
    number: Annotated[int, typer.Option("-n", "--number", min=1, metavar="N", help="So many texts.")] = 1,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, metavar="S", help="Same seed, same texts [new ones each time].")
    ] = None,
    length: Annotated[
        int,
        typer.Option("--length", min=1, max=100_000, metavar="N", help="Bytes after which a text is ended."),
    ] = LENGTH,
    start: option.Start = None,
    lexer: option.Lexer = None,
    indenter: option.Indenter = None,
    grammar_format: option.GrammarFormat = None,
    import_path: option.ImportPath = None,
    terminal: option.Terminal = None,
    data: option.Data = None,
    output_format: Annotated[
        str,
        typer.Option("--format", metavar="text|json", help="As they are, or each as a JSON string on its own line."),
    ] = "text",
    budget: option.Budget = None,
) -> option.Job:
    """Print random texts of a grammar's language: short ones, of every rule.

    Nothing that is drawn is thrown away, so what another program does not read, the grammar should not allow. A line
    break follows each text; where texts have line breaks of their own, --format json keeps them apart.
    """
    if output_format not in ("text", "json"):
        raise UsageProblem(f"--format cannot be {output_format!r}", expected="'text' or 'json'")
    options = CompileOptions(
        start=start, lexer=lexer, indenter=indenter, notation=grammar_format, terminals=read_terminals(terminal)
    )
    constraint = grammar_constraint(grammar, options, read_budget(budget or ()), import_path, data)
    chosen = secrets.randbelow(1 << 31) if seed is None else seed
    return lambda: _run(constraint, number, chosen, length, output_format == "json")


def _run(constraint: Constraint, number: int, seed: int, length: int, as_json: bool) -> int:
    from constrain.compiler.sample import Sampler
    from constrain.compiler.vocabulary import Vocabulary

    grammar = constraint.grammar()
    compiled = constraint.compile(grammar, Vocabulary.bytes())
    sampler = Sampler(compiled, grammar, random.Random(seed), length=length)
    for _ in range(number):
        text = sampler.draw().decode()
        write(json.dumps(text, ensure_ascii=False) if as_json else text)
    return 0
