"""Host names and mailboxes, decided by parsing, with the ``idna`` package for what RFC 5891 to 5893 say of labels."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

import idna

__all__ = ["is_email", "is_hostname", "is_idn_email", "is_idn_hostname", "is_name"]

_LDH = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
_ATEXT = _LDH | set("!#$%&'*+/=?^_`{|}~")
_SEPARATOR = re.compile("[.\u3002\uff0e\uff61]")
_SNUM = re.compile("[0-9]{1,3}")
_RIGHT_TO_LEFT = ("R", "AL", "AN")


def is_name(text: str) -> bool:
    """RFC 1123, section 2.1: letters, digits and hyphens."""
    return len(text) <= 253 and all(_is_ldh_label(label) for label in text.split("."))


def is_hostname(text: str) -> bool:
    """Such a name, with no labels of hyphens in places three and four but A-labels."""
    return text.isascii() and len(text) <= 253 and _are_idna_labels(text.split("."))


def is_idn_hostname(text: str) -> bool:
    """RFC 5890, section 2.3.2.3, with the separators of RFC 3490."""
    return _are_idna_labels(_SEPARATOR.split(text))


def is_email(text: str) -> bool:
    """``Mailbox`` of RFC 5321."""
    return text.isascii() and is_idn_email(text)


def is_idn_email(text: str) -> bool:
    """``Mailbox`` of RFC 6531. The domain is brought into normal form C before its labels are looked at."""
    local, sign, domain = text.rpartition("@")
    if not sign or _octets(local) > 64 or _octets(text) > 254 or not _is_local_part(local):
        return False
    if domain.startswith("["):
        return domain.endswith("]") and _is_literal(domain[1:-1])
    if domain.isascii():
        return is_name(domain)
    return _are_idna_labels(unicodedata.normalize("NFC", domain).split("."))


def _octets(text: str) -> int:
    return len(text.encode())


def _is_ldh_label(label: str) -> bool:
    return 1 <= len(label) <= 63 and _LDH.issuperset(label) and label[0] != "-" != label[-1]


def _are_idna_labels(labels: list[str]) -> bool:
    """Labels in any spelling, of a name that isn't too long as A-labels."""
    try:
        encoded = [_a_label(label) for label in labels]
        unicode = [idna.ulabel(label) for label in labels]
        if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for label in unicode for character in label):
            # RFC 5893, section 1.4: then the rule holds for all labels
            for label in unicode:
                idna.check_bidi(label, check_ltr=True)
    except (idna.IDNAError, ValueError):
        return False
    return len(".".join(encoded)) <= 253


def _a_label(label: str) -> str:
    if label.isascii() and not label.lower().startswith("xn--"):
        if not _is_ldh_label(label) or label[2:4] == "--":
            raise idna.IDNAError("not a label")
        return label
    encoded: str = idna.alabel(label).decode()
    return encoded


def _is_local_part(text: str) -> bool:
    if not text.startswith('"'):
        return all(atom and all(_is_atext(character) for character in atom) for atom in text.split("."))
    if len(text) < 2 or not text.endswith('"'):
        return False
    escaped = False
    for character in text[1:-1]:
        if escaped:
            if not " " <= character <= "~":
                return False
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"' or not (" " <= character <= "~" or character >= "\x80"):
            return False
    return not escaped


def _is_atext(character: str) -> bool:
    return character in _ATEXT or character >= "\x80"


def _is_literal(text: str) -> bool:
    if text[:5].lower() != "ipv6:":
        return _is_dotted(text)
    address = text[5:]
    head, colon, tail = address.rpartition(":")
    if colon and "." in tail:
        if not _is_dotted(tail):
            return False
        address = f"{head}:0:0"
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    groups = [group for group in address.split(":") if group]
    # "::" stands for two groups at least
    return "%" not in address and ("::" not in address or len(groups) <= 6)


def _is_dotted(text: str) -> bool:
    numbers = text.split(".")
    return len(numbers) == 4 and all(_SNUM.fullmatch(number) and int(number) < 256 for number in numbers)
