"""URIs, IRIs and their templates, decided by splitting (RFC 3986, appendix B) and looking at each part."""

from __future__ import annotations

import ipaddress
import re

__all__ = ["is_iri", "is_iri_reference", "is_uri", "is_uri_reference", "is_uri_template"]

_SPLIT = re.compile(r"(?:([^:/?#]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_SUB_DELIMITERS = frozenset("!$&'()*+,;=")
_REGISTERED = _UNRESERVED | _SUB_DELIMITERS
_PCHAR = _REGISTERED | set(":@")
_FUTURE = re.compile(r"[vV][0-9A-Fa-f]+\.(.+)", re.DOTALL)
_PERCENT = re.compile("%[0-9A-Fa-f]{2}")
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
_NOT_LITERAL = frozenset(' "%<>\\^`{|}\x7f') | {chr(control) for control in range(32)}
_VARIABLE = re.compile(r"[A-Za-z0-9_.]+(?:\*|:[1-9][0-9]{0,3})?")


def is_uri(text: str) -> bool:
    """``URI`` of RFC 3986: with a scheme."""
    return _is_reference(text, international=False, absolute=True)


def is_uri_reference(text: str) -> bool:
    """``URI-reference``."""
    return _is_reference(text, international=False)


def is_iri(text: str) -> bool:
    """``IRI`` of RFC 3987."""
    return _is_reference(text, international=True, absolute=True)


def is_iri_reference(text: str) -> bool:
    """``IRI-reference``."""
    return _is_reference(text, international=True)


def is_uri_template(text: str) -> bool:
    """``URI-Template`` of RFC 6570."""
    literal, *expressions = text.split("{")
    literals = [literal]
    for part in expressions:
        expression, brace, literal = part.partition("}")
        if not brace or not _is_expression(expression):
            return False
        literals.append(literal)
    return all(_is_literal(c) for literal in literals for c in _PERCENT.sub("", literal))


def _is_literal(character: str) -> bool:
    if character < "\x80":
        return character not in _NOT_LITERAL
    return _is_ucs(character) or _is_private(character)


def _is_expression(text: str) -> bool:
    variables = text[1:] if text[:1] in tuple("+#./;?&=,!@|") else text
    for variable in variables.split(","):
        name = _PERCENT.sub("_", variable)
        if not _VARIABLE.fullmatch(name) or name[0] == "." or ".." in name or re.search(r"\.(?:[*:]|$)", name):
            return False
    return True


def _is_reference(text: str, *, international: bool, absolute: bool = False) -> bool:
    match = _SPLIT.fullmatch(text)
    if match is None:
        return False
    scheme, authority, path, query, fragment = match.groups()
    if (absolute and scheme is None) or (scheme is not None and not _SCHEME.fullmatch(scheme)):
        return False
    if authority is not None and not _is_authority(authority, international):
        return False
    return (
        _consists(path, _PCHAR | {"/"}, international)
        and _consists(query or "", _PCHAR | set("/?"), international, private=international)
        and _consists(fragment or "", _PCHAR | set("/?"), international)
    )


def _is_authority(text: str, international: bool) -> bool:
    user, sign, host = text.rpartition("@")
    if sign and not _consists(user, _REGISTERED | {":"}, international):
        return False
    if host.startswith("["):
        literal, bracket, port = host[1:].partition("]")
        if not bracket or not _is_ip_literal(literal):
            return False
        return re.fullmatch("(?::[0-9]*)?", port) is not None
    name, _, port = host.partition(":")
    return re.fullmatch("[0-9]*", port) is not None and _consists(name, _REGISTERED, international)


def _is_ip_literal(text: str) -> bool:
    if future := _FUTURE.fullmatch(text):
        return (_REGISTERED | {":"}).issuperset(future[1])
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def _consists(text: str, allowed: frozenset[str] | set[str], international: bool, *, private: bool = False) -> bool:
    """Only allowed characters and percent encodings, and in an IRI those beyond ASCII that may stand there."""
    return all(
        c in allowed or (international and _is_ucs(c) and c not in _DIRECTIONS) or (private and _is_private(c))
        for c in _PERCENT.sub("", text)
    )


def _is_ucs(character: str) -> bool:
    """``ucschar``: neither private nor a noncharacter, nor in the planes of tags before U+E1000."""
    point = ord(character)
    if point < 0x10000:
        return 0xA0 <= point <= 0xD7FF or 0xF900 <= point <= 0xFDCF or 0xFDF0 <= point <= 0xFFEF
    return point < 0xF0000 and point & 0xFFFF <= 0xFFFD and not 0xE0000 <= point < 0xE1000


def _is_private(character: str) -> bool:
    point = ord(character)
    return 0xE000 <= point <= 0xF8FF or (point >= 0xF0000 and point & 0xFFFF <= 0xFFFD)
