"""IP addresses: the dotted quad of RFC 2673 (section 3.2) and the IPv6 forms of RFC 4291, and those inside mail."""

from __future__ import annotations

from constrain.compiler.regex.ast import Node
from constrain.compiler.regex.ecma import whole_language

__all__ = ["IPV6", "MAIL_LITERAL", "ipv4", "ipv6"]

_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"(?:(?:{_BYTE}\.){{3}}{_BYTE})"
_GROUP = r"[0-9A-Fa-f]{1,4}"


def _groups(count: int) -> str:
    """Up to so many groups, with colons between them."""
    return rf"(?:(?:{_GROUP}:){{0,{count - 1}}}{_GROUP})?" if count else ""


def _compressed(groups: int, tail: str = "") -> str:
    """``::`` amid at most so many groups in all, before a tail of its own."""
    after = rf"(?:{_GROUP}:){{0,{{}}}}{tail}" if tail else "{}"
    forms = []
    for before in range(groups + 1):
        rest = groups - before
        right = after.replace("{}", str(rest)) if tail else _groups(rest)
        exact = rf"(?:{_GROUP}:){{{before - 1}}}{_GROUP}" if before else ""
        forms.append(rf"{exact}::{right}")
    return "|".join(forms)


IPV6 = "|".join(
    [
        rf"(?:{_GROUP}:){{7}}{_GROUP}",
        rf"(?:{_GROUP}:){{6}}{_IPV4}",
        _compressed(7),
        _compressed(5, _IPV4),
    ]
).join(("(?:", ")"))
"""RFC 4291, section 2.2, which is also the ``IPv6address`` of RFC 3986: ``::`` stands for one group or more."""

# RFC 5321, section 4.1.3: decimal numbers may have leading zeros, and "::" stands for at least two groups
_MAIL_BYTE = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})"
_MAIL_IPV4 = rf"(?:{_MAIL_BYTE}\.){{3}}{_MAIL_BYTE}"
_MAIL_IPV6 = "|".join(
    [
        rf"(?:{_GROUP}:){{7}}{_GROUP}",
        rf"(?:{_GROUP}:){{6}}{_MAIL_IPV4}",
        _compressed(6),
        _compressed(4, _MAIL_IPV4),
    ]
)
MAIL_LITERAL = rf"\[(?:{_MAIL_IPV4}|[Ii][Pp][Vv]6:(?:{_MAIL_IPV6}))\]"
"""``address-literal``; of the general form only what is registered, which is IPv6."""


def ipv4() -> Node:
    """``dotted-quad``."""
    return whole_language(_IPV4)


def ipv6() -> Node:
    """An address without prefix length or zone."""
    return whole_language(IPV6)
