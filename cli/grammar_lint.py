"""``constrain grammar lint``: what in a grammar makes generation slow or wrong. The rules are the compiler's."""

from __future__ import annotations

from collections.abc import Collection

from constrain.cli import linting
from constrain.cli import options as option
from constrain.cli.budget import read_budget
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.imports import read_terminals
from constrain.cli.notations import check_notation
from constrain.cli.source import grammar_constraint
from constrain.errors import ConstrainError

__all__ = ["EXAMPLES", "lint"]

EXAMPLES = option.examples(
    "constrain grammar lint json",
    "constrain grammar lint examples/moves.gbnf --format json",
    """printf 'start: "if" NAME\\nNAME: /[a-z]+/\\n' | constrain grammar lint - --ignore missing-ignore""",
)


def lint(
    grammar: option.GrammarArgument,
    grammar_format: option.GrammarFormat = None,
    output_format: linting.OutputFormat = "text",
    ignore: linting.Ignore = None,
    exit_zero: linting.ExitZero = False,
    start: option.Start = None,
    lexer: option.Lexer = None,
    indenter: option.Indenter = None,
    import_path: option.ImportPath = None,
    terminal: option.Terminal = None,
    data: option.Data = None,
    budget: option.Budget = None,
) -> option.Job:
    """Warn of what makes generation slow or wrong: colliding terminals, rules in vain, ambiguity, no room for blanks.

    Each warning has its line and column, its code, and what to write instead. Exit code 1 with warnings, and 3 where
    the grammar cannot be used as it stands, --exit-zero or not.
    """
    report = linting.Report.of(output_format, ignore, exit_zero, _codes)
    options = CompileOptions(
        start=start, lexer=lexer, indenter=indenter, notation=grammar_format, terminals=read_terminals(terminal)
    )
    constraint = grammar_constraint(grammar, options, read_budget(budget or ()), import_path, data)
    return lambda: _run(constraint, report)


def _codes() -> Collection[str]:
    from constrain.compiler.notation.lint import CODES

    return CODES


def _run(constraint: Constraint, report: linting.Report) -> int:
    from constrain.compiler.notation import lint as rules

    try:
        written_in = check_notation("--grammar-format", constraint.options.notation or "lark")
        found = rules.lint(constraint.text, written_in, indenter=constraint.indenter, **constraint.reading())
    except ConstrainError as error:
        error.add_note(constraint.source)
        raise
    return report.show(constraint.source, found)
