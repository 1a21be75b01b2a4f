"""``unevaluatedProperties`` and ``unevaluatedItems``, as what they come to in each way of satisfying their schema.

What a schema evaluates follows from which of its subschemas succeed (JSON Schema 2020-12, core, section 11). So the
schema is taken apart into alternatives, each with what it evaluates, and the keyword becomes a plain schema for all
other members or items. More evaluated never means less accepted; so where the keyword must hold, the alternatives of
``anyOf`` need not exclude each other. Where it must not, they do.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

from constrain.compiler.json_schema.model import (
    FALSE,
    TRUE,
    ArrayFacet,
    ObjectFacet,
    Schema,
    SchemaId,
    Store,
    Unevaluated,
)
from constrain.errors import LimitError, SchemaError

__all__ = ["MAXIMUM_WAYS", "Evaluation"]

MAXIMUM_WAYS = 1_000
"""Combinations of subschemas of one schema with ``unevaluatedProperties`` or ``unevaluatedItems``."""


class _Evaluated(NamedTuple):
    """Members and items on which a successful schema has said something."""

    names: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    every_name: bool = False
    first_items: int = 0
    every_item: bool = False
    contained: frozenset[SchemaId] = frozenset()

    def __or__(self, other: object) -> _Evaluated:
        if not isinstance(other, _Evaluated):
            return NotImplemented
        return _Evaluated(
            self.names | other.names,
            self.patterns | other.patterns,
            self.every_name or other.every_name,
            max(self.first_items, other.first_items),
            self.every_item or other.every_item,
            self.contained | other.contained,
        )


_NOTHING = _Evaluated()

_Way = tuple[tuple[SchemaId, ...], _Evaluated]
"""Schemas that hold, and what they evaluate."""


class Evaluation:
    """Takes schemas with ``unevaluated*`` apart."""

    def __init__(self, store: Store, target: Callable[[str], SchemaId], negate: Callable[[SchemaId], SchemaId]) -> None:
        """Keep what is needed.

        Args:
            store: where schemas live.
            target: from the name of a reference to the schema there.
            negate: the complement of a schema.
        """
        self._store = store
        self._target = target
        self._negate = negate

    def alternatives(self, schema: Unevaluated) -> tuple[SchemaId, ...]:
        """Schemas of which a value satisfies one exactly when it satisfies ``schema``.

        Raises:
            LimitError: too many combinations.
        """
        store = self._store
        ways = dict.fromkeys(self._ways(schema.body, frozenset(), exact=False))
        return tuple(store.all_of((*held, self._others(schema, evaluated))) for held, evaluated in ways)

    def complements(self, schema: Unevaluated) -> list[SchemaId]:
        """Schemas of which a value satisfies one exactly when it does not satisfy ``schema``; errors as above."""
        store = self._store
        ways = dict.fromkeys(self._ways(schema.body, frozenset(), exact=True))
        found = [self._negate(schema.body)]
        for held, evaluated in ways:
            wrong = self._negate(self._others(schema, evaluated))
            if wrong != FALSE:
                found.append(store.all_of((*held, wrong)))
        return found

    def _others(self, schema: Unevaluated, evaluated: _Evaluated) -> SchemaId:
        """What the keywords say when so much is evaluated."""
        store = self._store
        parts: list[SchemaId] = []
        if schema.properties is not None and not evaluated.every_name:
            names = tuple((name, TRUE) for name in sorted(evaluated.names))
            patterns = tuple((pattern, TRUE) for pattern in sorted(evaluated.patterns))
            parts.append(store.add(Schema(object=ObjectFacet(names, patterns, schema.properties))))
        if schema.items is not None and not evaluated.every_item:
            rest = store.any_of((*sorted(evaluated.contained), schema.items))
            prefix = tuple(TRUE for _ in range(evaluated.first_items))
            parts.append(store.add(Schema(array=ArrayFacet(prefix, rest))))
        return store.all_of(tuple(parts))

    def _ways(self, schema: SchemaId, trail: frozenset[str], *, exact: bool) -> list[_Way]:
        """How a schema can succeed.

        Args:
            schema: the schema.
            trail: references that were followed without a member or an item in between.
            exact: whether ways exclude each other, so that nothing more is evaluated than a way says.
        """
        store = self._store
        record = store.schemas[schema]
        combinators = (record.all_of, record.any_of, record.one_of, record.reference, record.unevaluated)
        if not any(combinators):
            return [((schema,), _evaluated(record))]
        # what stands beside the combinators
        own = record._replace(all_of=(), any_of=None, one_of=None, reference=None, unevaluated=None)
        found: list[_Way] = [((store.add(own),), _evaluated(own))]
        for part in record.all_of:
            found = _both(found, self._ways(part, trail, exact=exact))
        if record.any_of is not None:
            found = _both(found, self._any(record.any_of, trail, exact=exact))
        if record.one_of is not None:
            found = _both(found, self._one(record.one_of, trail, exact=exact))
        if record.reference is not None:
            if record.reference in trail:
                raise SchemaError(
                    "a $ref leads back to itself without a property or an item in between",
                    pointer=record.reference,
                    expected="a reference that reaches a constraint",
                )
            ways = self._ways(self._target(record.reference), trail | {record.reference}, exact=exact)
            found = _both(found, ways)
        if record.unevaluated is not None:
            body, properties, items = record.unevaluated
            every = _Evaluated(every_name=properties is not None, every_item=items is not None)
            rule = store.add(Schema(unevaluated=record.unevaluated))
            found = _both(found, [((*held, rule), seen | every) for held, seen in self._ways(body, trail, exact=exact)])
        return found

    def _any(self, branches: tuple[SchemaId, ...], trail: frozenset[str], *, exact: bool) -> list[_Way]:
        """Any number of branches but none; those that do not evaluate anything need no combining."""
        found: list[_Way] = [((), _NOTHING)]
        silent: list[SchemaId] = []
        for branch in branches:
            ways = self._ways(branch, trail, exact=exact)
            if exact:
                found = _both(found, [*ways, ((self._negate(branch),), _NOTHING)])
            elif all(evaluated == _NOTHING for _, evaluated in ways):
                silent.append(branch)
            else:
                found = _both(found, [*ways, ((), _NOTHING)])
        found.pop()  # the last combination is that of no branch
        if silent:
            found.append(((self._store.any_of(tuple(silent)),), _NOTHING))
        return found

    def _one(self, branches: tuple[SchemaId, ...], trail: frozenset[str], *, exact: bool) -> list[_Way]:
        found: list[_Way] = []
        for i, branch in enumerate(branches):
            others = tuple(self._negate(other) for j, other in enumerate(branches) if j != i)
            found.extend((held + others, seen) for held, seen in self._ways(branch, trail, exact=exact))
        return found


def _both(ways: list[_Way], others: list[_Way]) -> list[_Way]:
    if len(ways) * len(others) > MAXIMUM_WAYS:
        raise LimitError(
            f"a schema with unevaluatedProperties or unevaluatedItems can succeed in more than {MAXIMUM_WAYS} ways",
            expected="fewer combinations of anyOf, oneOf and if; this limit is fixed",
        )
    return [
        (tuple(dict.fromkeys(held + also)), evaluated | more)
        for (held, evaluated), (also, more) in product(ways, others)
    ]


def _evaluated(schema: Schema) -> _Evaluated:
    """What the facets of a schema evaluate."""
    found = _NOTHING
    if schema.object is not None:
        names = frozenset(name for name, _ in schema.object.properties)
        patterns = frozenset(pattern for pattern, _ in schema.object.patterns)
        found |= _Evaluated(names, patterns, every_name=schema.object.additional != TRUE)
    if schema.array is not None:
        contained = frozenset(count.rest for count in schema.array.counts if count.evaluates)
        found |= _Evaluated(
            first_items=len(schema.array.prefix), every_item=schema.array.rest != TRUE, contained=contained
        )
    return found
