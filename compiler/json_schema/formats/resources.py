"""URIs of RFC 3986, IRIs of RFC 3987, and the templates of RFC 6570."""

from __future__ import annotations

from constrain.compiler.json_schema.formats.addresses import IPV6
from constrain.compiler.regex.ast import Node
from constrain.compiler.regex.ecma import whole_language

__all__ = ["iri", "iri_reference", "uri", "uri_reference", "uri_template"]

_PERCENT = r"%[0-9A-Fa-f]{2}"
_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB = r"!$&'()*+,;="
_IP_LITERAL = rf"\[(?:{IPV6}|[vV][0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB}:]+)\]"

_SUPPLEMENTARY = "".join(
    rf"\u{{{plane:X}{'1000' if plane == 14 else '0000'}}}-\u{{{plane:X}FFFD}}" for plane in range(1, 15)
)
_UCSCHAR = rf"\xA0-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF{_SUPPLEMENTARY}"
# section 4.1: an IRI holds no marks of writing direction (LRM, RLM, LRE, RLE, PDF, LRO, RLO)
_IRI_UCSCHAR = rf"\xA0-\u200D\u2010-\u2029\u202F-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF{_SUPPLEMENTARY}"
_IPRIVATE = r"\uE000-\uF8FF\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD}"


def _references(more: str, private: str) -> tuple[str, str]:
    """Absolute and relative references, with ``more`` unreserved characters, and ``private`` ones in queries."""
    unreserved = _UNRESERVED + more
    pchar = rf"(?:[{unreserved}{_SUB}:@]|{_PERCENT})"
    user = rf"(?:(?:[{unreserved}{_SUB}:]|{_PERCENT})*@)?"
    authority = rf"{user}(?:{_IP_LITERAL}|(?:[{unreserved}{_SUB}]|{_PERCENT})*)(?::[0-9]*)?"
    path = rf"(?:/{pchar}*)*"
    absolute = rf"/(?:{pchar}+{path})?"
    tail = rf"(?:\?(?:[{unreserved}{private}{_SUB}:@/?]|{_PERCENT})*)?(?:#(?:{pchar}|[/?])*)?"
    full = rf"[A-Za-z][A-Za-z0-9+\-.]*:(?://{authority}{path}|{absolute}|{pchar}+{path}|){tail}"
    # the first segment would be a scheme if it held a colon
    segment = rf"(?:[{unreserved}{_SUB}@]|{_PERCENT})+"
    return full, rf"(?://{authority}{path}|{absolute}|{segment}{path}|){tail}"


_URI, _RELATIVE = _references("", "")
_IRI, _IRI_RELATIVE = _references(_IRI_UCSCHAR, _IPRIVATE)

_NAME = rf"(?:[A-Za-z0-9_]|{_PERCENT})+(?:\.(?:[A-Za-z0-9_]|{_PERCENT})+)*"
_VARIABLE = rf"{_NAME}(?:\*|:[1-9][0-9]{{0,3}})?"
# the apostrophe is a literal since erratum 6937
_LITERAL = rf"[!#$&-;=?-\[\]_a-z~{_UCSCHAR}{_IPRIVATE}]"
_TEMPLATE = rf"(?:{_LITERAL}|{_PERCENT}|\{{[+#./;?&=,!@|]?{_VARIABLE}(?:,{_VARIABLE})*\}})*"


def uri() -> Node:
    """``URI``: with a scheme."""
    return whole_language(_URI)


def uri_reference() -> Node:
    """``URI-reference``."""
    return whole_language(rf"{_URI}|{_RELATIVE}")


def iri() -> Node:
    """``IRI``."""
    return whole_language(_IRI)


def iri_reference() -> Node:
    """``IRI-reference``."""
    return whole_language(rf"{_IRI}|{_IRI_RELATIVE}")


def uri_template() -> Node:
    """``URI-Template``; operators that are reserved for later are part of its grammar."""
    return whole_language(_TEMPLATE)
