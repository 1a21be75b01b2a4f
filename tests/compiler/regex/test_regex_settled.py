r"""Lookahead that a pattern settles itself: ``re`` is asked about texts amid others."""

from __future__ import annotations

import random
import re
from itertools import product
from typing import Any

import pytest

from constrain import LimitError
from constrain.compiler.regex import python_re
from constrain.compiler.regex.lookaround import has_lookaround
from constrain.compiler.regex.settled import settled

TEXTS = ["".join(text) for size in range(6) for text in product("ab.", repeat=size)]
RESTS = ["", "a", "b", ".", "ab.", "\n"]

SETTLED = [
    # what comes next
    r"(?!a)\.",
    r"a(?!a)\.",
    r"a(?!\w)b",
    r"[ab](?=[ab])\.",
    r"(?:a(?!b)\.)*\.",
    r"(?:ab?(?!\w))?\.",
    r"(?:(?!b)[ab.])+\.",
    # words
    r"(?!ab(?!\w))[ab]+\.",
    r"(?:(?!(?:ab?|bb)(?!\w))[ab]+\.)+",
    r"(?:(?=(?:a|b)(?!\w))\w*[.])*",
    r"(?:(?!a(?![a]))[ab]+[.])*",
    r"(?:(?!a)[ab]*\.)+",
    r"(?:(?!b?(?!b))[ab]*\.)+",
    r"(?!b*a(?!\w))[ab]+(?:\.|\.\.)",
    r"(?:(?!(?:[ab]*\.)*ba?(?![ab]))[ab]+(?:\.[ab]+)*\n)+",
    r"(?:(?!aa)(?!bb)[ab]*\.)*",
    r"(?:(?!aa(?!\w))(?=a|bb)[ab]*\.)*",
    # the next turn
    r"(?:a|b(?!a))*\.",
    r"(?:a|b(?!a))+\.",
    r"(?:a|\.?b(?!a))*\n",
    r"(?:[ab.]|ab(?![ab]))+\n",
    r"(?:a|b(?!b))*\.",
    r"(?:a|b(?![ab]))+\.",
    r"(?:\.{0,1}(?:[ab]|ab?(?!b)))*\n",
    r"(?:(?:a|b(?!a))+\.)*",
    r"(?:(?!a)|b)*b",
]

UNSETTLED = [
    r"a(?!b)",
    r"(?!a)[ab]*",
    r"(?:a|b(?!a))*",
    r"(?:a|b(?!a))*a",
    r"(?:a?|b(?!a))*\.",
    r"(?:a|b(?!a)|\.(?!b))*\n",
    r"(?:a|b(?!a)){0,5}\.",
    r"(?!a\.)[ab]+\.",
    r"(?<!a)b(?!b)",
    r"(?:(?!a(?!b)|b)[ab]+\.)*",
    # would be there four times
    r"(?:(?:a|b(?!a))*x|a|b(?!a))*\.",
]


def is_matched(pattern: str, text: str, rest: str) -> bool:
    """Does the pattern match just the text, where the rest follows?"""
    here = f"(?:{pattern})(?=[\\s\\S]{{{len(rest)}}}\\Z)"
    return re.match(here, text + rest) is not None


@pytest.mark.parametrize("pattern", SETTLED)
def test_what_the_pattern_settles(pattern: str, language: Any) -> None:
    node = settled(python_re.ordered(pattern))
    assert not has_lookaround(node)
    check(pattern, language(node))


def check(pattern: str, accepts: Any, *, texts: int = len(TEXTS)) -> int:
    matches = 0
    for text in random.Random(pattern).sample([*TEXTS, *(text + "\n" for text in TEXTS)], texts):
        expected = {is_matched(pattern, text, rest) for rest in RESTS}
        assert {accepts(text)} == expected, (pattern, text)
        matches += True in expected
    return matches


@pytest.mark.parametrize("pattern", UNSETTLED)
def test_what_is_not_settled_stays(pattern: str) -> None:
    assert has_lookaround(settled(python_re.ordered(pattern)))


WORDS = ["a", "b", r"\.", "[ab]", "[ab]*", "[ab]+", "a?", "[ab.]", "ab?", r"\.+"]
LOOKS = ["(?!a)", "(?=[ab])", r"(?!\w)", r"(?!ab(?!\w))", r"(?!(?:a|bb)(?!\w))", "(?=ab?)", "(?!b(?!b))", r"(?!ab|\.)"]


def random_pattern(source: random.Random, depth: int = 3) -> str:
    kind = source.random()
    if depth == 0 or kind < 0.3:
        return source.choice(WORDS)
    if kind < 0.45:
        return source.choice(LOOKS) + random_pattern(source, depth - 1)
    if kind < 0.55:
        return random_pattern(source, depth - 1) + source.choice(LOOKS)
    if kind < 0.8:
        return random_pattern(source, depth - 1) + random_pattern(source, depth - 1)
    if kind < 0.9:
        return f"(?:{random_pattern(source, depth - 1)}|{random_pattern(source, depth - 1)})"
    return f"(?:{random_pattern(source, depth - 1)}){source.choice('*+?')}"


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 20))])
def test_random_patterns(seed: int, language: Any) -> None:
    source = random.Random(seed)
    compared = matched = 0
    while compared < 60:
        pattern = f"(?:{random_pattern(source)}{source.choice(['', 'b', '[.]'])}){source.choice(['', '*', '+'])}"
        pattern += source.choice([r"\n", r"\n", r"\.", "a", ""])
        tree = python_re.ordered(pattern)
        node = settled(tree)
        if has_lookaround(tree) and not has_lookaround(node):
            compared += 1
            matched += check(pattern, language(node), texts=60) > 0
    assert matched > 10


def test_what_takes_too_long_is_left_alone() -> None:
    with pytest.raises(LimitError, match="500000 steps"):
        settled(python_re.ordered("(?:" + "(?!ab)" * 2_000 + "[ab]*)*c"))
