"""``constrain schema show``: what the compiler understood, as JSON Schema."""

from __future__ import annotations

from constrain.cli import options as option
from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.references import read_references
from constrain.cli.source import schema_constraint
from constrain.cli.streams import write
from constrain.errors import ConstrainError

__all__ = ["EXAMPLES", "show"]

EXAMPLES = option.examples(
    "constrain schema show examples/order.json",
    """constrain schema show '{"type": ["integer", "string"], "not": {"minimum": 3}}'""",
    """constrain schema show --draft 4 '{"minimum": 3, "exclusiveMinimum": true}'""",
)


def show(
    schema: option.SchemaArgument,
    draft: option.Draft = None,
    ref: option.Reference = None,
    ref_dir: option.ReferenceFolder = None,
    formats: option.Formats = "assert",
    ignore_format: option.IgnoreFormat = None,
) -> option.Job:
    """Print the normal form of a schema, as JSON Schema 2020-12: what the compiler understood.

    Each place is its alternatives with explicit types, 'allOf' merged, 'oneOf', 'not' and 'if' worked out, impossible
    alternatives left out; references stay references. What the compiler refuses is noted in '$comment'.
    """
    options = CompileOptions(
        draft=draft,
        formats=formats,
        ignore_formats=tuple(ignore_format or ()),
        references=read_references(ref, ref_dir),
    )
    constraint = schema_constraint(schema, options)
    return lambda: _run(constraint)


def _run(constraint: Constraint) -> int:
    from constrain.compiler.json_schema.show import normalised_text

    options = constraint.options
    try:
        text = normalised_text(
            constraint.text,
            draft=options.draft,
            formats="annotate" if options.formats == "annotate" else "assert",
            ignore_formats=options.ignore_formats,
            references=dict(options.references) or None,
        )
    except ConstrainError as error:
        error.add_note(constraint.source)
        raise
    write(text)
    return 0
