"""Conditions on a number, for the expression that reads its numerals: exact decimals in the form that the engine takes.

The engine computes with digits and remainders, so the ends of an interval come to it as digits, on each side of zero
for itself. An end that isn't strict is itself one of the numbers: an interval of multiples begins and ends with one.
Then a beginning of a numeral that agrees with an end can always be completed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias

from constrain.errors import LimitError

__all__ = ["MAXIMUM_DIVISOR", "MAXIMUM_PLACES", "Amount", "End", "Form", "Numeral", "Side", "interval", "values"]

MAXIMUM_DIVISOR = 10**18
"""Of a divisor without its point, and of the least common multiple of all divisors."""

MAXIMUM_PLACES = 18
"""Digits of a divisor after the point."""

Form: TypeAlias = Literal["any", "plain", "whole", "broken"]
"""``any`` of RFC 8259, ``plain`` without an exponent, ``whole`` also without a fraction and without ``-0``; ``broken``
has a fraction or an exponent."""


class Amount(NamedTuple):
    """``0.digits * 10**scale``, more than zero; the digits neither begin nor end with a zero."""

    digits: str
    scale: int


class End(NamedTuple):
    """An end of an interval; strict when it is no part of it."""

    amount: Amount
    strict: bool


class Side(NamedTuple):
    """Amounts of the numbers of one sign.

    Attributes:
        low: the least; None when zero is the bound.
        high: the largest.
        listed: what is left out.
        only_listed: if true, those listed are all there is.
    """

    low: End | None = None
    high: End | None = None
    listed: tuple[Amount, ...] = ()
    only_listed: bool = False


class Numeral(NamedTuple):
    """Which numbers, and how they may be spelled.

    Attributes:
        spelling: see ``Form``.
        zero: whether zero is one of them.
        positive: those above zero, if any.
        negative: those below it.
        divisor: in units of ``10**-places``, divides all of them.
        avoided: in the same units, divide none of them.
        places: digits of the units.
    """

    spelling: Form
    zero: bool
    positive: Side | None
    negative: Side | None
    divisor: int | None = None
    avoided: tuple[int, ...] = ()
    places: int = 0


def values(numbers: Iterable[Fraction], spelling: Literal["any", "broken"] = "any") -> Numeral | None:
    """Some numbers; None when there are none."""
    chosen = set(numbers)

    def side(amounts: Iterable[Fraction]) -> Side | None:
        listed = tuple(_amount(amount) for amount in sorted(amounts))
        return Side(listed=listed, only_listed=True) if listed else None

    if not chosen:
        return None
    positive, negative = side(n for n in chosen if n > 0), side(-n for n in chosen if n < 0)
    return Numeral(spelling, 0 in chosen, positive, negative)


def interval(
    spelling: Form,
    low: tuple[Fraction, bool] | None,
    high: tuple[Fraction, bool] | None,
    divisors: Sequence[Fraction] = (),
    avoided: Sequence[Fraction] = (),
    excluded: Iterable[Fraction] = (),
) -> Numeral | None:
    """The numbers between two ends that are multiples of some numbers and of none of others; None when there are none.

    All numbers have finitely many decimals.

    Args:
        spelling: ``whole`` asks for a divisor that is an integer.
        low: an end, and whether it is strict.
        high: the other one.
        divisors: positive numbers that divide.
        avoided: positive numbers that don't.
        excluded: numbers that are left out.

    Raises:
        LimitError: the divisors need more digits than the engine computes with.
    """
    divisor = _common_multiple(divisors) if divisors else None
    # among multiples, what is to be avoided are multiples as well
    others = sorted({number if divisor is None else _common_multiple((number, divisor)) for number in avoided})
    if divisor is not None and divisor in others:
        return None
    gone = frozenset(excluded)

    def is_wanted(number: Fraction) -> bool:
        return number not in gone and not any((number / other).denominator == 1 for other in others)

    above = low is None or low[0] < 0 or (low[0] == 0 and not low[1])
    below = high is None or high[0] > 0 or (high[0] == 0 and not high[1])
    opposite = None if low is None else (-low[0], low[1]), None if high is None else (-high[0], high[1])
    zero = above and below and is_wanted(Fraction(0))
    positive = _side(low, high, divisor, is_wanted, gone)
    negative = _side(opposite[1], opposite[0], divisor, lambda n: is_wanted(-n), frozenset(-n for n in gone))
    if not zero and positive is None and negative is None:
        return None
    places = max((_places(number) for number in (*others, *([] if divisor is None else [divisor]))), default=0)
    units = tuple(int(number * 10**places) for number in others)
    unit = None if divisor is None else int(divisor * 10**places)
    _check(math.lcm(*units, unit or 1), places)
    return Numeral(spelling, zero, positive, negative, unit, units, places)


def _side(
    low: tuple[Fraction, bool] | None,
    high: tuple[Fraction, bool] | None,
    divisor: Fraction | None,
    is_wanted: Callable[[Fraction], bool],
    excluded: frozenset[Fraction],
) -> Side | None:
    """What of an interval is above zero."""
    if high is not None and high[0] <= 0:
        return None
    if low is not None and low[0] <= 0:
        low = None
    left_out = [number for number in excluded if number > 0]
    if divisor is not None and (low is not None or high is not None or left_out):
        ends = _multiples(low, high, divisor, is_wanted)
        if ends is None:
            return None
        low, high = ends
    elif divisor is None:
        low = None if low is None else (low[0], low[1] or not is_wanted(low[0]))
        high = None if high is None else (high[0], high[1] or not is_wanted(high[0]))
        if low and high and (low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1]))):
            return None
    listed = [
        number
        for number in left_out
        if (low is None or low[0] < number)
        and (high is None or number < high[0])
        and (divisor is None or (number / divisor).denominator == 1)
    ]
    return Side(
        None if low is None else End(_amount(low[0]), low[1]),
        None if high is None else End(_amount(high[0]), high[1]),
        tuple(_amount(number) for number in sorted(listed)),
    )


def _multiples(
    low: tuple[Fraction, bool] | None,
    high: tuple[Fraction, bool] | None,
    divisor: Fraction,
    is_wanted: Callable[[Fraction], bool],
) -> tuple[tuple[Fraction, bool], tuple[Fraction, bool] | None] | None:
    """The first and the last multiple that is wanted; runs of those that aren't are short."""
    first = 1 if low is None else math.ceil(low[0] / divisor)
    first += low is not None and low[1] and first * divisor == low[0]
    last = None if high is None else math.floor(high[0] / divisor)
    if last is not None and high is not None:
        last -= high[1] and last * divisor == high[0]
    while (last is None or first <= last) and not is_wanted(first * divisor):
        first += 1
    if last is None:
        return (first * divisor, False), None
    while last >= first and not is_wanted(last * divisor):
        last -= 1
    return None if last < first else ((first * divisor, False), (last * divisor, False))


def _common_multiple(numbers: Sequence[Fraction]) -> Fraction:
    return Fraction(math.lcm(*(n.numerator for n in numbers)), math.gcd(*(n.denominator for n in numbers)))


def _places(number: Fraction) -> int:
    """Digits after the point."""
    places, denominator = 0, number.denominator
    while denominator != 1:
        denominator //= math.gcd(denominator, 10)
        places += 1
    return places


def _amount(number: Fraction) -> Amount:
    places = _places(number)
    digits = str(int(number * 10**places))
    return Amount(digits.rstrip("0"), len(digits) - places)


def _check(modulus: int, places: int) -> None:
    if modulus > MAXIMUM_DIVISOR or places > MAXIMUM_PLACES:
        raise LimitError(
            "the divisors of a number (multipleOf) have a common multiple that is too large",
            expected=f"at most 10^{len(str(MAXIMUM_DIVISOR)) - 1} without its decimal point, and at most "
            f"{MAXIMUM_PLACES} digits after it; these limits are fixed",
        )
