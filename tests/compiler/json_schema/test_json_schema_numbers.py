"""Intervals of decimals against Decimal itself, over every short numeral."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from typing import Any

import pytest

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
