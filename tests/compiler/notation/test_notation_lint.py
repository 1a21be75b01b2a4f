"""The linter: a corpus of grammars, witnesses against interegular, and grammars that would take it long."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import interegular
import pytest

from constrain import DataError, GrammarError, UnsupportedError, grammars
from constrain.compiler.notation.lint import CODES, lint

DATA = Path(__file__).resolve().parents[2] / "data"
CASES = tomllib.loads((DATA / "grammar_lint.toml").read_text(encoding="utf-8"))["case"]

PATTERNS = [r"[a-z]+", r"if|else", r"[0-9]+", r"[0-9]+(\.[0-9]+)?", r"\.[0-9]+", r"0x[0-9a-f]+", r"a{2,3}", r"(ab)+"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_findings_are_those_written_down(case: dict[str, Any]) -> None:
    found = lint(case["grammar"], case.get("notation", "lark"))

    assert [f"{warning.code} {warning.line}:{warning.column}" for warning in found] == case["says"]
    assert case.get("message", "") in " ".join(warning.message for warning in found)
    assert all(warning.mend and warning.code in CODES for warning in found)
    assert [warning.code for warning in found if warning.error] == [
        code for code in ("unsatisfiable",) if any(each.startswith(code) for each in case["says"])
    ]


def test_the_corpus_has_every_kind() -> None:
    assert {each.split()[0] for case in CASES for each in case["says"]} == {*CODES} - {"unchecked"}


@pytest.mark.parametrize("first", PATTERNS)
@pytest.mark.parametrize("second", PATTERNS)
def test_collisions_are_those_of_interegular(first: str, second: str) -> None:
    found = lint(f"start: A | B\nA: /{first}/\nB: /{second}/\n")
    witnesses = [match[1] for each in found if (match := re.search(r"(?:match|both|matches) '([^']*)'", each.message))]

    automata = [interegular.parse_pattern(pattern).to_fsm() for pattern in (first, second)]
    assert bool(witnesses) != automata[0].isdisjoint(automata[1])
    for witness in witnesses:
        assert re.fullmatch(first, witness)
        assert re.fullmatch(second, witness)


@pytest.mark.parametrize("name", grammars.names())
def test_shipped_grammars_have_nothing_in_vain(name: str) -> None:
    text = grammars.load(name)
    codes = {warning.code for warning in lint(text)}

    assert not codes & {"unused-rule", "unused-terminal", "unproductive-rule", "cyclic-rule", "unsatisfiable"}


TAKEN = (
    'start: NAME | "ab" | QUOTE | OTHER\nNAME: %choices "names"\nQUOTE: %substring_of "text" word\nOTHER: /[a-z]{2}/\n'
)


def test_terminals_from_files_that_are_not_given_are_not_looked_into() -> None:
    found = [(warning.code, warning.place, warning.message) for warning in lint(TAKEN)]
    assert [each[:2] for each in found] == [
        ("unchecked", "line 2, column 1"),
        ("unchecked", "line 3, column 1"),
        ("terminal-collision", "line 4, column 1"),
    ]
    assert "'names'" in found[0][2]
    assert "'text'" in found[1][2]
    assert "OTHER matches 'ab'" in found[2][2]


@pytest.mark.parametrize(
    ("names", "text", "collisions"),
    [
        ("Ada\nab\n", "cd", ["NAME matches 'ab'", "NAME and OTHER", "OTHER and QUOTE", "OTHER matches 'ab'"]),
        ("Ada\nBob\n", "See Ada.", ["NAME and QUOTE both match 'Ada'", "OTHER matches 'ab'"]),
        ("Ada\nBob\n", "say ab a", ["OTHER and QUOTE both match 'ab'", "QUOTE matches 'ab'", "OTHER matches 'ab'"]),
        ("Ada\nBob\n", "S", ["OTHER matches 'ab'"]),
    ],
)
def test_terminals_from_files_collide(names: str, text: str, collisions: list[str]) -> None:
    found = lint(TAKEN, data={"names": names, "text": text.encode()})
    assert {warning.code for warning in found} == {"terminal-collision"}
    assert len(found) == len(collisions)
    assert all(any(each in warning.message for warning in found) for each in collisions)


def test_terminals_from_files_that_cannot_be_used() -> None:
    with pytest.raises(DataError, match="not UTF-8"):
        lint(TAKEN, data={"names": b"\xff", "text": "a"})
    with pytest.raises(UnsupportedError, match="NAME is taken from a file"):
        lint(TAKEN, lexer="contextual")


def test_a_terminal_that_matches_the_empty_string_is_an_error() -> None:
    with pytest.raises(GrammarError, match="matches the empty string") as caught:
        lint("start: A\nA: /a*/\n")
    assert str(caught.value.span) == "line 2, column 4"


def test_what_is_not_looked_at_is_said() -> None:
    many = " | ".join(f"/{index:03}[a-z]+/" for index in range(120))
    (warning,) = lint(f"start: {many}\n")
    assert warning.code == "unchecked"
    assert "only 1000 pairs of terminals were looked at" in warning.message


def test_large_terminals_are_given_up_on() -> None:
    found = lint("start: A | B\nA: /(a|b)*a(a|b){200}c/\nB: /(a|b)*b(a|b){199}a(a|b){10}d?/\n")
    assert {warning.code for warning in found} <= {"unchecked", "terminal-collision"}
