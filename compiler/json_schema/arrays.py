"""``prefixItems``, ``items``, ``additionalItems``, ``minItems``, ``maxItems``, ``uniqueItems``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from constrain.compiler.grammar import Symbol
from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.layout import Punctuation
from constrain.compiler.json_schema.model import ARRAY, FALSE, TRUE, ArrayFacet, Schema, SchemaId, Store, conjunction
from constrain.compiler.json_schema.values import exact

__all__ = ["Items", "complements", "lower", "merge", "read"]


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
    minimum, maximum = raw.get("minItems"), raw.get("maxItems")
    return ArrayFacet(
        prefix,
        rest,
        0 if minimum is None else int(exact(minimum, f"{pointer}/minItems")),
        None if maximum is None else int(exact(maximum, f"{pointer}/maxItems")),
        raw.get("uniqueItems") is True,
    )


class Items(NamedTuple):
    """The conjunction of some facets: what each item must satisfy, how many there may be, whether they must differ."""

    prefix: tuple[tuple[SchemaId, ...], ...]
    rest: tuple[SchemaId, ...]
    minimum: int
    maximum: int | None
    unique: bool

    @property
    def is_empty(self) -> bool:
        """Whether the counts contradict each other."""
        return self.maximum is not None and self.maximum < self.minimum


def merge(facets: Sequence[ArrayFacet]) -> Items:
    """The conjunction; an item that nothing satisfies ends the array before it."""
    minimum = max([facet.minimum for facet in facets], default=0)
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
    return Items(tuple(prefix), rest, minimum, maximum, any(facet.unique for facet in facets))


def complements(store: Store, facet: ArrayFacet, negate: Callable[[SchemaId], SchemaId]) -> list[Schema] | None:
    """Schemas of which an array satisfies at least one exactly when it does not satisfy ``facet``.

    None when that cannot be said without counting items (``contains``), or without saying that some are equal.
    """
    if facet.unique:
        return None
    found = []
    if facet.minimum > 0:
        found.append(Schema(types=ARRAY, array=ArrayFacet(maximum=facet.minimum - 1)))
    if facet.maximum is not None:
        found.append(Schema(types=ARRAY, array=ArrayFacet(minimum=facet.maximum + 1)))
    for i, item in enumerate(facet.prefix):
        if item != TRUE:
            prefix = (*(TRUE for _ in range(i)), negate(item))
            found.append(Schema(types=ARRAY, array=ArrayFacet(prefix=prefix, minimum=i + 1)))
    if facet.rest == FALSE:
        if facet.maximum is None or facet.maximum > len(facet.prefix):
            found.append(Schema(types=ARRAY, array=ArrayFacet(minimum=len(facet.prefix) + 1)))
    elif facet.rest != TRUE:
        length = facet.maximum
        if length is None or length - len(facet.prefix) > 16:
            return None
        for i in range(len(facet.prefix), length):
            prefix = (*(TRUE for _ in range(i)), negate(facet.rest))
            found.append(Schema(types=ARRAY, array=ArrayFacet(prefix=prefix, minimum=i + 1)))
    return found


def lower(
    items: Items,
    punctuation: Punctuation,
    symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
    choice: Callable[[str, list[list[Symbol]]], Symbol],
    repeat: Callable[[Symbol, int, int | None, Symbol], Symbol],
) -> list[list[Symbol]]:
    """Alternatives of an array: rules of the first items, each one longer than the last, then the rest.

    Args:
        items: what the items must satisfy.
        punctuation: lexemes around them.
        symbol_of: the symbol of an item.
        choice: makes a rule.
        repeat: makes a repetition with a separator.
    """
    separator = punctuation.separator
    alternatives: list[list[Symbol]] = []
    if items.is_empty:
        return alternatives
    minimum, maximum = items.minimum, items.maximum
    if minimum == 0:
        alternatives.append([punctuation.empty_array])
    bodies: list[list[Symbol]] = []
    prefix: list[Symbol] = []
    fixed = len(items.prefix)
    for i, schemas in enumerate(items.prefix):
        item = symbol_of(schemas)
        prefix = [choice("items", [[*prefix, separator, item]])] if prefix else [item]
        if i + 1 >= minimum:
            bodies.append(prefix)
    if items.rest != (FALSE,) and (maximum is None or maximum > fixed):
        least = max(1, minimum - fixed)
        most = None if maximum is None else maximum - fixed
        tail = repeat(symbol_of(items.rest), least, most, separator)
        bodies.append([*prefix, separator, tail] if prefix else [tail])
    if len(bodies) == 1:
        alternatives.append([punctuation.open_array, *bodies[0], punctuation.close_array])
    elif bodies:
        alternatives.append([punctuation.open_array, choice("items", bodies), punctuation.close_array])
    return alternatives
