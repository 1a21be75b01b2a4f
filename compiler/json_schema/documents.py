"""A document of schemas: the places in it, and the names (URIs and anchors) that it gives to some of them.

A document is indexed only when a reference needs more than a pointer into it.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.subschemas import subschemas
from constrain.compiler.json_schema.uris import join, split_fragment
from constrain.errors import SchemaError, UnsupportedError

__all__ = ["Document", "Place", "base_inside"]

RECURSIVE = ""
"""What ``$recursiveAnchor: true`` is called among dynamic anchors, which have names."""


class Place(NamedTuple):
    """A schema in a document: the parsed JSON, the pointer from the document's root, the base URI and draft inside."""

    raw: Any
    path: str
    uri: str
    draft: Draft
    document: Document

    @property
    def pointer(self) -> str:
        """The place for messages, unique among documents."""
        return self.document.prefix + self.path


def base_inside(
    raw: dict[str, Any], uri: str, draft: Draft, pointer: str, dialect: Callable[[str, str], Draft]
) -> tuple[str, Draft]:
    """The base URI and the draft inside a schema object that is not the root of its document.

    Args:
        raw: the schema.
        uri: base URI outside it.
        draft: draft outside it.
        pointer: its place.
        dialect: the draft that the value of a ``$schema`` names, and its place.

    Raises:
        UnsupportedError: another draft, without an identifier that makes the schema a resource of its own.
    """
    if "$ref" in raw and not draft.reference_siblings:
        return uri, draft
    named = raw.get("$schema")
    if isinstance(named, str):
        where = f"{pointer}/$schema"
        own = dialect(named, where)
        if own is not draft:
            if _identifier(raw, own) is None:
                raise UnsupportedError(
                    "a subschema of another draft", pointer=where, expected=f"{own.id_keyword or '$id'} beside it"
                )
            draft = own
    name = _identifier(raw, draft)
    return (uri if name is None else join(uri, name)), draft


def _identifier(raw: dict[str, Any], draft: Draft) -> str | None:
    """What a schema object calls itself, without a fragment; None when it has no name of its own."""
    if draft.id_keyword is None or ("$ref" in raw and not draft.reference_siblings):
        return None
    name = raw.get(draft.id_keyword)
    return (split_fragment(name)[0] or None) if isinstance(name, str) else None


def _anchors(raw: dict[str, Any], draft: Draft) -> Iterator[str]:
    if draft.reference_siblings:
        yield from (raw[key] for key in ("$anchor",) if isinstance(raw.get(key), str))
        if "$dynamicRef" in draft.keywords and isinstance(raw.get("$dynamicAnchor"), str):
            yield raw["$dynamicAnchor"]
    elif draft.id_keyword is not None and "$ref" not in raw and isinstance(raw.get(draft.id_keyword), str):
        fragment = split_fragment(raw[draft.id_keyword])[1]
        if fragment:
            yield fragment


class Document:
    """One document.

    Attributes:
        retrieval: the URI that it was given under; empty for the schema itself.
        prefix: what its places are called in messages, before the pointer.
        checked: whether the root has been held against its metaschema.
    """

    def __init__(
        self, raw: Any, *, draft: Draft, retrieval: str, prefix: str, dialect: Callable[[str, str], Draft]
    ) -> None:
        self.retrieval = retrieval
        self.prefix = prefix
        self.checked = False
        name = _identifier(raw, draft) if isinstance(raw, dict) else None
        self._raw = raw
        self._draft = draft
        self._uri = retrieval if name is None else join(retrieval, name)
        self._dialect = dialect
        self._resources: dict[str, Place] | None = None
        self._anchors: dict[tuple[str, str], Place] = {}
        self._dynamic: dict[str, dict[str, Place]] = {}
        self._twice: dict[tuple[str, str], tuple[str, str]] = {}
        self._may_be_dynamic: bool | None = None

    @property
    def root(self) -> Place:
        """Its outermost place; not kept, since it holds the document."""
        return Place(self._raw, "", self._uri, self._draft, self)

    def resource(self, uri: str) -> Place | None:
        """The schema that is called by a URI.

        Raises:
            SchemaError: two different ones are.
        """
        if uri in (self._uri, self.retrieval):
            return self.root
        place = self._index().get(uri)
        self._check_once(uri, "")
        return place

    def anchor(self, uri: str, name: str) -> Place | None:
        """The schema that is called by an anchor of a resource.

        Raises:
            SchemaError: two different ones are.
        """
        self._index()
        self._check_once(uri, name)
        return self._anchors.get((uri, name))

    def dynamic_anchors(self, uri: str) -> dict[str, Place]:
        """The dynamic anchors of a resource; ``RECURSIVE`` is the name of a ``$recursiveAnchor``."""
        if self._may_be_dynamic is None:
            # most documents have none, and this is the fastest look at a whole document
            try:
                data = marshal.dumps(self._raw)
                self._may_be_dynamic = b"$dynamicAnchor" in data or b"$recursiveAnchor" in data
            except ValueError:  # nested too deep, or holding other than plain values
                self._may_be_dynamic = True
        if not self._may_be_dynamic:
            return {}
        self._index()
        return self._dynamic.get(uri, {})

    def inside(self, raw: dict[str, Any], uri: str, draft: Draft, path: str) -> tuple[str, Draft]:
        """As :func:`base_inside`, for a schema of this document."""
        return base_inside(raw, uri, draft, self.prefix + path, self._dialect)

    def _check_once(self, uri: str, anchor: str) -> None:
        paths = self._twice.get((uri, anchor))
        if paths is not None:
            name = f"{uri}#{anchor}" if anchor else uri
            raise SchemaError(
                f"two schemas are called {name}",
                pointer=self.prefix + paths[1],
                expected=f"another name than that of {self.prefix}{paths[0] or '/'}",
            )

    def _index(self) -> dict[str, Place]:
        if self._resources is None:
            self._resources = {}
            for place, is_resource in self._places():
                if is_resource:
                    self._name(self._resources, place.uri, place.uri, "", place)
                for anchor in _anchors(place.raw, place.draft):
                    self._name(self._anchors, (place.uri, anchor), place.uri, anchor, place)
                self._note_dynamic(place, is_resource)
        return self._resources

    def _name(self, table: dict[Any, Place], key: Any, uri: str, anchor: str, place: Place) -> None:
        known = table.setdefault(key, place)
        if known.path != place.path and known.raw != place.raw:
            self._twice.setdefault((uri, anchor), (known.path, place.path))

    def _note_dynamic(self, place: Place, is_resource: bool) -> None:
        known = self._dynamic.setdefault(place.uri, {})
        name = place.raw.get("$dynamicAnchor")
        if isinstance(name, str) and "$dynamicRef" in place.draft.keywords:
            known.setdefault(name, place)
        if is_resource and place.raw.get("$recursiveAnchor") is True and "$recursiveRef" in place.draft.keywords:
            known.setdefault(RECURSIVE, place)

    def _places(self) -> Iterator[tuple[Place, bool]]:
        """Every schema object, outermost first, and whether it is a resource of its own."""
        if not isinstance(self._raw, dict):
            return
        queue = [(self.root, True)]
        for place, is_resource in queue:
            yield place, is_resource
            for path, raw in subschemas(place.raw, place.draft):
                where = place.path + path
                try:
                    uri, draft = self.inside(raw, place.uri, place.draft, where)
                except UnsupportedError:
                    continue  # said when it is read
                queue.append((Place(raw, where, uri, draft, self), uri != place.uri))
