"""Whether a document is rejected for the order of its keys alone, asked of engines that are one order each."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from masks.reorder import BUDGET, Walks, accepted_in_some_order
from masks.sample import instance_text


def engine(*texts: str, asked: list[str] | None = None) -> Walks:
    """Accepts these texts; of another, what it has in common with the nearest of them."""

    def common(text: str, other: str) -> int:
        return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))

    def walks(given: list[str]) -> list[int | None]:
        if asked is not None:
            asked.extend(given)
        return [None if text in texts else max(common(text, other) for other in texts) for text in given]

    return walks


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({"a": 1, "b": 2, "c": 3, "d": 4}, {"d": 4, "c": 3, "b": 2, "a": 1}),
        (
            {"k": [0, {"b": {"y": "é", "x": 2}, "a": 1}], "j": {}},
            {"j": {}, "k": [0, {"a": 1, "b": {"x": 2, "y": "é"}}]},
        ),
        ({"x": {"b": 1, "a": 2}, "y": {"b": 1, "a": 2}}, {"x": {"a": 2, "b": 1}, "y": {"a": 2, "b": 1}}),
        (dict.fromkeys("abcdefghijklmnop", 0), dict.fromkeys("pabcdefghijklmno", 0)),
        (dict.fromkeys("abcdefghijklmnop", 0), dict.fromkeys("apobcdefghijklmn", 0)),
        ([[{"b": 1, "a": []}]], [[{"a": [], "b": 1}]]),
    ],
)
def test_an_order_that_is_accepted_is_found(data: Any, wanted: Any, compact: bool) -> None:
    assert json.loads(json.dumps(data)) == wanted
    assert accepted_in_some_order(engine(instance_text(wanted, compact)), data, compact, [])


def test_likely_orders_come_first() -> None:
    asked: list[str] = []
    data, wanted = dict.fromkeys("abcdefgh", 0), dict.fromkeys("hgfedcba", 0)
    assert accepted_in_some_order(engine(instance_text(wanted, False), asked=asked), data, False, [wanted])
    assert len(asked) == 2


def test_another_value_is_rejected_in_every_order() -> None:
    asked: list[str] = []
    data = {"a": 1, "b": {"d": 1, "c": 2}}
    assert not accepted_in_some_order(engine('{"a": 1, "b": {"c": 2, "d": 2}}', asked=asked), data, False, [data])
    assert len(asked) == len(set(asked)) == 4
    assert all(json.loads(text) == data for text in asked)


def test_the_search_ends() -> None:
    asked: list[str] = []
    data = {f"k{index}": index for index in range(12)}
    assert not accepted_in_some_order(engine("[", asked=asked), data, True, [])
    assert len(asked) < BUDGET + 50


def test_an_engine_that_stops_answering_accepts_nothing() -> None:
    assert not accepted_in_some_order(lambda texts: [], {"a": 1, "b": 2}, False, [{"b": 2, "a": 1}])
