"""``properties``, ``patternProperties``, ``additionalProperties``, ``required``, ``propertyNames``, member counts.

Reading, conjunction and complement; :mod:`~constrain.compiler.json_schema.members` writes the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, compress, product
from typing import Any, NamedTuple

from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.model import (
    FALSE,
    OBJECT,
    TRUE,
    ObjectFacet,
    Schema,
    SchemaId,
    Some,
    Store,
    conjunction,
)
from constrain.compiler.json_schema.patterns import check_pattern, matches
from constrain.compiler.json_schema.pointers import escaped
from constrain.compiler.json_schema.values import exact
from constrain.errors import LimitError

__all__ = [
    "MAXIMUM_ALTERNATIVES",
    "MAXIMUM_PATTERNS",
    "Family",
    "Member",
    "Members",
    "check_patterns",
    "complements",
    "merge",
    "read",
    "said",
]

MAXIMUM_ALTERNATIVES = 500
"""Ways in which negations may say which member of one object must be there."""

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
    """One named member: what its value must satisfy, and its name."""

    name: str
    schemas: tuple[SchemaId, ...]
    required: bool
    names: tuple[SchemaId, ...] = ()


class Family(NamedTuple):
    """Members of any other name that matches all of some patterns and none of some others, and satisfies schemas."""

    matching: tuple[str, ...]
    avoiding: tuple[str, ...]
    schemas: tuple[SchemaId, ...]
    names: tuple[SchemaId, ...] = ()


class Members(NamedTuple):
    """The conjunction of some facets.

    Attributes:
        named: members with a name of their own, in order; without those that may not occur.
        hidden: every name that no family may use.
        families: all other members.
        wanted: of those, such that must be there; each is a member of its own.
        names: schemas of names.
        minimum: fewest members.
        maximum: most members.
        missing: a required name that may not occur, if there is one: then no object is left.
    """

    named: tuple[Member, ...]
    hidden: tuple[str, ...]
    families: tuple[Family, ...]
    wanted: tuple[Family, ...]
    names: tuple[SchemaId, ...]
    minimum: int
    maximum: int | None
    missing: str | None

    @property
    def needed(self) -> int:
        """Members that must be there, whatever the counts say."""
        return sum(member.required for member in self.named) + len(self.wanted)

    @property
    def is_empty(self) -> bool:
        """Whether names or counts contradict each other."""
        needed = max(self.minimum, self.needed)
        return self.missing is not None or (self.maximum is not None and self.maximum < needed)

    def bounded(self, others: int | None) -> Members:
        """With at most so many members beside the named ones, or as many as there must be, unless there is a bound."""
        if others is None or self.maximum is not None or not self.families:
            return self
        return self._replace(maximum=max(self.minimum, len(self.named) + len(self.wanted) + others))


def merge(facets: Sequence[ObjectFacet], store: Store) -> tuple[Members, ...]:
    """The conjunction, as alternatives: one for each way in which what must be there is there.

    Names come in the order of the facets, required names without a schema of their own last.

    Raises:
        LimitError: too many alternatives, or too many patterns of names.
    """
    some = tuple(dict.fromkeys([some for facet in facets for some in facet.some]))
    required = frozenset().union(*[facet.required for facet in facets])
    tables = [(dict(facet.properties), facet) for facet in facets]
    names = dict.fromkeys(chain(*[properties for properties, _ in tables], *[facet.required for facet in facets]))
    names.update(dict.fromkeys(name for each in some for name, _ in each.properties))
    named: list[Member] = []
    missing = None
    for name in names:
        schemas = conjunction([each for properties, facet in tables for each in _said(name, properties, facet)])
        if FALSE in schemas:
            if name in required:
                missing = name
            continue
        named.append(Member(name, schemas, name in required))
    members = Members(
        named=tuple(named),
        hidden=tuple(names),
        families=_families(facets, some),
        wanted=(),
        names=conjunction([facet.names for facet in facets]),
        minimum=max([facet.minimum for facet in facets], default=0),
        maximum=min([facet.maximum for facet in facets if facet.maximum is not None], default=None),
        missing=missing,
    )
    if not some or missing is not None:
        return (members,)
    return tuple(alternative for alternative in _with_some(members, some, store) if not alternative.is_empty)


def _with_some(members: Members, some: Sequence[Some], store: Store) -> list[Members]:
    """The alternatives in which each of ``some`` is there."""
    alternatives = [members]
    for each in some:
        alternatives = list(
            dict.fromkeys(chain.from_iterable(_with_one(alternative, each, store) for alternative in alternatives))
        )
        if len(alternatives) > MAXIMUM_ALTERNATIVES:
            raise LimitError(
                f"negations say of an object in more than {MAXIMUM_ALTERNATIVES} ways which member must be there",
                expected="fewer negated schemas (not, oneOf, if) with fewer properties; this limit is fixed",
            )
    return alternatives


def _with_one(members: Members, some: Some, store: Store) -> Iterator[Members]:
    properties = dict(some.properties)
    if _has_one(members, some, properties, store):
        yield members
        return
    for i, member in enumerate(members.named):
        before, after = members.named[:i], members.named[i + 1 :]
        fitting = store.any_of(tuple(_said(member.name, properties, some)))
        schemas = conjunction([*member.schemas, fitting])
        if FALSE not in schemas:
            yield members._replace(named=(*before, member._replace(schemas=schemas, required=True), *after))
        if some.names != FALSE:
            names = conjunction([*member.names, some.names])
            yield members._replace(named=(*before, member._replace(names=names, required=True), *after))
    for i, family in enumerate(members.wanted):
        # one member may serve several purposes
        for narrower in _narrowed(family, some, store):
            yield members._replace(wanted=(*members.wanted[:i], narrower, *members.wanted[i + 1 :]))
    for family in members.families:
        for narrower in _narrowed(family, some, store):
            yield members._replace(wanted=(*members.wanted, narrower))


def _has_one(members: Members, some: Some, properties: dict[str, SchemaId], store: Store) -> bool:
    """Whether a member that must be there anyway is such a member."""
    there = [(member.schemas, _said(member.name, properties, some)) for member in members.named if member.required]
    there.extend((family.schemas, said(some, None, family)) for family in members.wanted)
    return any(fitting == TRUE or fitting in schemas for schemas, said in there for fitting in [store.any_of((*said,))])


def _narrowed(family: Family, some: Some, store: Store) -> Iterator[Family]:
    """What of a family is such a member, by its value or by its name."""
    schemas = conjunction([*family.schemas, store.any_of(tuple(said(some, None, family)))])
    if FALSE not in schemas:
        yield family._replace(schemas=schemas)
    if some.names != FALSE:
        yield family._replace(names=conjunction([*family.names, some.names]))


def said(facet: ObjectFacet | Some, name: str | None, family: Family) -> list[SchemaId]:
    """The schemas that a facet has for the value of a member of a name, or else of a family."""
    if name is not None:
        return _said(name, dict(facet.properties), facet)
    return [schema for pattern, schema in facet.patterns if pattern in family.matching] or [facet.additional]


def check_patterns(patterns: Sequence[str]) -> None:
    """Hold the number of patterns of names of one object against the limit.

    Raises:
        LimitError: too many.
    """
    if len(patterns) > MAXIMUM_PATTERNS:
        raise LimitError(
            f"{len(patterns)} patterns of member names apply to one object",
            expected=f"at most {MAXIMUM_PATTERNS} patternProperties; this limit is fixed",
        )


def _said(name: str, properties: dict[str, SchemaId], facet: ObjectFacet | Some) -> list[SchemaId]:
    """The schemas that a facet has for the value of a named member."""
    found = [properties[name]] if name in properties else []
    if facet.patterns:
        found.extend([schema for pattern, schema in facet.patterns if matches(name, pattern)])
    return found or [facet.additional]


def _families(facets: Sequence[ObjectFacet], some: Sequence[Some]) -> tuple[Family, ...]:
    sources: list[ObjectFacet | Some] = [*facets, *some]
    patterns = tuple(dict.fromkeys([pattern for source in sources for pattern, _ in source.patterns]))
    if not patterns:
        schemas = conjunction([facet.additional for facet in facets])
        return () if FALSE in schemas else (Family((), (), schemas),)
    check_patterns(patterns)
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


def complements(facet: ObjectFacet, negate: Callable[[SchemaId], SchemaId]) -> list[Schema]:
    """Schemas of which an object satisfies at least one exactly when it does not satisfy ``facet``."""
    found = []
    for name in facet.required:
        found.append(ObjectFacet(properties=((name, FALSE),)))
    if facet.minimum > 0:
        found.append(ObjectFacet(maximum=facet.minimum - 1))
    if facet.maximum is not None:
        found.append(ObjectFacet(minimum=facet.maximum + 1))
    wrong = Some(
        tuple((name, negate(schema)) for name, schema in facet.properties),
        tuple((pattern, negate(schema)) for pattern, schema in facet.patterns),
        negate(facet.additional),
        negate(facet.names),
    )
    if wrong.patterns or wrong.additional != FALSE or wrong.names != FALSE:
        found.append(ObjectFacet(some=(wrong,)))
    else:
        # one by one, which says at once what must be there
        for name, schema in wrong.properties:
            if schema != FALSE:
                found.append(ObjectFacet(properties=((name, schema),), required=(name,)))
    for some in facet.some:
        found.append(
            ObjectFacet(
                tuple((name, negate(schema)) for name, schema in some.properties),
                tuple((pattern, negate(schema)) for pattern, schema in some.patterns),
                negate(some.additional),
                names=negate(some.names),
            )
        )
    return [Schema(types=OBJECT, object=each) for each in found]
