"""Does a text conform to a format? The obvious way, by parsing; no automaton is asked, so each can be held against the
other.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import ipaddress
import re
from collections.abc import Callable

from constrain.compiler.json_schema.formats import UNRESTRICTED
from constrain.compiler.json_schema.formats.exact_names import (
    is_email,
    is_hostname,
    is_idn_email,
    is_idn_hostname,
    is_name,
)
from constrain.compiler.json_schema.formats.exact_resources import (
    is_iri,
    is_iri_reference,
    is_uri,
    is_uri_reference,
    is_uri_template,
)
from constrain.compiler.regex.ecma_syntax import is_pattern

__all__ = ["conforms"]

_DAY = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NUMBERED = re.compile("([0-9]+)([YMDHS])")
_UUID = re.compile("-".join(f"[0-9A-Fa-f]{{{digits}}}" for digits in (8, 4, 4, 4, 12)))
_RELATIVE = re.compile("(0|[1-9][0-9]*)([+-](?:0|[1-9][0-9]*))?(.*)", re.DOTALL)


def conforms(key: str, text: str) -> bool:
    """Whether a string is of a format.

    Args:
        key: a format's name, or what :func:`~constrain.compiler.json_schema.formats.key_of` gives for it.
        text: the string, decoded.

    Raises:
        KeyError: a format that nobody defined.
    """
    if key in UNRESTRICTED or key in ("int32", "int64"):
        return True  # a string is no number
    return _DECISIONS[key](text)


def _is_date(text: str) -> bool:
    match = _DAY.fullmatch(text)
    if match is None:
        return False
    year, month, day = map(int, match.groups())
    if not 1 <= month <= 12:
        return False
    return 1 <= day <= _DAYS[month - 1] + (month == 2 and calendar.isleap(year))


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    hour, minute, second = map(int, match.groups()[:3])
    offset_hour, offset_minute = int(match[5] or 0), int(match[6] or 0)
    if hour > 23 or minute > 59 or second > 60 or offset_hour > 23 or offset_minute > 59:
        return False
    offset = 60 * offset_hour + offset_minute
    utc = 60 * hour + minute + (offset if match[4] == "-" else -offset)
    return second < 60 or utc % 1440 == 1439


def _is_date_time(text: str) -> bool:
    return text[10:11] in ("T", "t") and _is_date(text[:10]) and _is_time(text[11:])


def _is_duration(text: str) -> bool:
    if re.fullmatch("P[0-9]+W", text):
        return True
    date, separator, clock = text.removeprefix("P").partition("T")
    if not text.startswith("P") or (separator and not clock) or not (date or clock):
        return False
    return _are_units(date, "YMD") and _are_units(clock, "HMS")


def _are_units(text: str, units: str) -> bool:
    """Numbers, each with a unit: some of the units, in order and without a gap."""
    found = _NUMBERED.findall(text)
    named = "".join(unit for _, unit in found)
    return "".join(number + unit for number, unit in found) == text and named in units


def _is_address(text: str, kind: Callable[[str], object]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return "%" not in text and "/" not in text


def _is_ipv4(text: str) -> bool:
    return _is_address(text, ipaddress.IPv4Address)


def _is_ipv6(text: str) -> bool:
    return _is_address(text, ipaddress.IPv6Address)


def _is_json_pointer(text: str) -> bool:
    if text and not text.startswith("/"):
        return False
    return all(part[:1] in ("0", "1") for part in text.split("~")[1:])


def _is_relative_json_pointer(text: str) -> bool:
    match = _RELATIVE.fullmatch(text)
    return match is not None and ((match[3] == "#" and match[2] is None) or _is_json_pointer(match[3]))


def _is_older_relative_json_pointer(text: str) -> bool:
    match = _RELATIVE.fullmatch(text)
    return match is not None and match[2] is None and _is_relative_json_pointer(text)


def _is_byte(text: str) -> bool:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return base64.b64encode(data).decode() == text


_DECISIONS: dict[str, Callable[[str], bool]] = {
    "date": _is_date,
    "time": _is_time,
    "date-time": _is_date_time,
    "duration": _is_duration,
    "email": is_email,
    "idn-email": is_idn_email,
    "hostname": is_hostname,
    "hostname of draft 4": is_name,
    "idn-hostname": is_idn_hostname,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "uri": is_uri,
    "uri-reference": is_uri_reference,
    "iri": is_iri,
    "iri-reference": is_iri_reference,
    "uri-template": is_uri_template,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
    "json-pointer": _is_json_pointer,
    "relative-json-pointer": _is_relative_json_pointer,
    "relative-json-pointer of draft 7": _is_older_relative_json_pointer,
    "regex": is_pattern,
    "byte": _is_byte,
}
