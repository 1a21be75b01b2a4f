"""Random small patterns, with anchors, lookaround and atomic groups everywhere, against ``re`` and ``regex``."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
import regex
from regex_random import Patterns, random_texts

from constrain import UnsupportedError
from constrain.compiler.regex import ecma, python_re
from constrain.compiler.regex.ast import Automaton
from constrain.compiler.regex.determinise import determinise

FEW = list(range(3))
MANY = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 14)]
"""With the others, 250 patterns each and 45 texts for each of them: more than 100,000 pairs for each notation."""


@pytest.mark.parametrize("seed", [*FEW, *MANY])
def test_random_python_patterns_match_as_re_fullmatch_does(seed: int, language: Any) -> None:
    source = random.Random(seed)
    patterns = Patterns(source, python=True)
    compared = 0
    for _ in range(250):
        pattern = patterns.pattern()
        oracle = re.compile(pattern)
        accepts = language(python_re.parse(pattern))
        compared += 1
        for text in random_texts(source):
            assert accepts(text) == (oracle.fullmatch(text) is not None), (pattern, text)
    assert compared == 250


@pytest.mark.parametrize("seed", [*FEW, *MANY])
def test_random_cuts_take_away_what_re_does_not_match(seed: int, language: Any) -> None:
    source = random.Random(100 + seed)
    patterns = Patterns(source, python=True, cuts=True)
    compared = cuts = 0
    for _ in range(150):
        pattern = patterns.pattern()
        oracle = re.compile(pattern)
        try:
            accepts = language(python_re.parse(pattern))
        except UnsupportedError:  # a repetition whose turns may be empty, in a cut
            continue
        compared += 1
        uncut = re.compile(pattern.replace("(?>", "(?:").replace("++", "+").replace("*+", "*").replace("}+", "}"))
        for text in random_texts(source):
            found = oracle.fullmatch(text) is not None
            assert accepts(text) == found, (pattern, text)
            cuts += found != (uncut.fullmatch(text) is not None)
    assert compared > 80
    assert cuts > 5


@pytest.mark.parametrize("seed", [*FEW, *MANY])
def test_random_ecma_patterns_are_found_where_regex_finds_them(seed: int, language: Any) -> None:
    # lookbehind may have any width, which ``re`` does not know; on these texts ``regex`` in ASCII mode agrees with
    # ECMA-262 once '$' is spelled \Z
    source = random.Random(200 + seed)
    patterns = Patterns(source, python=False)
    for _ in range(250):
        pattern = patterns.pattern()
        oracle = regex.compile(pattern.replace("$", r"\Z"), regex.ASCII | regex.V0)
        accepts = language(ecma.search_language(pattern))
        for text in random_texts(source):
            assert accepts(text) == (oracle.search(text) is not None), (pattern, text)


@pytest.mark.parametrize("seed", [*FEW[:2], *MANY])
def test_random_pieces_amid_other_text(seed: int, language: Any) -> None:
    """What is read as a terminal matches the same whatever stands around it."""
    source = random.Random(400 + seed)
    patterns = Patterns(source, python=True, cuts=True)
    automata = 0
    for _ in range(200):
        pattern = patterns.pattern()
        if "}?" in pattern or "*?" in pattern:
            continue  # lazy quantifiers have a meaning of their own there
        try:
            node = python_re.parse(pattern, whole=False)
        except UnsupportedError:
            continue
        automata += isinstance(node, Automaton)
        accepts = language(node)
        for text in source.sample(random_texts(source), 12):
            verdict = accepts(text)
            for _ in range(3):
                before, after = ("".join(source.choices("ab_ é\n", k=source.randint(0, 3))) for _ in range(2))
                # the match ends where what follows is left
                oracle = re.compile(f"(?:{pattern})(?={re.escape(after)}\\Z)")
                found = oracle.match(before + text + after, len(before)) is not None
                assert found == verdict, (pattern, before, text, after)
    assert automata > 2


def test_both_ways_to_resolve_assertions_agree(language: Any) -> None:
    """Most patterns above become intersections; here each becomes an automaton."""
    source = random.Random(300)
    patterns = Patterns(source, python=True)
    for _ in range(150):
        pattern = patterns.pattern()
        oracle = re.compile(pattern)
        accepts = language(determinise(python_re.syntax_tree(pattern)))
        for text in random_texts(source):
            assert accepts(text) == (oracle.fullmatch(text) is not None), (pattern, text)
