"""Hostile patterns: bounded work, and a LimitError that says which bound."""

from __future__ import annotations

from typing import Literal

import pytest

from constrain import LimitError, Limits, RegexError
from constrain.compiler.regex import build
from constrain.compiler.regex.ast import MAXIMUM_NESTING

SYNTAXES: list[Literal["python", "ecma"]] = ["python", "ecma"]

ONE_OF_BOTH = ["python", pytest.param("ecma", marks=pytest.mark.slow)]
"""For what takes long and is alike in both; both with --slow."""


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("pattern", ["a{1,1000000}", "((a{1,1000}){1,1000}){1,1000}", "(a|a)*" * 50, "((((a*)*)*)*)*b"])
def test_counts_and_towers_are_not_unfolded(pattern: str, syntax: Literal["python", "ecma"]) -> None:
    assert len(build(pattern, syntax=syntax).expressions) < 120


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("digits", [11, 5_000])
def test_counts_beyond_any_number_are_refused(digits: int, syntax: Literal["python", "ecma"]) -> None:
    with pytest.raises(LimitError, match="repetition count") as caught:
        build("xa{1," + "9" * digits + "}", syntax=syntax)
    assert caught.value.span is not None


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_deep_nesting_is_refused_by_name(syntax: Literal["python", "ecma"]) -> None:
    build("(" * MAXIMUM_NESTING + "a" + ")" * MAXIMUM_NESTING, syntax=syntax)
    for depth in (MAXIMUM_NESTING + 1, 90_000):
        with pytest.raises(LimitError, match="nest deeper") as caught:
            build("(" * depth + "a" + ")" * depth, syntax=syntax)
        assert caught.value.span is not None
        assert caught.value.span.column == MAXIMUM_NESTING + 1


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_deeply_nested_assertions_and_repeats_do_not_exhaust_the_stack(syntax: Literal["python", "ecma"]) -> None:
    build("(?:a|^b" * MAXIMUM_NESTING + ")*" * MAXIMUM_NESTING, syntax=syntax)
    build("(?=a" * 100 + ")" * 100 + "a*", syntax=syntax)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("pattern", ["(?:^|a)" * 100, "(?:^|a)" * 500, r"\b." * 50, "(?:(?!a|b|c)x(?<=y)|.)*" * 50])
def test_many_assertions_in_odd_places_are_resolved(pattern: str, syntax: Literal["python", "ecma"]) -> None:
    assert len(build(pattern, syntax=syntax).expressions) < 1_200


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_long_patterns_are_refused_by_an_option(syntax: Literal["python", "ecma"]) -> None:
    limits = Limits(max_pattern_length=10)
    build("a" * 10, syntax=syntax, limits=limits)
    with pytest.raises(LimitError, match=r"max_pattern_length = 10;.*Limits\(max_pattern_length="):
        build("a" * 11, syntax=syntax, limits=limits)


@pytest.mark.parametrize("syntax", ONE_OF_BOTH)
@pytest.mark.parametrize(
    "pattern",
    ["(?=a)b" * 20_000, r"\b\w+" * 7 + "a" * 50_000, "(?:^a|b$)" * 100 + "a" * 50_000],
    ids=["lookahead", "boundaries", "anchors"],
)
def test_assertions_along_long_patterns_are_resolved(pattern: str, syntax: Literal["python", "ecma"]) -> None:
    # none of them matches anything
    assert build(pattern, syntax=syntax).expressions == (("union", ()),)


@pytest.mark.parametrize("syntax", ONE_OF_BOTH)
@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("(?:a(?=.{20}b)|b)*", "20000 states"),
        (r"(?:\b\w{1,300} ?){1,40}", "1000000 steps"),
        (r"(?:\b\w{1,4000} ?){1,40}", "100000 instructions"),
        ("(?:a(?=b)|(?=a){2000000000}(?:c{1,1000}){1,1000})*", "100000 instructions"),
    ],
)
def test_automata_that_grow_too_large_are_refused(pattern: str, what: str, syntax: Literal["python", "ecma"]) -> None:
    pattern = pattern.replace("(?=a){2000000000}", "" if syntax == "ecma" else "(?=a){2000000000}")
    with pytest.raises(LimitError, match=what) as caught:
        build(pattern, syntax=syntax)
    assert caught.value.span is not None
    assert caught.value.expected is not None


def test_an_unknown_syntax_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="unknown regex syntax"):
        build("a", syntax="perl")  # type: ignore[arg-type]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("inside", [" ", "^ ", "a ", "{", "a = "])
@pytest.mark.parametrize("end", ["", "!}"])
def test_names_of_properties_without_end_are_soon_refused(
    inside: str, end: str, syntax: Literal["python", "ecma"]
) -> None:
    with pytest.raises(RegexError) as caught:
        build("\\p{" + inside * 30_000 + end, syntax=syntax)
    assert len(caught.value.message) < 100
