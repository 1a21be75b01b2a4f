"""Parse, run, exit code.

Parsing is typer's; each command's function only checks its arguments and returns its work as a
:data:`~constrain.cli.options.Job`. Jobs run outside typer, so that this file alone decides how a problem ends: which
text on standard error, which exit code.

    0 ok · 1 a document or record is invalid · 2 usage · 3 constraint bad, unsatisfiable or unsupported
    4 input missing or unreadable · 5 no complete output within the budget · 6 model or engine failure
    70 a bug in constrain · 130 interrupted · 141 closed pipe (quiet) · 143 terminated
"""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, NoReturn

import typer

from constrain.cli import (
    cache,
    check,
    compile,
    doctor,
    environment,
    gen,
    grammar,
    next,
    render,
    schema,
    streams,
    verify,
    weights,
)
from constrain.cli import options as option
from constrain.cli.problems import Terminated
from constrain.errors import ConstrainError

__all__ = ["app", "main", "run"]

# typer does not export the common parent of its argument errors, and which package defines it depends on its version
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="constrain",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # square brackets in help texts are not markup, and plain help is faster
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from constrain import __version__

        streams.write(f"constrain {__version__}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    epilog="Exit codes: 0 ok, 1 invalid document, 2 usage, 3 bad constraint, 4 bad input, 5 cut, 6 model failure.",
)
def constrain(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Make a language model's output belong to a language: a JSON Schema, a regular expression or a Lark grammar."""
    if context.invoked_subcommand is None:
        option.show_help(context)


app.command("gen", short_help="Let a model write text of the language.", epilog=gen.EXAMPLES)(gen.gen)
app.command("check", short_help="Check finished texts, without a model.", epilog=check.EXAMPLES)(check.check)
app.command("next", short_help="Show what may come after a prefix.", epilog=next.EXAMPLES)(next.next_tokens)
app.command("compile", short_help="Save a constraint's automaton; show what it costs.", epilog=compile.EXAMPLES)(
    compile.compile_constraint
)
app.command("verify", short_help="Hold the methods of 'gen' against the model's distribution.", epilog=verify.EXAMPLES)(
    verify.verify
)
app.add_typer(schema.app, name="schema", short_help="Look at a JSON Schema, or write one concisely.")
app.add_typer(grammar.app, name="grammar", short_help="Look at a grammar, or at those that come with constrain.")
app.add_typer(weights.app, name="weights", short_help="Fit a compiled constraint to a model.")
app.command("cache", short_help="Show or clear what is kept on disk.", epilog=cache.EXAMPLES)(cache.cache)
app.command("doctor", short_help="Show what is installed, and try the engine.", epilog=doctor.EXAMPLES)(doctor.doctor)


def run(arguments: Sequence[str]) -> int:
    """One run of the command line.

    Args:
        arguments: without the program's name.

    Returns:
        The exit code. Nothing but a bug under ``CONSTRAIN_DEBUG`` is raised.
    """
    try:
        return _run(list(arguments))
    except UsageError as error:
        context = getattr(error, "ctx", None)
        message = getattr(error, "format_message", error.__str__)()
        render.usage(message, context.command_path if context else "constrain")
        return 2
    except ConstrainError as error:
        render.problem(error)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        render.interrupted("interrupted")
        return 130
    except Terminated:
        render.interrupted("terminated")
        return 143
    except BrokenPipeError:
        streams.silence_output()
        return 141
    except Exception as error:
        return _bug(error)
    except BaseException as error:
        # a panic of the native engine derives from BaseException
        if isinstance(error, SystemExit | GeneratorExit):
            raise
        return _bug(error)


def _run(arguments: list[str]) -> int:
    # typer prints help texts itself, and ends the process its own way where it cannot; so it prints into a string
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        outcome = app(arguments, prog_name="constrain", standalone_mode=False)
    if printed.getvalue():
        streams.write(printed.getvalue(), end="")
    if callable(outcome):
        outcome = outcome()
    streams.flush()
    return outcome if isinstance(outcome, int) else 0


def _bug(error: BaseException) -> int:
    if environment.debug():
        raise error
    render.broken(error)
    return 70


def main() -> NoReturn:
    """The console script."""
    streams.use_utf8()
    signal.signal(signal.SIGTERM, _terminate)
    code = run(sys.argv[1:])
    # a second signal must not disturb the way out
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        streams.flush()
    except BrokenPipeError:
        streams.silence_output()
        code = 141
    sys.exit(code)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
