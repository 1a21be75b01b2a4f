"""``constrain schema``: what a schema means before any model sees it. One file for each of its commands."""

from __future__ import annotations

import typer

from constrain.cli import options as option
from constrain.cli import schema_dsl, schema_lint, schema_sample, schema_show

__all__ = ["app"]

app = typer.Typer(
    rich_markup_mode=None,
    epilog=option.examples(
        "constrain schema lint examples/order.json --exit-zero",
        "constrain schema show examples/order.json",
        "constrain schema sample examples/order.json -n 3 --seed 7",
        "constrain schema dsl 'name, age? int 0..150, tags [str]{..5}'",
    ),
    invoke_without_command=True,
)


@app.callback()
def schema(context: typer.Context) -> None:
    """Look at a JSON Schema: warnings, what the compiler understood, random instances; or write one concisely."""
    if context.invoked_subcommand is None:
        option.show_help(context)


app.command("lint", short_help="Warn of what makes generation go wrong.", epilog=schema_lint.EXAMPLES)(schema_lint.lint)
app.command("show", short_help="Print what the compiler understood.", epilog=schema_show.EXAMPLES)(schema_show.show)
app.command("sample", short_help="Print random valid instances.", epilog=schema_sample.EXAMPLES)(schema_sample.sample)
app.command("dsl", short_help="Print the JSON Schema of a concise form.", epilog=schema_dsl.EXAMPLES)(schema_dsl.dsl)
