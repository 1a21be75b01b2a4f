"""``--choice-file``, ``--substring-of``, ``--data``, and the files that a schema or grammar names."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NAMES = "x-constrain-choices"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files = {
        "names.txt": b"\xef\xbb\xbfAda\r\nBlaise\r\n\r\nAda",
        "more.txt": b"Grace\n",
        "talk.txt": b"See the cat. It's 3.14!",
        "long.txt": b"long " * 40,
        "bad.txt": b"ok\nno\xff\n",
        "bom.txt": b"\xef\xbb\xbfok\n\xff",
        "blank.txt": b"\n \n",
        "empty.txt": b"",
        "person.json": json.dumps({"type": "string", NAMES: "lists/people.txt"}).encode(),
        "lists/people.txt": b"Ada\nGrace\n",
        "quote.lark": b'start: NAME ": " QUOTE\nNAME: %choices "names.txt"\nQUOTE: %substring_of "talk.txt" word\n',
        "outside/schema.json": json.dumps({"type": "string", NAMES: "../names.txt"}).encode(),
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def test_check_and_next(cli: Callable[..., Any], folder: Path) -> None:
    for text, code in (("Ada", 0), ("Blaise\n", 0), ("Ad", 1), ("Grace", 1), ("", 1)):
        assert cli("check", "--choice-file", "names.txt", "-", stdin=text).code == code, text
    both = ["--choice-file", "names.txt", "--choice-file", "more.txt"]
    assert cli("next", *both).out == "65\tA\n66\tB\n71\tG\n"
    spans = ["--substring-of", "talk.txt"]
    for text, unit, code in (
        ("e c", "char", 0),
        ("e c", "word", 1),
        ("the cat.", "word", 0),
        ("the cat.", "sentence", 1),
        ("See the cat.", "sentence", 0),
    ):
        assert cli("check", *spans, "--span-unit", unit, "-", stdin=text).code == code, (text, unit)
    ran = cli("check", *spans, "-", stdin="See the dog")
    assert ran.out == "<stdin>: line 1, column 9, byte 8: unexpected 'd'; expected 'c', or the end of the text\n"
    assert cli("next", *spans, "--substring-of", "names.txt", "Bl").out == "256\t<stop>\n97\ta\n"


def test_a_saved_automaton_holds_its_data(cli: Callable[..., Any], folder: Path) -> None:
    for arguments, good, bad in (
        (["--choice-file", "names.txt"], "Blaise", "Grace"),
        (["--substring-of", "talk.txt", "--span-unit", "word"], "cat.", "at"),
        (["--schema", "person.json"], '"Grace"', '"Blaise"'),
        (["--grammar", "quote.lark"], "Ada: See the", "Ada: dog"),
    ):
        assert cli("compile", *arguments, "-o", "saved.grammar").code == 0
        content = (folder / "saved.grammar").read_bytes()
        for name in ("names.txt", "talk.txt", "lists/people.txt"):
            (folder / name).rename(folder / f"{name}.away")
        assert cli("check", "--compiled", "saved.grammar", "-", stdin=good).code == 0
        assert cli("check", "--compiled", "saved.grammar", "-", stdin=bad).code == 1
        for name in ("names.txt", "talk.txt", "lists/people.txt"):
            (folder / f"{name}.away").rename(folder / name)
        assert cli("compile", *arguments, "-o", "saved.grammar").code == 0
        assert (folder / "saved.grammar").read_bytes() == content


def test_what_the_files_say_is_part_of_the_cached_constraint(cli: Callable[..., Any], folder: Path) -> None:
    for arguments, before, after in (
        (["--choice-file", "names.txt"], "Ada", "Zoe"),
        (["--schema", "person.json"], '"Ada"', '"Zoe"'),
        (["--grammar", "quote.lark"], "Ada: See", "Zoe: See"),
    ):
        for name in ("names.txt", "lists/people.txt"):
            (folder / name).write_text("Ada\n")
        assert cli("check", *arguments, "-", stdin=before).code == 0
        for name in ("names.txt", "lists/people.txt"):
            (folder / name).write_text("Zoe\n")
        assert cli("check", *arguments, "-", stdin=before).code == 1
        assert cli("check", *arguments, "-", stdin=after).code == 0


def test_gen_takes_from_data(cli: Callable[..., Any], folder: Path, tiny_model: Path) -> None:
    model = ["-m", str(tiny_model), "--seed", "1"]
    assert cli("gen", *model, "--choice-file", "names.txt", "Who?").out in ("Ada\n", "Blaise\n")
    out = cli("gen", *model, "--substring-of", "talk.txt", "--span-unit", "word", "What?").out.removesuffix("\n")
    assert out
    assert out in (folder / "talk.txt").read_text()
    ran = cli("gen", *model, "--schema", "person.json", "Who?")
    assert (ran.code, ran.out in ('"Ada"\n', '"Grace"\n')) == (0, True), ran.err


def test_checks_explain(cli: Callable[..., Any], folder: Path) -> None:
    ran = cli("check", "--schema", "person.json", "-", stdin='"Blaise"')
    assert ran.out.splitlines() == [
        "<stdin>: line 1, column 2, byte 1: unexpected 'B'; expected one of 'A', 'G', as in \"Ada\", \"Grace\"",
        '<stdin>: at /: "Blaise" is not a choice of "lists/people.txt"',
    ]
    assert cli("check", "--schema", "person.json", "-", stdin='  "\\u0041da" ').code == 0


def test_data_by_name(cli: Callable[..., Any], folder: Path) -> None:
    given = ["--data", "../names.txt=more.txt"]
    assert cli("check", "--schema", "outside/schema.json", *given, "-", stdin='"Grace"').code == 0
    inline = json.dumps({"type": "string", NAMES: "more.txt"})
    assert cli("check", "--schema", inline, "-", stdin='"Grace"').code == 0
    assert cli("check", "--schema", inline, "--data", "more.txt=names.txt", "-", stdin='"Ada"').code == 0
    assert cli("schema", "sample", inline, "--seed", "1").out == '"Grace"\n'
    assert cli("schema", "show", inline).code == 0
    # a schema from standard input may come from anywhere, and finds no files
    assert cli("compile", "--schema", "-", stdin=inline).code == 4


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--choice-file", "none.txt"], 4, "cannot read 'none.txt': No such file or directory"),
        (["--choice-file", "lists"], 4, "cannot read 'lists': Is a directory"),
        (["--choice-file", "bad.txt"], 4, "'bad.txt' is not UTF-8: byte 0xff at byte offset 5, in line 2"),
        (["--choice-file", "bom.txt"], 4, "'bom.txt' is not UTF-8: byte 0xff at byte offset 6, in line 2"),
        (["--choice-file", "blank.txt"], 4, "the list holds no choice in blank.txt expected one choice a line"),
        (["--choice-file", "empty.txt"], 4, "the list holds no choice in empty.txt"),
        (["--choice-file", ""], 4, "a file without a name"),
        (["--substring-of", "empty.txt"], 4, "'empty.txt' is empty"),
        (["--substring-of", "none.txt"], 4, "cannot read 'none.txt'"),
        (["--substring-of", "blank.txt", "--span-unit", "word"], 3, "no output satisfies the constraint"),
        (["--substring-of", "talk.txt", "--span-unit", "line"], 2, "expected 'char' or 'word' or 'sentence'"),
        (["--choice-file", "names.txt", "--span-unit", "word"], 2, "--span-unit goes with --substring-of only"),
        (["--choice-file", "names.txt", "--choice", "a"], 2, "--choice and --choice-file exclude each other"),
        (
            ["--choice-file", "names.txt", "--data", "a=b"],
            2,
            "--data goes with --schema, --grammar, --tags and --tools only",
        ),
        (["--choice-file", "names.txt", "--draft", "7"], 2, "--draft goes with --schema, --tags and --tools only"),
        (["--choice-file", "-", "--choice-file", "-"], 2, "--choice-file reads standard input, which is taken"),
        (["--schema", "person.json", "--data", "x"], 2, "--data cannot be 'x' expected NAME=FILE"),
        (["--schema", "person.json", "--data", "x=y"], 2, "names no such file expected one of lists/people.txt"),
        (["--schema", "person.json", "--data", "x=y", "--data", "x=z"], 2, "--data x is given twice"),
        (["--schema", "true", "--data", "x=y"], 2, "expected a constraint that names a file"),
        (["--schema", "person.json", "--data", "lists/people.txt=none"], 4, "cannot read 'none'"),
        (
            ["--schema", "outside/schema.json"],
            4,
            f"is not given in outside/schema.json at /{NAMES} expected data=",
        ),
        (
            ["--schema", '{"items": {"x-constrain-choices": "bom.txt"}}'],
            4,
            "'bom.txt' is not UTF-8: byte 0xff in line 2, at byte offset 6 in --schema at /items/x-constrain-choices",
        ),
        (["--schema", "empty.txt"], 4, "'empty.txt' is empty expected a JSON Schema"),
        (["--tags", "blank.txt"], 4, "'blank.txt' is empty expected JSON"),
        (["--grammar", "./empty.txt"], 4, "'./empty.txt' is empty expected a grammar"),
        (["--choice-file", "names.txt", "--budget", "max_expressions=1"], 3, "--budget max_expressions=N"),
        (["--substring-of", "long.txt", "--budget", "max_expressions=9"], 3, "in long.txt"),
    ],
)
def test_bad_data(cli: Callable[..., Any], folder: Path, arguments: list[str], code: int, says: str) -> None:
    ran = cli("compile", *arguments, "--json")
    assert says in " ".join(ran.err.split())
    assert (ran.code, ran.out) == (code, "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs sparse files")
def test_a_file_that_is_too_large_is_not_read(cli: Callable[..., Any], folder: Path) -> None:
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(1 << 40)
    ran = cli("compile", "--choice-file", "huge.txt")
    assert ran.code == 3
    assert ran.err.splitlines() == [
        "error: the constraint needs more than max_expressions = 2000000; simplify it, or raise the budget with "
        "--budget max_expressions=N",
        "  in huge.txt",
    ]
    for option in ("--schema", "--tags", "--grammar"):
        ran = cli("compile", option, "./huge.txt")
        assert (ran.code, "'./huge.txt' is too large" in ran.err) == (4, True)


def test_lists_on_standard_input(cli: Callable[..., Any], folder: Path) -> None:
    assert cli("next", "--choice-file", "-", stdin="x\ny\n").out == "120\tx\n121\ty\n"
    ran = cli("check", "--choice-file", "-", "-", stdin="x\n")
    assert (ran.code, "which is taken" in ran.err) == (2, True)


def test_lint_and_convert_take_data(cli: Callable[..., Any], folder: Path) -> None:
    (folder / "pick.lark").write_text('start: NAME | WORD\nNAME: %choices "lists/people.txt"\nWORD: /[A-Z][a-z]+/\n')
    ran = cli("grammar", "lint", "pick.lark")
    assert (ran.code, ran.out.count("\n")) == (1, 1)
    assert "NAME and WORD both match 'Ada'" in ran.out
    (folder / "elsewhere.txt").write_text("ada\ngrace\n")
    given = ["--data", "lists/people.txt=elsewhere.txt"]
    assert cli("grammar", "lint", "pick.lark", *given).code == 0
    assert cli("grammar", "convert", "pick.lark", "--to", "gbnf").out == (
        'root ::= NAME | WORD\nNAME ::= "Ada" | "Grace"\nWORD ::= [A-Z] [a-z]+\n'
    )
    assert '"ada" | "grace"' in cli("grammar", "convert", "pick.lark", "--to", "ebnf", *given).out
    ran = cli("grammar", "convert", "quote.lark", "--to", "gbnf")
    assert ran.code == 3
    assert "QUOTE, which is any span of a file" in ran.err
    (folder / "lists" / "people.txt").unlink()
    ran = cli("grammar", "convert", "pick.lark", "--to", "gbnf")
    assert ran.code == 4
    assert "'lists/people.txt' is not given" in ran.err
    ran = cli("grammar", "lint", "pick.lark")
    assert (ran.code, ran.out.count("[unchecked]")) == (1, 1)
    assert cli("grammar", "convert", "pick.lark", "--to", "gbnf", "--data", "names.txt=names.txt").code == 2


def test_samples_take_from_data(cli: Callable[..., Any], folder: Path) -> None:
    (folder / "pick.lark").write_text('start: NAME\nNAME: %choices "lists/people.txt"\n')
    (folder / "elsewhere.txt").write_text("ada\ngrace\n")
    sample = ["grammar", "sample", "pick.lark", "-n", "20", "--seed", "1"]
    assert set(cli(*sample).out.split()) == {"Ada", "Grace"}
    assert set(cli(*sample, "--data", "lists/people.txt=elsewhere.txt").out.split()) == {"ada", "grace"}
    assert cli(*sample, "--data", "names.txt=elsewhere.txt").code == 2


def test_schema_lint_takes_data(cli: Callable[..., Any], folder: Path) -> None:
    long = json.dumps(
        {"type": "object", "properties": {"a": {"type": "string", NAMES: "n", "minLength": 6}}, "required": ["a"]}
    )
    (folder / "long.json").write_text(long)
    for name, found in (("more.txt", True), ("talk.txt", False)):
        ran = cli("schema", "lint", "long.json", "--data", f"n={name}", "--ignore", "open-object")
        assert ("[unsatisfiable]" in ran.out) == found, ran.out


def test_tags_and_tools_take_data(cli: Callable[..., Any], folder: Path) -> None:
    name = {"type": "string", NAMES: "lists/people.txt"}
    schema = {"type": "object", "properties": {"a": name}, "required": ["a"], "additionalProperties": False}
    grammar = (folder / "quote.lark").read_text()
    elements = [
        {"type": "json_schema", "json_schema": name},
        {"type": "const_string", "value": " "},
        {"type": "grammar", "notation": "lark", "grammar": grammar},
    ]
    (folder / "tags.json").write_text(json.dumps({"type": "sequence", "elements": elements}))
    (folder / "tools.json").write_text(json.dumps([{"name": "f", "parameters": schema}]))
    (folder / "elsewhere.txt").write_text("Eve\n")
    tools = ["--tools", "tools.json", "--tool-style", "python", "--tool-choice", "f"]
    inline = ["--tags", (folder / "tags.json").read_text()]
    moved = ["--data", "lists/people.txt=elsewhere.txt"]
    for arguments, text, code in (
        (["--tags", "tags.json"], '"Grace" Ada: See the', 0),
        (["--tags", "tags.json"], '"Eve" Ada: See the', 1),
        (["--tags", "tags.json", *moved], '"Eve" Ada: See the', 0),
        (["--tags", "tags.json"], '"Grace" Ada: dog', 1),
        (inline, '"Grace" Blaise: cat', 0),
        (tools, '[f(a="Ada")]', 0),
        (tools, '[f(a="Eve")]', 1),
        ([*tools, *moved], '[f(a="Eve")]', 0),
    ):
        assert cli("check", *arguments, "-", stdin=text).code == code, (arguments, text)
    ran = cli("next", "--tags", "tags.json", "--data", "other=elsewhere.txt")
    assert (ran.code, "names no such file" in ran.err) == (2, True)
    (folder / "lists" / "people.txt").unlink()
    ran = cli("next", "--tags", "tags.json")
    assert ran.code == 4
    assert "/elements/0/json_schema/x-constrain-choices" in ran.err
