"""``constrain schema lint``: what in a schema makes generation go wrong. The rules are the compiler's."""

from __future__ import annotations

from collections.abc import Collection

from constrain.cli import linting
from constrain.cli import options as option
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.references import read_references
from constrain.cli.source import schema_constraint
from constrain.errors import ConstrainError

__all__ = ["EXAMPLES", "lint"]

EXAMPLES = option.examples(
    """constrain schema lint '{"type": "object", "properties": {"a": {"type": "string"}}}'""",
    "constrain schema lint examples/order.json --ignore optional-property",
    "constrain schema lint 'dsl:name, age? int' --format json --exit-zero",
)


def lint(
    schema: option.SchemaArgument,
    output_format: linting.OutputFormat = "text",
    ignore: linting.Ignore = None,
    exit_zero: linting.ExitZero = False,
    draft: option.Draft = None,
    ref: option.Reference = None,
    ref_dir: option.ReferenceFolder = None,
    data: option.Data = None,
) -> option.Job:
    """Warn of what makes generation go wrong: values without bounds, open objects, typing errors, contradictions.

    Each warning has its JSON pointer, its code, and what to write instead. Exit code 1 with warnings, and 3 where the
    schema cannot be used as it stands, --exit-zero or not.
    """
    report = linting.Report.of(output_format, ignore, exit_zero, _codes)
    options = CompileOptions(draft=draft, references=read_references(ref, ref_dir))
    constraint = schema_constraint(schema, options, data=data)
    return lambda: _run(constraint, report)


def _codes() -> Collection[str]:
    from constrain.compiler.json_schema.lint import CODES

    return CODES


def _run(constraint: Constraint, report: linting.Report) -> int:
    from constrain.compiler.json_schema import lint as rules

    options = constraint.options
    try:
        found = rules.lint(
            constraint.text, draft=options.draft, references=dict(options.references), data=dict(options.data)
        )
    except ConstrainError as error:
        error.add_note(constraint.source)
        raise
    return report.show(constraint.source, found)
