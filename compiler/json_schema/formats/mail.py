"""Mailboxes of RFC 5321 (section 4.1.2), and of RFC 6531 (section 3.3).

Sizes are those of RFC 5321, section 4.5.3.1: 64 octets before the at sign and 254 in all (a path has 256, with its
angle brackets). Labels have at most 63 octets (RFC 1035).
"""

from __future__ import annotations

from functools import cache

from constrain.compiler.json_schema.formats.addresses import MAIL_LITERAL
from constrain.compiler.json_schema.formats.hosts import LDH_LABEL
from constrain.compiler.json_schema.formats.international import international_name
from constrain.compiler.json_schema.formats.octets import at_most_octets
from constrain.compiler.regex.ast import Node, concat, intersection, union
from constrain.compiler.regex.ecma import whole_language

__all__ = ["MAXIMUM_LOCAL", "MAXIMUM_MAILBOX", "email", "idn_email", "idn_email_superset"]

MAXIMUM_LOCAL = 64
MAXIMUM_MAILBOX = 254

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_DOMAIN = rf"(?:{LDH_LABEL}(?:\.{LDH_LABEL})*|{MAIL_LITERAL})"
_BEYOND_ASCII = r"\x80-\u{10FFFF}"
_LOOSE_LABEL = rf"[A-Za-z0-9\-{_BEYOND_ASCII}]+"


def _local(more: str = "") -> Node:
    """``Local-part``: ``Dot-string`` or ``Quoted-string``, with ``more`` characters in atoms and quotes."""
    atom = rf"[{_ATEXT}{more}]+"
    return whole_language(rf'{atom}(?:\.{atom})*|"(?:[ !#-\[\]-~{more}]|\\[ -~])*"')


@cache
def email() -> Node:
    """``Mailbox``."""
    local = intersection([_local(), whole_language(rf"[^]{{1,{MAXIMUM_LOCAL}}}")])
    mailbox = concat([local, whole_language(f"@{_DOMAIN}")])
    return intersection([mailbox, whole_language(rf"[^]{{1,{MAXIMUM_MAILBOX}}}")])


@cache
def idn_email() -> Node:
    """``Mailbox`` with characters beyond ASCII: all local parts, and domains that are certain to be right."""
    local = intersection([_local(_BEYOND_ASCII), at_most_octets(MAXIMUM_LOCAL)])
    rest = MAXIMUM_MAILBOX - MAXIMUM_LOCAL - 1
    ascii_domain = intersection([whole_language(_DOMAIN), whole_language(rf"[^]{{1,{rest}}}")])
    # none of the characters beyond ASCII takes more than three octets
    domain = intersection([international_name(3, r"\."), whole_language(rf"[^]{{1,{rest // 3}}}")])
    return union([email(), concat([local, whole_language("@"), union([ascii_domain, domain])])])


@cache
def idn_email_superset() -> Node:
    """What every such mailbox looks like, whatever the tables of IDNA say of its domain."""
    domain = whole_language(rf"@(?:{_LOOSE_LABEL}(?:\.{_LOOSE_LABEL})*|{MAIL_LITERAL})")
    return concat([intersection([_local(_BEYOND_ASCII), at_most_octets(MAXIMUM_LOCAL)]), domain])
