"""Every schema inside a document, with what a rule needs to know of its surroundings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.lint.keywords import IN_PLACE, LISTS, MAPS, SINGLES
from constrain.compiler.json_schema.pointers import escaped

__all__ = ["Place", "Places"]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A schema.

    Attributes:
        raw: parsed JSON: an object, or a boolean.
        pointer: from the document's root.
        base: base URI around it.
        keyword: the keyword of ``parent`` that holds it; empty for the root.
        parent: the schema that holds it.
    """

    raw: Any
    pointer: str
    base: str
    keyword: str
    parent: Place | None

    @property
    def keys(self) -> dict[str, Any]:
        """Its keywords."""
        return self.raw if isinstance(self.raw, dict) else {}

    @property
    def around(self) -> list[tuple[dict[str, Any], str]]:
        """The schemas that hold it, outermost first, with their pointers."""
        found = []
        place = self.parent
        while place is not None:
            found.append((place.keys, place.pointer))
            place = place.parent
        return found[::-1]

    @property
    def owner(self) -> Place:
        """The outermost schema about the same value."""
        place = self
        while place.parent is not None and place.keyword in IN_PLACE:
            place = place.parent
        return place

    @property
    def is_negated(self) -> bool:
        """Is it a condition (inside ``not`` or ``if``), which need not hold?"""
        place: Place | None = self
        while place is not None:
            if place.keyword in ("not", "if"):
                return True
            place = place.parent
        return False


class Places:
    """The schemas of one document, outermost first, and where references lead."""

    def __init__(self, root: Any, draft: Draft) -> None:
        self._draft = draft
        self.root = Place(root, "", "", "", None)
        self.all = [self.root]
        self._children: dict[str, list[Place]] = {}
        for place in self.all:
            found = self._children[place.pointer] = list(self._inside(place))
            self.all.extend(found)
        self._by_pointer = {place.pointer: place for place in self.all}
        self._resources: dict[str, Place] = {"": self.root}
        self._anchors: dict[tuple[str, str], Place] = {}
        for place in self.all:
            self._index(place)

    def children(self, place: Place) -> list[Place]:
        """The schemas that it holds."""
        return self._children[place.pointer]

    def base_within(self, place: Place) -> str:
        """The base URI that references inside a schema are relative to."""
        name = place.keys.get(self._draft.id_keyword or "")
        if not isinstance(name, str) or name.startswith("#"):
            return place.base
        if "$ref" in place.keys and not self._draft.reference_siblings:
            return place.base
        try:
            return urldefrag(urljoin(place.base, name)).url
        except ValueError:
            return place.base

    def target(self, place: Place) -> Place | None:
        """Where a schema's ``$ref`` leads within the document; None where it leads elsewhere, or has none."""
        reference = place.keys.get("$ref")
        if not isinstance(reference, str):
            return None
        try:
            uri, fragment = urldefrag(urljoin(self.base_within(place), reference))
        except ValueError:
            return None
        resource = self._resources.get(uri)
        if resource is None or (fragment and not fragment.startswith("/")):
            return self._anchors.get((uri, unquote(fragment)))
        return self._by_pointer.get(resource.pointer + unquote(fragment))

    def about_the_same(self, place: Place) -> Iterator[Place]:
        """A schema, and all that are about the same value: its parts, and where they refer to."""
        seen = {place.pointer}
        queue = [place]
        for current in queue:
            yield current
            parts = [child for child in self.children(current) if child.keyword in IN_PLACE]
            target = self.target(current)
            for part in parts if target is None else [*parts, target]:
                if part.pointer not in seen:
                    seen.add(part.pointer)
                    queue.append(part)

    def _inside(self, place: Place) -> Iterator[Place]:
        keys, pointer = place.keys, place.pointer
        base = self.base_within(place)
        for keyword in MAPS:
            if isinstance(keys.get(keyword), dict):
                for name, part in keys[keyword].items():
                    if isinstance(part, dict | bool):
                        yield Place(part, f"{pointer}/{keyword}/{escaped(name)}", base, keyword, place)
        for keyword in LISTS:
            if isinstance(keys.get(keyword), list):
                for i, part in enumerate(keys[keyword]):
                    if isinstance(part, dict | bool):
                        yield Place(part, f"{pointer}/{keyword}/{i}", base, keyword, place)
        for keyword in SINGLES:
            if isinstance(keys.get(keyword), dict | bool):
                yield Place(keys[keyword], f"{pointer}/{keyword}", base, keyword, place)

    def _index(self, place: Place) -> None:
        base = self.base_within(place)
        if base != place.base:
            self._resources.setdefault(base, place)
        names = [place.keys.get("$anchor"), place.keys.get("$dynamicAnchor")]
        identifier = place.keys.get(self._draft.id_keyword or "")
        if isinstance(identifier, str):
            names.append(identifier.partition("#")[2])
        for name in names:
            if isinstance(name, str) and name:
                self._anchors.setdefault((base, name), place)
