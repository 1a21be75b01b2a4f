"""Random small patterns, with anchors and lookaround everywhere, against ``re`` on random texts."""

from __future__ import annotations

import itertools
import random
import re
from typing import Any

import pytest

from constrain import UnsupportedError
from constrain.compiler.regex import ecma, python_re

ATOMS = ["a", "b", "_", r"\n", "é", ".", r"\w", r"\W", r"\s", "[ab]", "[^a]", r"[^\w]", "B", " "]
QUANTIFIERS = ["*", "+", "?", "{2}", "{1,3}", "{0,2}?", "{2,}"]
BEHIND = ["a", r"\w", "ab", "[ab]_", "a|b"]
SHORT_TEXTS = ["".join(text) for size in range(4) for text in itertools.product("ab_\n", repeat=size)]


def random_pattern(source: random.Random, depth: int, *, python: bool) -> str:
    def inner(levels: int = 1) -> str:
        return random_pattern(source, depth - levels, python=python)

    kind = source.random()
    if depth <= 0 or kind < 0.25:
        return source.choice(ATOMS)
    if kind < 0.45:
        return inner() + inner()
    if kind < 0.6:
        return f"(?:{inner()}|{inner()})"
    if kind < 0.75:
        return f"(?:{inner()}){source.choice(QUANTIFIERS)}"
    if kind < 0.8:
        return f"({inner()})"
    if kind < 0.88:
        return source.choice(["^", "$", r"\A", r"\Z"] if python else ["^", "$"])
    if kind < 0.92 and python:
        return f"(?i:{inner()})"
    return source.choice(
        [
            f"(?={inner(2)})",
            f"(?!{inner(2)})",
            f"(?<={source.choice(BEHIND)})" if python else "(?<=a)",
            f"(?<!{source.choice(BEHIND)})" if python else "(?<!b)",
            r"\b",
            r"\B" if python else r"\b",
        ]
    )


def random_texts(source: random.Random) -> list[str]:
    longer = ["".join(source.choice("ab_ \nBé") for _ in range(source.randint(0, 8))) for _ in range(15)]
    return source.sample(SHORT_TEXTS, 30) + longer


@pytest.mark.parametrize("seed", range(4))
def test_random_python_patterns_match_as_re_fullmatch_does(seed: int, language: Any) -> None:
    source = random.Random(seed)
    compared = 0
    for _ in range(250):
        pattern = "".join(random_pattern(source, 4, python=True) for _ in range(source.randint(1, 3)))
        try:
            oracle = re.compile(pattern)
        except re.error:  # lookbehind of variable width
            continue
        try:
            accepts = language(python_re.parse(pattern))
        except UnsupportedError:
            continue
        compared += 1
        for text in random_texts(source):
            assert accepts(text) == (oracle.fullmatch(text) is not None), (pattern, text)
    assert compared > 150


@pytest.mark.parametrize("seed", range(4))
def test_random_ecma_patterns_are_found_where_re_search_finds_them(seed: int, language: Any) -> None:
    # on these texts re in ASCII mode agrees with ECMA-262 once '$' is spelled \Z
    source = random.Random(100 + seed)
    compared = 0
    for _ in range(250):
        pattern = "".join(random_pattern(source, 4, python=False) for _ in range(source.randint(1, 3)))
        oracle = re.compile(pattern.replace("$", r"\Z"), re.ASCII)
        try:
            accepts = language(ecma.search_language(pattern))
        except UnsupportedError:
            continue
        compared += 1
        for text in random_texts(source):
            assert accepts(text) == (oracle.search(text) is not None), (pattern, text)
    assert compared > 150
