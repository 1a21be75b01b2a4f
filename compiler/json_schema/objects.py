"""``properties``, ``patternProperties``, ``additionalProperties``, ``required``, ``propertyNames``, member counts.

Reading, conjunction and complement; :mod:`~constrain.compiler.json_schema.members` writes the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, compress, product
from typing import Any, NamedTuple

from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.model import FALSE, OBJECT, TRUE, ObjectFacet, Schema, SchemaId, Store, conjunction
from constrain.compiler.json_schema.patterns import check_pattern, matches
from constrain.compiler.json_schema.pointers import escaped
from constrain.compiler.json_schema.values import exact
from constrain.errors import LimitError

__all__ = ["MAXIMUM_PATTERNS", "Family", "Member", "Members", "complements", "merge", "read"]

MAXIMUM_PATTERNS = 6
"""Patterns of member names that may apply to one object: each set of them is a family of names."""


def read(raw: dict[str, Any], pointer: str, draft: Draft, child: Callable[[Any, str], SchemaId]) -> ObjectFacet:
    """The facet of a schema's object keywords; ``child`` reads a subschema at a pointer."""
    properties: tuple[tuple[str, SchemaId], ...] = ()
    if "properties" in raw:
        where = f"{pointer}/properties/"
        properties = tuple((name, child(item, where + escaped(name))) for name, item in raw["properties"].items())
    patterns: list[tuple[str, SchemaId]] = []
    for pattern, item in raw.get("patternProperties", {}).items():
        where = f"{pointer}/patternProperties/{escaped(pattern)}"
        check_pattern(pattern, where)
        patterns.append((pattern, child(item, where)))
    additional = TRUE
    if "additionalProperties" in raw:
        additional = child(raw["additionalProperties"], f"{pointer}/additionalProperties")
    names = TRUE
    if "propertyNames" in raw and "propertyNames" in draft.keywords:
        names = child(raw["propertyNames"], f"{pointer}/propertyNames")
    minimum, maximum = raw.get("minProperties"), raw.get("maxProperties")
    return ObjectFacet(
        properties,
        tuple(patterns),
        additional,
        tuple(dict.fromkeys(raw.get("required", ()))),
        0 if minimum is None else int(exact(minimum, f"{pointer}/minProperties")),
        None if maximum is None else int(exact(maximum, f"{pointer}/maxProperties")),
        names,
    )


class Member(NamedTuple):
    """One named member: what its value must satisfy."""

    name: str
    schemas: tuple[SchemaId, ...]
    required: bool


class Family(NamedTuple):
    """Members of any other name that matches all of some patterns and none of some others."""

    matching: tuple[str, ...]
    avoiding: tuple[str, ...]
    schemas: tuple[SchemaId, ...]


class Members(NamedTuple):
    """The conjunction of some facets.

    Attributes:
        named: members with a name of their own, in order; without those that may not occur.
        hidden: every name that no family may use.
        families: all other members.
        names: schemas of names.
        minimum: fewest members.
        maximum: most members.
        missing: a required name that may not occur, if there is one: then no object is left.
    """

    named: tuple[Member, ...]
    hidden: tuple[str, ...]
    families: tuple[Family, ...]
    names: tuple[SchemaId, ...]
    minimum: int
    maximum: int | None
    missing: str | None

    @property
    def is_empty(self) -> bool:
        """Whether names or counts contradict each other."""
        needed = max(self.minimum, sum(member.required for member in self.named))
        return self.missing is not None or (self.maximum is not None and self.maximum < needed)


def merge(facets: Sequence[ObjectFacet]) -> Members:
    """The conjunction. Names come in the order of the facets, required names without a schema of their own last."""
    required = frozenset().union(*[facet.required for facet in facets])
    tables = [(dict(facet.properties), facet) for facet in facets]
    names = dict.fromkeys(chain(*[properties for properties, _ in tables], *[facet.required for facet in facets]))
    named: list[Member] = []
    missing = None
    for name in names:
        schemas = _schemas_of(name, tables)
        if FALSE in schemas:
            if name in required:
                missing = name
            continue
        named.append(Member(name, schemas, name in required))
    return Members(
        named=tuple(named),
        hidden=tuple(names),
        families=_families(facets),
        names=conjunction([facet.names for facet in facets]),
        minimum=max([facet.minimum for facet in facets], default=0),
        maximum=min([facet.maximum for facet in facets if facet.maximum is not None], default=None),
        missing=missing,
    )


def _schemas_of(name: str, tables: Sequence[tuple[dict[str, SchemaId], ObjectFacet]]) -> tuple[SchemaId, ...]:
    found: list[SchemaId] = []
    for properties, facet in tables:
        before = len(found)
        if name in properties:
            found.append(properties[name])
        if facet.patterns:
            found.extend([schema for pattern, schema in facet.patterns if matches(name, pattern)])
        if len(found) == before:
            found.append(facet.additional)
    return conjunction(found)


def _families(facets: Sequence[ObjectFacet]) -> tuple[Family, ...]:
    patterns = tuple(dict.fromkeys([pattern for facet in facets for pattern, _ in facet.patterns]))
    if not patterns:
        schemas = conjunction([facet.additional for facet in facets])
        return () if FALSE in schemas else (Family((), (), schemas),)
    if len(patterns) > MAXIMUM_PATTERNS:
        raise LimitError(
            f"{len(patterns)} patterns of member names apply to one object",
            expected=f"at most {MAXIMUM_PATTERNS} patternProperties; this limit is fixed",
        )
    families = []
    for chosen in product((False, True), repeat=len(patterns)):
        inside = tuple(compress(patterns, chosen))
        found: list[SchemaId] = []
        for facet in facets:
            found.extend([schema for pattern, schema in facet.patterns if pattern in inside] or [facet.additional])
        schemas = conjunction(found)
        if FALSE not in schemas:
            families.append(Family(inside, tuple([p for p in patterns if p not in inside]), schemas))
    return tuple(families)


def complements(store: Store, facet: ObjectFacet, negate: Callable[[SchemaId], SchemaId]) -> list[Schema] | None:
    """Schemas of which an object satisfies at least one exactly when it does not satisfy ``facet``.

    None when that needs a member of some unnamed kind to be there.
    """
    if facet.patterns or facet.additional != TRUE or facet.names != TRUE:
        return None
    found = []
    for name in facet.required:
        found.append(Schema(types=OBJECT, object=ObjectFacet(properties=((name, FALSE),))))
    if facet.minimum > 0:
        found.append(Schema(types=OBJECT, object=ObjectFacet(maximum=facet.minimum - 1)))
    if facet.maximum is not None:
        found.append(Schema(types=OBJECT, object=ObjectFacet(minimum=facet.maximum + 1)))
    for name, schema in facet.properties:
        if schema != TRUE:
            wrong = ObjectFacet(properties=((name, negate(schema)),), required=(name,))
            found.append(Schema(types=OBJECT, object=wrong))
    return found
