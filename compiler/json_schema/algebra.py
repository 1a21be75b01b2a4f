"""A conjunction of schemas to alternatives without combinators, and proofs that nothing satisfies one.

``$ref``, ``allOf``, ``anyOf``, ``oneOf`` and negations are worked off one level at a time: what stands inside members
and items stays a name until a rule needs it, so recursive schemas end. An alternative (:class:`Clause`) is a set of
types, perhaps a set of values, and the schemas whose facets apply; equal clauses at different places are equal keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from constrain.compiler.json_schema import arrays, numbers, objects, strings
from constrain.compiler.json_schema.model import (
    ALL_TYPES,
    ARRAY,
    BOOLEAN,
    FALSE,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    TRUE,
    NumberFacet,
    Refusal,
    Schema,
    SchemaId,
    Store,
    StringFacet,
    Value,
)
from constrain.compiler.json_schema.values import key_of, type_of
from constrain.errors import LimitError, SchemaError

__all__ = ["MAXIMUM_CLAUSES", "MAXIMUM_STEPS", "Algebra", "Clause"]

MAXIMUM_CLAUSES = 2_000
"""Alternatives of one place of a schema."""

MAXIMUM_STEPS = 100_000
"""Steps of one schema's expansion, a few microseconds each."""

_PROOF_DEPTH = 6
"""Levels of members and items that a proof of emptiness looks into."""


class Clause(NamedTuple):
    """One alternative.

    Attributes:
        types: type bits.
        values: if given, the only candidates, all of the types.
        excluded: values that are not allowed.
        leaves: schemas whose facets all apply, in order.
    """

    types: int
    values: tuple[Value, ...] | None
    excluded: tuple[Value, ...]
    leaves: tuple[SchemaId, ...]


_ANYTHING = Clause(ALL_TYPES, None, (), ())

_Trail = frozenset[str]


_Pending: TypeAlias = "tuple[SchemaId, _Trail, _Pending] | None"
"""What is still to be worked off, as a list whose tails branches share; the trail names references followed."""


class Algebra:
    """Expansion of schemas of one document, memoised."""

    def __init__(self, store: Store, target: Callable[[str], SchemaId]) -> None:
        """Keep what is needed.

        Args:
            store: where schemas live.
            target: from the name of a reference to the schema there.
        """
        self._store = store
        self._target = target
        self._expanded: dict[tuple[SchemaId, ...], tuple[Clause, ...]] = {}
        self._negated: dict[SchemaId, SchemaId] = {TRUE: FALSE, FALSE: TRUE}
        self._empty: dict[tuple[SchemaId, ...], bool] = {}
        self._members: dict[tuple[SchemaId, ...], objects.Members] = {}
        self._items: dict[tuple[SchemaId, ...], arrays.Items] = {}
        self._steps = 0

    def expand(self, schemas: tuple[SchemaId, ...]) -> tuple[Clause, ...]:
        """The alternatives of a conjunction. Some may still be impossible.

        Raises:
            SchemaError: a reference that leads back to itself.
            LimitError: too many alternatives.
        """
        known = self._expanded.get(schemas)
        if known is None:
            try:
                known = self._expanded[schemas] = self._expand(schemas)
            except LimitError as error:
                raise self._placed(error, schemas) from None
        return known

    def _placed(self, error: LimitError, schemas: tuple[SchemaId, ...]) -> LimitError:
        places = (self._store.places.get(schema) for schema in schemas)
        pointer = error.pointer if error.pointer is not None else next((p for p in places if p is not None), None)
        return LimitError(error.message, pointer=pointer, span=error.span, expected=error.expected)

    def _expand(self, schemas: tuple[SchemaId, ...]) -> tuple[Clause, ...]:
        table, concerns = self._store.schemas, self._store.concerns
        found: dict[Clause, None] = {}
        pending: _Pending = None
        for part in reversed(schemas):
            pending = part, frozenset(), pending
        # depth first, so that alternatives come in the order of the schema
        stack: list[tuple[_Pending, Clause]] = [(pending, _ANYTHING)]
        while stack:
            pending, (types, values, excluded, leaves) = stack.pop()
            while pending is not None:
                self._count()
                current, trail, pending = pending
                schema = table[current]
                types &= schema.types
                if schema.values is not None:
                    values = schema.values if values is None else _common(values, schema.values)
                if schema.excluded:
                    excluded += schema.excluded
                if values is not None:
                    values = _allowed(values, types, excluded)
                    if not values:
                        types = 0
                if not types:
                    break
                if concerns[current] and current not in leaves:
                    leaves += (current,)
                if schema.reference is not None or schema.not_reference is not None:
                    pending = self._follow(schema, trail, pending)
                for part in reversed(schema.all_of):
                    pending = part, trail, pending
                for part in schema.nots:
                    pending = self.negate(part), trail, pending
                branches = schema.any_of
                if schema.one_of is not None:
                    context = types
                    rest = pending
                    while rest is not None:
                        other, _, rest = rest
                        context &= table[other].types
                    branches = self._exactly_one(schema.one_of, context)
                if branches is not None:
                    here = Clause(types, values, excluded, leaves)
                    stack.extend(((branch, trail, pending), here) for branch in reversed(branches))
                    break
            else:
                leaves = tuple([leaf for leaf in leaves if concerns[leaf] & types])
                self._add(found, Clause(types, values, excluded, leaves))
        return _without_covered(tuple(found))

    def _count(self, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > MAXIMUM_STEPS:
            raise LimitError(
                f"the schema's combinations take more than {MAXIMUM_STEPS} steps to work out",
                expected="fewer nested anyOf, oneOf and allOf; this limit is fixed",
            )

    def _add(self, found: dict[Clause, None], clause: Clause) -> None:
        found[clause] = None
        if len(found) > MAXIMUM_CLAUSES:
            raise LimitError(
                f"one place of the schema has more than {MAXIMUM_CLAUSES} alternatives",
                expected="fewer combinations of anyOf, oneOf and allOf; this limit is fixed",
            )

    def _follow(self, schema: Schema, trail: _Trail, pending: _Pending) -> _Pending:
        for name, positive in ((schema.reference, True), (schema.not_reference, False)):
            if name is None:
                continue
            if name in trail:
                raise SchemaError(
                    "a $ref leads back to itself without a property or an item in between",
                    pointer=name,
                    expected="a reference that reaches a constraint",
                )
            target = self._target(name)
            pending = target if positive else self.negate(target), trail | {name}, pending
        return pending

    def _exactly_one(self, branches: tuple[SchemaId, ...], types: int) -> tuple[SchemaId, ...]:
        """Alternatives for one of some schemas and none of the others, where only some types are possible."""
        store = self._store
        context = store.add(Schema(types=types))
        options = []
        for i, branch in enumerate(branches):
            others = [o for j, o in enumerate(branches) if j != i and not self.is_empty((context, branch, o))]
            options.append(store.all_of((branch, *(self.negate(other) for other in others))))
        return tuple(option for option in options if option != FALSE)

    # -- conjunctions ----------------------------------------------------------------------------------------------

    def members(self, leaves: tuple[SchemaId, ...]) -> objects.Members:
        """The conjunction of what some schemas say of objects."""
        known = self._members.get(leaves)
        if known is None:
            facets = [facet for leaf in leaves if (facet := self._store.schemas[leaf].object) is not None]
            known = self._members[leaves] = objects.merge(facets)
        return known

    def items(self, leaves: tuple[SchemaId, ...]) -> arrays.Items:
        """The conjunction of what some schemas say of arrays."""
        known = self._items.get(leaves)
        if known is None:
            facets = [facet for leaf in leaves if (facet := self._store.schemas[leaf].array) is not None]
            known = self._items[leaves] = arrays.merge(facets)
        return known

    # -- negation --------------------------------------------------------------------------------------------------

    def negate(self, schema: SchemaId) -> SchemaId:
        """The schema that accepts exactly what ``schema`` does not."""
        known = self._negated.get(schema)
        if known is None:
            self._count()
            known = self._negate(self._store.schemas[schema], self._store.places.get(schema, ""))
            self._negated[schema] = known
        return known

    def _negate(self, schema: Schema, pointer: str) -> SchemaId:
        store = self._store
        options: list[Schema] = []
        if schema.types != ALL_TYPES:
            options.append(Schema(types=ALL_TYPES & ~schema.types))
        if schema.values is not None:
            options.append(Schema(excluded=schema.values))
        if schema.excluded:
            options.append(Schema(values=schema.excluded))
        if schema.string is not None:
            options.extend(strings.complements(schema.string, pointer))
        if schema.number is not None:
            options.extend(numbers.complements(schema.number, pointer))
        if schema.array is not None:
            wrong = arrays.complements(store, schema.array, self.negate)
            keyword = "uniqueItems" if schema.array.unique else "items"
            options.extend(_refused(ARRAY, f"the negation of {keyword}", pointer) if wrong is None else wrong)
        if schema.object is not None:
            wrong = objects.complements(store, schema.object, self.negate)
            options.extend(
                _refused(OBJECT, "the negation of additionalProperties or patternProperties", pointer)
                if wrong is None
                else wrong
            )
        for refusal in schema.refusals:
            options.append(Schema(types=refusal.types & ALL_TYPES, refusals=(refusal,)))
        if schema.reference is not None:
            options.append(Schema(not_reference=schema.reference))
        if schema.not_reference is not None:
            options.append(Schema(reference=schema.not_reference))
        ids = [store.add(option) for option in options]
        ids.extend(schema.nots)
        ids.extend(self.negate(part) for part in schema.all_of)
        if schema.any_of is not None:
            ids.append(store.all_of(tuple(self.negate(part) for part in schema.any_of)))
        if schema.one_of is not None:
            ids.extend(self._not_exactly_one(schema.one_of))
        return store.any_of(tuple(ids))

    def _not_exactly_one(self, branches: tuple[SchemaId, ...]) -> list[SchemaId]:
        store = self._store
        options = [store.all_of(tuple(self.negate(branch) for branch in branches))]
        options.extend(
            store.all_of((branch, other))
            for i, branch in enumerate(branches)
            for other in branches[i + 1 :]
            if not self.is_empty((branch, other))
        )
        return options

    # -- emptiness -------------------------------------------------------------------------------------------------

    def is_empty(self, schemas: tuple[SchemaId, ...], depth: int = 0) -> bool:
        """Whether it is certain that no value satisfies all of some schemas. False may also mean: not known."""
        if FALSE in schemas:
            return True
        if depth > _PROOF_DEPTH:
            return False
        known = self._empty.get(schemas)
        if known is None:
            self._empty[schemas] = False  # what recursion meets again is not proven
            known = all(self.is_empty_clause(clause, depth) for clause in self.expand(schemas))
            self._empty[schemas] = known
        return known

    def is_empty_clause(self, clause: Clause, depth: int = 0) -> bool:
        """Whether it is certain that no value satisfies a clause."""
        types, values, _, leaves = clause
        if values is None and types & (NULL | BOOLEAN):
            return False
        facets = [self._store.schemas[leaf] for leaf in leaves]
        if values is not None or types & (STRING | NUMBER):
            text = strings.merge([f.string for f in facets if f.string is not None])
            number = numbers.merge([f.number for f in facets if f.number is not None])
            if values is not None:
                return not any(_fits(value, text, number, types) for value in values)
            if text.maximum is not None and text.maximum < text.minimum:
                types &= ~STRING
            if types & NUMBER and numbers.is_empty(number, types):
                types &= ~NUMBER
            if types & (STRING | NUMBER):
                return False
        if types & ARRAY:
            items = self.items(leaves)
            self._count(len(items.prefix))
            needed = items.prefix[: items.minimum]
            if items.minimum > len(items.prefix):
                needed += (items.rest,)
            if not items.is_empty and not any(self.is_empty(item, depth + 1) for item in needed):
                return False
        if types & OBJECT:
            members = self.members(leaves)
            self._count(len(members.named))
            needed = tuple(member.schemas for member in members.named if member.required)
            if not members.is_empty and not any(self.is_empty(schemas, depth + 1) for schemas in needed):
                return False
        return True


def _refused(types: int, what: str, pointer: str) -> list[Schema]:
    return [Schema(types=types, refusals=(Refusal(types, what, pointer),))]


def _common(values: tuple[Value, ...], others: tuple[Value, ...]) -> tuple[Value, ...]:
    keys = {key_of(other) for other in others}
    return tuple(value for value in values if key_of(value) in keys)


def _allowed(values: tuple[Value, ...], types: int, excluded: tuple[Value, ...]) -> tuple[Value, ...]:
    if types == ALL_TYPES and not excluded:
        return values
    hidden = {key_of(value) for value in excluded}
    kept = tuple(value for value in values if type_of(value) & types and key_of(value) not in hidden)
    return values if len(kept) == len(values) else kept


def _fits(value: Value, text: StringFacet, number: NumberFacet, types: int) -> bool:
    """Whether a value satisfies lengths and bounds (patterns are not looked at)."""
    match value[1]:
        case str() as string:
            return len(string) >= text.minimum and (text.maximum is None or len(string) <= text.maximum)
        case None | bool():
            return True
        case amount:
            return numbers.admits(number, types, amount)


def _without_covered(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """Take the types that one clause allows entirely out of the others, which could add nothing but ambiguity."""
    if len(clauses) < 2:
        return clauses
    free = 0
    kept = []
    for clause in clauses:
        if clause.values is None and not clause.excluded and not clause.leaves and clause.types & ~free:
            kept.append(clause._replace(types=clause.types & ~free))
            free |= clause.types
    if not free:
        return clauses
    for clause in clauses:
        if clause.values is not None or clause.excluded or clause.leaves:
            types = clause.types & ~free
            values = clause.values
            if values is not None:
                values = tuple(value for value in values if type_of(value) & types)
            if types and values != ():
                kept.append(clause._replace(types=types, values=values))
    return tuple(kept)
