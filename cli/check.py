"""``constrain check``: do finished texts belong to a language? Made for CI, needs no model.

The automaton decides, and the first finding is the first wrong byte with what could have stood there. Under a schema,
the keywords that failed follow, with the JSON pointer, as jsonschema-rs names them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import options as option
from constrain.cli import render
from constrain.cli.constraint import Constraint
from constrain.cli.constraint_options import ConstraintOptions, GrammarOptions, Named, SchemaOptions
from constrain.cli.groups import grouped
from constrain.cli.problems import InputFileError, UsageProblem
from constrain.cli.source import Source, read_source
from constrain.cli.streams import read_bytes, write
from constrain.errors import LimitError

if TYPE_CHECKING:
    from constrain.cli.documents import Finding

__all__ = ["EXAMPLES", "check"]

EXAMPLES = option.examples(
    "constrain check --schema examples/order.json answer.json",
    """echo '{"a": 1}' | constrain check --schema '{"required": ["b"]}' -""",
    "constrain check --regex '[A-Z]{3}-[0-9]{4}' --jsonl codes.txt",
    "constrain check --schema order.json --format json answers.jsonl",
)


@grouped
def check(
    *,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILES|-", help="Files to check; '-' is standard input.", show_default=False),
    ] = None,
    named: Named,
    compiled: option.Compiled = None,
    grammars: GrammarOptions,
    schemas: SchemaOptions,
    duplicate_keys: Annotated[
        str,
        typer.Option(
            "--duplicate-keys",
            metavar="error|last",
            help="A key that occurs twice: a mistake, or its last value counts.",
        ),
    ] = "error",
    budget: option.Budget = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Each line is a document of its own; so it is for files named *.jsonl.")
    ] = False,
    output_format: Annotated[
        str,
        typer.Option(
            "--format", metavar="text|json", help="A line for each finding, or a JSON object for each document."
        ),
    ] = "text",
) -> option.Job:
    """Check texts against a constraint; exit code 0 when all are valid, 1 when one is not.

    One line break at the end of a text does not count where the language has no place for it. Blank lines of
    line-by-line files are left out.

    Under --schema every JSON text counts that satisfies it: any white space, order of properties, escapes and spelling
    of numbers.

    With --compiled the automaton in the file decides, whatever vocabulary it is for: could 'constrain gen' have
    written this text? For a schema that is stricter than --schema, since its layout belongs to it.
    """
    if not files:
        raise UsageProblem("there is nothing to check", expected="one or more files, or '-' for standard input")
    if output_format not in ("text", "json"):
        raise UsageProblem(f"--format cannot be {output_format!r}", expected="'text' or 'json'")
    if duplicate_keys not in ("error", "last"):
        raise UsageProblem(f"--duplicate-keys cannot be {duplicate_keys!r}", expected="'error' or 'last'")
    if duplicate_keys == "last" and not named.schema:
        raise UsageProblem("--duplicate-keys goes with --schema only")
    source = read_source(
        ConstraintOptions(named=named, compiled=compiled, grammars=grammars, schemas=schemas, budget=budget),
        standard_input_taken="-" in files,
    )
    if isinstance(source, Constraint) and source.kind in ("tags", "tools"):
        # how a text spells the values in it is no mistake
        spelling = replace(source.options, whitespace="any", order="any", numbers="any", escapes="any")
        source = replace(source, options=spelling)
    names = files
    return lambda: _run(source, names, jsonl, output_format == "json", duplicate_keys == "last")


def _run(judged_by: Source, files: list[str], jsonl: bool, as_json: bool, last_key_counts: bool) -> int:
    from constrain.cli.documents import judge_for

    judge = judge_for(judged_by, repeated_keys="last" if last_key_counts else "error")
    total = invalid = undecided = unreadable = 0
    for name in files:
        try:
            for source, line, text in _texts(name, jsonl or name.endswith(".jsonl")):
                try:
                    findings = judge.findings(text)
                except LimitError as error:
                    # no verdict is not the verdict "invalid"
                    error.add_note(source if line is None else f"{source}:{line}")
                    render.problem(error)
                    undecided += 1
                    continue
                total += 1
                invalid += bool(findings)
                _report(source, line, findings, as_json)
        except InputFileError as error:
            # the other files are still worth checking
            render.problem(error)
            unreadable += 1
    render.note(render.checked(total, invalid))
    return InputFileError.exit_code if unreadable else LimitError.exit_code if undecided else 1 if invalid else 0


def _texts(name: str, line_by_line: bool) -> Iterator[tuple[str, int | None, bytes]]:
    """Source, line number, and bytes of each text in a file."""
    data = read_bytes(name)
    source = "<stdin>" if name == "-" else name
    if not line_by_line:
        yield source, None, data
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        text = line.removesuffix(b"\r")
        if text.strip():
            yield source, number, text


def _report(source: str, line: int | None, findings: list[Finding], as_json: bool) -> None:
    if as_json:
        value = {"file": source, "line": line, "valid": not findings, "findings": [f.as_json() for f in findings]}
        write(json.dumps({name: part for name, part in value.items() if part is not None}, ensure_ascii=False))
        return
    for finding in findings:
        where = source if line is None else f"{source}:{line}"
        write(render.finding(where, finding.place, finding.message, finding.expected))
