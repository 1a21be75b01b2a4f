"""``grammar sample`` from the command line; the compiler has tests of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LINES = 'start: "a"+ ("\\n" start)?'


def test_samples_are_of_the_language_and_repeatable(cli: Callable[..., Any], tmp_path: Path) -> None:
    arguments = ("grammar", "sample", "semver", "-n", "30", "--seed", "7")
    ran, again = cli(*arguments), cli(*arguments)
    assert (ran.code, ran.err, ran.out) == (0, "", again.out)
    assert len(ran.out.splitlines()) == 30
    checked = cli("check", "--grammar", "semver", "--jsonl", "-", stdin=ran.out)
    assert checked.code == 0, checked.out


def test_samples_differ_without_a_seed(cli: Callable[..., Any]) -> None:
    arguments = ("grammar", "sample", "json", "-n", "20")
    assert cli(*arguments).out != cli(*arguments).out


def test_texts_with_line_breaks_are_kept_apart(cli: Callable[..., Any]) -> None:
    arguments = ("grammar", "sample", "-", "-n", "20", "--seed", "1")
    plain = cli(*arguments, stdin=LINES).out
    texts = [json.loads(line) for line in cli(*arguments, "--format", "json", stdin=LINES).out.splitlines()]
    assert len(texts) == 20
    assert any("\n" in text for text in texts)
    assert "".join(text + "\n" for text in texts) == plain


def test_length(cli: Callable[..., Any]) -> None:
    arguments = ("grammar", "sample", "json", "-n", "40", "--seed", "1", "--format", "json")
    longest = [
        max(len(json.loads(line)) for line in cli(*arguments, "--length", length).out.splitlines())
        for length in ("10", "1000")
    ]
    assert longest[0] < 30 < 200 < longest[1]


def test_another_start(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "two.lark").write_text('start: "a"\nother: "b"\n')
    assert cli("grammar", "sample", str(tmp_path / "two.lark"), "--start", "other").out == "b\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "says"),
    [
        (["nonsense"], "", 2, "no grammar is called 'nonsense'"),
        (["examples/moves.gbnf", "--terminal", "A=b"], "", 2, "--terminal goes with Lark grammars only"),
        (["json", "--terminal", "A"], "", 2, "--terminal cannot be 'A'"),
        (["json", "--import-path", "nowhere"], "", 4, "'nowhere': not a folder"),
        (["json", "--format", "xml"], "", 2, "--format cannot be 'xml'"),
        (["json", "-n", "0"], "", 2, "--number"),
        (["./missing.lark"], "", 4, "missing.lark"),
        ([""], "", 2, "GRAMMAR names no file"),
        (["-"], "start: A", 3, "line 1, column 8"),
        (["-"], 'start: "x" start', 3, "no output satisfies"),
        (["json", "--budget", "max_lexer_states=1"], "", 3, "max_lexer_states"),
    ],
)
def test_mistakes(arguments: list[str], stdin: str, code: int, says: str, cli: Callable[..., Any]) -> None:
    ran = cli("grammar", "sample", *arguments, stdin=stdin)
    assert (ran.code, ran.out) == (code, "")
    assert says in ran.err
