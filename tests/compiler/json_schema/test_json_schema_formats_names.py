"""Internationalised labels: every character that is generated, against Unicode's data, and the lengths of A-labels.

How long an A-label can get follows from how Punycode (RFC 3492) writes the characters beyond ASCII. In ascending order,
each is a number: how many positions to skip before it is inserted, where every code point from the last one on has as
many positions as there are characters already. The digits of a number stand for more or less, by a bias that follows
from the number before. So the exact length depends on the whole label; but the distances of successive code points add
up to no more than the width of the alphabet, and so few of the numbers can be large.
"""

from __future__ import annotations

import random
import unicodedata
from functools import cache

import idna
import pytest

from constrain.compiler.json_schema.formats.hosts import MAXIMUM_NAME
from constrain.compiler.json_schema.formats.international import LONGEST_LABEL
from constrain.compiler.json_schema.formats.scripts import (
    LEFT_TO_RIGHT,
    LONGEST_MIXED,
    RIGHT_TO_LEFT,
    Script,
    letters,
    marks,
    reordered_marks,
)

SCRIPTS = (*LEFT_TO_RIGHT, *RIGHT_TO_LEFT)
BY_SCRIPT = pytest.mark.parametrize("script", SCRIPTS, ids=[f"{script.low:X}" for script in SCRIPTS])
PREFIX = len("xn--")
_BASE, _T_MIN, _T_MAX, _SKEW, _DAMP, _INITIAL_BIAS = 36, 1, 26, 38, 700, 72


@cache
def label_bound(length: int, low: int, high: int) -> int:
    """The most octets of an A-label for labels of so many characters, each in ASCII or between two code points."""
    return PREFIX + max(_bound(basic, length - basic, low, high) for basic in range(length))


def _bound(basic: int, inserted: int, low: int, high: int) -> int:
    """The most octets after the prefix, of so many characters in ASCII, and so many others."""
    length = basic + inserted
    first = (high - 0x80) * (basic + 1) + basic
    digits = 1
    while _least(digits, _INITIAL_BIAS) <= first:
        digits += 1
    # a later number is at most (distance + 1) * length, and the distances add up to the width at most
    width, others = high - low, inserted - 1
    largest = (width + 1) * length
    bias = max(_bias(first // _DAMP * 2), _bias(largest // 2 + largest // 4))
    digits += others
    for least in _limits(bias, largest):
        distance = -(-least // length) - 1
        digits += others if distance <= 0 else min(others, width // distance)
    return basic + (basic > 0) + digits


def _bias(delta: int) -> int:
    """The bias after a number, from its part that RFC 3492 (section 6.1) adapts to; it grows with that."""
    steps = 0
    while delta > (_BASE - _T_MIN) * _T_MAX // 2:
        delta //= _BASE - _T_MIN
        steps += _BASE
    return steps + (_BASE - _T_MIN + 1) * delta // (delta + _SKEW)


@cache
def _limits(bias: int, largest: int) -> list[int]:
    """The least numbers of more than one digit, more than two, and so on, under any bias up to one."""
    found: list[int] = []
    while (least := min(_least(len(found) + 1, b) for b in range(bias + 1))) <= largest:
        found.append(least)
    return found


def _least(digits: int, bias: int) -> int:
    """The least number of more than so many digits."""
    thresholds = [min(_T_MAX, max(_T_MIN, _BASE * (place + 1) - bias)) for place in range(digits)]
    least = thresholds.pop()
    while thresholds:
        threshold = thresholds.pop()
        least = threshold + (_BASE - threshold) * least
    return least


def characters(*ranges: tuple[tuple[int, int], ...]) -> list[str]:
    return [chr(point) for part in ranges for low, high in part for point in range(low, high + 1)]


@cache
def composing() -> frozenset[str]:
    """Characters that normal form C may compose with one before them."""
    jamo = (chr(point) for point in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)))
    stable = (c for c in map(chr, range(0x110000)) if unicodedata.normalize("NFC", c) == c)
    pairs = (unicodedata.decomposition(character).split() for character in stable)
    return frozenset((*jamo, *(chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and pair[0][0] != "<")))


@BY_SCRIPT
def test_characters(script: Script) -> None:
    letter, mark, reordered = (characters(kind(script)) for kind in (letters, marks, reordered_marks))
    assert letter
    for character in letter + mark + reordered:
        label = "\u05d0" + character if script in RIGHT_TO_LEFT else "a" + character
        idna.check_label(label)
        assert character not in composing()
    for character in letter:
        idna.check_label(character)
        idna.check_bidi(character, check_ltr=True)
    for character in letter + mark:
        assert unicodedata.combining(character) == 0
    if script in LEFT_TO_RIGHT:
        assert not {unicodedata.bidirectional(c) for c in letter + mark + reordered} & {"R", "AL", "AN"}
        assert {unicodedata.bidirectional(c) for c in letter} == {"L"}
    assert all(unicodedata.combining(character) > 0 for character in reordered)


@BY_SCRIPT
def test_lengths(script: Script) -> None:
    longest, more = (label_bound(script.longest + i, script.low, script.high) for i in (0, 1))
    assert longest <= LONGEST_LABEL < more


def test_length_of_labels_of_many_scripts() -> None:
    low, high = min(script.low for script in SCRIPTS), max(script.high for script in SCRIPTS)
    assert label_bound(LONGEST_MIXED, low, high) <= LONGEST_LABEL < label_bound(LONGEST_MIXED + 1, low, high)


def test_length_of_names() -> None:
    assert 4 * LONGEST_LABEL + 3 <= MAXIMUM_NAME
    assert max(script.high for script in SCRIPTS) <= 0xFFFF  # three octets, of which mailboxes count on


@BY_SCRIPT
def test_bound_holds(script: Script) -> None:
    rng = random.Random(script.low)
    members = characters(letters(script), marks(script), reordered_marks(script))
    for _ in range(400):
        length = rng.randint(1, 30)
        few = rng.choices(members, k=rng.randint(1, 5))
        label = "".join(rng.choices([*few, *"az09"] if rng.random() < 0.5 else few, k=length)) + few[0]
        octets = PREFIX + len(label.encode("punycode"))
        assert octets <= label_bound(len(label), script.low, script.high)
