"""The items of an array: the first ones by their place, then any number of others; some of them counted.

Without counts the others are one repetition. With them, what has been read is a small state (the place, and how many
items of each kind there were, as far as it matters), and each state is a rule: an item, then what the next state says.
States from which the counts cannot be reached have no finite text, so nothing leads there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from constrain.compiler.grammar import GrammarBuilder, Symbol
from constrain.compiler.json_schema.arrays import Items
from constrain.compiler.json_schema.layout import Punctuation
from constrain.compiler.json_schema.model import FALSE, TRUE, SchemaId, conjunction
from constrain.errors import LimitError

__all__ = ["MAXIMUM_KINDS", "MAXIMUM_STATES", "lower"]

MAXIMUM_STATES = 4_000
"""States of one array whose items are counted (``contains``)."""

MAXIMUM_KINDS = 100_000
"""Kinds of items over all those states."""

_State: TypeAlias = tuple[int, int, tuple[int, ...]]
"""Place (that of all later items is one), number of items, number of items of each kind."""


def lower(
    builder: GrammarBuilder,
    items: Items,
    punctuation: Punctuation,
    symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
    negate: Callable[[SchemaId], SchemaId],
    is_empty: Callable[[tuple[SchemaId, ...]], bool],
) -> list[list[Symbol]]:
    """Alternatives of an array.

    Args:
        builder: where rules go.
        items: what the items must satisfy.
        punctuation: lexemes around them.
        symbol_of: the symbol of an item.
        negate: the complement of a schema.
        is_empty: whether it is certain that nothing satisfies all of some schemas.

    Raises:
        LimitError: too many states.
    """
    if items.is_empty:
        return []
    if items.counts:
        return _Counted(builder, items, punctuation, symbol_of, negate, is_empty).alternatives()
    return _plain(builder, items, punctuation, symbol_of)


def _plain(
    builder: GrammarBuilder,
    items: Items,
    punctuation: Punctuation,
    symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
) -> list[list[Symbol]]:
    """Rules of the first items, each one longer than the last, then the rest."""
    separator = punctuation.separator
    minimum, maximum = items.minimum, items.maximum
    alternatives: list[list[Symbol]] = [[punctuation.empty_array]] if minimum == 0 else []
    bodies: list[list[Symbol]] = []
    prefix: list[Symbol] = []
    fixed = len(items.prefix)
    for i, schemas in enumerate(items.prefix):
        item = symbol_of(schemas)
        prefix = [builder.choice("items", [[*prefix, separator, item]])] if prefix else [item]
        if i + 1 >= minimum:
            bodies.append(prefix)
    if items.rest != (FALSE,) and (maximum is None or maximum > fixed):
        least = max(1, minimum - fixed)
        most = None if maximum is None else maximum - fixed
        tail = builder.repeat_symbol(symbol_of(items.rest), least, most, separator, "items")
        bodies.append([*prefix, separator, tail] if prefix else [tail])
    if len(bodies) == 1:
        alternatives.append([punctuation.open_array, *bodies[0], punctuation.close_array])
    elif bodies:
        alternatives.append([punctuation.open_array, builder.choice("items", bodies), punctuation.close_array])
    return alternatives


class _Counted:
    """Writes an array whose items are counted."""

    def __init__(
        self,
        builder: GrammarBuilder,
        items: Items,
        punctuation: Punctuation,
        symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
        negate: Callable[[SchemaId], SchemaId],
        is_empty: Callable[[tuple[SchemaId, ...]], bool],
    ) -> None:
        self._builder = builder
        self._items = items
        self._punctuation = punctuation
        self._symbol_of = symbol_of
        self._negate = negate
        self._is_empty = is_empty
        self._number_of_kinds = 0
        self._rules: dict[_State, Symbol] = {}
        self._work: list[_State] = []
        # places differ as long as any list of first items lasts
        self._places = max([len(items.prefix), *(len(count.prefix) for count in items.counts)])

    def alternatives(self) -> list[list[Symbol]]:
        punctuation = self._punctuation
        start = (0, 0, tuple(0 for _ in self._items.counts))
        found = [[punctuation.empty_array]] if self._may_end(start) else []
        if self._may_go_on(start):
            found.append([punctuation.open_array, self._rule(start), punctuation.close_array])
        while self._work:
            state = self._work.pop()
            self._builder.define(self._rules[state], self._bodies(state))
        return found

    def _rule(self, state: _State) -> Symbol:
        """The items from a state on; at least one."""
        known = self._rules.get(state)
        if known is None:
            if len(self._rules) >= MAXIMUM_STATES:
                raise LimitError(
                    f"counting the items of an array takes more than {MAXIMUM_STATES} states",
                    expected="smaller minItems, maxItems, minContains or maxContains; this limit is fixed",
                )
            known = self._rules[state] = self._builder.rule("items")
            self._work.append(state)
        return known

    def _bodies(self, state: _State) -> list[list[Symbol]]:
        bodies: list[list[Symbol]] = []
        for schemas, after in self._kinds(state):
            item = self._symbol_of(schemas)
            if self._may_end(after):
                bodies.append([item])
            if self._may_go_on(after):
                bodies.append([item, self._punctuation.separator, self._rule(after)])
        return bodies

    def _may_end(self, state: _State) -> bool:
        _, number, counted = state
        enough = all(known >= count.minimum for known, count in zip(counted, self._items.counts, strict=True))
        return enough and number >= self._items.minimum

    def _may_go_on(self, state: _State) -> bool:
        place, number, _ = state
        items = self._items
        if items.maximum is not None and number >= items.maximum:
            return False
        return place < len(items.prefix) or items.rest != (FALSE,)

    def _kinds(self, state: _State) -> list[tuple[tuple[SchemaId, ...], _State]]:
        """What the next item may satisfy, each with the state after it."""
        place, number, counted = state
        items = self._items
        base = items.prefix[place] if place < len(items.prefix) else items.rest
        kinds: list[tuple[tuple[SchemaId, ...], tuple[int, ...]]] = [(base, ())]
        for known, count in zip(counted, items.counts, strict=True):
            schema = count.prefix[place] if place < len(count.prefix) else count.rest
            # without an upper bound nothing is counted that the lower one does not need
            more = min(known + 1, count.minimum) if count.maximum is None else known + 1
            split: list[tuple[tuple[SchemaId, ...], int]] = []
            if schema != FALSE and more > known and (count.maximum is None or more <= count.maximum):
                split.append(((schema,), more))
            if count.maximum is None and (schema != TRUE or not split):
                split.append(((), known))
            elif schema != TRUE:
                split.append(((self._negate(schema),), known))
            kinds = [
                (both, (*numbers, each))
                for schemas, numbers in kinds
                for extra, each in split
                if self._is_possible(both := conjunction([*schemas, *extra]), schemas)
            ]
            self._number_of_kinds += len(kinds)
            if self._number_of_kinds > MAXIMUM_KINDS:
                raise LimitError(
                    f"counting the items of an array tells more than {MAXIMUM_KINDS} kinds of items apart",
                    expected="fewer contains that hold together; this limit is fixed",
                )
        number = min(number + 1, items.minimum) if items.maximum is None else number + 1
        next_place = min(place + 1, self._places)
        return [(schemas, (next_place, number, numbers)) for schemas, numbers in kinds if FALSE not in schemas]

    def _is_possible(self, schemas: tuple[SchemaId, ...], known: tuple[SchemaId, ...]) -> bool:
        """Whether a value may satisfy some schemas, of which it may satisfy those that are known."""
        return schemas == known or (FALSE not in schemas and not self._is_empty(schemas))
