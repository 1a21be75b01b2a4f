"""From the model to a grammar: a work list of objects and arrays, so that recursion in a schema is none here.

Scalars become terminals at once. An object or array becomes a rule whose body is written later; equal clauses share
one rule. Under ``pretty`` every depth has rules of its own.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TypeAlias

from constrain.compiler.emptiness import has_text
from constrain.compiler.grammar import Expression, Grammar, Guard, Symbol
from constrain.compiler.json_schema import items, members, numbers, repeated_items, strings
from constrain.compiler.json_schema.algebra import Algebra
from constrain.compiler.json_schema.arrays import Items
from constrain.compiler.json_schema.clauses import Clause, ObjectChoice
from constrain.compiler.json_schema.depth import bounded_depth
from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.layout import MAXIMUM_PRETTY_DEPTH, Layout
from constrain.compiler.json_schema.model import (
    ARRAY,
    FALSE,
    FRACTION,
    INTEGER,
    NUMBER,
    OBJECT,
    STRING,
    TRUE,
    Refusal,
    SchemaId,
    Store,
    Value,
)
from constrain.compiler.json_schema.options import Options, Policy
from constrain.compiler.json_schema.values import WORDS
from constrain.errors import LimitError, UnsatisfiableError, UnsupportedError

__all__ = ["MAXIMUM_MEMBERS", "MAXIMUM_RULES", "Lowering"]

MAXIMUM_RULES = 200_000
"""Objects and arrays of one grammar."""

MAXIMUM_MEMBERS = 100_000
"""Members and first items over all of them."""


def refused(refusal: Refusal) -> UnsupportedError:
    """The error for a keyword that is not implemented and that matters."""
    return UnsupportedError(
        f"{refusal.keyword} is not supported here", pointer=refusal.pointer, expected=refusal.expected
    )


_Place: TypeAlias = tuple[tuple[SchemaId, ...], int]
"""What a value must satisfy, depth."""

_Key: TypeAlias = tuple[str, tuple[SchemaId, ...], tuple[ObjectChoice, ...], int]
"""Object or array, the schemas whose facets apply, what objects choose from, depth."""


class Lowering:
    """Writes one grammar."""

    def __init__(self, store: Store, algebra: Algebra, layout: Layout) -> None:
        self._store = store
        self._algebra = algebra
        self._builder = layout.builder
        self._layout = layout
        self._values: dict[_Place, Symbol] = {}
        self._structures: dict[_Key, Symbol] = {}
        self._work: deque[tuple[str, tuple[SchemaId, ...], tuple[ObjectChoice, ...], int, Symbol]] = deque()
        self._quote = layout.builder.literal(b'"')
        self._members = 0
        self._inhabited: dict[_Place, bool] = {}
        self._tried: frozenset[_Place] = frozenset()
        self._assumes = False  # that what is being tried has no value inside itself

    @classmethod
    def of(cls, store: Store, algebra: Algebra, options: Options, draft: Draft) -> Lowering:
        """Make one that starts as a copy of what most grammars hold: punctuation, and any value at all."""
        policy = options.policy
        if policy.numbers == "any" and not draft.integral_floats:
            policy = policy._replace(numbers="any but integers")
        start = _start(policy)
        lowering = cls(store, algebra, start._layout.copy())
        lowering._values.update(start._values)
        lowering._structures.update(start._structures)
        return lowering

    def grammar(self, root: SchemaId) -> Grammar:
        """The grammar of a schema.

        Raises:
            UnsatisfiableError: it is certain that nothing satisfies it.
            UnsupportedError: a keyword that is not implemented, where it matters.
            LimitError: too many rules.
        """
        if self._algebra.is_empty((root,)):
            raise UnsatisfiableError(self._reason(root), pointer="")
        start = self._value((root,), 0)
        self._finish_work()
        grammar = self._builder.finish(start)
        depth = self._layout.policy.sizes.max_depth
        return grammar if depth is None else bounded_depth(grammar, self._layout.openings(), depth)

    def _finish_work(self) -> None:
        """Write the rules of the objects and arrays that are waiting, and of those inside them."""
        while self._work:
            kind, leaves, choices, depth, rule = self._work.popleft()
            try:
                body = self._object(leaves, choices, depth) if kind == "object" else self._array(leaves, depth)
            except (LimitError, UnsupportedError) as error:
                if error.pointer is not None:
                    raise
                pointer = self._store.places.get(leaves[0]) if leaves else None
                raise type(error)(error.message, pointer=pointer, expected=error.expected) from None
            self._builder.define(rule, body)

    def _value(self, schemas: tuple[SchemaId, ...], depth: int) -> Symbol:
        """The symbol of the values that satisfy all of some schemas, inside ``depth`` objects and arrays."""
        key = (schemas, depth)
        known = self._values.get(key)
        if known is None:
            symbols: list[Symbol] = []
            for clause in self._algebra.expand(schemas):
                self._clause(clause, depth, symbols)
            symbols = list(dict.fromkeys(symbols))
            known = symbols[0] if len(symbols) == 1 else self._builder.choice("value", [[s] for s in symbols])
            self._values[key] = known
        return known

    def _clause(self, clause: Clause, depth: int, symbols: list[Symbol]) -> None:
        types, values, excluded, leaves, choices = clause
        policy = self._layout.policy
        facets = [self._store.schemas[leaf] for leaf in leaves]
        builder = self._builder
        choosable = [self._store.schemas[leaf] for choice in choices for option in choice for leaf in option]
        for facet in (*facets, *choosable):
            for refusal in facet.refusals:
                if refusal.types & types and not self._algebra.is_empty_clause(clause):
                    raise refused(refusal)
        words = [
            word
            for type_, word, value in WORDS
            if types & type_ and (values is None or value in values) and value not in excluded
        ]
        if types & NUMBER:
            number = numbers.merge([f.number for f in facets if f.number is not None])
            found: Expression | None = None
            spelling = policy.numbers
            if values is None:
                hidden = tuple(value[1] for value in excluded if value[0] == "number")
                most = policy.sizes.max_digits
                found = numbers.expression_of(builder, number, types & NUMBER, hidden, spelling, most)  # type: ignore[arg-type]  # numbers
            else:
                # 1.0 may be no integer by its spelling
                by_spelling = spelling == "any but integers" and types & FRACTION
                amounts = types | INTEGER if by_spelling else types
                chosen = [v for v in values if v[0] == "number" and numbers.admits(number, amounts, v[1])]  # type: ignore[arg-type]  # a number
                if numbers.is_free(spelling, types) and (policy.sizes.max_digits is None or not types & INTEGER):
                    found = numbers.every_spelling(builder, [value[1] for value in chosen], types)  # type: ignore[misc]  # numbers
                else:
                    words.extend(text for v in chosen for text in numbers.spelled(v, types, spelling))
            if found is not None:
                symbols.append(builder.terminal(found, "number"))
        if words:
            symbols.append(builder.terminal(builder.literals(words), "word"))
        if types & STRING:
            text = strings.merge([f.string for f in facets if f.string is not None])
            texts = None if values is None else [str(value[1]) for value in values if value[0] == "string"]
            hidden_texts = [str(value[1]) for value in excluded if value[0] == "string"]
            if texts is None:
                text = strings.bounded(text, policy.sizes.max_string, tuple(hidden_texts))
            body = strings.body_of(
                builder,
                text,
                texts,
                hidden_texts,
                any_escape=policy.any_escape,
                formats_bound=policy.formats_bound,
            )
            if body is not None:
                symbols.append(builder.terminal(builder.concat([self._quote, body, self._quote]), "string"))
        if values is None:
            if types & ARRAY:
                symbols.append(self._structure("array", leaves, (), depth))
            if types & OBJECT:
                symbols.append(self._structure("object", leaves, choices, depth))

    def _structure(
        self, kind: str, leaves: tuple[SchemaId, ...], choices: tuple[ObjectChoice, ...], depth: int
    ) -> Symbol:
        table = self._store.schemas
        if kind == "object":
            leaves = tuple(leaf for leaf in leaves if table[leaf].object is not None)
        else:
            leaves = tuple(leaf for leaf in leaves if table[leaf].array is not None)
        key = (kind, leaves, choices, depth)
        known = self._structures.get(key)
        if known is None:
            if len(self._structures) >= MAXIMUM_RULES:
                raise LimitError(
                    f"the schema needs more than {MAXIMUM_RULES} rules",
                    expected="a smaller schema; this limit is fixed",
                )
            known = self._structures[key] = self._builder.rule(kind)
            self._work.append((kind, leaves, choices, depth, known))
        return known

    def _count(self, members: int) -> None:
        self._members += members
        if self._members > MAXIMUM_MEMBERS:
            raise LimitError(
                f"the alternatives of the schema's objects have more than {MAXIMUM_MEMBERS} members together",
                expected="fewer properties, or fewer combinations of anyOf, oneOf and allOf; this limit is fixed",
            )

    def _inside(self, depth: int) -> int:
        return depth + 1 if self._layout.follows_depth else 0

    def _object(
        self, leaves: tuple[SchemaId, ...], choices: tuple[ObjectChoice, ...], depth: int
    ) -> list[list[Symbol]]:
        if choices:
            return self._lockstep(leaves, choices, depth)
        inside = self._inside(depth)
        bodies: list[list[Symbol]] = []
        for merged in self._algebra.members(leaves):
            self._count(len(merged.named))
            merged = merged.bounded(self._layout.policy.sizes.max_items)
            punctuation = self._layout.at(depth, "distinct" if merged.families else None)
            if depth == MAXIMUM_PRETTY_DEPTH:
                # the declared bound of this layout: only an empty object fits
                if not merged.is_empty and merged.needed == merged.minimum == 0:
                    return [[punctuation.empty_object]]
                continue
            bodies += members.lower(
                self._builder,
                self._layout,
                merged,
                punctuation,
                lambda schemas: self._value(schemas, inside),
                self._names,
            )
        return bodies

    def _lockstep(
        self, leaves: tuple[SchemaId, ...], choices: tuple[ObjectChoice, ...], depth: int
    ) -> list[list[Symbol]]:
        inside = self._inside(depth)
        combined = self._algebra.lockstep(leaves, choices)
        self._count(sum(len(slot.kinds) for slot in combined.slots))
        combined = combined.bounded(self._layout.policy.sizes.max_items)
        if depth == MAXIMUM_PRETTY_DEPTH:
            combined = combined._replace(maximum=0)
        return members.lower_lockstep(
            self._builder,
            self._layout,
            combined,
            self._layout.at(depth, "distinct" if any(slot.name is None for slot in combined.slots) else None),
            lambda schemas: self._value(schemas, inside),
            self._names,
        )

    def _names(self, schemas: tuple[SchemaId, ...], most: int | None) -> Expression:
        """Bodies of the names that satisfy some schemas, of so many characters at most where there is no bound."""
        builder = self._builder
        bodies = []
        for clause in self._algebra.expand(schemas):
            types, values, excluded, leaves, _ = clause
            if not types & STRING:
                continue
            facets = [self._store.schemas[leaf] for leaf in leaves]
            for facet in facets:
                for refusal in facet.refusals:
                    if refusal.types & STRING:
                        raise refused(refusal)
            text = strings.merge([f.string for f in facets if f.string is not None])
            hidden = [str(value[1]) for value in excluded if value[0] == "string"]
            body = strings.body_of(
                builder,
                strings.bounded(text, most, tuple(hidden)) if values is None else text,
                None if values is None else [str(value[1]) for value in values if value[0] == "string"],
                hidden,
                any_escape=self._layout.policy.any_escape,
                formats_bound=self._layout.policy.formats_bound,
            )
            if body is not None:
                bodies.append(body)
        return builder.union(bodies) if bodies else builder.literals([])

    def _array(self, leaves: tuple[SchemaId, ...], depth: int) -> list[list[Symbol]]:
        merged = self._algebra.items(leaves)
        self._count(len(merged.prefix))
        if depth == MAXIMUM_PRETTY_DEPTH:
            return [[self._layout.at(depth).empty_array]] if merged.minimum == 0 else []
        if not merged.repeated or merged.is_empty:
            return self._items(merged, depth, "distinct" if merged.unique else None)
        endless = repeated_items.endless(merged, self._algebra.negate), self._inside(depth)
        if endless in self._tried and set(endless[0]) == set(merged.rest):
            self._assumes = True
            # the least value of a schema does not hold another one
            merged = merged._replace(rest=(FALSE,), maximum=len(merged.prefix))
        elif self._is_inhabited(endless):
            return self._items(merged, depth, "repeated")
        counted = repeated_items.counted(
            merged,
            self._store,
            lambda schemas: self._listed(schemas, endless[1]),
            next((self._store.places.get(leaf) for leaf in leaves if self._repeats(leaf)), None),
        )
        return [body for each in counted for body in self._items(each, depth, None)]

    def _repeats(self, leaf: SchemaId) -> bool:
        facet = self._store.schemas[leaf].array
        return facet is not None and facet.repeated

    def _listed(self, schemas: tuple[SchemaId, ...], depth: int) -> list[Value] | None:
        """The values that satisfy all of some schemas, and perhaps others; None if they cannot be listed."""
        values = self._algebra.values(schemas)
        if values is None and not self._is_inhabited((schemas, depth)):
            return []
        return values

    def _is_inhabited(self, place: _Place) -> bool:
        """Whether some value satisfies all of some schemas, by a grammar of its own."""
        known = self._inhabited.get(place)
        if known is None:
            known = False
            if place in self._tried:
                self._assumes = True
            elif not self._algebra.is_empty(place[0]):
                trial = Lowering(self._store, self._algebra, Layout.of(self._layout.policy))
                trial._tried = self._tried | {place}
                trial._inhabited = self._inhabited
                start = trial._value(*place)
                trial._finish_work()
                known = has_text(trial._builder.finish(start))
                self._assumes |= trial._assumes
            if known or not self._assumes or not self._tried:
                self._inhabited[place] = known
        return known

    def _items(self, merged: Items, depth: int, guard: Guard | None) -> list[list[Symbol]]:
        inside = self._inside(depth)
        return items.lower(
            self._builder,
            merged.bounded(self._layout.policy.sizes.max_items),
            self._layout.at(depth, guard),
            lambda schemas: self._value(schemas, inside),
            self._algebra.negate,
            self._algebra.is_empty,
        )

    def _reason(self, root: SchemaId) -> str:
        """Why nothing satisfies a schema, as far as that can be said in a sentence."""
        clauses = self._algebra.expand((root,))
        for clause in clauses:
            facets = [self._store.schemas[leaf] for leaf in clause.leaves]
            if clause.types & OBJECT:
                for merged in self._algebra.members(clause.leaves):
                    if merged.missing is not None:
                        return f"no value satisfies the schema: the required property {merged.missing!r} is not allowed"
                    if merged.is_empty:
                        return "no value satisfies the schema: maxProperties is below the number of required properties"
            if clause.types & ARRAY and self._algebra.items(clause.leaves).is_empty:
                return "no value satisfies the schema: minItems is above the number of allowed items"
            if clause.types & STRING and clause.values is None:
                text = strings.merge([f.string for f in facets if f.string is not None])
                if text.maximum is not None and text.maximum < text.minimum:
                    return "no value satisfies the schema: minLength is above maxLength"
            if clause.types & NUMBER and clause.values is None:
                return "no value satisfies the schema: no number lies within its bounds"
        return "no value satisfies the schema: its types and values exclude each other"


@lru_cache(maxsize=32)
def _start(policy: Policy) -> Lowering:
    """The beginning of all grammars of one policy; it names no schema."""
    store = Store()
    layout = Layout.of(policy)
    layout.at(0)
    lowering = Lowering(store, Algebra(store, lambda name: TRUE), layout)
    if not layout.follows_depth:
        lowering._value((), 0)
        lowering._finish_work()
    return lowering
