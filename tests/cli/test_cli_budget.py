"""``--budget``: what a ``LimitError`` asks for can be given, wherever a constraint is compiled or loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from constrain import Limits
from constrain.runtime.cache import Cache

HARD = ("--regex", "[a-z]{3} [0-9]{3}")


def test_a_budget_is_lowered_and_raised(cli: Callable[..., Any]) -> None:
    for command in (("compile",), ("next",), ("check", "-")):
        short = cli(*command, *HARD, "--budget", "max_expressions=3", stdin="abc 123")
        assert (short.code, short.out) == (3, "")
        assert "more than max_expressions = 3; simplify it, or raise the budget with --budget max_expressions=N" in (
            short.err
        )
        enough = cli(*command, *HARD, "--budget", "max_expressions=3000", stdin="abc 123")
        assert enough.code == 0, enough.err


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_every_budget_has_a_name(name: str, cli: Callable[..., Any]) -> None:
    assert cli("compile", *HARD, "--budget", f"{name}=1000000").code == 0
    assert name in cli("compile", *HARD, "--budget", "nothing=1").err


def test_front_ends_have_budgets_too(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a.lark").write_text('start: "a" "b" "c"')
    for arguments, name in (
        (HARD, "max_pattern_length"),
        (("--grammar", str(tmp_path / "a.lark")), "max_grammar_tokens"),
    ):
        ran = cli("next", *arguments, "--budget", f"{name}=2")
        assert (ran.code, f"--budget {name}=N" in ran.err) == (3, True)


@pytest.mark.parametrize("command", [("sample",), ("lint",), ("convert", "--to", "lark")])
@pytest.mark.parametrize("name", ["a.lark", "a.gbnf"])
def test_what_looks_at_grammars_has_the_same_budget(
    command: tuple[str, ...], name: str, cli: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "a.lark").write_text('start: "a" "b" "c"')
    (tmp_path / "a.gbnf").write_text('root ::= "a" "b" "c"')
    arguments = ("grammar", command[0], str(tmp_path / name), *command[1:])

    short = cli(*arguments, "--budget", "max_grammar_tokens=2")
    assert (short.code, short.out) == (3, "")
    assert "--budget max_grammar_tokens=N" in short.err
    assert cli(*arguments, "--budget", "max_grammar_tokens=20").code == 0
    assert cli(*arguments, "--budget", "tokens=20").code == 2


def test_the_model_writes_under_it(cli: Callable[..., Any], tiny_model: Path) -> None:
    ran = cli("gen", "-m", str(tiny_model), *HARD, "--budget", "max_expressions=3", "Hello.")
    assert (ran.code, "--budget max_expressions=N" in ran.err) == (3, True)
    assert cli("gen", "-m", str(tiny_model), *HARD, "--budget", "max_items=100", "Hello.").code == 0


def test_a_file_of_a_larger_budget_needs_it(cli: Callable[..., Any], tmp_path: Path) -> None:
    path = str(tmp_path / "a.grammar")
    larger = ("--budget", "max_expressions=5000000")
    assert cli("compile", *HARD, *larger, "-o", path).code == 0

    refused = cli("next", "--compiled", path)
    assert (refused.code, refused.out) == (4, "")
    assert "if you trust it, load it with --budget max_expressions=5000000" in refused.err
    assert cli("next", "--compiled", path, *larger).code == 0
    assert cli("check", "--compiled", path, *larger, "-", stdin="abc 123").code == 0


def test_the_cache_keeps_budgets_apart(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path))
    larger = ("--budget", "max_expressions=5000000")
    for count, budget in ((1, ()), (1, ()), (2, larger), (2, larger)):
        assert cli("next", *HARD, *budget).code == 0
        assert len(Cache(tmp_path).entries()) == count
    assert cli("next", *HARD, "--budget", "max_expressions=3").code == 3


def test_no_verdict_has_the_code_of_the_limit(cli: Callable[..., Any], tmp_path: Path) -> None:
    """A text on which the budget runs out, between two that are judged."""
    text = tmp_path / "texts.txt"
    text.write_text("a\n" + "ab" * 40 + "\nc\n")
    arguments = ("--regex", "(a|b)*a(a|b){30}c|a", "--budget", "max_expressions=150")

    ran = cli("check", *arguments, "--jsonl", str(text))

    assert cli("next", *arguments, "ab" * 40).code == ran.code == 3
    assert f"in {text}:2" in ran.err
    assert ran.err.endswith("2 documents checked, 1 invalid\n")
    assert cli("check", *arguments, "--jsonl", str(text), "missing.txt").code == 4
