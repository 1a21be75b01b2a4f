"""``constrain grammar lint``: what in a grammar makes generation slow or wrong. The rules are the compiler's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.imports import read_terminals
from constrain.cli.notations import check_notation
from constrain.cli.problems import UsageProblem
from constrain.cli.source import grammar_constraint
from constrain.cli.streams import write
from constrain.errors import ConstrainError, GrammarError

if TYPE_CHECKING:
    from constrain.compiler.notation.lint import GrammarWarning

__all__ = ["EXAMPLES", "lint"]

EXAMPLES = option.examples(
    "constrain grammar lint json",
    "constrain grammar lint examples/moves.gbnf --format json",
    """printf 'start: "if" NAME\\nNAME: /[a-z]+/\\n' | constrain grammar lint - --ignore missing-ignore""",
)


def lint(
    grammar: option.GrammarArgument,
    grammar_format: option.GrammarFormat = None,
    output_format: Annotated[
        str, typer.Option("--format", metavar="text|json", help="A line for each warning, or one JSON object.")
    ] = "text",
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="CODE", help="Leave out this kind of warning. May be repeated."),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit code 0 in spite of warnings.")] = False,
    start: option.Start = None,
    lexer: option.Lexer = None,
    import_path: option.ImportPath = None,
    terminal: option.Terminal = None,
) -> option.Job:
    """Warn of what makes generation slow or wrong: colliding terminals, rules in vain, ambiguity, no room for blanks.

    Each warning has its line and column, its code, and what to write instead. Exit code 1 with warnings, and 3 where
    the grammar cannot be used as it stands, --exit-zero or not.
    """
    if output_format not in ("text", "json"):
        raise UsageProblem(f"--format cannot be {output_format!r}", expected="'text' or 'json'")
    codes = _codes(ignore or [])
    options = CompileOptions(start=start, lexer=lexer, notation=grammar_format, terminals=read_terminals(terminal))
    constraint = grammar_constraint(grammar, options, import_paths=import_path)
    return lambda: _run(constraint, codes, output_format == "json", exit_zero)


def _codes(ignored: list[str]) -> frozenset[str]:
    if ignored:
        from constrain.compiler.notation.lint import CODES

        for code in ignored:
            if code not in CODES:
                raise UsageProblem(f"--ignore cannot be {code!r}", expected=f"one of {', '.join(CODES)}")
    return frozenset(ignored)


def _run(constraint: Constraint, ignored: frozenset[str], as_json: bool, exit_zero: bool) -> int:
    from constrain.compiler.notation import lint as rules

    options = constraint.options
    try:
        found = rules.lint(
            constraint.text,
            check_notation("--grammar-format", options.notation or "lark"),
            start=options.start,
            lexer=constraint.lexer,
            files=constraint.imported_files(),
            terminals=dict(options.terminals),
        )
    except ConstrainError as error:
        error.add_note(constraint.source)
        raise
    # an error is no matter of taste
    warnings = [warning for warning in found if warning.error or warning.code not in ignored]
    _report(constraint.source, warnings, as_json)
    errors = sum(warning.error for warning in warnings)
    render.note(render.linted(len(warnings) - errors, errors))
    return GrammarError.exit_code if errors else 1 if warnings and not exit_zero else 0


def _report(source: str, warnings: list[GrammarWarning], as_json: bool) -> None:
    if as_json:
        write(json.dumps({"file": source, "warnings": [warning._asdict() for warning in warnings]}, ensure_ascii=False))
        return
    for code, line, column, message, mend, error in warnings:
        write(render.lint_warning(source, code, f"line {line}, column {column}", message, mend, error))
