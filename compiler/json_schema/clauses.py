"""Alternatives without combinators, and what can be told of them without looking at facets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from constrain.compiler.json_schema.model import ALL_TYPES, OBJECT, SchemaId, Value
from constrain.compiler.json_schema.values import key_of

__all__ = [
    "ANYTHING",
    "Clause",
    "Tags",
    "allowed",
    "common",
    "conjoined",
    "restricted",
    "told_apart",
    "without_covered",
    "without_implied",
]

Tags: TypeAlias = dict[str, frozenset[object]]
"""By required name, the texts of which its value is one: what tells the kinds of a tagged union apart."""

TypesOf: TypeAlias = Callable[[Value], int]
"""The type bits of a value."""

ObjectChoice: TypeAlias = tuple[tuple[SchemaId, ...], ...]
"""What objects may choose from: schemas whose facets apply together."""


class Clause(NamedTuple):
    """One alternative.

    Attributes:
        types: type bits.
        values: if given, the only candidates, all of the types.
        excluded: values that are not allowed.
        leaves: schemas whose facets all apply, in order.
        choices: of an object only: of each, one option holds, which is schemas whose facets apply, too.
    """

    types: int
    values: tuple[Value, ...] | None
    excluded: tuple[Value, ...]
    leaves: tuple[SchemaId, ...]
    choices: tuple[ObjectChoice, ...] = ()


ANYTHING = Clause(ALL_TYPES, None, (), ())


def common(values: tuple[Value, ...], others: tuple[Value, ...]) -> tuple[Value, ...]:
    """The values that are among others."""
    keys = {key_of(other) for other in others}
    return tuple(value for value in values if key_of(value) in keys)


def allowed(values: tuple[Value, ...], types: int, excluded: tuple[Value, ...], types_of: TypesOf) -> tuple[Value, ...]:
    """The values that are of some types and not excluded."""
    if types == ALL_TYPES and not excluded:
        return values
    hidden = {key_of(value) for value in excluded}
    kept = tuple(value for value in values if types_of(value) & types and key_of(value) not in hidden)
    return values if len(kept) == len(values) else kept


def conjoined(clause: Clause, other: Clause, concerns: Sequence[int], types_of: TypesOf) -> Clause | None:
    """What satisfies both; None when it is plain that nothing does.

    Args:
        clause: one.
        other: the other; its leaves come last.
        concerns: by schema, the types of which it says something.
        types_of: the type bits of a value.
    """
    types = clause.types & other.types
    values, excluded = clause.values, clause.excluded
    if other.values is not None:
        values = other.values if values is None else common(values, other.values)
    if other.excluded:
        excluded = tuple(dict.fromkeys(excluded + other.excluded))
    if values is not None:
        values = allowed(values, types, excluded, types_of)
        if not values:
            return None
    if not types:
        return None
    leaves = tuple([leaf for leaf in dict.fromkeys(clause.leaves + other.leaves) if concerns[leaf] & types])
    choices = tuple(dict.fromkeys(clause.choices + other.choices)) if types & OBJECT else ()
    return Clause(types, values, excluded, leaves, choices)


def restricted(clause: Clause, types: int, types_of: TypesOf) -> Clause:
    """What of a clause is of some types."""
    values = clause.values
    if values is not None:
        values = tuple(value for value in values if types_of(value) & types)
    return clause._replace(types=clause.types & types, values=values)


def told_apart(tags: Tags | None, others: Tags | None) -> bool:
    """Whether it is plain that no object has the tags of both."""
    if not tags or not others:
        return False
    return any(name in others and texts.isdisjoint(others[name]) for name, texts in tags.items())


def without_implied(clauses: list[Clause], count: Callable[[int], None]) -> list[int]:
    """Indices of the clauses that are left when those that say at least what another one says are taken out.

    Args:
        clauses: in order.
        count: told how many were compared.
    """
    said = [frozenset((*clause.leaves, *clause.choices)) for clause in clauses]
    kept: list[int] = []
    for i in sorted(range(len(clauses)), key=lambda index: (len(said[index]), index)):
        clause = clauses[i]
        count(len(kept) // 16)
        if not any(said[j] <= said[i] and _says_less(clauses[j], clause) for j in kept):
            kept.append(i)
    return sorted(kept)


def _says_less(clause: Clause, other: Clause) -> bool:
    """Whether types and values of a clause allow what those of another do."""
    if other.types & ~clause.types or not set(clause.excluded) <= set(other.excluded):
        return False
    if clause.values is None:
        return True
    return other.values is not None and {*map(key_of, other.values)} <= {*map(key_of, clause.values)}


def without_covered(clauses: tuple[Clause, ...], types_of: TypesOf) -> tuple[Clause, ...]:
    """Take the types that one clause allows entirely out of the others, which could add nothing but ambiguity."""
    if len(clauses) < 2:
        return clauses
    free = 0
    kept = []
    for clause in clauses:
        if _is_free(clause) and clause.types & ~free:
            kept.append(clause._replace(types=clause.types & ~free))
            free |= clause.types
    if not free:
        return clauses
    for clause in clauses:
        if not _is_free(clause):
            types = clause.types & ~free
            values = clause.values
            if values is not None:
                values = tuple(value for value in values if types_of(value) & types)
            if types and values != ():
                kept.append(clause._replace(types=types, values=values))
    return tuple(kept)


def _is_free(clause: Clause) -> bool:
    """Whether a clause says nothing but types."""
    return clause.values is None and not clause.excluded and not clause.leaves and not clause.choices
