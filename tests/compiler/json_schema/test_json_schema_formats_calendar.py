"""Dates and times against Python's own calendar: every day, and a leap second for every offset."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from constrain.compiler.json_schema.formats.exact import conforms


def exists(year: int, month: int, day: int) -> bool:
    try:
        date(year or 400, month, day)  # years repeat after 400; Python knows no year 0
    except ValueError:
        return False
    return True


def test_every_end_of_february(compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "string", "format": "date"})
    for year in range(10_000):
        for day in (28, 29, 30):
            text = f"{year:04}-02-{day}"
            assert takes(grammar, f'"{text}"') == conforms("date", text) == exists(year, 2, day), text


@pytest.mark.parametrize("year", [0, 1, 400, 1582, 1900, 2000, 2023, 2024, 9999])
def test_every_day(year: int, compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "string", "format": "date"})
    for month in range(14):
        for day in range(33):
            text = f"{year:04}-{month:02}-{day:02}"
            assert takes(grammar, f'"{text}"') == conforms("date", text) == exists(year, month, day), text


LEAP = datetime(2016, 12, 31, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize("sign", [1, -1], ids=["ahead", "behind"])
def test_a_leap_second_for_every_offset(sign: int, compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "string", "format": "time"})
    for minutes in range(24 * 60):
        local = LEAP.astimezone(timezone(sign * timedelta(minutes=minutes)))
        offset = f"{'+' if sign > 0 else '-'}{minutes // 60:02}:{minutes % 60:02}"
        # the right minute, its neighbours, and those an hour off
        for shift in (0, 1, -1, 60, -60, 720):
            text = f"{local + timedelta(minutes=shift):%H:%M}:60{'.25' if minutes % 7 == 0 else ''}{offset}"
            assert takes(grammar, f'"{text}"') == conforms("time", text) == (shift == 0), text


def test_every_minute_without_a_leap_second(compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "string", "format": "time"})
    for minutes in range(24 * 60):
        clock = f"{minutes // 60:02}:{minutes % 60:02}"
        assert takes(grammar, f'"{clock}:59Z"')
        assert takes(grammar, f'"{clock}:60Z"') == (clock == "23:59")
        assert takes(grammar, f'"12:00:00-{clock}"')
