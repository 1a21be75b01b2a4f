"""URI references (RFC 3986, section 5): what the standard library only does for the schemes that it knows.

``urllib`` joins nothing to ``urn:``, ``tag:`` and schemes of one's own; the identifiers of schemas use all of them.
URIs are compared as strings: no normalisation of case or escapes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["join", "split_fragment"]

_PARTS = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)


class _Parts(NamedTuple):
    scheme: str | None
    authority: str | None
    path: str
    query: str | None


def split_fragment(reference: str) -> tuple[str, str]:
    """A URI reference without its fragment, and the fragment, which is empty where there is none.

    Characters that should be percent-encoded are taken as they are: many schemas name ``#/definitions/List<Item>``.
    """
    uri, _, fragment = reference.partition("#")
    return uri, fragment


def join(base: str, reference: str) -> str:
    """The URI that a reference without a fragment names, from a base without a fragment (RFC 3986, section 5.2.2).

    A base may itself be relative, or empty: then so is the result.
    """
    if not base:
        return reference
    if not reference:
        return base
    scheme, authority, path, query = _split(reference)
    if scheme is None:
        outer = _split(base)
        scheme = outer.scheme
        if authority is None:
            authority = outer.authority
            if not path:
                path = outer.path
                query = outer.query if query is None else query
            elif not path.startswith("/"):
                path = _merged(outer, path)
    return _composed(_Parts(scheme, authority, _without_dots(path), query))


def _split(uri: str) -> _Parts:
    match = _PARTS.fullmatch(uri)
    groups = match.groups() if match else (None, None, uri, None)
    return _Parts(groups[0], groups[1], groups[2] or "", groups[3])


def _merged(base: _Parts, path: str) -> str:
    if base.authority is not None and not base.path:
        return f"/{path}"
    return base.path[: base.path.rfind("/") + 1] + path


def _without_dots(path: str) -> str:
    """Section 5.2.4; a relative path keeps the steps out of it."""
    if not re.search(r"(?:^|/)\.\.?(?:/|$)", path):
        return path
    kept: list[str] = []
    rooted = path.startswith("/")
    steps = path[1:].split("/") if rooted else path.split("/")
    for step in steps:
        if step == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif step not in (".", "..") or (step == ".." and not rooted):
            kept.append(step)
    if steps[-1] in (".", ".."):
        kept.append("")
    return ("/" if rooted else "") + "/".join(kept)


def _composed(parts: _Parts) -> str:
    scheme = "" if parts.scheme is None else f"{parts.scheme}:"
    authority = "" if parts.authority is None else f"//{parts.authority}"
    query = "" if parts.query is None else f"?{parts.query}"
    return f"{scheme}{authority}{parts.path}{query}"
