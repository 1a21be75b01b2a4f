"""``constrain schema sample``: random instances of a schema, drawn from the automaton and judged by jsonschema-rs."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.constraint import Constraint
from constrain.cli.constraint_options import ConstraintOptions, SchemaOptions, Spelling
from constrain.cli.groups import grouped
from constrain.cli.json_lines import one_line
from constrain.cli.source import schema_constraint
from constrain.cli.streams import write
from constrain.errors import ModelError

if TYPE_CHECKING:
    from constrain.cli.documents import SchemaJudge
    from constrain.compiler import CompiledGrammar

__all__ = ["EXAMPLES", "sample"]

EXAMPLES = option.examples(
    "constrain schema sample examples/order.json -n 3 --seed 7",
    "constrain schema sample 'dsl:name str{1..9}, age? int 0..150' --seed 7",
    "constrain schema sample examples/sentiment.json --whitespace pretty:2",
)

LENGTH = 200


@grouped
def sample(
    *,
    schema: option.SchemaArgument,
    number: Annotated[int, typer.Option("-n", "--number", min=1, metavar="N", help="So many instances.")] = 1,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, metavar="S", help="Same seed, same instances [new ones each time].")
    ] = None,
    length: Annotated[
        int,
        typer.Option("--length", min=1, max=100_000, metavar="N", help="Bytes after which an instance is ended."),
    ] = LENGTH,
    spelling: Spelling,
    schemas: SchemaOptions,
    budget: option.Budget = None,
) -> option.Job:
    """Print random valid instances of a schema, one on each line: short ones, of every type and branch.

    Every instance is judged by jsonschema-rs before it is printed. With -n 1 it has the white space that --whitespace
    names; with more, each is put on one line.
    """
    from constrain.cli.budget import read_budget

    options = ConstraintOptions(spelling=spelling, schemas=schemas).reading()
    constraint = schema_constraint(schema, options, read_budget(budget or ()), data=schemas.data)
    chosen = secrets.randbelow(1 << 31) if seed is None else seed
    return lambda: _run(constraint, number, chosen, length)


def _run(constraint: Constraint, number: int, seed: int, length: int) -> int:
    from constrain.cli.documents import SchemaJudge

    compiled = constraint.language()
    judge = SchemaJudge(constraint)
    source = random.Random(seed)
    for _ in range(number):
        text = _instance(compiled, judge, source, length)
        write(one_line(text) if number > 1 else text)
    return 0


def _instance(compiled: CompiledGrammar, judge: SchemaJudge, source: random.Random, length: int) -> str:
    """One instance that both sides find valid.

    Raises:
        ModelError: they disagree about one, which nobody's schema should bring about.
    """
    from constrain.compiler.json_schema.sample import sample as draw

    text = draw(compiled, source, length=length)
    findings = judge.findings(text)
    if findings:
        raise ModelError(render.disagreement(None, render.reason(findings[0])))
    return text.decode()
