"""Intervals and multiples of decimals against Decimal and Fraction themselves, over every short numeral."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import jsonschema_rs
import pytest

from constrain import UnsatisfiableError
from constrain.compiler import json_schema, reference
from constrain.errors import LimitError, UnsupportedError

DIGITS = ["0", "1", "4", "5", "9"]
NUMERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
BOUNDS = ["0", "2", "-2", "0.5", "-1.45", "4.9", "14", "-50", "9.99", "0.04"]
HIGHS = [None, "2.5", "-2", "4.9", "14.05", "-50"]


def numerals() -> list[str]:
    wholes = ["".join(w) for n in (1, 2) for w in itertools.product(DIGITS, repeat=n)]
    fractions = ["", *("." + "".join(f) for n in (1, 2) for f in itertools.product(DIGITS, repeat=n))]
    texts = [sign + whole + fraction for sign in ("", "-") for whole in wholes for fraction in fractions[::3]]
    return [text for text in texts if NUMERAL.fullmatch(text)]


NUMERALS = numerals()


@pytest.mark.parametrize("low", [None, *BOUNDS])
@pytest.mark.parametrize("strict", [False, True])
def test_intervals(low: str | None, strict: bool, compiled: Any, takes: Any) -> None:
    for high in HIGHS:
        if low is not None and high is not None and Decimal(high) - Decimal(low) < 1:
            continue
        names = ("exclusiveMinimum", "exclusiveMaximum") if strict else ("minimum", "maximum")
        bounds = [f'"{name}": {bound}' for name, bound in zip(names, (low, high), strict=True) if bound is not None]
        for kind in ("number", "integer"):
            grammar = compiled("{" + ", ".join([f'"type": "{kind}"', *bounds]) + "}")
            for text in NUMERALS[:: 3 if kind == "number" else 1]:
                value = Decimal(text)
                inside = (low is None or (value > Decimal(low) if strict else value >= Decimal(low))) and (
                    high is None or (value < Decimal(high) if strict else value <= Decimal(high))
                )
                if kind == "integer":
                    inside = inside and re.fullmatch("0|-?[1-9][0-9]*", text) is not None
                assert takes(grammar, text) == inside, (low, high, strict, kind, text)


@pytest.mark.parametrize(("low", "high"), [(0, 0), (7, 7), (-3, 12), (95, 1005), (-1000, -99), (989, 2001), (-120, 7)])
def test_integers_one_by_one(low: int, high: int, compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "integer", "minimum": low, "maximum": high})
    for value in range(low - 120, high + 120):
        assert takes(grammar, str(value)) == (low <= value <= high)


def test_more_digits_than_a_float_has(compiled: Any, takes: Any) -> None:
    edge = "0." + "3" * 40
    grammar = compiled(f'{{"type": "number", "minimum": -{edge}, "maximum": {edge}}}')
    assert takes(grammar, edge)
    assert takes(grammar, f"-{edge}")
    assert takes(grammar, edge[:-1] + "2")
    assert not takes(grammar, edge[:-1] + "4")
    assert not takes(grammar, f"-{edge}1")


@pytest.mark.parametrize("power", [16, 30, 350])
def test_whole_bounds_beyond_what_a_float_tells_apart(power: int, compiled: Any, takes: Any) -> None:
    bound = 10**power + 1
    for low, high in [(bound, bound), (-bound, -bound), (bound, bound + 1)]:
        grammar = compiled({"type": "number", "minimum": low, "maximum": high})
        for value in range(low - 2, high + 3):
            assert takes(grammar, str(value)) == (low <= value <= high)
            assert takes(grammar, f"{value}.5") == (low <= value + Fraction(1, 2) <= high)


def test_a_float_means_its_shortest_spelling(compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "number", "minimum": 0.1, "maximum": 0.3})
    assert takes(grammar, "0.1")
    assert takes(grammar, "0.30")
    assert not takes(grammar, "0.300000000000000001")


def test_excluded_numbers_are_excluded_in_every_spelling(compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "number", "not": {"enum": [1, 0, 2.5]}})
    for text in ("1", "1.0", "1.00", "0", "-0", "0.0", "2.5", "2.50"):
        assert not takes(grammar, text)
    for text in ("-1", "10", "1.01", "2.51", "0.1"):
        assert takes(grammar, text)


# -- multipleOf --------------------------------------------------------------------------------------------------------

SHORT = [
    text
    for length in range(1, 6)
    for text in map("".join, itertools.product("-.0256", repeat=length))
    if NUMERAL.fullmatch(text)
]
DIVISORS = ["1", "2", "3", "7", "11", "25", "256", "0.5", "0.2", "0.25", "1.5", "2.6", "0.05", "0.3", "12.5", "0.001"]


def is_written(text: str, kind: str) -> bool:
    return kind == "number" or re.fullmatch("0|-?[1-9][0-9]*", text) is not None


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize("divisor", DIVISORS)
def test_multiples(divisor: str, kind: str, compiled: Any, takes: Any) -> None:
    schema = f'{{"type": "{kind}", "multipleOf": {divisor}}}'
    grammar = compiled(schema)
    recogniser = reference.Recogniser(json_schema.build(schema))
    for index, text in enumerate(SHORT):
        inside = is_written(text, kind) and Fraction(text) % Fraction(divisor) == 0
        assert takes(grammar, text) == inside, text
        if index % 20 == 0:
            assert reference.matches(recogniser.grammar, text.encode()) == inside, text


@pytest.mark.parametrize("kind", ["integer", "number"])
def test_random_multiples_within_bounds(kind: str, compiled: Any, takes: Any) -> None:
    random = Random(kind)

    def number(size: int) -> Decimal:
        return Decimal(random.randrange(-size, size)).scaleb(-random.choice([0, 1, 2]))

    judged = empty = 0
    for _ in range(150):
        divisor = abs(number(random.choice([30, 3_000, 10**9]))) + Decimal("0.5")
        low = number(random.choice([30, 3_000, 10**12]))
        high = low + divisor * random.randrange(1, 40) / 10
        names = [random.choice(pair) for pair in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))]
        schema = f'{{"type": "{kind}", "multipleOf": {divisor}, "{names[0]}": {low}, "{names[1]}": {high}}}'
        step = Fraction(divisor) if kind == "number" else Fraction(Fraction(divisor).numerator)
        multiples = [(Fraction(low) // step + index) * step for index in range(6)]

        def inside(
            value: Fraction, step: Fraction = step, low: Decimal = low, high: Decimal = high, names: list[str] = names
        ) -> bool:
            above = value > Fraction(low) or (value == Fraction(low) and names[0] == "minimum")
            below = value < Fraction(high) or (value == Fraction(high) and names[1] == "maximum")
            return above and below and value % step == 0

        try:
            grammar = compiled(schema)
        except UnsatisfiableError:
            assert not any(map(inside, multiples)), schema
            empty += 1
            continue
        assert any(map(inside, multiples)), schema
        for value in [near for exact in multiples for near in (exact, exact + 1, exact + Fraction(1, 100))]:
            if kind == "number" or value.denominator == 1:
                text = format(Decimal(value.numerator) / value.denominator, "f")
                assert takes(grammar, text) == inside(value), (schema, text)
                judged += 1
        # every beginning has a completion
        text = format(Decimal(max(filter(inside, multiples)).numerator), "f")
        for cut in range(len(text)):
            matcher = grammar.matcher()
            if matcher.accept_bytes(text[:cut].encode()):
                assert inside(Fraction(text[:cut] + matcher.shortest_completion().decode())), (schema, text[:cut])
    assert judged > 500
    assert empty > 10


def test_integers_are_judged_as_the_validator_does(compiled: Any, takes: Any) -> None:
    random = Random(4)
    for divisor in (3, 7, 64, 999_999, 10**6):
        schema = {"type": "integer", "multipleOf": divisor}
        grammar, validator = compiled(schema), jsonschema_rs.validator_for(schema)
        for _ in range(60):
            value = random.randrange(-(10**9), 10**9) * random.choice([1, divisor])
            assert takes(grammar, str(value)) == validator.is_valid(value)


def test_large_divisors_cost_what_small_ones_do(compiled: Any, takes: Any) -> None:
    largest = 10**18
    grammar = compiled({"type": "integer", "multipleOf": largest - 1, "maximum": 10**40})
    for factor in (0, 1, -1, 123_456_789, 10**21):
        assert takes(grammar, str((largest - 1) * factor))
    assert not takes(grammar, str(largest - 2))
    assert not takes(grammar, str((largest - 1) * 10**23))
    assert compiled({"type": "number", "multipleOf": Decimal(1).scaleb(-18)})
    for divisor in (largest + 1, Decimal(1).scaleb(-19)):
        with pytest.raises(UnsupportedError, match="multipleOf") as caught:
            compiled({"type": "number", "multipleOf": divisor})
        assert caught.value.pointer == "/multipleOf"


def test_a_common_multiple_may_be_too_large(compiled: Any) -> None:
    with pytest.raises(LimitError, match="common multiple"):
        compiled({"type": "integer", "allOf": [{"multipleOf": 10**12 + 1}, {"multipleOf": 10**12 - 1}]})


def test_where_no_multiple_lies_is_decided_by_arithmetic(compiled: Any) -> None:
    for schema in (
        {"type": "integer", "multipleOf": 10**17 + 3, "minimum": 1, "maximum": 10**17 + 2},
        {"type": "number", "multipleOf": 2.5, "exclusiveMinimum": 5, "exclusiveMaximum": 7.5},
        {"type": "number", "multipleOf": 2, "not": {"type": "integer"}},
        {"type": "integer", "multipleOf": 0.3, "minimum": 4, "maximum": 5},
    ):
        with pytest.raises(UnsatisfiableError):
            compiled(schema)


@pytest.mark.parametrize("numbers", ["plain", "any"])
def test_draft_4_no_multiple_of_one(numbers: str, compiled: Any, takes: Any) -> None:
    """1.0 is no integer in draft 4, and a multiple of 1 for all that."""
    grammar = compiled({"type": "number", "not": {"multipleOf": 1}}, draft="4", numbers=numbers)
    assert takes(grammar, "1.5")
    assert takes(grammar, "15e-1") == (numbers == "any")
    assert not any(takes(grammar, text) for text in ("16", "16.0", "16e0", "1.6e1", "-0"))
