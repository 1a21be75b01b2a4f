"""``constrain schema dsl``: the JSON Schema of the concise form."""

from __future__ import annotations

from typing import Annotated

import typer

from constrain.cli import options as option
from constrain.cli.problems import UsageProblem
from constrain.cli.source import argument_text
from constrain.cli.streams import read_standard_input, write
from constrain.errors import ConstrainError

__all__ = ["EXAMPLES", "dsl"]

EXAMPLES = option.examples(
    "constrain schema dsl 'name, age? int 0..150, tags [str], kind: a|b, addr{street, city}'",
    "constrain schema dsl '[{id int, code /[A-Z]{3}/, note: str{..80}|null}]{1..10}'",
    "printf 'total num 0.. # in euros\\nscores {*: num 0..1}' | constrain schema dsl -",
)


def dsl(
    text: Annotated[
        str,
        typer.Argument(metavar="TEXT|-", help="The concise form; '-' is standard input.", show_default=False),
    ],
) -> option.Job:
    """Print the JSON Schema of a concise form; '--schema dsl:...' takes the same form.

    \b
    name                  a required string; "any name" in quotes
    age? int              ? for optional; the type follows, or after a colon
    n int 0..150          bounds of int and num: 0..150, 0.., ..150
    code str{2..8}        length: {2..8}, {2..}, {..8}, {5}
    code /[A-Z]{3}/       a pattern for the whole string
    tags [str]{1..5}      an array, with its number of items
    kind: a|b|"c d"|3     one of some constants
    note: str|null        one of some types
    addr {street, city}   an object inside
    scores {*: num}       members of any name
    total num # in euros  a description, up to the end of the line

    Fields are separated by commas or line breaks. Types are str, int, num, bool, null, any, date, time, datetime,
    duration, email, hostname, ipv4, ipv6, uri, uuid.
    """
    if not text:
        raise UsageProblem("TEXT is empty", expected="fields such as 'name, age int'")
    argument_text(text, "TEXT")

    def job() -> int:
        from constrain.compiler.json_schema.dsl import parse_schema
        from constrain.compiler.json_schema.show.text import json_text

        try:
            schema = parse_schema(read_standard_input("a concise form") if text == "-" else text)
        except ConstrainError as error:
            if text == "-":
                error.add_note("standard input")
            raise
        write(json_text(schema))
        return 0

    return job
