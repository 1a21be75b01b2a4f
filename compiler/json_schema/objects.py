"""``properties``, ``patternProperties``, ``additionalProperties``, ``required``, ``propertyNames``, member counts.

Reading, conjunction and complement; :mod:`~constrain.compiler.json_schema.members` writes the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple

from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.model import FALSE, OBJECT, TRUE, ObjectFacet, Schema, SchemaId, Store
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
    declared = dict.fromkeys(name for facet in facets for name, _ in facet.properties)
    required = dict.fromkeys(name for facet in facets for name in facet.required)
    tables = [(dict(facet.properties), facet) for facet in facets]
    named: list[Member] = []
    missing = None
    for name in {**declared, **required}:
        schemas = _schemas_of(name, tables)
        if FALSE in schemas:
            if name in required:
                missing = name
            continue
        named.append(Member(name, schemas, name in required))
    return Members(
        named=tuple(named),
        hidden=tuple({**declared, **required}),
        families=_families(facets),
        names=tuple(dict.fromkeys(facet.names for facet in facets if facet.names != TRUE)),
        minimum=max((facet.minimum for facet in facets), default=0),
        maximum=min((facet.maximum for facet in facets if facet.maximum is not None), default=None),
        missing=missing,
    )


def _schemas_of(name: str, tables: Sequence[tuple[dict[str, SchemaId], ObjectFacet]]) -> tuple[SchemaId, ...]:
    found: dict[SchemaId, None] = {}
    for properties, facet in tables:
        known = properties.get(name)
        covered = known is not None
        if known is not None:
            found[known] = None
        for pattern, schema in facet.patterns:
            if matches(name, pattern):
                covered = True
                found[schema] = None
        if not covered:
            found[facet.additional] = None
    found.pop(TRUE, None)
    return tuple(found)


def _families(facets: Sequence[ObjectFacet]) -> tuple[Family, ...]:
    patterns = tuple(dict.fromkeys(pattern for facet in facets for pattern, _ in facet.patterns))
    if len(patterns) > MAXIMUM_PATTERNS:
        raise LimitError(
            f"{len(patterns)} patterns of member names apply to one object",
            expected=f"at most {MAXIMUM_PATTERNS} patternProperties; this limit is fixed",
        )
    families = []
    for chosen in product((False, True), repeat=len(patterns)):
        inside = {pattern for pattern, taken in zip(patterns, chosen, strict=True) if taken}
        schemas: dict[SchemaId, None] = {}
        for facet in facets:
            matched = [schema for pattern, schema in facet.patterns if pattern in inside]
            schemas.update(dict.fromkeys(matched or [facet.additional]))
        schemas.pop(TRUE, None)
        if FALSE not in schemas:
            outside = tuple(pattern for pattern in patterns if pattern not in inside)
            families.append(Family(tuple(p for p in patterns if p in inside), outside, tuple(schemas)))
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
