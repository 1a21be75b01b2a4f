"""``constrain grammar``: the grammars that come with constrain, and what can be done with any grammar."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from constrain.cli import grammar_convert, grammar_lint, grammar_sample, render
from constrain.cli import options as option
from constrain.cli.problems import UsageProblem
from constrain.cli.streams import is_terminal, write
from constrain.errors import ConstrainError

__all__ = ["app"]

app = typer.Typer(
    rich_markup_mode=None,
    epilog=option.examples(
        "constrain grammar list",
        "constrain grammar show json",
        "constrain grammar sample semver -n 5 --seed 7",
        "constrain grammar convert json --to gbnf",
    ),
    invoke_without_command=True,
)


@app.callback()
def grammar(context: typer.Context) -> None:
    """Show the grammars that come with constrain; sample, lint or convert these and others."""
    if context.invoked_subcommand is None:
        option.show_help(context)


@app.command("list", epilog=option.examples("constrain grammar list", "constrain grammar list --format json"))
def list_grammars(
    output_format: Annotated[
        str, typer.Option("--format", metavar="text|json", help="Names, or a JSON object for each grammar.")
    ] = "text",
) -> option.Job:
    """List the names that --grammar knows; on a terminal, with what each is."""
    if output_format not in ("text", "json"):
        raise UsageProblem(f"--format cannot be {output_format!r}", expected="'text' or 'json'")

    def job() -> int:
        import sys

        from constrain import grammars

        described = [(name, grammars.describe(name)) for name in grammars.names()]
        if output_format == "json":
            for name, description in described:
                write(json.dumps({"name": name, "description": description}, ensure_ascii=False))
        elif is_terminal(sys.stdout):
            render.pairs(described)
        else:
            for name, _ in described:
                write(name)
        return 0

    return job


@app.command("show", epilog=option.examples("constrain grammar show json", "constrain grammar show json > mine.lark"))
def show_grammar(name: Annotated[str, typer.Argument(metavar="NAME", help="A name from the list.")]) -> option.Job:
    """Print a grammar, for reading or as a start for one of your own."""

    def job() -> int:
        from constrain import grammars

        try:
            text = grammars.load(name)
        except ConstrainError as error:
            raise UsageProblem(error.message, expected=error.expected) from None
        write(text, end="")
        return 0

    return job


app.command("sample", short_help="Print random texts of a grammar.", epilog=grammar_sample.EXAMPLES)(
    grammar_sample.sample
)
app.command("convert", short_help="Write a grammar in another notation.", epilog=grammar_convert.EXAMPLES)(
    grammar_convert.convert
)
app.command("lint", short_help="Warn of what makes generation slow or wrong.", epilog=grammar_lint.EXAMPLES)(
    grammar_lint.lint
)
