"""``minimum`` and its kin, ``multipleOf``: exact decimals, whatever a float would make of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from constrain.compiler.emptiness import has_text
from constrain.compiler.fragments import shared
from constrain.compiler.grammar import MAXIMUM_DIVISOR, MAXIMUM_PLACES, Expression, Grammar, GrammarBuilder
from constrain.compiler.json_schema import numerals
from constrain.compiler.json_schema.model import FRACTION, INTEGER, NUMBER, Bound, NumberFacet, Refusal, Schema, Value
from constrain.compiler.json_schema.values import exact, is_integral
from constrain.compiler.numeral import Form, Numeral, interval, values
from constrain.errors import LimitError, SchemaError

__all__ = [
    "INTEGER_FORMATS",
    "Spelling",
    "admits",
    "complements",
    "every_spelling",
    "expression_of",
    "is_empty",
    "is_free",
    "merge",
    "read",
    "spelled",
]

Spelling: TypeAlias = Literal["plain", "any", "any but integers"]
"""``plain`` ones, ``any`` of RFC 8259, or any where a fraction is possible: in draft 4, ``1.0`` is no integer."""

MAXIMUM_BESIDE = 100
"""Larger divisors have too many remainders to be told apart beside the digits of a fraction."""

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
    return NumberFacet(
        low,
        high,
        tuple(dict.fromkeys(d for facet in facets for d in facet.divisors)),
        tuple(dict.fromkeys(d for facet in facets for d in facet.avoided)),
    )


def complements(facet: NumberFacet, *, integers_by_spelling: bool = False) -> list[Schema]:
    """Schemas of which a number satisfies at least one exactly when it does not satisfy ``facet``.

    Args:
        facet: bounds and divisors.
        integers_by_spelling: whether 1.0 is no integer, so that a FRACTION may be a multiple of 1.
    """
    found = []
    if facet.low is not None:
        high = Bound(facet.low.value, not facet.low.strict)
        found.append(Schema(types=NUMBER, number=NumberFacet(high=high)))
    if facet.high is not None:
        low = Bound(facet.high.value, not facet.high.strict)
        found.append(Schema(types=NUMBER, number=NumberFacet(low=low)))
    for divisor in facet.divisors:
        if divisor == 1 and not integers_by_spelling:
            found.append(Schema(types=FRACTION))
        else:
            found.append(Schema(types=NUMBER, number=NumberFacet(avoided=(divisor,))))
    found.extend(Schema(types=NUMBER, number=NumberFacet(divisors=(divisor,))) for divisor in facet.avoided)
    return found


def admits(facet: NumberFacet, types: int, value: int | Decimal) -> bool:
    """Whether a number satisfies a facet and the types."""
    low, high, divisors, avoided = facet
    if not types & (INTEGER if is_integral(value) else FRACTION):
        return False
    if low is not None and (value < low.value or (low.strict and value == low.value)):
        return False
    if high is not None and (value > high.value or (high.strict and value == high.value)):
        return False

    def divides(divisor: int | Decimal) -> bool:
        return (Fraction(value) / Fraction(divisor)).denominator == 1

    return all(map(divides, divisors)) and not any(map(divides, avoided))


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
    """Whether no number of the types lies within the bounds, or none that the divisors allow."""
    if facet.avoided:
        try:
            return _numeral(facet, types, (), "plain") is None
        except LimitError:
            return False  # not known
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
    builder: GrammarBuilder,
    facet: NumberFacet,
    types: int,
    excluded: tuple[int | Decimal, ...],
    spelling: Spelling = "plain",
    most: int | None = None,
) -> Expression | None:
    """Numbers that satisfy a facet; None when there are none.

    Args:
        builder: where expressions go.
        facet: bounds and divisors.
        types: INTEGER, FRACTION or both. Without FRACTION the plain spelling has no fraction either.
        excluded: numbers that are not allowed.
        spelling: which spellings of each number.
        most: digits before the point, and after it, where neither a bound nor a divisor has more; None: any number.
    """
    if most is not None:
        return _short_expression_of(builder, facet, types, excluded, spelling, most)
    if facet.avoided or is_free(spelling, types):
        numeral = _numeral(facet, types, excluded, spelling)
        return None if numeral is None else builder.numeral(numeral)
    if spelling == "any but integers" and admits(facet, types, 0) and 0 not in excluded:
        plain = expression_of(builder, facet, types, excluded)
        return None if plain is None else builder.union([plain, builder.literal(b"-0")])
    if is_empty(facet, types):
        return None
    if not types & FRACTION:
        found = numerals.integers(builder, *_integer_bounds(facet))
    else:
        found = numerals.numbers(builder, facet.low, facet.high)
    if found is None or not (excluded or facet.divisors or types == FRACTION):
        return found
    return _refined(builder, found, facet, types, excluded)


def _numeral(facet: NumberFacet, types: int, excluded: Iterable[int | Decimal], spelling: Spelling) -> Numeral | None:
    """The conditions of a facet in the engine's form; None when no number meets them."""
    low, high = (None if end is None else (Fraction(end.value), end.strict) for end in (facet.low, facet.high))
    divisors, avoided = [Fraction(n) for n in facet.divisors], [Fraction(n) for n in facet.avoided]
    if not types & FRACTION:
        divisors.append(Fraction(1))
    if not types & INTEGER and spelling != "any but integers":
        avoided.append(Fraction(1))
    form: Form = "plain" if types & FRACTION else "whole"
    if is_free(spelling, types):
        form = "any" if spelling == "any" or types & INTEGER else "broken"
    return interval(form, low, high, divisors, avoided, map(Fraction, excluded))


def is_free(spelling: Spelling, types: int) -> bool:
    """Whether numbers of the types have every spelling."""
    return spelling == "any" or (spelling == "any but integers" and types & FRACTION != 0)


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


def _short_expression_of(
    builder: GrammarBuilder,
    facet: NumberFacet,
    types: int,
    excluded: tuple[int | Decimal, ...],
    spelling: Spelling,
    most: int,
) -> Expression | None:
    """As :func:`expression_of`, numbers of no more digits than ``most``, or than their bounds; or than it takes."""
    if is_free(spelling, types):
        # the engine's own reading of numerals knows no number of digits, so only some spellings are left: those without
        # an exponent, unless there are no bounds
        plain = _short_expression_of(builder, facet, types, excluded, "plain", most)
        if plain is None:
            return expression_of(builder, facet, types, excluded, spelling)
        if types & FRACTION:
            return plain
        zeros = builder.repeat(builder.literal(b"0"), 1, most)
        return builder.concat([plain, builder.repeat(builder.concat([builder.literal(b"."), zeros]), 0, 1)])
    bounds = [Fraction(bound.value) for bound in (facet.low, facet.high) if bound is not None]
    if len(bounds) == 2 and not types & FRACTION:
        return expression_of(builder, facet, types, excluded, spelling)
    whole, places = numerals.digits_of(bounds, most)
    divisor = _common(facet, types)
    others = [*bounds, *map(Fraction, excluded), *([] if divisor is None else [divisor])]
    # so near its bounds, or beyond them, there is a number that is not left out
    enough = sum(numerals.digits_of(others, 1)) + len(str(len(excluded))) + 1
    short = _of_digits(builder, facet, types, excluded, spelling, whole, places)
    if enough > most and (short is None or not has_text(_alone(builder, short))):
        return _of_digits(builder, facet, types, excluded, spelling, max(whole, enough), max(places, enough))
    return short


def _of_digits(
    builder: GrammarBuilder,
    facet: NumberFacet,
    types: int,
    excluded: tuple[int | Decimal, ...],
    spelling: Spelling,
    whole: int,
    places: int,
) -> Expression | None:
    """Numbers of so many digits before the point and after it; there, multiples of large ones may end in more zeros."""
    divisor = _common(facet, types)
    if types & FRACTION and not facet.avoided and (divisor is None or divisor.numerator <= MAXIMUM_BESIDE):
        found = expression_of(builder, facet, types, excluded, spelling)
        short = numerals.short_numbers(builder, whole, places)
        return None if found is None else builder.intersection([found, short])
    last = 10**whole - 1
    within = facet._replace(low=facet.low or Bound(-last), high=facet.high or Bound(last))
    return expression_of(builder, within, types, excluded, spelling)


def _alone(builder: GrammarBuilder, expression: Expression) -> Grammar:
    alone = GrammarBuilder()
    return alone.finish(alone.terminal(alone.paste(builder.fragment(expression)), "number"))


def _multiples(builder: GrammarBuilder, divisor: Fraction, types: int) -> Expression:
    if not supports_divisor(divisor):
        raise LimitError(
            "the divisors of a number (multipleOf) have a common multiple that is too large",
            expected=_SUPPORTED,
        )
    digits, places = _digits_and_places(divisor)
    return builder.multiples(digits, places if types & FRACTION else None)


def every_spelling(builder: GrammarBuilder, numbers: Iterable[int | Decimal], types: int) -> Expression | None:
    """Every spelling of some numbers, in draft 4 of one that is of the types; None when there are none."""
    numeral = values(map(Fraction, numbers), "any" if types & INTEGER else "broken")
    return None if numeral is None else builder.numeral(numeral)


def spelled(value: Value, types: int, spelling: Spelling = "plain") -> list[bytes]:
    """Spellings of one allowed number: plain, and as written in the schema."""
    _, number, written = value  # type: ignore[misc]  # callers pass numbers
    plain = format(number, "f") if isinstance(number, Decimal) else str(number)
    found = [plain]
    if types & FRACTION and written != plain:
        found.append(str(written))
    if spelling == "any but integers" and number == 0:
        found.append("-0")
    return [text.encode() for text in found]
