"""Grammars in GBNF and EBNF, ``grammar convert`` and ``grammar lint`` from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constrain.compiler.notation.lint import lint

GBNF = 'root ::= "a" tail\ntail ::= "b"* | "c"\n'
LARK = 'start: "if" NAME | NAME\nNAME: /[a-z]+/\n%ignore " "\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.gbnf").write_text(GBNF)
    (tmp_path / "a.EBNF").write_text(GBNF)
    (tmp_path / "a.lark").write_text(LARK)
    (tmp_path / "deep.lark").write_text("start: a\na: b | start\nb: a\n")
    (tmp_path / "chosen.lark").write_text(f"// constrain: lexer=contextual\n{LARK}")
    (tmp_path / "part.lark").write_text('WORD: /[a-z]+/\nlist{x}: x ("," x)*\n')
    (tmp_path / "whole.lark").write_text("start: list{WORD}\n%import .part (WORD, list)\n")
    return tmp_path


@pytest.mark.parametrize("name", ["a.gbnf", "a.EBNF"])
def test_the_ending_says_what_a_grammar_is(name: str, folder: Path, cli: Callable[..., Any]) -> None:
    grammar = str(folder / name)
    assert cli("check", "--grammar", grammar, "-", stdin="abbb").code == 0
    assert cli("check", "--grammar", grammar, "-", stdin="abc").code == 1
    assert cli("next", "--grammar", grammar, "a").out.splitlines() == ["256\t<stop>", "98\tb", "99\tc"]
    assert cli("next", "--grammar", grammar, "--start", "tail", "").code == 0
    assert cli("compile", "--grammar", grammar, "--json").code == 0
    assert cli("grammar", "sample", grammar).out.startswith("a")


def test_an_option_says_it_for_standard_input(cli: Callable[..., Any]) -> None:
    ran = cli("next", "--grammar", "-", "--grammar-format", "ebnf", "a", stdin=GBNF)
    assert ran.out.splitlines() == ["256\t<stop>", "98\tb", "99\tc"]
    assert cli("next", "--grammar", "-", "a", stdin=GBNF).code == 3
    assert cli("grammar", "sample", "-", "--grammar-format", "gbnf", stdin=GBNF).code == 0


def test_a_compiled_file_keeps_the_notation(folder: Path, cli: Callable[..., Any]) -> None:
    saved = str(folder / "a.automaton")
    assert cli("compile", "--grammar", str(folder / "a.gbnf"), "-o", saved).code == 0
    assert cli("check", "--compiled", saved, "-", stdin="ac").code == 0
    assert cli("check", "--compiled", saved, "-", stdin="ad").code == 1


def test_conversions_are_printed_or_written(folder: Path, cli: Callable[..., Any]) -> None:
    ran = cli("grammar", "convert", str(folder / "a.gbnf"), "--to", "lark")
    assert (ran.code, ran.out, ran.err) == (0, 'start: "a" tail\ntail: "b"* | "c"\n', "")

    target = folder / "new.lark"
    ran = cli("grammar", "convert", "-", "--from", "gbnf", "--to", "lark", "-o", str(target), stdin=GBNF)
    assert (ran.code, ran.out) == (0, "")
    assert target.read_text() == 'start: "a" tail\ntail: "b"* | "c"\n'
    assert ran.err.startswith(f"saved {target}")


def test_imports_and_options_of_lark_are_followed(folder: Path, cli: Callable[..., Any]) -> None:
    ran = cli("grammar", "convert", str(folder / "whole.lark"), "--to", "gbnf")
    assert (ran.code, ran.err) == (0, "")
    assert '"," ' in ran.out
    declared = '%declare NAME\nstart: NAME "!"\n'
    ran = cli("grammar", "convert", "-", "--to", "ebnf", "--terminal", "NAME=[a-z]+", stdin=declared)
    assert ran.out == 'root ::= NAME "!"\nNAME ::= [a-z]+\n'
    chosen = str(folder / "chosen.lark")
    assert cli("grammar", "convert", chosen, "--to", "gbnf", "--lexer", "complete").code == 0
    refused = cli("grammar", "convert", chosen, "--to", "gbnf")
    assert refused.code == 3
    assert "contextual lexer" in refused.err
    assert "line 1, column" in refused.err


def test_rules_that_never_end_are_left_out(cli: Callable[..., Any]) -> None:
    ran = cli("grammar", "convert", "-", "--to", "gbnf", stdin='start: "x" | r\nr: r "a"\n')
    assert (ran.code, ran.out, ran.err) == (0, 'root ::= "x"\n', "")
    ran = cli("grammar", "convert", "-", "--to", "gbnf", stdin="start: start\n")
    assert (ran.code, ran.out) == (3, "")
    assert "no output satisfies the constraint" in ran.err
    assert "line 1, column 1" in ran.err


def test_a_dash_between_items_is_a_difference(tmp_path: Path, cli: Callable[..., Any]) -> None:
    grammar = tmp_path / "words.ebnf"
    grammar.write_text('root ::= [a-z]+ - ("if" | "else")\n')
    assert cli("check", "--grammar", str(grammar), "-", stdin="iff").code == 0
    assert cli("check", "--grammar", str(grammar), "-", stdin="if").code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["grammar", "convert", "json"], 2, "--to"),
        (["grammar", "convert", "json", "--to", "bnf"], 2, "'lark', 'gbnf' or 'ebnf'"),
        (["grammar", "convert", "{}/a.gbnf", "--to", "lark", "--from", "abnf"], 2, "--from cannot be 'abnf'"),
        (["grammar", "convert", "json", "--to", "gbnf", "--from", "gbnf"], 2, "are Lark's"),
        (["grammar", "convert", "{}/a.gbnf", "--to", "lark", "--terminal", "A=b"], 2, "--terminal goes with Lark"),
        (["grammar", "convert", "{}/a.gbnf", "--to", "lark", "--lexer", "complete"], 2, "--lexer goes with Lark"),
        (["grammar", "convert", "", "--to", "lark"], 2, "GRAMMAR names no file"),
        (["grammar", "convert", "{}/nothing.gbnf", "--to", "lark"], 4, "No such file"),
        (["grammar", "convert", "{}/a.lark", "--to", "gbnf", "-o", "{}"], 4, "folder"),
        (["grammar", "convert", "{}/deep.lark", "--to", "gbnf"], 3, "line 1, column 1"),
        (["grammar", "convert", "{}/a.gbnf", "--to", "lark", "--start", "b"], 3, "one of root, tail"),
        (["grammar", "lint", "json", "--indenter", "tabs"], 2, "--indenter cannot be 'tabs'"),
        (["grammar", "lint", "{}/a.gbnf", "--indenter", "python"], 2, "--indenter goes with Lark grammars only"),
        (["grammar", "lint", "json", "--format", "xml"], 2, "'text' or 'json'"),
        (["grammar", "lint", "json", "--ignore", "nothing"], 2, "one of adjacent-repetitions"),
        (["grammar", "lint", "{}/a.lark", "--grammar-format", "gbnf"], 3, "line 1, column 6"),
        (["next", "--regex", "a", "--grammar-format", "gbnf"], 2, "--grammar-format goes with --grammar only"),
        (["check", "--grammar", "json", "--grammar-format", "gbnf", "-"], 2, "are Lark's"),
    ],
)
def test_mistakes(arguments: list[str], code: int, says: str, folder: Path, cli: Callable[..., Any]) -> None:
    ran = cli(*(argument.replace("{}", str(folder)) for argument in arguments))

    assert ran.code == code, ran.err
    assert says in ran.err
    assert ran.out == ""


def test_lint_has_a_line_for_each_warning(folder: Path, cli: Callable[..., Any]) -> None:
    path = folder / "a.lark"
    ran = cli("grammar", "lint", str(path))

    (warning,) = lint(LARK)
    assert ran.code == 1
    assert ran.out == (f"{path}: at line 2, column 1: {warning.message} [terminal-collision]; better {warning.mend}\n")
    assert ran.err == "1 warning\n"


def test_lint_as_json(cli: Callable[..., Any]) -> None:
    ran = cli("grammar", "lint", "-", "--format", "json", stdin=LARK)

    assert ran.code == 1
    assert json.loads(ran.out) == {
        "file": "standard input",
        "warnings": [warning._asdict() for warning in lint(LARK)],
    }


@pytest.mark.parametrize(
    ("arguments", "code", "summary"),
    [
        (["--exit-zero"], 0, "1 warning\n"),
        (["--ignore", "terminal-collision"], 0, "no warnings\n"),
        (["--lexer", "contextual"], 0, "no warnings\n"),
        (["--ignore", "left-recursion"], 1, "1 warning\n"),
    ],
)
def test_lint_lets_warnings_pass(arguments: list[str], code: int, summary: str, cli: Callable[..., Any]) -> None:
    ran = cli("grammar", "lint", "-", *arguments, stdin=LARK)

    assert (ran.code, ran.err) == (code, summary)


LISTS = 'start: line+\nline: WORD (_NEWLINE | ":" _NEWLINE _INDENT line+ _DEDENT)\n%declare _INDENT _DEDENT\n' + (
    "WORD: /[a-z]+/\n_NEWLINE: /(\\r?\\n[ ]*)+/\n"
)


def test_lint_reads_a_grammar_as_it_is_used(cli: Callable[..., Any]) -> None:
    used = ("--lexer", "contextual", "--indenter", "python")
    assert cli("grammar", "sample", "-", *used, stdin=LISTS).code == 0
    assert cli("grammar", "lint", "-", *used, stdin=LISTS).code == 0
    said = "// constrain: lexer=contextual indenter=python\n" + LISTS
    assert cli("grammar", "lint", "-", stdin=said).code == 0

    for arguments, text in (
        (["--indenter", "python"], LISTS),
        (["--indenter", "python", "--lexer", "complete"], LISTS),
        (["--lexer", "complete"], said),
    ):
        ran = cli("grammar", "lint", "-", *arguments, stdin=text)
        assert (ran.code, ran.out) == (3, "")
        assert "an indenter goes with the contextual lexer only" in ran.err
    ran = cli("grammar", "lint", "-", "--lexer", "contextual", stdin=LISTS)
    assert (ran.code, "_INDENT" in ran.err) == (3, True)


def test_lint_of_an_unusable_grammar_is_no_matter_of_taste(cli: Callable[..., Any]) -> None:
    ran = cli("grammar", "lint", "-", "--exit-zero", "--ignore", "unsatisfiable", stdin='start: "a" start\n')

    assert ran.code == 3
    assert "error: " in ran.out
    assert ran.err == "1 error\n"
