"""Character classes over every code point, against ``re``; and classes in encodings other than UTF-8."""

from __future__ import annotations

import re
import unicodedata

import pytest

from constrain.compiler.grammar import Expression, GrammarBuilder
from constrain.compiler.regex import CharacterClass, ecma, lower, python_re

EVERYTHING = "".join(chr(code_point) for code_point in range(0x110000))


@pytest.mark.parametrize(
    "pattern",
    [
        r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", r"[^\W\d]", r"[\s\d]", ".", r"(?a)\w", r"(?a)\S", "(?i)k", "(?i)ß",
        "(?i)[a-z]", "(?i)[^a-z]", "(?i)[À-ÿ]", "(?i)[Α-ω]", "(?ia)[k-s]", "(?i)ſ", "(?i)[Ā-ſ]", r"(?i)[\dµ]",
        "(?i)[ᲀ-ᲈ]", "(?i)[Ა-Ჿ]", "(?i)[İı]", "(?i)[^k]", "[^a]",
    ],
)  # fmt: skip
def test_python_classes_hold_exactly_what_re_says(pattern: str) -> None:
    node = python_re.parse(pattern)
    assert isinstance(node, CharacterClass)
    expected = "".join(re.findall(pattern, EVERYTHING))
    found = "".join(EVERYTHING[low : high + 1] for low, high in node.ranges)
    assert found == re.sub("[\ud800-\udfff]+", "", expected)


def escaped_class(builder: GrammarBuilder, ranges: tuple[tuple[int, int], ...]) -> Expression:
    """A toy encoding: each character is its number in decimal and a semicolon."""
    numbers = (str(point).encode() + b";" for low, high in ranges for point in range(low, min(high, low + 300) + 1))
    return builder.literals(numbers)


def test_a_custom_encoding_reaches_every_character() -> None:
    builder = GrammarBuilder()
    expression = lower(ecma.whole_language("ab[cd]|(?!x)[w-y]"), builder, escaped_class)
    literals = [
        node[1] for node in builder.finish(builder.terminal(expression, "x")).expressions if node[0] == "literals"
    ]
    assert (b"97;",) in literals
    assert (b"100;", b"99;") in literals
    assert (b"119;", b"121;") in literals
    assert not any(node[0] == "char_class" for node in builder.finish(builder.terminal(expression, "x")).expressions)


def test_texts_become_one_literal_and_choices_of_texts_one_set() -> None:
    builder = GrammarBuilder()
    lower(ecma.whole_language("foo|bar|x"), builder)
    lower(ecma.whole_language("key-[0-9]+"), builder)
    grammar = builder.finish(builder.terminal(builder.literal(b"key-"), "x"))
    assert ("literals", (b"bar", b"foo", b"x")) in grammar.expressions
    assert ("literal", b"k") not in grammar.expressions


def test_ecma_letters_are_equal_by_simple_case_folding() -> None:
    """As far as Python's tables tell: they have full folding, which agrees where it gives one character."""

    def folded(character: str) -> str:
        full, lower = character.casefold(), character.lower()
        return full if len(full) == 1 else lower if len(lower) == 1 else character

    relatives: dict[str, set[str]] = {}
    for character in filter(str.isprintable, EVERYTHING):
        relatives.setdefault(folded(character), set()).add(character)
    # pairs whose full folding is one text of several characters, and that have simple folding since Unicode 15.1
    for first, second in (("\u0390", "\u1fd3"), ("\u03b0", "\u1fe3"), ("\ufb05", "\ufb06")):
        relatives[first] = relatives[second] = {first, second}
    for letters in relatives.values():
        if len(letters) == 1 and not letters.intersection("kß1١日"):
            continue
        for letter in letters:
            node = ecma.whole_language(f"(?i:{letter})")
            assert isinstance(node, CharacterClass)
            found = {chr(point) for low, high in node.ranges for point in range(low, high + 1)}
            # newer relatives of theirs are not known to this Python
            assert {each for each in found if unicodedata.category(each) != "Cn"} == letters
