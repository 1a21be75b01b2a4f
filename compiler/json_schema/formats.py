"""Formats as regular expressions (ECMA-262 notation, over the decoded string), each from its own RFC.

A format whose definition is not regular in practice is given as a declared subset: what is generated always conforms,
but not all that conforms is generated. A subset is never complemented.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DRAFT_FORMATS", "FORMATS", "REGISTRY_FORMATS", "Format"]


class Format(NamedTuple):
    """One format.

    Attributes:
        pattern: what it accepts, to be matched against the whole string.
        exact: whether that is all of the format.
        also: a second pattern that must match too (lengths).
    """

    pattern: str
    exact: bool = True
    also: str | None = None


_DATE = (
    r"(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    # every fourth year is a leap year, of the centuries again every fourth
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
_OFFSET = r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
# a leap second is only written in UTC: elsewhere it falls on other minutes, a different one for each offset
_TIME = (
    rf"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?{_OFFSET}"
    r"|23:59:60(?:\.[0-9]+)?(?:[Zz]|[+-]00:00))"
)
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"(?:(?:{_BYTE}\.){{3}}{_BYTE})"
_GROUP = r"[0-9A-Fa-f]{1,4}"
_LAST = rf"(?:{_GROUP}:{_GROUP}|{_IPV4})"
_IPV6 = "(?:" + "|".join(
    [
        rf"(?:{_GROUP}:){{6}}{_LAST}",
        rf"::(?:{_GROUP}:){{5}}{_LAST}",
        rf"(?:{_GROUP})?::(?:{_GROUP}:){{4}}{_LAST}",
        rf"(?:(?:{_GROUP}:){{0,1}}{_GROUP})?::(?:{_GROUP}:){{3}}{_LAST}",
        rf"(?:(?:{_GROUP}:){{0,2}}{_GROUP})?::(?:{_GROUP}:){{2}}{_LAST}",
        rf"(?:(?:{_GROUP}:){{0,3}}{_GROUP})?::{_GROUP}:{_LAST}",
        rf"(?:(?:{_GROUP}:){{0,4}}{_GROUP})?::{_LAST}",
        rf"(?:(?:{_GROUP}:){{0,5}}{_GROUP})?::{_GROUP}",
        rf"(?:(?:{_GROUP}:){{0,6}}{_GROUP})?::",
    ]
) + ")"  # fmt: skip

# RFC 3986, appendix A
_PCT = r"%[0-9A-Fa-f]{2}"
_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB = r"!$&'()*+,;="
_PCHAR = rf"(?:[{_UNRESERVED}{_SUB}:@]|{_PCT})"
_IP_LITERAL = rf"\[(?:{_IPV6}|[vV][0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB}:]+)\]"
_AUTHORITY = rf"(?:(?:[{_UNRESERVED}{_SUB}:]|{_PCT})*@)?(?:{_IP_LITERAL}|(?:[{_UNRESERVED}{_SUB}]|{_PCT})*)(?::[0-9]*)?"
_ABEMPTY = rf"(?:/{_PCHAR}*)*"
_ABSOLUTE = rf"/(?:{_PCHAR}+{_ABEMPTY})?"
_TAIL = rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
_URI = rf"[A-Za-z][A-Za-z0-9+\-.]*:(?://{_AUTHORITY}{_ABEMPTY}|{_ABSOLUTE}|{_PCHAR}+{_ABEMPTY}|){_TAIL}"
_NO_COLON = rf"(?:[{_UNRESERVED}{_SUB}@]|{_PCT})+"
_RELATIVE = rf"(?://{_AUTHORITY}{_ABEMPTY}|{_ABSOLUTE}|{_NO_COLON}{_ABEMPTY}|){_TAIL}"

# a label without "--" in places three and four: those that have it must be checked against IDNA tables
_LABEL = (
    r"[A-Za-z0-9](?:[A-Za-z0-9]|[A-Za-z0-9-][A-Za-z0-9](?:[A-Za-z0-9-]{0,59}[A-Za-z0-9])?"
    r"|[A-Za-z0-9]-(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]))?"
)
_HOSTNAME = rf"(?:{_LABEL}\.)*{_LABEL}"
# RFC 6570, without the letters beyond ASCII that literals may hold
_NAME = rf"(?:[A-Za-z0-9_]|{_PCT})+(?:\.(?:[A-Za-z0-9_]|{_PCT})+)*"
_VARIABLE = rf"{_NAME}(?:\*|:[1-9][0-9]{{0,3}})?"
_TEMPLATE = rf"(?:[!#$&(-;=?-\[\]_a-z~]|{_PCT}|\{{[+#./;?&=,!@|]?{_VARIABLE}(?:,{_VARIABLE})*\}})*"

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)*{_LABEL}"

FORMATS = {
    "date": Format(_DATE),
    "time": Format(_TIME, exact=False),
    "date-time": Format(rf"{_DATE}[Tt]{_TIME}", exact=False),
    "uuid": Format(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"),
    "ipv4": Format(_IPV4),
    "ipv6": Format(_IPV6),
    "uri": Format(_URI),
    "uri-reference": Format(rf"(?:{_URI}|{_RELATIVE})"),
    "hostname": Format(_HOSTNAME, exact=False, also=r"[A-Za-z0-9.-]{1,253}"),
    "email": Format(_EMAIL, exact=False, also=r"[^@]{1,64}@[^@]{1,189}"),
    "uri-template": Format(_TEMPLATE, exact=False),
    "byte": Format(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"),
    "json-pointer": Format(r"(?:/(?:[^~/]|~[01])*)*"),
    "relative-json-pointer": Format(r"(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~[01])*)*)"),
    "duration": Format(
        r"P(?:[0-9]+W|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
        r"(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))?"
        r"|T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))"
    ),
}

DRAFT_FORMATS = frozenset(FORMATS) | {
    *("idn-email", "idn-hostname", "iri", "iri-reference", "regex"),
}
"""Formats that some draft defines: never taken for unknown."""

REGISTRY_FORMATS = frozenset(["int32", "int64", "float", "double", "byte", "binary", "password"])
"""Formats of OpenAPI's registry."""
