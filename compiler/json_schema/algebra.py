"""A conjunction of schemas to alternatives without combinators, and proofs that nothing satisfies one.

``$ref``, ``allOf``, ``anyOf``, ``oneOf`` and negations are worked off one level at a time: what stands inside members
and items stays a name until a rule needs it, so recursive schemas end. An alternative (:class:`Clause`) is a set of
types, perhaps a set of values, and the schemas whose facets apply; equal clauses at different places are equal keys.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, pairwise
from math import prod
from typing import TypeAlias

from constrain.compiler.json_schema import arrays, numbers, objects, strings
from constrain.compiler.json_schema.clauses import (
    ANYTHING,
    Clause,
    ObjectChoice,
    Tags,
    allowed,
    common,
    conjoined,
    restricted,
    told_apart,
    without_covered,
    without_implied,
)
from constrain.compiler.json_schema.lockstep import Lockstep, combine
from constrain.compiler.json_schema.model import (
    ALL_TYPES,
    ARRAY,
    BOOLEAN,
    FALSE,
    FRACTION,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    TRUE,
    NumberFacet,
    ObjectFacet,
    Schema,
    SchemaId,
    Store,
    StringFacet,
    Value,
)
from constrain.compiler.json_schema.unevaluated import Evaluation
from constrain.compiler.json_schema.values import WORDS, type_of, types_by_spelling
from constrain.errors import LimitError, SchemaError

__all__ = ["MAXIMUM_CLAUSES", "MAXIMUM_STEPS", "Algebra"]

MAXIMUM_CLAUSES = 2_000
"""Alternatives of one place of a schema."""

MAXIMUM_STEPS = 100_000
"""Steps of one schema's expansion, a few microseconds each."""

_FEW = 8
"""Alternatives of which it isn't worth finding out whether they are needed."""

_FEW_COMBINATIONS = 12
"""Combinations of what objects may choose from that are written out; more of them run in lockstep."""

_PROOF_DEPTH = 6
"""Levels of members and items that a proof of emptiness looks into."""


_BITS = tuple(1 << bit for bit in range(ALL_TYPES.bit_length()))

_PAIRS_A_STEP = 32
"""Pairs of schemas that are told apart by their tags in the time of a step."""

_Trail: TypeAlias = frozenset[str]

_Pending: TypeAlias = "tuple[SchemaId, _Trail, _Pending] | None"
"""What is still to be worked off; the trail names references followed."""

_State: TypeAlias = tuple[Clause, tuple[tuple[SchemaId, ...], ...]]
"""A clause in the making, and the leaves that each choice so far has brought."""


class Algebra:
    """Expansion of schemas of one document, memoised."""

    def __init__(self, store: Store, target: Callable[[str], SchemaId], *, integers_by_spelling: bool = False) -> None:
        """Keep what is needed.

        Args:
            store: where schemas live.
            target: from the name of a reference to the schema there.
            integers_by_spelling: whether 1.0 is no integer, so that what is none may well be integral.
        """
        self._integers_by_spelling = integers_by_spelling
        self._types_of = types_by_spelling if integers_by_spelling else type_of
        self._store = store
        self._target = target
        self._expanded: dict[tuple[SchemaId, ...], tuple[Clause, ...]] = {}
        self._negated: dict[SchemaId, SchemaId] = {TRUE: FALSE, FALSE: TRUE}
        self._empty: dict[tuple[SchemaId, ...], bool] = {}
        self._members: dict[tuple[SchemaId, ...], tuple[objects.Members, ...]] = {}
        self._lockstep: dict[tuple[tuple[SchemaId, ...], tuple[ObjectChoice, ...]], Lockstep] = {}
        self._items: dict[tuple[SchemaId, ...], arrays.Items] = {}
        self._evaluation = Evaluation(store, target, self.negate)
        self._steps = 0
        self._open: set[tuple[SchemaId, ...]] = set()
        self._last_reference = ""

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
        """Everything that holds in any case first, then the choices one after the other."""
        table, concerns = self._store.schemas, self._store.concerns
        pending: _Pending = None
        for part in reversed(schemas):
            pending = part, frozenset(), pending
        types, values, excluded, _, _ = ANYTHING
        leaves: dict[SchemaId, None] = {}
        choices: list[tuple[int, Schema]] = []  # each with the number of leaves before it
        while pending is not None:
            self._count()
            current, trail, pending = pending
            schema = table[current]
            before, types = types, types & schema.types
            if schema.values is not None:
                values = schema.values if values is None else common(values, schema.values)
            if schema.excluded:
                excluded += schema.excluded
            if values is not None and (schema.values is not None or schema.excluded or types != before):
                # what was excluded before is among the values only if they are new
                values = allowed(values, types, schema.excluded if schema.values is None else excluded, self._types_of)
                if not values:
                    types = 0
            if not types:
                return ()
            if concerns[current]:
                leaves[current] = None
            if schema.reference is not None or schema.not_reference is not None:
                pending = self._follow(schema, trail, pending)
            for part in reversed(schema.all_of):
                pending = part, trail, pending
            for part in schema.nots:
                pending = self.negate(part), trail, pending
            if schema.any_of is not None or schema.one_of is not None or schema.unevaluated is not None:
                choices.append((len(leaves), schema))
        certain = Clause(types, values, excluded, tuple([leaf for leaf in leaves if concerns[leaf] & types]))
        if not choices:
            return (certain,)
        return self._chosen(schemas, Clause(types, values, excluded, tuple(leaves)), choices)

    def _chosen(
        self, schemas: tuple[SchemaId, ...], certain: Clause, choices: list[tuple[int, Schema]]
    ) -> tuple[Clause, ...]:
        """The alternatives of a clause beside some choices, each of which stands after so many of its leaves."""
        if schemas in self._open:
            raise SchemaError(
                "a $ref leads back to itself without a property or an item in between",
                pointer=self._last_reference,
                expected="a reference that reaches a constraint",
            )
        self._open.add(schemas)
        concerns = self._store.concerns
        options = [self._options(schema, certain) for _, schema in choices]
        together = self._objects_together(certain, choices, options)
        if together is not None:
            options = [
                [self._restricted(option, ALL_TYPES & ~OBJECT) for option in each if option.types & ~OBJECT]
                for each in options
            ]
        # leaves are kept by the choice they come from until all are made, so that members keep their order
        states: list[_State] = [(certain if together is None else self._restricted(certain, ALL_TYPES & ~OBJECT), ())]
        if not states[0][0].types:
            states = []
        for each in options:
            after: dict[_State, None] = {}
            for clause, chosen in states:
                for option in each:
                    self._count()
                    both = conjoined(clause, option, concerns, self._types_of)
                    if both is not None:
                        after[both, (*chosen, option.leaves)] = None
            states = list(after)
            if len(states) > _FEW:
                states = self._without_idle(states)
            if len(states) > MAXIMUM_CLAUSES:
                raise LimitError(
                    f"one place of the schema has more than {MAXIMUM_CLAUSES} alternatives",
                    expected="fewer combinations of anyOf, oneOf and allOf; this limit is fixed",
                )
        self._open.discard(schemas)
        places = [place for place, _ in choices]
        spans = [certain.leaves[start:end] for start, end in pairwise([0, *places, len(certain.leaves)])]
        found: dict[Clause, None] = {}
        for clause, chosen in states:
            ordered = chain(spans[0], *chain(*zip(chosen, spans[1:], strict=True)))
            leaves = tuple([leaf for leaf in dict.fromkeys(ordered) if concerns[leaf] & clause.types])
            found[clause._replace(leaves=leaves)] = None
        return without_covered((*found, *([] if together is None else [together])), self._types_of)

    def _objects_together(
        self, certain: Clause, choices: list[tuple[int, Schema]], options: list[list[Clause]]
    ) -> Clause | None:
        """The objects of all combinations as one clause with choices, where there would be many combinations."""
        if not certain.types & OBJECT or certain.values is not None:
            return None
        concerns = self._store.concerns
        possible = [[option for option in each if option.types & OBJECT and option.values is None] for each in options]
        open_choices = sum(len(each) > 1 for each in possible)
        combinations = prod(len(each) for each in possible)
        if open_choices < 2 or combinations <= _FEW_COMBINATIONS:
            return None
        if any(option.choices for each in possible for option in each):
            return None
        if any(self._restricts_names(leaf) for each in possible for option in each for leaf in option.leaves):
            return None
        leaves: list[SchemaId] = []
        held: list[ObjectChoice] = []
        start = 0
        for (place, _), each in zip(choices, possible, strict=True):
            leaves += certain.leaves[start:place]
            start = place
            said = [tuple([leaf for leaf in option.leaves if concerns[leaf] & OBJECT]) for option in each]
            if len(said) == 1:
                leaves += said[0]
            elif () not in said:
                held.append(tuple(dict.fromkeys(said)))
        leaves += certain.leaves[start:]
        kept = tuple([leaf for leaf in dict.fromkeys(leaves) if concerns[leaf] & OBJECT])
        together = Clause(OBJECT, None, (), kept, tuple(dict.fromkeys(held)))
        try:
            self.lockstep(together.leaves, together.choices)
        except LimitError:
            return None  # there may be few enough combinations for all that
        return together

    def _restricts_names(self, leaf: SchemaId) -> bool:
        """Whether a schema asks something of names, while kinds of members are told apart by values alone."""
        facet = self._store.schemas[leaf].object
        return facet is not None and (facet.names != TRUE or any(some.names != FALSE for some in facet.some))

    def _options(self, schema: Schema, certain: Clause) -> list[Clause]:
        """The clauses of one choice that a clause beside it leaves possible."""
        store = self._store
        branches: tuple[SchemaId, ...] = ()
        if schema.any_of is not None:
            branches = schema.any_of
        elif schema.unevaluated is not None:
            branches = self._evaluation.alternatives(schema.unevaluated)
        elif schema.one_of is not None:
            branches = self._exactly_one(schema.one_of, certain)
        typed = () if certain.types == ALL_TYPES else (store.typed(certain.types),)
        return list(dict.fromkeys(option for branch in branches for option in self.expand((branch, *typed))))

    def _without_idle(self, states: list[_State]) -> list[_State]:
        """Only alternatives that something can satisfy, and that say no more than another does."""
        kept = [state for state in states if not self.is_empty_clause(state[0])]
        places = without_implied([clause for clause, _ in kept], self._count)
        return [kept[place] for place in places]

    def _count(self, steps: int = 1) -> None:
        self._steps += steps
        if self._steps > MAXIMUM_STEPS:
            raise LimitError(
                f"the schema's combinations take more than {MAXIMUM_STEPS} steps to work out",
                expected="fewer members and items, fewer nested anyOf, oneOf and allOf; this limit is fixed",
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
            self._last_reference = name
            pending = target if positive else self.negate(target), trail | {name}, pending
        return pending

    def _exactly_one(self, branches: tuple[SchemaId, ...], certain: Clause) -> tuple[SchemaId, ...]:
        """Alternatives for one of some schemas and none of the others, beside a clause.

        Only what another branch could share with this one is taken out of it, type by type.
        """
        store = self._store
        context = (store.add(Schema(types=certain.types, values=certain.values)), *certain.leaves)
        tags = [self._tags((*context, branch)) for branch in branches]
        shared: list[dict[int, int]] = [{} for _ in branches]  # of each, what it shares with others, in their order
        for i, branch in enumerate(branches):
            self._count(len(branches) // _PAIRS_A_STEP)
            for j in range(i + 1, len(branches)):
                if not told_apart(tags[i], tags[j]):
                    shared[i][j] = shared[j][i] = self._types((*context, branch, branches[j]))
        options = []
        for i, branch in enumerate(branches):
            groups: dict[tuple[int, ...], int] = {}
            for bit in _BITS:
                if certain.types & bit:
                    overlapping = tuple(j for j, types in shared[i].items() if types & bit)
                    groups[overlapping] = groups.get(overlapping, 0) | bit
            for overlapping, types in groups.items():
                typed = () if types == certain.types else (store.typed(types),)
                options.append(store.all_of((branch, *typed, *(self.negate(branches[j]) for j in overlapping))))
        return tuple(option for option in options if option != FALSE)

    def _tags(self, schemas: tuple[SchemaId, ...]) -> Tags | None:
        """The tags of some schemas that only objects satisfy; None of others."""
        clauses = self.expand(schemas)
        if len(clauses) != 1 or clauses[0].types != OBJECT or clauses[0].values is not None:
            return None
        tags: Tags = {}
        alternatives = self.members(clauses[0].leaves)
        for member in alternatives[0].named if len(alternatives) == 1 else ():
            texts = self._texts(member.schemas) if member.required else None
            if texts is not None:
                tags[member.name] = texts
        return tags

    def _texts(self, schemas: tuple[SchemaId, ...]) -> frozenset[object] | None:
        """The texts that satisfy some schemas, if these list them."""
        if all(self._store.schemas[each].values is None for each in schemas):
            return None
        values = self.values(schemas)
        if values is None or any(value[0] != "string" for value in values):
            return None
        return frozenset(value[1] for value in values)

    def values(self, schemas: tuple[SchemaId, ...]) -> list[Value] | None:
        """All values that satisfy some schemas, and perhaps others; None if they are not listed."""
        found: list[Value] = []
        for clause in self.expand(schemas):
            if clause.values is not None:
                found.extend(clause.values)
                continue
            types = self.possible(clause)
            if types & ~(NULL | BOOLEAN):
                return None
            found.extend(value for type_, _, value in WORDS if types & type_)
        return found

    def _types(self, schemas: tuple[SchemaId, ...]) -> int:
        """Types of which a value might satisfy all of some schemas."""
        found = 0
        for clause in self.expand(schemas):
            found |= self.possible(clause, ~found)
        return found

    def possible(self, clause: Clause, among: int = ALL_TYPES) -> int:
        """Types, among some, of which a value might satisfy a clause."""
        types = clause.types & among
        return sum(bit for bit in _BITS if types & bit and not self.is_empty_clause(self._restricted(clause, bit)))

    # -- conjunctions ----------------------------------------------------------------------------------------------

    def members(self, leaves: tuple[SchemaId, ...]) -> tuple[objects.Members, ...]:
        """The conjunction of what some schemas say of objects, as alternatives."""
        known = self._members.get(leaves)
        if known is None:
            facets = [facet for leaf in leaves if (facet := self._store.schemas[leaf].object) is not None]
            known = self._members[leaves] = objects.merge(facets, self._store)
        return known

    def lockstep(self, leaves: tuple[SchemaId, ...], choices: tuple[ObjectChoice, ...]) -> Lockstep:
        """The conjunction of what some schemas say of objects, and of one option of each choice.

        Raises:
            LimitError: too many kinds of members.
        """

        known = self._lockstep.get((leaves, choices))
        if known is not None:
            return known

        def facets(parts: tuple[SchemaId, ...]) -> list[ObjectFacet]:
            return [facet for leaf in parts if (facet := self._store.schemas[leaf].object) is not None]

        options = [[facets(option) for option in choice] for choice in choices]
        known = combine(facets(leaves), options, self._store, self.is_empty)
        self._lockstep[leaves, choices] = known
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
            options.extend(strings.complements(schema.string))
        if schema.number is not None:
            by_spelling = self._integers_by_spelling
            options.extend(numbers.complements(schema.number, integers_by_spelling=by_spelling))
        if schema.array is not None:
            options.extend(arrays.complements(schema.array, self.negate))
        if schema.object is not None:
            options.extend(objects.complements(schema.object, self.negate))
        for refusal in schema.refusals:
            options.append(Schema(types=refusal.types & ALL_TYPES, refusals=(refusal,)))
        if schema.reference is not None:
            options.append(Schema(not_reference=schema.reference))
        if schema.not_reference is not None:
            options.append(Schema(reference=schema.not_reference))
        ids = [store.add(option) for option in options]
        for option in ids:
            store.places.setdefault(option, pointer)
        ids.extend(schema.nots)
        ids.extend(self.negate(part) for part in schema.all_of)
        if schema.any_of is not None:
            ids.append(store.all_of(tuple(self.negate(part) for part in schema.any_of)))
        if schema.one_of is not None:
            ids.extend(self._not_exactly_one(schema.one_of))
        if schema.unevaluated is not None:
            ids.extend(self._evaluation.complements(schema.unevaluated))
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
            outside, self._open = self._open, set()  # inside a member, a reference may lead back
            known = all(self.is_empty_clause(clause, depth) for clause in self.expand(schemas))
            self._open = outside
            self._empty[schemas] = known
        return known

    def _restricted(self, clause: Clause, types: int) -> Clause:
        """What of a clause is of some types."""
        return restricted(clause, types, self._types_of)

    def is_empty_clause(self, clause: Clause, depth: int = 0) -> bool:
        """Whether it is certain that no value satisfies a clause."""
        types, values, _, leaves, _ = clause
        if values is None and types & (NULL | BOOLEAN):
            return False
        facets = [self._store.schemas[leaf] for leaf in leaves]
        if values is not None or types & (STRING | NUMBER):
            text = strings.merge([f.string for f in facets if f.string is not None])
            number = numbers.merge([f.number for f in facets if f.number is not None])
            amounts = types | INTEGER if self._integers_by_spelling and types & FRACTION else types
            if values is not None:
                return not any(_fits(value, text, number, amounts) for value in values)
            if text.maximum is not None and text.maximum < text.minimum:
                types &= ~STRING
            if types & NUMBER and numbers.is_empty(number, amounts):
                types &= ~NUMBER
            if types & (STRING | NUMBER):
                return False
        if types & ARRAY:
            items = self.items(leaves)
            self._count(len(items.prefix))
            needed = [*items.prefix[: items.minimum]]
            if items.minimum > len(items.prefix):
                needed.append(items.rest)
            if not items.is_empty and not any(self.is_empty(item, depth + 1) for item in needed):
                return False
        if types & OBJECT:
            for members in self.members(leaves):
                self._count(len(members.named))
                needed = [member.schemas for member in members.named if member.required]
                needed.extend(family.schemas for family in members.wanted)
                if not members.is_empty and not any(self.is_empty(schemas, depth + 1) for schemas in needed):
                    return False
        return True


def _fits(value: Value, text: StringFacet, number: NumberFacet, types: int) -> bool:
    """Whether a value satisfies lengths and bounds (patterns are not looked at)."""
    match value[1]:
        case str() as string:
            return len(string) >= text.minimum and (text.maximum is None or len(string) <= text.maximum)
        case None | bool():
            return True
        case amount:
            return numbers.admits(number, types, amount)
