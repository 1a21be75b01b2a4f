"""``constrain schema lint``: what in a schema makes generation go wrong. The rules are the compiler's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.problems import UsageProblem
from constrain.cli.references import read_references
from constrain.cli.source import schema_constraint
from constrain.cli.streams import write
from constrain.errors import ConstrainError, SchemaError

if TYPE_CHECKING:
    from constrain.compiler.json_schema.lint import LintWarning

__all__ = ["EXAMPLES", "lint"]

EXAMPLES = option.examples(
    """constrain schema lint '{"type": "object", "properties": {"a": {"type": "string"}}}'""",
    "constrain schema lint examples/order.json --ignore optional-property",
    "constrain schema lint 'dsl:name, age? int' --format json --exit-zero",
)


def lint(
    schema: option.SchemaArgument,
    output_format: Annotated[
        str, typer.Option("--format", metavar="text|json", help="A line for each warning, or one JSON object.")
    ] = "text",
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="CODE", help="Leave out this kind of warning. May be repeated."),
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit code 0 in spite of warnings.")] = False,
    draft: option.Draft = None,
    ref: option.Reference = None,
    ref_dir: option.ReferenceFolder = None,
) -> option.Job:
    """Warn of what makes generation go wrong: values without bounds, open objects, typing errors, contradictions.

    Each warning has its JSON pointer, its code, and what to write instead. Exit code 1 with warnings, and 3 where the
    schema cannot be used as it stands, --exit-zero or not.
    """
    if output_format not in ("text", "json"):
        raise UsageProblem(f"--format cannot be {output_format!r}", expected="'text' or 'json'")
    codes = _codes(ignore or [])
    options = CompileOptions(draft=draft, references=read_references(ref, ref_dir))
    constraint = schema_constraint(schema, options)
    return lambda: _run(constraint, codes, output_format == "json", exit_zero)


def _codes(ignored: list[str]) -> frozenset[str]:
    if ignored:
        from constrain.compiler.json_schema.lint import CODES

        for code in ignored:
            if code not in CODES:
                raise UsageProblem(f"--ignore cannot be {code!r}", expected=f"one of {', '.join(CODES)}")
    return frozenset(ignored)


def _run(constraint: Constraint, ignored: frozenset[str], as_json: bool, exit_zero: bool) -> int:
    from constrain.compiler.json_schema import lint as rules

    options = constraint.options
    try:
        found = rules.lint(constraint.text, draft=options.draft, references=dict(options.references))
    except ConstrainError as error:
        error.add_note(constraint.source)
        raise
    # an error is no matter of taste
    warnings = [warning for warning in found if warning.error or warning.code not in ignored]
    _report(constraint.source, warnings, as_json)
    errors = sum(warning.error for warning in warnings)
    render.note(render.linted(len(warnings) - errors, errors))
    return SchemaError.exit_code if errors else 1 if warnings and not exit_zero else 0


def _report(source: str, warnings: list[LintWarning], as_json: bool) -> None:
    if as_json:
        write(json.dumps({"file": source, "warnings": [warning._asdict() for warning in warnings]}, ensure_ascii=False))
        return
    for warning in warnings:
        write(render.lint_warning(source, *warning))
