"""``--regex`` with ``--and`` and ``--not``, in each command that takes a pattern, from files and from the cache."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

OPERATIONS = ("--regex", "[a-d]{1,3}", "--and", ".*b.*", "--and", "(?:(?!cc).)*", "--not", "ab", "--not", "d.*")


def test_next(cli: Callable[..., Any]) -> None:
    for prefix, expected in {"": "abc", "a": "abcd", "ab": "abcd", "cb": "abcd", "db": None, "cc": None}.items():
        ran = cli("next", *OPERATIONS, "--json", prefix)
        report = json.loads(ran.out)
        assert report["viable"] == (expected is not None), prefix
        if expected is not None:
            assert "".join(token["text"] for token in report["tokens"] if "stop" not in token) == expected
            assert report["could_stop"] == (prefix == "cb")


def test_check(cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("b\nab\nabc\nccb\ndb\naaa\n")

    ran = cli("check", *OPERATIONS, "--jsonl", str(file))

    assert ran.code == 1
    assert [line.split(": ")[0].rpartition(":")[2] for line in ran.out.splitlines()] == ["2", "4", "5", "6"]


def test_gen(cli: Callable[..., Any], tiny_model: Path) -> None:
    ran = cli("gen", "-m", str(tiny_model), *OPERATIONS, "--envelope", "A word:")
    assert json.loads(ran.out)["status"] == "ok"
    word = json.loads(ran.out)["data"]
    assert "b" in word
    assert "cc" not in word
    assert word != "ab"
    assert not word.startswith("d")


def test_a_saved_automaton_says_what_it_was_made_from(cli: Callable[..., Any], tmp_path: Path) -> None:
    saved = str(tmp_path / "words.grammar")
    assert cli("compile", *OPERATIONS, "-o", saved).code == 0
    (tmp_path / "words.txt").write_text("b\nab\n")
    for constraint in (OPERATIONS, ("--compiled", saved)):
        assert cli("check", *constraint, "--jsonl", str(tmp_path / "words.txt")).out.startswith(
            f"{tmp_path / 'words.txt'}:2: line 1, column 3"
        )
        assert cli("next", *constraint, "d").code == 1


def test_the_cache_tells_operations_apart(cli: Callable[..., Any]) -> None:
    def first(*options: str) -> str:
        ran = cli("next", "--regex", "[a-c]", *options)
        return "".join(line[-1] for line in ran.out.splitlines())

    for _ in range(2):
        assert first() == "abc"
        assert first("--and", "[ab]") == "ab"
        assert first("--not", "[ab]") == "c"
        assert first("--and", "[ab]", "--not", "b") == "a"


def test_nothing_left(cli: Callable[..., Any]) -> None:
    ran = cli("next", "--regex", "[a-z]+", "--and", ".*", "--and", "[0-9]+")
    assert (ran.code, ran.out) == (3, "")
    assert "--and '[0-9]+' leaves none of the texts that match '[a-z]+' and meet the conditions before it" in ran.err
    ran = cli("next", "--regex", "(?>a*)a", "")
    assert (ran.code, ran.out, ran.err) == (3, "", "error: no text matches '(?>a*)a'\n  in --regex\n")
    ran = cli("compile", "--regex", "[a-z]+", "--not", "(?s:.*)")
    assert ran.code == 3
    assert "--not '(?s:.*)' leaves none of the texts that match '[a-z]+'" in ran.err
