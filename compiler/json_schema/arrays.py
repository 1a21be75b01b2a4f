"""``prefixItems``, ``items``, ``additionalItems``, ``minItems``, ``maxItems``, ``uniqueItems``, ``contains``.

Reading, conjunction and complement; :mod:`~constrain.compiler.json_schema.items` writes the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.model import (
    ARRAY,
    FALSE,
    TRUE,
    ArrayFacet,
    Count,
    Schema,
    SchemaId,
    conjunction,
)
from constrain.compiler.json_schema.values import exact

__all__ = ["Items", "complements", "merge", "read"]

MAXIMUM_COUNTED = 250
"""States of an array that is given a bound beside what is counted of its items."""


def read(raw: dict[str, Any], pointer: str, draft: Draft, child: Callable[[Any, str], SchemaId]) -> ArrayFacet:
    """The facet of a schema's array keywords; ``child`` reads a subschema at a pointer."""
    prefix: tuple[SchemaId, ...] = ()
    rest = TRUE
    items = raw.get("items")
    if isinstance(items, list):
        prefix = tuple(child(item, f"{pointer}/items/{i}") for i, item in enumerate(items))
        if "additionalItems" in raw:
            rest = child(raw["additionalItems"], f"{pointer}/additionalItems")
    else:
        if not draft.tuple_items and "prefixItems" in raw:
            places = enumerate(raw["prefixItems"])
            prefix = tuple(child(item, f"{pointer}/prefixItems/{i}") for i, item in places)
        if items is not None:
            rest = child(items, f"{pointer}/items")
    minimum, maximum = _bound(raw, "minItems", pointer), _bound(raw, "maxItems", pointer)
    counts: tuple[Count, ...] = ()
    if "contains" in raw and "contains" in draft.keywords:
        contained = child(raw["contains"], f"{pointer}/contains")
        least = most = None
        if draft.counts_contained:
            least, most = _bound(raw, "minContains", pointer), _bound(raw, "maxContains", pointer)
        counts = (Count((), contained, 1 if least is None else least, most, draft.evaluates_contained),)
    return ArrayFacet(prefix, rest, minimum or 0, maximum, counts, raw.get("uniqueItems") is True)


def _bound(raw: dict[str, Any], keyword: str, pointer: str) -> int | None:
    value = raw.get(keyword)
    return None if value is None else int(exact(value, f"{pointer}/{keyword}"))


class Items(NamedTuple):
    """The conjunction of some facets: what each item must satisfy, how many there may be, in all and of a kind, and
    whether they must differ, or two must be equal.
    """

    prefix: tuple[tuple[SchemaId, ...], ...]
    rest: tuple[SchemaId, ...]
    minimum: int
    maximum: int | None
    counts: tuple[Count, ...] = ()
    unique: bool = False
    repeated: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the counts contradict each other."""
        least = max([self.minimum, *(count.minimum for count in self.counts)])
        opposed = any(count.maximum is not None and count.maximum < count.minimum for count in self.counts)
        return opposed or (self.unique and self.repeated) or (self.maximum is not None and self.maximum < least)

    def bounded(self, most: int | None) -> Items:
        """With at most so many items, or as many as there must be, unless there is a bound already.

        None is set where two items must be equal, which only an array without a bound can always come to, nor where the
        number of items, beside what is counted of them, would make too many states.
        """
        if most is None or self.maximum is not None or self.repeated:
            return self
        # beyond the first items, only those that are counted may be needed
        first = max([len(self.prefix), *(len(count.prefix) for count in self.counts)])
        most = max(most, self.minimum, first + sum(count.minimum for count in self.counts))
        counted = prod(1 + (count.minimum if count.maximum is None else count.maximum) for count in self.counts)
        return self if self.counts and most * counted > MAXIMUM_COUNTED else self._replace(maximum=most)


def merge(facets: Sequence[ArrayFacet]) -> Items:
    """The conjunction; an item that nothing satisfies ends the array before it."""
    repeated = any(facet.repeated for facet in facets)
    minimum = max([facet.minimum for facet in facets], default=0)
    if repeated:
        minimum = max(minimum, 2)
    maximum = min([facet.maximum for facet in facets if facet.maximum is not None], default=None)
    prefix: list[tuple[SchemaId, ...]] = []
    for i in range(max([len(facet.prefix) for facet in facets], default=0)):
        schemas = conjunction([facet.prefix[i] if i < len(facet.prefix) else facet.rest for facet in facets])
        if FALSE in schemas or (maximum is not None and i >= maximum):
            maximum = i if maximum is None else min(i, maximum)
            break
        prefix.append(schemas)
    rest = conjunction([facet.rest for facet in facets])
    if FALSE in rest:
        maximum = len(prefix) if maximum is None else min(maximum, len(prefix))
        rest = (FALSE,)
    counts = _counts([count for facet in facets for count in facet.counts])
    unique = any(facet.unique for facet in facets)
    return Items(tuple(prefix), rest, minimum, maximum, counts, unique, repeated)


def _counts(counts: list[Count]) -> tuple[Count, ...]:
    """Those that say something, each schema once."""
    bounds: dict[tuple[tuple[SchemaId, ...], SchemaId], tuple[int, int | None]] = {}
    for prefix, rest, minimum, maximum, _ in counts:
        least, most = bounds.get((prefix, rest), (0, None))
        maxima = [each for each in (most, maximum) if each is not None]
        bounds[prefix, rest] = max(least, minimum), min(maxima, default=None)
    return tuple(Count(*key, *both) for key, both in bounds.items() if both != (0, None))


def complements(facet: ArrayFacet, negate: Callable[[SchemaId], SchemaId]) -> list[Schema]:
    """Schemas of which an array satisfies at least one exactly when it does not satisfy ``facet``."""
    found = []
    if facet.unique:
        found.append(ArrayFacet(repeated=True))
    if facet.repeated:
        found.append(ArrayFacet(unique=True))
    if facet.minimum > 0:
        found.append(ArrayFacet(maximum=facet.minimum - 1))
    if facet.maximum is not None:
        found.append(ArrayFacet(minimum=facet.maximum + 1))
    if facet.rest == FALSE:
        # too many items, or a wrong one among the first
        found.append(ArrayFacet(minimum=len(facet.prefix) + 1))
    wrong = tuple(negate(item) for item in facet.prefix), FALSE if facet.rest == FALSE else negate(facet.rest)
    if wrong[1] != FALSE:
        found.append(ArrayFacet(counts=(Count(*wrong),)))
    else:
        # item by item, which says at once how many there must be
        for i, item in enumerate(wrong[0]):
            if item != FALSE:
                found.append(ArrayFacet(prefix=(*(TRUE for _ in range(i)), item), minimum=i + 1))
    for count in facet.counts:
        if count.minimum > 0:
            found.append(ArrayFacet(counts=(count._replace(minimum=0, maximum=count.minimum - 1),)))
        if count.maximum is not None:
            found.append(ArrayFacet(counts=(count._replace(minimum=count.maximum + 1, maximum=None),)))
    return [Schema(types=ARRAY, array=each) for each in found]
