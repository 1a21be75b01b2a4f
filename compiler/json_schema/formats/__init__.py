"""The formats that drafts and OpenAPI define: each a regular language over the decoded string, from its own RFC.

A format that isn't regular in practice has a declared subset for what is generated, and a superset: what lies outside
that is certain not to conform, so it is what ``not`` generates. ``exact`` decides about a text. Formats are known
under every draft, also those older than the format: an older draft leaves them open, and nobody means anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from constrain.compiler.json_schema.formats import (
    addresses,
    calendar,
    expressions,
    hosts,
    international,
    mail,
    plain,
    resources,
)
from constrain.compiler.regex.ast import Node

__all__ = ["FORMATS", "NAMES", "UNRESTRICTED", "Format", "key_of"]


class Format(NamedTuple):
    """One format.

    Attributes:
        language: the texts that are generated.
        superset: None where ``language`` is all of the format; else a language that holds all of it.
        reason: what ``language`` leaves out.
        short: of a format with texts of any length, those of a usual one, if a bound of length says so less well.
    """

    language: Callable[[], Node]
    superset: Callable[[], Node] | None = None
    reason: str | None = None
    short: Callable[[], Node] | None = None


_TABLES = "labels that need IDNA's tables: A-labels, code points that are valid in some contexts, rarer scripts"

FORMATS = {
    "date": Format(calendar.date),
    "time": Format(calendar.time, short=calendar.short_time),
    "date-time": Format(calendar.date_time, short=calendar.short_date_time),
    "duration": Format(calendar.duration),
    "email": Format(mail.email),
    "idn-email": Format(mail.idn_email, mail.idn_email_superset, _TABLES),
    "hostname": Format(hosts.ascii_name, hosts.ldh_name, "A-labels, which need IDNA's tables"),
    "hostname of draft 4": Format(hosts.ldh_name),
    "idn-hostname": Format(international.idn_hostname, international.idn_hostname_superset, _TABLES),
    "ipv4": Format(addresses.ipv4),
    "ipv6": Format(addresses.ipv6),
    "uri": Format(resources.uri),
    "uri-reference": Format(resources.uri_reference),
    "iri": Format(resources.iri),
    "iri-reference": Format(resources.iri_reference),
    "uri-template": Format(resources.uri_template),
    "uuid": Format(plain.uuid),
    "json-pointer": Format(plain.json_pointer),
    "relative-json-pointer": Format(plain.relative_json_pointer_with_shift),
    "relative-json-pointer of draft 7": Format(plain.relative_json_pointer),
    "regex": Format(
        expressions.regex,
        expressions.regex_superset,
        f"backreferences, modifiers, properties, more than one name, groups deeper than {expressions.MAXIMUM_DEPTH}",
    ),
    "byte": Format(plain.byte),
}
"""The formats of strings by their keys, which are their names or, where drafts differ, what :func:`key_of` gives."""

NAMES = frozenset(key for key in FORMATS if " " not in key)
"""The formats of strings by their names."""

UNRESTRICTED = frozenset(["float", "double", "binary", "password"])
"""OpenAPI's formats that restrict no JSON value. (``int32`` and ``int64`` restrict numbers.)"""

_OLDER = {
    ("hostname", "4"): "hostname of draft 4",
    ("hostname", "6"): "hostname of draft 4",
    **{("relative-json-pointer", draft): "relative-json-pointer of draft 7" for draft in ("4", "6", "7", "2019-09")},
}


def key_of(name: str, draft: str) -> str | None:
    """The key of a format of strings under a draft; None when nobody defined it.

    Drafts 4 and 6 know no A-labels; before draft 2020-12, relative JSON pointers shift no index.
    """
    key = _OLDER.get((name, draft), name)
    return key if name in NAMES else None
