"""``$ref``: from a URI reference to a place in the document.

The common case, a pointer into a document without embedded identifiers, costs one walk along the pointer. Only a
reference that needs more (an anchor, an absolute URI, a base changed on the way) makes an index of the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.pointers import escaped, shown
from constrain.errors import SchemaError, UnsupportedError

__all__ = ["Place", "References"]

_MAPS = ("properties", "patternProperties", "definitions", "$defs", "dependentSchemas", "dependencies")
_SINGLE = (
    *("items", "additionalItems", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"),
    *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
)
_LISTS = ("allOf", "anyOf", "oneOf", "items", "prefixItems")


class Place(NamedTuple):
    """A schema in the document: the parsed JSON, its pointer from the root, and the base URI outside it."""

    raw: Any
    pointer: str
    base: str


class References:
    """Resolves references of one document."""

    def __init__(self, root: Any, draft: Draft) -> None:
        self._root = root
        self._draft = draft
        self._root_base = self.base_of(root, "") if isinstance(root, dict) else ""
        self._resources: dict[str, Place] | None = None
        self._anchors: dict[tuple[str, str], Place] = {}

    def base_of(self, raw: dict[str, Any], base: str) -> str:
        """The base URI inside a schema object."""
        name = raw.get(self._draft.id_keyword)
        if not isinstance(name, str) or name.startswith("#"):
            return base
        if not self._draft.reference_siblings and "$ref" in raw:
            return base
        try:
            return urldefrag(urljoin(base, name)).url
        except ValueError:
            return base

    def resolve(self, reference: str, base: str, pointer: str) -> Place:
        """The place that a reference names.

        Args:
            reference: the value of ``$ref``.
            base: base URI at the reference.
            pointer: where the reference stands, for errors.

        Raises:
            SchemaError: nothing is there.
            UnsupportedError: another document.
        """
        target, fragment = base, reference[1:]
        if not reference.startswith("#"):
            try:
                uri, fragment = urldefrag(reference)
                if uri:
                    target = urldefrag(urljoin(base, uri)).url
            except ValueError:
                raise SchemaError(f"$ref {shown(reference)} is not a URI reference", pointer=pointer) from None
        if target in ("", self._root_base) and (not fragment or fragment.startswith("/")):
            place = Place(self._root, "", "")
        else:
            found = self._index().get(target)
            if found is None:
                raise UnsupportedError(
                    f"$ref {shown(reference)} leads to another document",
                    pointer=pointer,
                    expected="a reference within the schema",
                )
            place = found
        if not fragment:
            return place
        if fragment.startswith("/"):
            return self._follow(place, unquote(fragment), reference, pointer)
        self._index()
        anchor = self._anchors.get((target or self._root_base, unquote(fragment)))
        if anchor is None:
            raise SchemaError(f"$ref {shown(reference)} names no anchor of the schema", pointer=pointer)
        return anchor

    def _follow(self, place: Place, path: str, reference: str, pointer: str) -> Place:
        raw, where, base = place
        for token in path.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(raw, dict):
                base = self.base_of(raw, base)
            if isinstance(raw, dict) and name in raw:
                raw = raw[name]
            elif isinstance(raw, list) and name.isascii() and name.isdigit() and int(name[:9]) < len(raw):
                raw = raw[int(name)]
            else:
                raise SchemaError(
                    f"$ref {shown(reference)} leads nowhere: {shown(name)} is not there",
                    pointer=pointer,
                    expected="a pointer to a schema",
                )
            where = f"{where}/{escaped(name)}"
        if not isinstance(raw, dict | bool):
            raise SchemaError(
                f"$ref {shown(reference)} leads to {shown(raw)}", pointer=pointer, expected="an object or a boolean"
            )
        return Place(raw, where, base)

    def _index(self) -> dict[str, Place]:
        if self._resources is None:
            self._resources = {}
            for place in self._schemas():
                raw = place.raw
                base = self.base_of(raw, place.base)
                if base != place.base or not place.pointer:
                    self._resources.setdefault(base, place)
                names = [raw.get("$anchor"), raw.get("$dynamicAnchor")]
                name = raw.get(self._draft.id_keyword)
                if isinstance(name, str):
                    fragment = name if name.startswith("#") else f"#{urldefrag(name).fragment}"
                    names.append(fragment[1:])
                for anchor in names:
                    if isinstance(anchor, str) and anchor:
                        self._anchors.setdefault((base, anchor), place)
        return self._resources

    def _schemas(self) -> Iterator[Place]:
        """Every schema object, outermost first; values such as ``enum`` aren't schemas and are not entered."""
        queue: list[tuple[Any, str, str]] = [(self._root, "", "")]
        for raw, pointer, outer in queue:
            if not isinstance(raw, dict):
                continue
            base = self.base_of(raw, outer)
            yield Place(raw, pointer, outer)
            for keyword in _MAPS:
                members = raw.get(keyword)
                if isinstance(members, dict):
                    queue.extend((item, f"{pointer}/{keyword}/{escaped(str(k))}", base) for k, item in members.items())
            for keyword in _SINGLE:
                if isinstance(raw.get(keyword), dict):
                    queue.append((raw[keyword], f"{pointer}/{keyword}", base))
            for keyword in _LISTS:
                items = raw.get(keyword)
                if isinstance(items, list):
                    queue.extend((item, f"{pointer}/{keyword}/{i}", base) for i, item in enumerate(items))
