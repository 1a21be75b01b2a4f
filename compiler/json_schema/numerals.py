"""Intervals of exact decimals as regular expressions over JSON's spelling of numbers.

Inside bounds no exponent is generated: ``1e1`` and ``10`` are the same number, and one spelling is enough. Integers
have no fraction, no exponent and no ``-0``.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from constrain.compiler.grammar import Expression, GrammarBuilder
from constrain.compiler.json_schema.model import Bound

__all__ = ["MAXIMUM_EXPONENT_DIGITS", "any_number", "digits_of", "integers", "numbers", "short_numbers", "spellings"]

MAXIMUM_EXPONENT_DIGITS = 3
"""Digits of the exponent of a number without bounds."""


class Numerals:
    """The recurring pieces, for one builder."""

    def __init__(self, builder: GrammarBuilder) -> None:
        self.builder = builder
        self.digit = builder.char_class([(48, 57)])
        self.digits = builder.repeat(self.digit, 0, None)
        self.some_digits = builder.repeat(self.digit, 1, None)
        self.positive_digit = builder.char_class([(49, 57)])
        self.zeros = builder.repeat(builder.literal(b"0"), 0, None)
        self.point = builder.literal(b".")
        self.minus = builder.literal(b"-")
        self.empty = builder.literal(b"")

    @property
    def natural(self) -> Expression:
        builder = self.builder
        return builder.union([builder.literal(b"0"), builder.concat([self.positive_digit, self.digits])])

    @property
    def any_fraction(self) -> Expression:
        return self.builder.repeat(self.builder.concat([self.point, self.some_digits]), 0, 1)

    @property
    def some_fraction(self) -> Expression:
        """A fraction that is not zero."""
        return self.builder.concat([self.point, self.zeros, self.positive_digit, self.digits])

    @property
    def zero_fraction(self) -> Expression:
        builder = self.builder
        return builder.repeat(builder.concat([self.point, builder.repeat(builder.literal(b"0"), 1, None)]), 0, 1)

    @property
    def exponent(self) -> Expression:
        builder = self.builder
        sign = builder.repeat(builder.char_class([(43, 43), (45, 45)]), 0, 1)
        digits = builder.repeat(self.digit, 1, MAXIMUM_EXPONENT_DIGITS)
        return builder.repeat(builder.concat([builder.literals([b"e", b"E"]), sign, digits]), 0, 1)

    # -- naturals ------------------------------------------------------------------------------------------------

    def naturals(self, low: int, high: int | None) -> list[Expression]:
        """Spellings of ``low`` to ``high``, by number of digits."""
        builder = self.builder
        parts: list[Expression] = []
        if high is not None and high < low:
            return parts
        if low == 0 and high is None:
            return [self.natural]
        if low == 0:
            parts.append(builder.literal(b"0"))
            low = 1
        first, last = len(str(low)), None if high is None else len(str(high))
        if last is None or last > first:
            parts.append(self._at_least(str(low)))
            if last is None:
                tail = builder.repeat(self.digit, first, None)
                parts.append(builder.concat([self.positive_digit, tail]))
            elif last > first + 1:
                tail = builder.repeat(self.digit, first, last - 2)
                parts.append(builder.concat([self.positive_digit, tail]))
            if high is not None:
                parts.append(self._at_most(str(high), leading=True))
        elif high is not None and high >= low:
            parts.append(self._between(str(low), str(high)))
        return parts

    def _at_least(self, low: str) -> Expression:
        """Numerals of as many digits as ``low``, from it on."""
        builder = self.builder
        result = self.empty
        for i in range(len(low) - 1, -1, -1):
            options = [builder.concat([builder.literal(low[i].encode()), result])]
            if low[i] < "9":
                rest = builder.repeat(self.digit, len(low) - i - 1, len(low) - i - 1)
                options.append(builder.concat([builder.char_class([(ord(low[i]) + 1, 57)]), rest]))
            result = builder.union(options)
        return result

    def _at_most(self, high: str, *, leading: bool) -> Expression:
        """Numerals of as many digits as ``high``, up to it; the first digit is not zero if ``leading``."""
        builder = self.builder
        result = self.empty
        for i in range(len(high) - 1, -1, -1):
            options = [builder.concat([builder.literal(high[i].encode()), result])]
            least = 49 if leading and i == 0 else 48
            if ord(high[i]) > least:
                rest = builder.repeat(self.digit, len(high) - i - 1, len(high) - i - 1)
                options.append(builder.concat([builder.char_class([(least, ord(high[i]) - 1)]), rest]))
            result = builder.union(options)
        return result

    def _between(self, low: str, high: str) -> Expression:
        """Numerals from ``low`` to ``high``, which have the same number of digits."""
        builder = self.builder
        if low == high:
            return builder.literal(low.encode())
        same = next(i for i in range(len(low)) if low[i] != high[i])
        left = len(low) - same - 1
        options = [
            builder.concat([builder.literal(low[same].encode()), self._at_least(low[same + 1 :])]),
            builder.concat([builder.literal(high[same].encode()), self._at_most(high[same + 1 :], leading=False)]),
        ]
        if ord(low[same]) + 1 < ord(high[same]):
            middle = builder.char_class([(ord(low[same]) + 1, ord(high[same]) - 1)])
            options.append(builder.concat([middle, builder.repeat(self.digit, left, left)]))
        tail = builder.union(options)
        return builder.concat([builder.literal(low[:same].encode()), tail]) if same else tail

    # -- fractions -----------------------------------------------------------------------------------------------

    def fraction_at_least(self, digits: str, *, strict: bool) -> Expression:
        """Fractions (with their point, or nothing) whose value is at least ``0.digits``."""
        builder = self.builder
        if not digits:
            return self.some_fraction if strict else self.any_fraction
        result = builder.concat([self.zeros, self.positive_digit, self.digits]) if strict else self.digits
        for digit in reversed(digits):
            options = [builder.concat([builder.literal(digit.encode()), result])]
            if digit < "9":
                options.append(builder.concat([builder.char_class([(ord(digit) + 1, 57)]), self.digits]))
            result = builder.union(options)
        return builder.concat([self.point, result])

    def fraction_at_most(self, digits: str, *, strict: bool) -> Expression | None:
        """Fractions (with their point, or nothing) whose value is at most ``0.digits``; None if there are none."""
        builder = self.builder
        if not digits:
            return None if strict else self.zero_fraction
        result: Expression | None = None if strict else self.zeros
        for i in range(len(digits) - 1, -1, -1):
            digit = digits[i]
            options = [] if result is None else [builder.concat([builder.literal(digit.encode()), result])]
            if digit > "0":
                options.append(builder.concat([builder.char_class([(48, ord(digit) - 1)]), self.digits]))
            if i:
                options.append(self.empty)  # what stops earlier is smaller
            result = builder.union(options)
        if result is None:
            return self.empty
        return builder.repeat(builder.concat([self.point, result]), 0, 1)

    def magnitudes(self, low: Bound, high: Bound | None) -> list[Expression]:
        """Spellings without a sign of the numbers between two bounds that are not negative."""
        builder = self.builder
        if high is not None and (high.value < low.value or (high.value == low.value and (low.strict or high.strict))):
            return []
        low_whole, low_digits = _split(low.value)
        above = self.fraction_at_least(low_digits, strict=low.strict)
        if high is None:
            first, last = low_whole + 1, None
            parts = [builder.concat([builder.literal(str(low_whole).encode()), above])]
        else:
            high_whole, high_digits = _split(high.value)
            below = self.fraction_at_most(high_digits, strict=high.strict)
            if low_whole == high_whole:
                if below is None:
                    return []
                fraction = builder.intersection([above, below])
                return [builder.concat([builder.literal(str(low_whole).encode()), fraction])]
            first, last = low_whole + 1, high_whole - 1
            parts = [builder.concat([builder.literal(str(low_whole).encode()), above])]
            if below is not None:
                parts.append(builder.concat([builder.literal(str(high_whole).encode()), below]))
        whole = self.naturals(first, last)
        if whole:
            parts.append(builder.concat([builder.union(whole), self.any_fraction]))
        return parts


def _split(value: int | Decimal) -> tuple[int, str]:
    """Whole part, and digits of the fraction without trailing zeros, of a number that is not negative."""
    if isinstance(value, int):
        return value, ""  # to format it would take it for a float
    whole, _, digits = format(value, "f").partition(".")
    return int(whole), digits.rstrip("0")


def _opposite(value: int | Decimal) -> int | Decimal:
    # the minus operator would round a Decimal to the precision of its context
    return value.copy_negate() if isinstance(value, Decimal) else -value


def any_number(builder: GrammarBuilder) -> Expression:
    """JSON's numbers, the exponent bounded."""
    pieces = Numerals(builder)
    sign = builder.repeat(pieces.minus, 0, 1)
    return builder.concat([sign, pieces.natural, pieces.any_fraction, pieces.exponent])


def short_numbers(builder: GrammarBuilder, whole: int, places: int) -> Expression:
    """Numerals of so many digits at most before the point, and after it."""
    digit = builder.char_class([(48, 57)])
    sign = builder.repeat(builder.literal(b"-"), 0, 1)
    fraction = builder.concat([builder.literal(b"."), builder.repeat(digit, 1, places)])
    return builder.concat(
        [sign, builder.repeat(digit, 1, whole), builder.repeat(fraction, 0, 1), Numerals(builder).exponent]
    )


def digits_of(numbers: Iterable[Fraction], least: int) -> tuple[int, int]:
    """Digits before the point, and after it, of the longest of some decimals; ``least`` if they have fewer."""
    whole = places = least
    for number in numbers:
        whole = max(whole, len(str(abs(int(number)))))
        while (number * 10**places).denominator != 1:
            places += 1
    return whole, places


def integers(builder: GrammarBuilder, low: int | None, high: int | None) -> Expression | None:
    """Integers between two inclusive bounds; None when there are none."""
    pieces = Numerals(builder)
    parts: list[Expression] = []
    if high is None or high >= 0:
        parts.extend(pieces.naturals(max(0, low or 0), high))
    if low is None or low < 0:
        negative = pieces.naturals(1 if high is None else max(1, -high), None if low is None else -low)
        if negative:
            parts.append(builder.concat([pieces.minus, builder.union(negative)]))
    return builder.union(parts) if parts else None


def numbers(builder: GrammarBuilder, low: Bound | None, high: Bound | None) -> Expression | None:
    """Numbers between two bounds; None when there are none."""
    if low is None and high is None:
        return any_number(builder)
    pieces = Numerals(builder)
    zero = Bound(0)
    parts: list[Expression] = []
    if high is None and low is not None and low.value == 0:
        # the sign alone decides, so an exponent does no harm
        if not low.strict:
            parts.append(builder.concat([pieces.natural, pieces.any_fraction, pieces.exponent]))
            parts.append(builder.concat([builder.literal(b"-0"), pieces.zero_fraction, pieces.exponent]))
        else:
            large = builder.concat([pieces.positive_digit, pieces.digits, pieces.any_fraction])
            small = builder.concat([builder.literal(b"0"), pieces.some_fraction])
            parts.append(builder.concat([builder.union([large, small]), pieces.exponent]))
        return builder.union(parts)
    if high is None or high.value >= 0:
        parts.extend(pieces.magnitudes(low if low is not None and low.value >= 0 else zero, high))
    if low is None or low.value <= 0:
        nearest = zero if high is None or high.value > 0 else Bound(_opposite(high.value), high.strict)
        farthest = None if low is None else Bound(_opposite(low.value), low.strict)
        parts.extend(builder.concat([pieces.minus, part]) for part in pieces.magnitudes(nearest, farthest))
    return builder.union(parts) if parts else None


def spellings(builder: GrammarBuilder, value: int | Decimal) -> Expression:
    """Every spelling without an exponent of one number."""
    pieces = Numerals(builder)
    whole, digits = _split(_opposite(value) if value < 0 else value)
    text = builder.literal(f"{whole}.{digits}".encode() if digits else str(whole).encode())
    tail = pieces.zeros if digits else pieces.zero_fraction
    sign = builder.repeat(pieces.minus, 0, 1) if value == 0 else pieces.minus if value < 0 else pieces.empty
    return builder.concat([sign, text, tail])
