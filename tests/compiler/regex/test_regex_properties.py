r"""``\p{...}`` in Python's notation, over every code point, against the ``regex`` package."""

from __future__ import annotations

import unicodedata

import pytest
import regex

from constrain import RegexError
from constrain.compiler.regex import CharacterClass, Concat, python_re

# The package's tables and the engine's are of different versions of Unicode: compared is what Python's own, older than
# both, knows. Later versions have changed the category or script of very few of those characters.
KNOWN = "".join(
    chr(point)
    for point in range(0x110000)
    if not 0xD800 <= point <= 0xDFFF and unicodedata.category(chr(point)) not in ("Cn", "Co")
)


def characters(pattern: str) -> set[str]:
    node = python_re.parse(pattern)
    assert isinstance(node, CharacterClass)
    return {chr(point) for low, high in node.ranges for point in range(low, high + 1)}.intersection(KNOWN)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\p{Lu}", r"\P{Lu}", r"\pN", r"\PL", r"\p{^Nd}", r"\P{^Nd}", r"\p{LC}", r"\p{lowercase letter}", r"\p{gc=Sc}",
        r"\p{General_Category: Mn}", r"\p{Greek}", r"\p{Script=Cyrl}", r"\p{sc=Han}", r"\p{scx=Deva}", r"\p{Hira}",
        r"\p{Script_Extensions=Latin}", r"\p{Alphabetic}", r"\p{Lowercase}", r"\p{White_Space}", r"\p{Emoji}",
        r"\p{ASCII}", r"\p{Any}", r"\p{Math}", r"\p{ XIDS }", r"\p{Hex_Digit}", r"\p{Dash}", r"\p{Cased}",
        r"(?i)\p{Lu}", r"(?i)\P{Ll}", r"(?i)\p{Lt}", r"(?i)\p{Uppercase}", r"(?i)\p{Greek}", r"(?i)[\p{Nd}a-f]",
        r"(?a)\p{L}", r"(?a)\P{L}", r"(?ai)\p{Lu}", r"[\p{L}\p{Nd}_]", r"[^\p{L}\d]", r"[\P{L}a]", r"(?x: \p{L} )",
        r"\p{Lu}|\p{Ll}",
    ],
)  # fmt: skip
def test_properties_are_those_of_the_regex_package(pattern: str) -> None:
    found = characters(pattern)
    differing = found.symmetric_difference(regex.findall(pattern, KNOWN, regex.V0))
    assert len(differing) <= 12, sorted(map(hex, map(ord, differing)))
    assert len(found) > 1


@pytest.mark.parametrize("pattern", [r"\p{L}\ud800[\ud801-\ud805]", "\\p{L}\\udB7F\\U0000dFFF"])
def test_surrogates_that_a_pattern_spells_are_not_those_that_stand_for_properties(pattern: str) -> None:
    assert python_re.parse(pattern) == python_re.parse("[\ud800]")


def test_a_pattern_of_many_properties() -> None:
    names = ["Lu", "Ll", "Nd", "Greek", "Emoji"]
    node = python_re.parse("".join(rf"\p{{{names[index % 5]}}}" for index in range(3_000)))
    assert isinstance(node, Concat)
    assert len(node.parts) == 3_000


@pytest.mark.parametrize("name", ["", "Klingon", "InGreek", "Age=6.0", "gc=Greek", "sc=Lu", "L=", "=L", "Lu|Ll", "L&"])
def test_unknown_properties(name: str) -> None:
    with pytest.raises(RegexError, match=r"unknown Unicode property|without a property") as caught:
        python_re.parse(f"[a]\\p{{{name}}}")
    assert caught.value.span is not None
    assert caught.value.span.column == 4


def test_a_comment_may_hold_anything() -> None:
    assert python_re.parse("(?x) a # \\p{Klingon} \\p{Lu}\n") == python_re.parse("a")
    assert python_re.parse(r"\\p{1}") == python_re.parse(r"\\p")
