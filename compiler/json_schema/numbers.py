"""``minimum`` and its kin, ``multipleOf``: exact decimals, whatever a float would make of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from constrain.compiler.fragments import shared
from constrain.compiler.grammar import MAXIMUM_DIVISOR, MAXIMUM_PLACES, Expression, GrammarBuilder
from constrain.compiler.json_schema import numerals
from constrain.compiler.json_schema.model import FRACTION, INTEGER, NUMBER, Bound, NumberFacet, Refusal, Schema, Value
from constrain.compiler.json_schema.values import exact, is_integral
from constrain.errors import LimitError, SchemaError

__all__ = ["INTEGER_FORMATS", "admits", "complements", "expression_of", "is_empty", "merge", "read", "spelled"]

INTEGER_FORMATS = {
    "int32": NumberFacet(Bound(-(2**31)), Bound(2**31 - 1), (1,)),
    "int64": NumberFacet(Bound(-(2**63)), Bound(2**63 - 1), (1,)),
}
"""OpenAPI's formats of numbers that constrain a value."""


def read(raw: dict[str, Any], pointer: str, *, boolean_exclusive: bool) -> tuple[NumberFacet, tuple[Refusal, ...]]:
    """The facet of a schema's number keywords."""
    low = _bound(raw, "minimum", "exclusiveMinimum", pointer, boolean_exclusive, _tighter_low)
    high = _bound(raw, "maximum", "exclusiveMaximum", pointer, boolean_exclusive, _tighter_high)
    divisor = raw.get("multipleOf")
    if divisor is None:
        return NumberFacet(low, high), ()
    divisor = exact(divisor, f"{pointer}/multipleOf")
    if divisor <= 0:
        raise SchemaError("multipleOf is not positive", pointer=f"{pointer}/multipleOf", expected="more than 0")
    if not supports_divisor(divisor):
        place = f"{pointer}/multipleOf"
        return NumberFacet(low, high), (Refusal(NUMBER, "multipleOf of so many digits", place, _SUPPORTED),)
    return NumberFacet(low, high, (divisor,)), ()


def _bound(raw: dict[str, Any], plain: str, exclusive: str, pointer: str, flag: bool, tighter: Any) -> Bound | None:
    found: Bound | None = None
    if plain in raw:
        strict = flag and raw.get(exclusive) is True
        found = Bound(exact(raw[plain], f"{pointer}/{plain}"), strict)
    if not flag and exclusive in raw:
        other = Bound(exact(raw[exclusive], f"{pointer}/{exclusive}"), True)
        found = other if found is None else tighter(found, other)
    return found


def _tighter_low(a: Bound, b: Bound) -> Bound:
    return max(a, b)


def _tighter_high(a: Bound, b: Bound) -> Bound:
    return a if (a.value, not a.strict) <= (b.value, not b.strict) else b


_SUPPORTED = (
    f"at most 10^{len(str(MAXIMUM_DIVISOR)) - 1} without its decimal point, and at most {MAXIMUM_PLACES} digits after "
    "it; these limits are fixed"
)


def supports_divisor(divisor: int | Decimal | Fraction) -> bool:
    """Whether the engine can compute with it."""
    digits, places = _digits_and_places(Fraction(divisor))
    return digits <= MAXIMUM_DIVISOR and places <= MAXIMUM_PLACES


def _digits_and_places(divisor: Fraction) -> tuple[int, int]:
    """``(n, k)``, k the least, such that the divisor is ``n / 10**k``; it has finitely many decimals."""
    places = 0
    while divisor.denominator != 1:
        divisor *= 10
        places += 1
    return divisor.numerator, places


def _common(facet: NumberFacet, types: int) -> Fraction | None:
    """The least number of which the multiples are those of all divisors; of integers, a whole one."""
    divisors = [Fraction(divisor) for divisor in facet.divisors]
    if divisors and not types & FRACTION:
        divisors.append(Fraction(1))
    if not divisors:
        return None
    return Fraction(math.lcm(*(d.numerator for d in divisors)), math.gcd(*(d.denominator for d in divisors)))


_ANY = NumberFacet()


def merge(facets: Sequence[NumberFacet]) -> NumberFacet:
    """The conjunction."""
    if len(facets) < 2:
        return facets[0] if facets else _ANY
    low: Bound | None = None
    high: Bound | None = None
    for facet in facets:
        if facet.low is not None:
            low = facet.low if low is None else _tighter_low(low, facet.low)
        if facet.high is not None:
            high = facet.high if high is None else _tighter_high(high, facet.high)
    return NumberFacet(low, high, tuple(dict.fromkeys(d for facet in facets for d in facet.divisors)))


def complements(facet: NumberFacet, pointer: str) -> list[Schema]:
    """Schemas of which a number satisfies at least one exactly when it does not satisfy ``facet``."""
    found = []
    if facet.low is not None:
        high = Bound(facet.low.value, not facet.low.strict)
        found.append(Schema(types=NUMBER, number=NumberFacet(high=high)))
    if facet.high is not None:
        low = Bound(facet.high.value, not facet.high.strict)
        found.append(Schema(types=NUMBER, number=NumberFacet(low=low)))
    for divisor in facet.divisors:
        if divisor == 1:
            found.append(Schema(types=FRACTION))
        else:
            found.append(Schema(types=NUMBER, refusals=(Refusal(NUMBER, "the negation of multipleOf", pointer),)))
    return found


def admits(facet: NumberFacet, types: int, value: int | Decimal) -> bool:
    """Whether a number satisfies a facet and the types."""
    low, high, divisors = facet
    if not types & (INTEGER if is_integral(value) else FRACTION):
        return False
    if low is not None and (value < low.value or (low.strict and value == low.value)):
        return False
    if high is not None and (value > high.value or (high.strict and value == high.value)):
        return False
    return all((Fraction(value) / Fraction(divisor)).denominator == 1 for divisor in divisors)


def _integer_bounds(facet: NumberFacet) -> tuple[int | None, int | None]:
    low = high = None
    if facet.low is not None:
        low = math.ceil(facet.low.value)
        low += facet.low.strict and low == facet.low.value
    if facet.high is not None:
        high = math.floor(facet.high.value)
        high -= facet.high.strict and high == facet.high.value
    return low, high


def is_empty(facet: NumberFacet, types: int) -> bool:
    """Whether no number of the types lies within the bounds, or no multiple of the divisors."""
    low, high = facet.low, facet.high
    divisor = _common(facet, types)
    if divisor is not None:
        if divisor.denominator == 1 and not types & INTEGER:
            return True
        if low is None or high is None:
            return False
        # exact numbers of different classes don't compare
        first, last = Fraction(low.value), Fraction(high.value)
        least = math.ceil(first / divisor) * divisor
        if low.strict and least == first:
            least += divisor
        if not types & INTEGER and least.denominator == 1:
            least += divisor  # of two neighbours one at most is an integer
        return least > last or (high.strict and least == last)
    if not types & FRACTION:
        lowest, highest = _integer_bounds(facet)
        return lowest is not None and highest is not None and highest < lowest
    if low is None or high is None:
        return False
    return high.value < low.value or (high.value == low.value and (high.strict or low.strict))


@shared
def expression_of(
    builder: GrammarBuilder, facet: NumberFacet, types: int, excluded: tuple[int | Decimal, ...]
) -> Expression | None:
    """Numbers that satisfy a facet; None when there are none.

    Args:
        builder: where expressions go.
        facet: bounds and divisors.
        types: INTEGER, FRACTION or both. Without FRACTION the spelling has no fraction either.
        excluded: numbers that are not allowed.
    """
    if is_empty(facet, types):
        return None
    if not types & FRACTION:
        found = numerals.integers(builder, *_integer_bounds(facet))
    else:
        found = numerals.numbers(builder, facet.low, facet.high)
    if found is None or not (excluded or facet.divisors or types == FRACTION):
        return found
    return _refined(builder, found, facet, types, excluded)


def _refined(
    builder: GrammarBuilder, found: Expression, facet: NumberFacet, types: int, excluded: Sequence[int | Decimal]
) -> Expression:
    pieces = numerals.Numerals(builder)
    sign = builder.repeat(pieces.minus, 0, 1)
    divisor = _common(facet, types)
    parts = []
    if divisor is None or facet.low is not None or facet.high is not None:
        parts.append(found)
    if divisor is not None:
        parts.append(_multiples(builder, divisor, types))
    if not types & INTEGER:
        parts.append(builder.concat([sign, pieces.natural, pieces.some_fraction]))
    if excluded:
        if divisor is None:
            parts.append(builder.concat([sign, pieces.natural, pieces.any_fraction]))
        parts.append(builder.complement(builder.union(numerals.spellings(builder, value) for value in excluded)))
    return builder.intersection(parts)


def _multiples(builder: GrammarBuilder, divisor: Fraction, types: int) -> Expression:
    if not supports_divisor(divisor):
        raise LimitError(
            "the divisors of a number (multipleOf) have a common multiple that is too large",
            expected=_SUPPORTED,
        )
    digits, places = _digits_and_places(divisor)
    return builder.multiples(digits, places if types & FRACTION else None)


def spelled(value: Value, types: int) -> list[bytes]:
    """Spellings of one allowed number: plain, and as written in the schema."""
    _, number, written = value  # type: ignore[misc]  # callers pass numbers
    plain = format(number, "f") if isinstance(number, Decimal) else str(number)
    found = [plain]
    if types & FRACTION and written != plain:
        found.append(str(written))
    return [text.encode() for text in found]
