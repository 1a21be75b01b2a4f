"""``next`` and ``compile``: what they say is what the automaton says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from constrain import Vocabulary, compile_regex


@pytest.mark.parametrize("prefix", ["", "a", "ab", "abab", "ababc"])
def test_allowed_bytes_are_those_that_lead_to_a_match(prefix: str, cli: Callable[..., Any]) -> None:
    words = [word for word in _words("abc", 6) if re.fullmatch("(ab)*c?", word)]
    follows = sorted({word[len(prefix)] for word in words if word.startswith(prefix) and len(word) > len(prefix)})

    report = json.loads(cli("next", "--regex", "(ab)*c?", "--json", prefix).out)

    assert report["viable"]
    assert report["could_stop"] == (prefix in words)
    assert [token["text"] for token in report["tokens"] if "stop" not in token] == follows
    assert report["allowed"] == len(report["tokens"]) == len(follows) + report["could_stop"]


def _words(letters: str, longest: int) -> list[str]:
    words = layer = [""]
    for _ in range(longest):
        layer = [word + letter for word in layer for letter in letters]
        words = words + layer
    return words


def test_plain_lines_in_a_pipe(cli: Callable[..., Any]) -> None:
    ran = cli("next", "--regex", "[ab\\\\\n]?")

    assert ran.code == 0
    assert ran.out.splitlines() == ["256\t<stop>", "10\t\\n", "92\t\\\\", "97\ta", "98\tb"]
    assert ran.err == ""


def test_a_table_on_a_terminal_shows_the_first_ones(cli: Callable[..., Any]) -> None:
    ran = cli("next", "--regex", "[^\n]", terminal=True)

    assert len(ran.out.splitlines()) < 50
    assert "40 shown; the text is not complete yet" in ran.err


def test_limit(cli: Callable[..., Any]) -> None:
    ran = cli("next", "--regex", "[a-z]", "--limit", "2")
    assert (ran.out, ran.err) == ("97\ta\n98\tb\n", "24 more tokens allowed\n")
    assert cli("next", "--regex", "[a-z]", "--limit", "25").err == "1 more token allowed\n"
    assert cli("next", "--regex", "[a-z]", "--limit", "26").err == ""
    report = json.loads(cli("next", "--regex", "[a-z]", "--limit", "0", "--json").out)
    assert (report["allowed"], report["tokens"]) == (26, [])


def test_forced_text(cli: Callable[..., Any]) -> None:
    report = json.loads(cli("next", "--choice", "yes sir", "--choice", "no", "--json", "y").out)

    assert report["forced"] == "es sir"


def test_prefix_from_standard_input(cli: Callable[..., Any]) -> None:
    assert cli("next", "--regex", "é+", "-", stdin=b"\xc3").out == "169\t\\xa9\n"
    assert cli("next", "--regex", "ab", "-", stdin="a\n").out == "98\tb\n"


def test_a_prefix_that_leads_nowhere_as_json(cli: Callable[..., Any]) -> None:
    ran = cli("next", "--regex", "[0-9]+-", "--json", "12x")

    assert ran.code == 1
    assert json.loads(ran.out) == {
        "viable": False,
        "prefix_bytes": 3,
        "offset": 2,
        "expected": "one of '-', digits",
    }


def test_statistics_count_the_same_as_the_engine(cli: Callable[..., Any]) -> None:
    compiled = compile_regex("[a-z]{3}", Vocabulary.bytes())

    report = json.loads(cli("compile", "--regex", "[a-z]{3}", "--json").out)

    assert report["vocabulary"] == "bytes"
    assert report["vocabulary_size"] == 257
    assert report["allowed_at_start"] == 26
    assert report["mask_density_at_start"] == pytest.approx(26 / 257)
    assert set(compiled.statistics()) <= set(report)
    for name in ("read_seconds", "compile_seconds", "first_mask_seconds"):
        assert report[name] >= 0


def test_statistics_in_words(cli: Callable[..., Any]) -> None:
    lines = dict(line.split("\t") for line in cli("compile", "--regex", "[a-z]{3}").out.splitlines())

    assert lines["allowed at start"] == "26"
    assert lines["mask density at start"] == "10.12%"
    assert re.fullmatch(r"\d+\.\d\d ms", lines["compile"])


@pytest.mark.parametrize("terminal", [False, True])
def test_tables_hold_the_same_on_a_terminal(terminal: bool, cli: Callable[..., Any]) -> None:
    ran = cli("compile", "--regex", "[a-z]{3}", terminal=terminal)

    assert "allowed at start" in ran.out
