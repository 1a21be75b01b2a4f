"""``constrain grammar``: the Lark grammars that come with constrain."""

from __future__ import annotations

from typing import Annotated

import typer

from constrain.cli import options as option
from constrain.cli.problems import UsageProblem
from constrain.cli.streams import write
from constrain.errors import ConstrainError

__all__ = ["app"]

app = typer.Typer(
    rich_markup_mode=None,
    epilog=option.examples("constrain grammar list", "constrain grammar show json"),
    invoke_without_command=True,
)


@app.callback()
def grammar(context: typer.Context) -> None:
    """Show the grammars that come with constrain."""
    if context.invoked_subcommand is None:
        option.show_help(context)


@app.command("list", epilog=option.examples("constrain grammar list"))
def list_grammars() -> option.Job:
    """List the names that --grammar knows."""

    def job() -> int:
        from constrain import grammars

        for name in grammars.names():
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
