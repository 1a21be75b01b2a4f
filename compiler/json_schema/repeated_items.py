"""Arrays that hold an item twice: those of which ``uniqueItems`` does not hold.

Where two equal items can follow whatever there was before, nothing depends on the repetition but where the array may
end: its closing bracket is guarded. Elsewhere the values of which there can be two are listed, and one of them is
counted, as ``contains`` counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

from constrain.compiler.json_schema.arrays import Items
from constrain.compiler.json_schema.model import FALSE, Count, Schema, SchemaId, Store, Value, conjunction
from constrain.compiler.json_schema.values import key_of
from constrain.errors import LimitError, UnsupportedError

__all__ = ["counted", "endless"]

MAXIMUM_PAIRS = 10_000
"""Pairs of places whose items are compared."""

MAXIMUM_VALUES = 2_000
"""Values that can come twice; each makes an array of its own, and is looked for among all of them."""


def endless(items: Items, negate: Callable[[SchemaId], SchemaId]) -> tuple[SchemaId, ...]:
    """What items satisfy of which any number may follow at the end, whatever the other items are."""
    if items.maximum is not None:
        return (FALSE,)
    return conjunction([*items.rest, *(negate(count.rest) for count in items.counts if count.maximum is not None)])


def counted(
    items: Items,
    store: Store,
    values_of: Callable[[tuple[SchemaId, ...]], list[Value] | None],
    pointer: str | None,
) -> Iterator[Items]:
    """The arrays with two items of one value, for each value of which there can be two.

    Args:
        items: what the items must satisfy.
        store: where schemas go.
        values_of: the values that satisfy all of some schemas, and perhaps others; None if they cannot be listed.
        pointer: where it is said that an item comes twice.

    Raises:
        LimitError: too many places or values.
        UnsupportedError: values that cannot be listed.
    """
    found: dict[object, Value] = {}
    for pair in _pairs(items):
        values = [] if FALSE in pair else values_of(pair)
        if values is None:
            raise UnsupportedError(
                "the negation of uniqueItems over items of any number of values is not supported where the number of "
                "items is bounded",
                pointer=pointer,
                expected="no maxItems, or items that enum, const, boolean or null list",
            )
        for value in values:
            found.setdefault(key_of(value), value)
        if len(found) > MAXIMUM_VALUES:
            raise LimitError(
                f"the negation of uniqueItems is over more than {MAXIMUM_VALUES} values",
                pointer=pointer,
                expected="fewer values, or no maxItems; this limit is fixed",
            )
    for value in found.values():
        twice = Count((), store.add(Schema(values=(value,))), 2, None)
        yield items._replace(repeated=False, counts=(*items.counts, twice))


def _pairs(items: Items) -> Iterator[tuple[SchemaId, ...]]:
    """For each two places, what an item satisfies that may stand in both."""
    places = items.prefix[: items.maximum]
    if len(places) ** 2 > 2 * MAXIMUM_PAIRS:
        raise LimitError(
            f"the negation of uniqueItems compares more than {MAXIMUM_PAIRS} pairs of items",
            expected="fewer prefixItems; this limit is fixed",
        )
    rest = items.rest if items.maximum is None or items.maximum > len(places) else (FALSE,)
    for one, other in combinations(places, 2):
        yield conjunction([*one, *other])
    for place in places:
        yield conjunction([*place, *rest])
    if items.maximum is None or items.maximum > len(places) + 1:
        yield rest
