"""Numerals that meet conditions, by fractions: the text read so far is the state, and each question is asked anew.

Whether a numeral that has begun can be completed is tried out. With an exponent, or with more digits of the whole part,
its point may still go anywhere, so every place is looked at up to where more of them make no difference.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from constrain.compiler.numeral import Amount, Numeral, Side

__all__ = ["begins", "matches"]

_WHOLE = "0|-?[1-9][0-9]*"
_PLAIN = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_NUMERALS = {
    "whole": _WHOLE,
    "plain": _PLAIN,
    "any": rf"{_PLAIN}(?:[eE][+-]?[0-9]+)?",
    "broken": rf"(?=.*[.eE]){_PLAIN}(?:[eE][+-]?[0-9]+)?",
}

_ENOUGH = 64
"""Numbers within which one meets the conditions if any does: runs of those that don't are shorter."""


def matches(numeral: Numeral, text: str) -> bool:
    """Whether a text is the numeral of a number that is wanted."""
    if re.fullmatch(_NUMERALS[numeral.spelling], text) is None:
        return False
    mantissa, _, exponent = text.lower().partition("e")
    # an exponent beyond the reach takes any number past all that makes a difference
    reach = _reach(numeral, text)
    return _is_wanted(numeral, Fraction(mantissa) * Fraction(10) ** max(min(int(exponent or 0), reach), -reach))


@lru_cache(maxsize=1 << 16)
def begins(numeral: Numeral, text: str) -> bool:
    """Whether some numeral that begins with the text is one of a number that is wanted."""
    if not any(re.fullmatch(_NUMERALS[numeral.spelling], text + end) for end in ("", "0", "1", "e0", "0e0")):
        return False
    mantissa, sign, exponent = text.lower().partition("e")
    if sign:
        amount = Fraction(mantissa)
        reach = _reach(numeral, text)
        powers = set(_exponents(exponent, reach))
        return any(_is_wanted(numeral, amount * Fraction(10) ** power) for power in powers)
    if matches(numeral, text):
        return True
    negative = mantissa.startswith("-")
    side = numeral.negative if negative else numeral.positive
    digits = mantissa.lstrip("-").replace(".", "")
    if not int(digits or 0) and numeral.zero and (not negative or numeral.spelling != "whole"):
        return True
    if side is None:
        return False
    if not digits:
        return True
    after_point = len(mantissa.partition(".")[2])
    first, last = -after_point, -after_point
    if numeral.spelling in ("any", "broken"):
        first, last = -_reach(numeral, text), _reach(numeral, text)
    elif "." not in mantissa and int(digits):
        last = _reach(numeral, text)
    elif "." not in mantissa and numeral.spelling == "whole":
        return False  # nothing comes after a zero
    value = int(digits)
    return any(
        _has_wanted(numeral, side, negative, value * Fraction(10) ** power, (value + 1) * Fraction(10) ** power)
        for power in range(first, last + 1)
    )


def _exponents(written: str, reach: int) -> Iterable[int]:
    """The exponents that begin so, up to the reach, which stands for those beyond."""
    digits = written.lstrip("+-")
    begun = int(digits or 0)
    for further in range(len(str(reach)) + 2):
        if not begun:
            first, last = 0, reach  # more digits may follow zeros, or nothing
        else:
            first, last = begun * 10**further, (begun + 1) * 10**further - 1
        for amount in range(min(first, reach), min(last, reach) + 1):
            if not written.startswith("-"):
                yield amount
            if written.startswith("-") or not written:
                yield -amount


def _reach(numeral: Numeral, text: str) -> int:
    """More than any power of ten that makes a difference after the text."""
    scale = 0
    for side in (numeral.positive, numeral.negative):
        if side is not None:
            ends = [end.amount for end in (side.low, side.high) if end is not None]
            scale = max(scale, *(abs(amount.scale) + len(amount.digits) for amount in (*ends, *side.listed)), 0)
    bits = math.lcm(numeral.divisor or 1, *numeral.avoided).bit_length()
    return bits + numeral.places + scale + len(text) + 2


def _value(amount: Amount) -> Fraction:
    return Fraction(int(amount.digits)) * Fraction(10) ** (amount.scale - len(amount.digits))


def _is_wanted(numeral: Numeral, number: Fraction) -> bool:
    side = numeral.positive if number > 0 else numeral.negative
    if number == 0:
        return numeral.zero
    if side is None:
        return False
    number = abs(number)
    if side.only_listed:
        return number in map(_value, side.listed)
    if side.low is not None:
        low = _value(side.low.amount)
        if number < low or (number == low and side.low.strict):
            return False
    if side.high is not None:
        high = _value(side.high.amount)
        if number > high or (number == high and side.high.strict):
            return False
    units = number * 10**numeral.places
    if numeral.divisor is not None and units % numeral.divisor != 0:
        return False
    return not any(units % avoided == 0 for avoided in numeral.avoided) and number not in map(_value, side.listed)


def _has_wanted(numeral: Numeral, side: Side, negative: bool, least: Fraction, bound: Fraction) -> bool:
    """Whether a number of a sign is wanted whose amount is at least something, and below a bound."""
    sign = -1 if negative else 1
    if side.only_listed:
        return any(least <= _value(amount) < bound for amount in side.listed)
    low = least if side.low is None else max(least, _value(side.low.amount))
    high = bound if side.high is None else min(bound, _value(side.high.amount))
    if low > high or bound <= low:
        return False
    if numeral.divisor is None:
        # any decimal between the two, or one of them
        return low < high or _is_wanted(numeral, sign * low)
    step = Fraction(numeral.divisor, 10**numeral.places)
    first = math.ceil(low / step)
    for factor in range(max(first, 1), first + _ENOUGH + len(side.listed)):
        if factor * step > high:
            break
        if least <= factor * step < bound and _is_wanted(numeral, sign * factor * step):
            return True
    return False
