"""``$ref``, ``$dynamicRef``, ``$recursiveRef``: from a URI reference to a place in one of the documents.

The common case, a pointer into a document without embedded identifiers, costs one walk along the pointer. Only a
reference that needs more (an anchor, another URI, a base changed on the way) makes an index of a document.

A dynamic reference leads to the outermost resource on the way to it that has the anchor. So what a schema means may
depend on the way; of the way, only one thing counts: to which place each dynamic anchor is bound by now. A
:class:`Base` carries that, and entering a resource binds those of its dynamic anchors that are not bound yet. In
documents without dynamic anchors nothing is ever bound.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from constrain.compiler.json_schema.documents import RECURSIVE, Document, Place
from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.library import Library
from constrain.compiler.json_schema.pointers import escaped, shown
from constrain.compiler.json_schema.subschemas import Kind, kind_of_member
from constrain.compiler.json_schema.uris import join, split_fragment
from constrain.errors import SchemaError, UnsupportedError

__all__ = ["Base", "References"]


class Base(NamedTuple):
    """What the meaning of a schema depends on besides its text.

    Attributes:
        uri: base of its references.
        draft: what it is read by.
        document: where it stands.
        bound: the place of each dynamic anchor, by its pointer.
    """

    uri: str
    draft: Draft
    document: Document
    bound: tuple[tuple[str, str], ...] = ()


class References:
    """Resolves references."""

    def __init__(self, main: Document, library: Library) -> None:
        """Keep where to look.

        Args:
            main: the schema itself.
            library: all other documents.
        """
        self._main = main
        self._library = library
        self._bound: dict[str, Place] = {}
        """Places of dynamic anchors by pointer."""

    def enter(self, place: Place, bound: tuple[tuple[str, str], ...] = ()) -> Base:
        """The base inside a place that is reached with some anchors bound."""
        _, _, uri, draft, document = place
        return Base(uri, draft, document, self._bind(bound, document, uri, draft))

    def inside(self, raw: dict[str, object], base: Base, pointer: str) -> Base:
        """The base inside a schema object that is part of another.

        Raises:
            UnsupportedError: a ``$schema`` that cannot be heeded.
        """
        path = pointer.removeprefix(base.document.prefix)
        uri, draft = base.document.inside(raw, base.uri, base.draft, path)
        if uri == base.uri and draft is base.draft:
            return base
        return Base(uri, draft, base.document, self._bind(base.bound, base.document, uri, draft))

    def resolve(self, reference: str, base: Base, pointer: str, keyword: str = "$ref") -> Place:
        """The place that a reference names.

        Args:
            reference: the value of the keyword.
            base: base at the reference.
            pointer: where the reference stands, for errors.
            keyword: what messages call it.

        Raises:
            SchemaError: nothing is there.
            UnsupportedError: a document that is not known.
        """
        relative, fragment = split_fragment(reference)
        uri = join(base.uri, relative)
        what = f"{keyword} {shown(reference)}"
        place = base.document.resource(uri)
        if place is None and base.document is not self._main:
            place = self._main.resource(uri)
        if place is None:
            place = self._library.resource(uri)
        if place is None:
            raise UnsupportedError(
                f"{what} leads to another document, {uri}, which is not given",
                pointer=pointer,
                expected="that document among references= (--ref URI=FILE, --ref-dir DIR); nothing is fetched",
            )
        try:
            fragment = unquote(fragment, errors="strict")
        except UnicodeDecodeError:
            raise SchemaError(f"{what} holds escapes that are not UTF-8", pointer=pointer) from None
        if fragment.startswith("/"):
            place = self._follow(place, fragment, what, pointer)
        elif fragment:
            anchor = place.document.anchor(place.uri, fragment)
            if anchor is None:
                raise SchemaError(f"{what} names no anchor of the schema", pointer=pointer)
            place = anchor
        if not isinstance(place.raw, dict | bool):
            raise SchemaError(f"{what} leads to {shown(place.raw)}", pointer=pointer, expected="an object or a boolean")
        return place

    def resolve_dynamic(self, reference: str, base: Base, pointer: str) -> Place:
        """The place that a ``$dynamicRef`` names (2020-12, core, section 8.2.3.2).

        Raises:
            SchemaError: nothing is there.
            UnsupportedError: a document that is not known.
        """
        place = self.resolve(reference, base, pointer, "$dynamicRef")
        anchor = unquote(split_fragment(reference)[1])
        starts = place.document.dynamic_anchors(place.uri).get(anchor) if anchor else None
        if starts is None or starts.path != place.path:
            return place  # not a dynamic anchor of that name: a plain reference
        return self._outermost(anchor, base) or place

    def resolve_recursive(self, reference: str, base: Base, pointer: str) -> Place:
        """The place that a ``$recursiveRef`` names (2019-09, core, section 8.2.4.2).

        Raises:
            SchemaError: it is not ``#``.
        """
        if reference != "#":
            raise SchemaError(f"$recursiveRef is {shown(reference)}", pointer=pointer, expected='"#"')
        place = self.resolve(reference, base, pointer, "$recursiveRef")
        if RECURSIVE not in place.document.dynamic_anchors(place.uri):
            return place
        return self._outermost(RECURSIVE, base) or place

    def _outermost(self, anchor: str, base: Base) -> Place | None:
        pointer = dict(base.bound).get(anchor)
        return None if pointer is None else self._bound[pointer]

    def _bind(
        self, bound: tuple[tuple[str, str], ...], document: Document, uri: str, draft: Draft
    ) -> tuple[tuple[str, str], ...]:
        if not draft.reference_siblings:  # before 2019-09 there are none
            return bound
        anchors = document.dynamic_anchors(uri)
        if not anchors:
            return bound
        known = dict(bound)
        for name, place in anchors.items():
            if name not in known:
                known[name] = place.pointer
                self._bound[place.pointer] = place
        return tuple(sorted(known.items()))

    def _follow(self, place: Place, path: str, what: str, pointer: str) -> Place:
        """Walk along a pointer; bases and drafts change only at schemas, not in values or unknown keywords."""
        raw, where, uri, draft, document = place
        kind = Kind.SCHEMA
        for token in path.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            member: object
            if isinstance(raw, dict) and name in raw:
                member = raw[name]
            elif isinstance(raw, list) and _is_index(name) and int(name) < len(raw):
                member = raw[int(name)]
            else:
                raise SchemaError(
                    f"{what} leads nowhere: {shown(name)} is not there",
                    pointer=pointer,
                    expected="a pointer to a schema",
                )
            if kind is Kind.SCHEMA:
                kind = kind_of_member(draft, name, member) if isinstance(raw, dict) else Kind.OTHER
            elif kind is Kind.SCHEMAS:
                kind = Kind.SCHEMA
            raw = member
            where = f"{where}/{escaped(name)}"
            if kind is Kind.SCHEMA and isinstance(raw, dict):
                uri, draft = document.inside(raw, uri, draft, where)
        if kind is not Kind.SCHEMA and isinstance(raw, dict):
            uri, draft = document.inside(raw, uri, draft, where)  # the reference makes it one
        return Place(raw, where, uri, draft, document)


def _is_index(token: str) -> bool:
    return token.isascii() and token.isdigit() and len(token) < 10 and (token == "0" or token[0] != "0")
