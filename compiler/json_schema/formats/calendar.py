"""Dates, times and durations of RFC 3339."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from constrain.compiler.regex.ast import Node, concat, intersection, union
from constrain.compiler.regex.ecma import whole_language

__all__ = ["date", "date_time", "duration", "short_date_time", "short_time", "time"]

_DATE = (
    r"(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    # every fourth year is a leap year, of the centuries again every fourth
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
_FRACTION = r"(?:\.[0-9]+)?"
_NANOSECONDS = r"(?:\.[0-9]{1,9})?"
_MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
# appendix A: units in descending order, without a gap between the largest and the smallest
_CLOCK = r"T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
_DAYS = r"(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
_DURATION = rf"P(?:[0-9]+W|{_DAYS}(?:{_CLOCK})?|{_CLOCK})"


def date() -> Node:
    """``full-date``: the Gregorian calendar, years 0000 to 9999."""
    return whole_language(_DATE)


@cache
def time(fraction: str = _FRACTION) -> Node:
    """``full-time``. Second 60 only where it is 23:59 in UTC, whatever the offset says the local time is."""
    plain = rf"{_MINUTE}:[0-5][0-9]{fraction}(?:[Zz]|[+-]{_MINUTE})"
    return union([whole_language(plain), _leap_second(fraction)])


def short_time() -> Node:
    """Those of :func:`time` that tell nanoseconds at most."""
    return time(_NANOSECONDS)


def date_time() -> Node:
    """``date-time``. A leap second is taken on any day: which ones have one isn't known ahead."""
    return concat([date(), whole_language("[Tt]"), time()])


def short_date_time() -> Node:
    """Those of :func:`date_time` that tell nanoseconds at most."""
    return concat([date(), whole_language("[Tt]"), short_time()])


def duration() -> Node:
    """``duration`` of appendix A."""
    return whole_language(_DURATION)


def _leap_second(fraction: str) -> Node:
    """``hh:mm:60`` for every offset. Hours and minutes are tied to the offset's each by an alternative of its own, and
    the two are intersected: 84 alternatives in place of 1440.
    """
    hours, minutes = range(24), range(60)
    second = f":60{fraction}"
    zero = whole_language(rf"23:59{second}[Zz]")
    # local time is 23:59 less the offset: no minute is ever borrowed
    behind = intersection(
        [
            _any_of(rf"{23 - hour:02}:[0-9]{{2}}{second}-{hour:02}:[0-9]{{2}}" for hour in hours),
            _any_of(rf"[0-9]{{2}}:{59 - minute:02}{second}-[0-9]{{2}}:{minute:02}" for minute in minutes),
        ]
    )
    # local time is one minute less than the offset, past midnight
    ahead_full_hours = _any_of(rf"{(hour - 1) % 24:02}:59{second}\+{hour:02}:00" for hour in hours)
    ahead = intersection(
        [
            _any_of(rf"{hour:02}:[0-9]{{2}}{second}\+{hour:02}:[0-9]{{2}}" for hour in hours),
            _any_of(rf"[0-9]{{2}}:{minute - 1:02}{second}\+[0-9]{{2}}:{minute:02}" for minute in minutes[1:]),
        ]
    )
    return union([zero, behind, ahead_full_hours, ahead])


def _any_of(patterns: Iterable[str]) -> Node:
    return whole_language("|".join(patterns))
