"""``schema lint``, ``show``, ``sample`` and ``dsl`` from the command line; the compiler has tests of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from constrain.compiler.json_schema.dsl import parse_schema
from constrain.compiler.json_schema.lint import lint

OPEN = '{"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"]}'
CLOSED = '{"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"], "additionalProperties": false}'


def test_lint_is_quiet_about_a_good_schema(cli: Callable[..., Any]) -> None:
    ran = cli("schema", "lint", CLOSED)

    assert (ran.code, ran.out, ran.err) == (0, "", "no warnings\n")


def test_lint_has_a_line_for_each_warning(cli: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(OPEN)

    ran = cli("schema", "lint", str(path))

    (warning,) = lint(OPEN)
    assert ran.code == 1
    assert ran.out == f"{path}: at /: {warning.message} [open-object]; better {warning.mend}\n"
    assert ran.err == "1 warning\n"


def test_lint_as_json(cli: Callable[..., Any]) -> None:
    ran = cli("schema", "lint", "-", "--format", "json", stdin=OPEN)

    assert ran.code == 1
    assert json.loads(ran.out) == {
        "file": "standard input",
        "warnings": [warning._asdict() for warning in lint(OPEN)],
    }


@pytest.mark.parametrize(
    ("arguments", "code", "summary"),
    [
        (["--exit-zero"], 0, "1 warning\n"),
        (["--ignore", "open-object"], 0, "no warnings\n"),
        (["--ignore", "any-value"], 1, "1 warning\n"),
    ],
)
def test_lint_lets_warnings_pass(arguments: list[str], code: int, summary: str, cli: Callable[..., Any]) -> None:
    ran = cli("schema", "lint", OPEN, *arguments)

    assert (ran.code, ran.err) == (code, summary)


@pytest.mark.parametrize("arguments", [[], ["--exit-zero"], ["--ignore", "items-list"]])
def test_lint_never_lets_errors_pass(arguments: list[str], cli: Callable[..., Any]) -> None:
    ran = cli("schema", "lint", '{"type": "array", "items": [{"type": "null"}]}', *arguments)

    assert ran.code == 3
    assert "error: 'items' is a list" in ran.out
    assert ran.err == "1 error\n"


def test_lint_reads_by_the_draft(cli: Callable[..., Any]) -> None:
    schema = '{"type": "number", "minimum": 0, "maximum": 2, "exclusiveMinimum": true}'

    assert cli("schema", "lint", schema).code == 3
    assert cli("schema", "lint", schema, "--draft", "4").code == 0


def test_show_is_json_schema(cli: Callable[..., Any]) -> None:
    ran = cli("schema", "show", "--draft", "4", '{"type": "number", "minimum": 0.10, "exclusiveMinimum": true}')

    assert ran.code == 0
    assert '"exclusiveMinimum": 0.10' in ran.out
    assert json.loads(ran.out) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "number",
        "exclusiveMinimum": 0.1,
    }


def test_show_of_a_schema_that_allows_nothing_or_everything(cli: Callable[..., Any]) -> None:
    assert cli("schema", "show", '{"allOf": [{"type": "null"}, {"type": "string"}]}').out == "false\n"
    assert cli("schema", "show", '{"title": "anything"}').out == "true\n"


def test_show_reads_formats_as_asked(cli: Callable[..., Any]) -> None:
    schema = '{"type": "string", "format": "date"}'

    assert json.loads(cli("schema", "show", schema).out)["format"] == "date"
    assert "format" not in json.loads(cli("schema", "show", schema, "--formats", "annotate").out)
    assert "format" not in json.loads(cli("schema", "show", schema, "--ignore-format", "date").out)


def test_samples_are_valid_and_repeatable(cli: Callable[..., Any], root: Path) -> None:
    arguments = ("schema", "sample", str(root / "examples" / "order.json"), "-n", "20", "--seed", "7")

    ran, again = cli(*arguments), cli(*arguments)

    validator = jsonschema_rs.validator_for(json.loads((root / "examples" / "order.json").read_text("utf-8")))
    lines = ran.out.splitlines()
    assert (ran.code, ran.err, ran.out) == (0, "", again.out)
    assert len(lines) == 20
    assert len(set(lines)) > 15
    assert all(validator.is_valid(json.loads(line)) for line in lines)
    assert cli(*arguments[:-1], "8").out != ran.out
    # more of them start with the same ones
    assert cli(*arguments[:4], "3", *arguments[5:]).out.splitlines() == lines[:3]


def test_samples_differ_without_a_seed(cli: Callable[..., Any]) -> None:
    schema = '{"type": "string", "pattern": "^[a-z]{40}$"}'

    assert cli("schema", "sample", schema).out != cli("schema", "sample", schema).out


def test_samples_in_a_layout(cli: Callable[..., Any]) -> None:
    schema = '{"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"], "additionalProperties": false}'

    assert cli("schema", "sample", schema, "--whitespace", "pretty:2").out == '{\n  "a": 1\n}\n'
    assert cli("schema", "sample", schema, "--whitespace", "pretty:2", "-n", "2").out == '{"a":1}\n' * 2


def test_samples_of_undeclared_names_do_not_repeat_them(cli: Callable[..., Any]) -> None:
    """Names are kept apart where they are few, too."""
    schema = '{"type": "object", "patternProperties": {"^[ab]$": {"const": 1}}, "additionalProperties": false}'

    ran = cli("schema", "sample", schema, "-n", "100", "--seed", "1", "--length", "40")

    assert ran.code == 0, ran.err
    assert {frozenset(json.loads(line)) for line in ran.out.splitlines()} >= {frozenset("a"), frozenset("b")}
    assert all(line.count('"a"') <= 1 and line.count('"b"') <= 1 for line in ran.out.splitlines())


def test_samples_have_about_the_length_that_is_asked_for(cli: Callable[..., Any]) -> None:
    lines = [cli("schema", "sample", "true", "-n", "50", "--seed", "1", "--length", n).out for n in ("10", "1000")]

    short, long = [max(map(len, text.splitlines())) for text in lines]
    assert short < 40 < long


def test_a_sample_on_which_the_validator_disagrees_is_withheld(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("constrain.compiler.json_schema.sample.sample", lambda *_, **__: b'{"a": 2}')

    ran = cli("schema", "sample", CLOSED)

    assert (ran.code, ran.out) == (6, "")
    assert "withheld" in ran.err
    assert "2 is not of type" in ran.err


def test_dsl_from_an_argument_and_from_standard_input(cli: Callable[..., Any]) -> None:
    text = "name, age? int 0..150, kind: a|b # what it is"

    shown = cli("schema", "dsl", text)

    assert shown.code == 0
    assert json.loads(shown.out) == parse_schema(text)
    assert cli("schema", "dsl", "-", stdin=text + "\n").out == shown.out


def test_the_concise_form_is_a_schema_everywhere(cli: Callable[..., Any]) -> None:
    concise = "dsl:name str{..9}, n? int 0..9"

    assert cli("check", "--schema", concise, "-", stdin='{"name": "a", "n": 10}').code == 1
    assert cli("check", "--schema", concise, "-", stdin='{"name": "a", "n": 9}').code == 0
    assert cli("next", "--schema", concise, '{"name": "abcdefghi').out == '34\t"\n'
    assert cli("compile", "--schema", concise).code == 0
    assert cli("schema", "sample", concise, "-n", "5", "--seed", "1").code == 0
    assert json.loads(cli("schema", "show", concise).out)["required"] == ["name"]


def test_a_mistake_in_standard_input_says_so(cli: Callable[..., Any]) -> None:
    ran = cli("schema", "dsl", "-", stdin="a,\nb strr\n")

    assert ran.code == 3
    assert "in standard input at line 2, column 3" in ran.err
