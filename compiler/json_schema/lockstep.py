"""Objects that may choose between alternatives in several ways, as one set of members with demands.

Multiplied out, choices make as many alternatives as there are combinations. Here all of them run side by side: a member
is of the kind that its value satisfies, and a kind says which alternatives it rules out and which wishes it fulfils.
At the end one alternative of each choice must be left, with all that it wants
(:class:`~constrain.compiler.grammar.Demand`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import compress, product
from typing import NamedTuple

from constrain.compiler.grammar import Demand
from constrain.compiler.json_schema.model import FALSE, TRUE, ObjectFacet, SchemaId, Some, Store, conjunction
from constrain.compiler.json_schema.objects import Family, check_patterns, said
from constrain.errors import LimitError

__all__ = ["MAXIMUM_KINDS", "Kind", "Lockstep", "Slot", "combine"]

MAXIMUM_KINDS = 64
"""Kinds of members of one name (or of undeclared names) that alternatives tell apart."""


class Kind(NamedTuple):
    """Members whose value satisfies some schemas, and the facts that such a member sets."""

    family: Family
    sets: tuple[int, ...]


class Slot(NamedTuple):
    """Members of one name, or (None) of all names that are not declared; a member is of one of the kinds."""

    name: str | None
    required: bool
    kinds: tuple[Kind, ...]


class Lockstep(NamedTuple):
    """The members of an object and what they must come to.

    Attributes:
        slots: in order; undeclared names last.
        hidden: every name that no undeclared member may have.
        names: schemas of names.
        minimum: fewest members.
        maximum: most members.
        choices: demands, of each choice one.
    """

    slots: tuple[Slot, ...]
    hidden: tuple[str, ...]
    names: tuple[SchemaId, ...]
    minimum: int
    maximum: int | None
    choices: tuple[tuple[Demand, ...], ...]

    def bounded(self, others: int | None) -> Lockstep:
        """With at most so many members beside the named ones, or as many as there must be, unless there is a bound."""
        if others is None or self.maximum is not None or all(slot.name is not None for slot in self.slots):
            return self
        demands = [demand for choice in self.choices for demand in choice]
        least = max([self.minimum, *(demand.minimum for demand in demands)])
        needed = len({fact for demand in demands for fact in demand.needs})
        return self._replace(maximum=max(least, len(self.slots) + needed + others))


class _Facts:
    """Numbers facts."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], int] = {}

    def of(self, *what: object) -> int:
        return self._known.setdefault(what, len(self._known))


def combine(
    facets: Sequence[ObjectFacet],
    choices: Sequence[Sequence[Sequence[ObjectFacet]]],
    store: Store,
    is_empty: Callable[[tuple[SchemaId, ...]], bool],
) -> Lockstep:
    """Put facets and choices together.

    Args:
        facets: what holds in any case.
        choices: of each, one option holds, which is facets that apply together.
        store: where schemas live.
        is_empty: whether it is certain that nothing satisfies all of some schemas.

    Raises:
        LimitError: too many kinds of members, or names that alternatives restrict in different ways.
    """
    builder = _Combination(facets, choices, store, is_empty)
    return builder.result()


class _Combination:
    def __init__(
        self,
        facets: Sequence[ObjectFacet],
        choices: Sequence[Sequence[Sequence[ObjectFacet]]],
        store: Store,
        is_empty: Callable[[tuple[SchemaId, ...]], bool],
    ) -> None:
        self._facets = facets
        self._store = store
        self._is_empty = is_empty
        self._facts = _Facts()
        # what holds in any case is an alternative of its own where something must be there
        self._options: list[list[list[ObjectFacet]]] = [[list(option) for option in choice] for choice in choices]
        self._options_of, self._general = self._by_name()
        self._some = tuple(dict.fromkeys(some for facet in self._all() for some in facet.some))
        if any(some.names != FALSE for some in self._some) or any(
            facet.names != TRUE for choice in self._options for option in choice for facet in option
        ):
            raise LimitError(
                "alternatives of an object restrict its names (propertyNames) in too many combinations",
                expected="fewer combinations of anyOf, oneOf, if and not; this limit is fixed",
            )

    def _all(self) -> Iterator[ObjectFacet]:
        yield from self._facets
        for choice in self._options:
            for option in choice:
                yield from option

    def _by_name(self) -> tuple[dict[str, list[tuple[int, int]]], list[tuple[int, int]]]:
        """Options by the names that they declare, and those that say something of any name: most say little."""
        named: dict[str, list[tuple[int, int]]] = {}
        general = []
        for i, choice in enumerate(self._options):
            for j, option in enumerate(choice):
                if any(facet.patterns or facet.additional != TRUE for facet in option):
                    general.append((i, j))
                else:
                    for name in dict.fromkeys(name for facet in option for name, _ in facet.properties):
                        named.setdefault(name, []).append((i, j))
        return named, general

    def result(self) -> Lockstep:
        required = frozenset().union(*[facet.required for facet in self._facets])
        wanted = frozenset(name for choice in self._options for option in choice for f in option for name in f.required)
        names: dict[str, None] = {}
        for facet in self._all():
            names.update(dict.fromkeys(name for name, _ in facet.properties))
        for facet in self._all():
            names.update(dict.fromkeys(facet.required))
        for some in self._some:
            names.update(dict.fromkeys(name for name, _ in some.properties))
        slots = [
            Slot(
                name,
                name in required,
                tuple(self._kinds(Family((), (), ()), name, [self._facts.of("seen", name)] if name in wanted else [])),
            )
            for name in names
        ]
        kinds = [kind for family in self._families() for kind in self._kinds(family, None, [])]
        if kinds:
            slots.append(Slot(None, False, tuple(kinds)))
        choices = [
            tuple([demand for demand in demands if demand.maximum is None or demand.minimum <= demand.maximum])
            for demands in (
                [self._demand(i, j, option) for j, option in enumerate(choice)]
                for i, choice in enumerate(self._options)
            )
        ]
        for facet in self._facets:
            choices.extend((Demand(needs=(self._facts.of("some", some),)),) for some in facet.some)
        return Lockstep(
            slots=tuple(slots),
            hidden=tuple(names),
            names=conjunction([facet.names for facet in self._facets]),
            minimum=max([facet.minimum for facet in self._facets], default=0),
            maximum=min([facet.maximum for facet in self._facets if facet.maximum is not None], default=None),
            choices=tuple(dict.fromkeys(choices)),
        )

    def _demand(self, choice: int, index: int, option: list[ObjectFacet]) -> Demand:
        needs = [self._facts.of("seen", name) for facet in option for name in facet.required]
        needs.extend(self._facts.of("some", some) for facet in option for some in facet.some)
        maxima = [facet.maximum for facet in option if facet.maximum is not None]
        return Demand(
            needs=tuple(sorted(set(needs))),
            bars=(self._facts.of("out", choice, index),),
            minimum=max([facet.minimum for facet in option], default=0),
            maximum=min(maxima, default=None),
        )

    def _families(self) -> Iterator[Family]:
        """Undeclared names by the patterns that they match."""
        sources: list[ObjectFacet | Some] = [*self._all(), *self._some]
        patterns = tuple(dict.fromkeys([pattern for source in sources for pattern, _ in source.patterns]))
        check_patterns(patterns)
        for chosen in product((False, True), repeat=len(patterns)):
            inside = tuple(compress(patterns, chosen))
            yield Family(inside, tuple([p for p in patterns if p not in inside]), ())

    def _kinds(self, family: Family, name: str | None, always: list[int]) -> Iterator[Kind]:
        """The kinds of the members of a name or a family, each with the facts that it sets."""

        def schemas_of(facets: Sequence[ObjectFacet | Some]) -> list[SchemaId]:
            return [schema for facet in facets for schema in said(facet, name, family)]

        base = conjunction(schemas_of(self._facets))
        if FALSE in base:
            return
        wishes: dict[tuple[SchemaId, ...], list[tuple[int, bool]]] = {}
        declared = [] if name is None else self._options_of.get(name, [])
        for i, j in sorted([*declared, *self._general]):
            schemas = conjunction(schemas_of(self._options[i][j]))
            if schemas:
                wishes.setdefault(schemas, []).append((self._facts.of("out", i, j), False))
        for some in self._some:
            fitting = conjunction([self._store.any_of(tuple(schemas_of([some])))])
            wishes.setdefault(fitting, []).append((self._facts.of("some", some), True))
        granted = {fact for fact, when in wishes.pop((), []) if when}
        refused = {
            fact
            for schemas in [key for key in wishes if FALSE in key]
            for fact, when in wishes.pop(schemas)
            if not when
        }
        for chosen, schemas in self._fulfilled(base, tuple(wishes)):
            facts = {*always, *granted, *refused}
            for wish, effects in wishes.items():
                facts.update(fact for fact, when in effects if when == (wish in chosen))
            yield Kind(family._replace(schemas=schemas), tuple(sorted(facts)))

    def _fulfilled(
        self, base: tuple[SchemaId, ...], wishes: tuple[tuple[SchemaId, ...], ...]
    ) -> list[tuple[frozenset[tuple[SchemaId, ...]], tuple[SchemaId, ...]]]:
        """The wishes that one value may fulfil together, and all schemas that it then satisfies; most wishes first."""
        found: list[tuple[frozenset[tuple[SchemaId, ...]], tuple[SchemaId, ...]]] = [(frozenset(), base)]
        for wish in wishes:
            more = []
            for chosen, schemas in found:
                both = conjunction([*schemas, *wish])
                if FALSE not in both and not self._is_empty(both):
                    more.append((chosen | {wish}, both))
            found = [*more, *found]
            if len(found) > MAXIMUM_KINDS:
                raise LimitError(
                    f"alternatives of an object tell more than {MAXIMUM_KINDS} kinds of one member apart",
                    expected="fewer combinations of anyOf, oneOf, if and not; this limit is fixed",
                )
        return found
