"""``constrain weights``: how likely each state of a constraint is to end well under a model. One file a command."""

from __future__ import annotations

import typer

from constrain.cli import options as option
from constrain.cli import weights_fit, weights_show

__all__ = ["app"]

app = typer.Typer(
    rich_markup_mode=None,
    epilog=option.examples(
        "constrain weights fit order.grammar --prompts orders.txt",
        "constrain weights show order.grammar -m embedded",
    ),
    invoke_without_command=True,
)


@app.callback()
def weights(context: typer.Context) -> None:
    """Fit a compiled constraint to a model, so that draws are led to where texts end well; or look at what it knows."""
    if context.invoked_subcommand is None:
        option.show_help(context)


app.command("fit", short_help="Learn from texts that a model writes.", epilog=weights_fit.EXAMPLES)(weights_fit.fit)
app.command("show", short_help="Show what was learned.", epilog=weights_show.EXAMPLES)(weights_show.show)
