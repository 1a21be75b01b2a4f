"""The members of an object: named ones in schema order, then all others; or all of them in any order.

They are one symbol of :meth:`~constrain.compiler.grammar.GrammarBuilder.members`, with a rule for each member: the
engine keeps which of them were seen, and how many. The keys of undeclared members are guarded, so that none repeats;
the punctuation around them must be, too.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, permutations

from constrain.compiler.grammar import Expression, GrammarBuilder, Option, Symbol
from constrain.compiler.json_schema import json_text, strings
from constrain.compiler.json_schema.layout import Layout, Punctuation
from constrain.compiler.json_schema.lockstep import Lockstep
from constrain.compiler.json_schema.model import PatternTerm, SchemaId, StringFacet, conjunction
from constrain.compiler.json_schema.objects import Family, Members
from constrain.compiler.json_schema.patterns import term_body
from constrain.errors import LimitError

__all__ = ["MAXIMUM_TOLD_APART", "MAXIMUM_WANTED", "lower", "lower_lockstep"]

MAXIMUM_TOLD_APART = 50
"""Declared names beside which the length of others is bounded: the engine looks at so many keys one by one, while more
of them have masks that are made anew at every length."""

MAXIMUM_WANTED = 3
"""Members of undeclared names that negations may ask for in one object: each order of them is a rule."""


class _Writer:
    """Writes the members of one object."""

    def __init__(
        self,
        builder: GrammarBuilder,
        layout: Layout,
        members: Members | Lockstep,
        symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
        names_of: Callable[[tuple[SchemaId, ...], int | None], Expression],
    ) -> None:
        self.builder = builder
        self.layout = layout
        self.members = members
        self.symbol_of = symbol_of
        self.names_of = names_of

    def named(self, name: str, schemas: tuple[SchemaId, ...], names: tuple[SchemaId, ...] = ()) -> Symbol:
        """A named member: the key lexeme (quotes, colon and blanks included) and the value."""
        builder = self.builder
        body = json_text.text_body(builder, name, self.layout.policy.any_escape)
        if names or self.members.names:
            body = builder.intersection([body, self.names_of(conjunction([*self.members.names, *names]), None)])
        quote = builder.literal(b'"')
        key = self.layout.key(builder.concat([quote, body, quote]))
        return builder.choice(f"member {name}", [[builder.terminal(key, f"key {name}"), self.symbol_of(schemas)]])

    def orders(self, members: Members) -> list[list[Option]]:
        """Named members in their order, then any member that has no name of its own.

        What of those must be there may stand anywhere among them: in the order of the schema, each of its orders is a
        list of its own.
        """
        named = [
            Option(self.named(member.name, member.schemas, member.names), member.required) for member in members.named
        ]
        families = [self.family(family) for family in members.families]
        if not families:
            return [named]
        others = Option(self.builder.choice("other member", families), unique=False)
        wanted = [
            Option(self.builder.choice("wanted member", [self.family(family)]), required=True)
            for family in members.wanted
        ]
        if len(wanted) > MAXIMUM_WANTED:
            raise LimitError(
                f"negations ask for more than {MAXIMUM_WANTED} members of undeclared names in one object",
                expected="fewer negated schemas (not, oneOf, if); this limit is fixed",
            )
        if self.layout.policy.order == "any":
            return [[*named, others, *wanted]]
        return [[*named, others, *chain(*((option, others) for option in order))] for order in permutations(wanted)]

    def slots(self, members: Lockstep) -> list[Option]:
        """All kinds of each slot, as a group."""
        options = []
        for group, slot in enumerate(members.slots):
            for kind in slot.kinds:
                if slot.name is None:
                    symbol = self.builder.choice("other member", [self.family(kind.family)])
                else:
                    symbol = self.named(slot.name, kind.family.schemas)
                options.append(Option(symbol, slot.required, slot.name is not None, group, kind.sets))
        return options

    def family(self, family: Family) -> list[Symbol]:
        """The key lexeme and the value of a family."""
        builder, policy = self.builder, self.layout.policy
        terms = [PatternTerm("pattern", pattern) for pattern in family.matching]
        terms += [PatternTerm("pattern", pattern, negated=True) for pattern in family.avoiding]
        parts = [term_body(builder, term, policy.any_escape) for term in terms]
        most = None
        names = conjunction([*self.members.names, *family.names])
        if names:
            parts.append(self.names_of(names, None if terms else policy.sizes.max_string))
        elif len(self.members.hidden) <= MAXIMUM_TOLD_APART:
            facet = StringFacet(patterns=tuple(terms))
            most = strings.bounded(facet, policy.sizes.max_string, self.members.hidden).maximum
        if not parts or most is not None:
            parts.append(json_text.any_characters(builder, 0, most, any_escape=policy.any_escape))
        if self.members.hidden:
            parts.append(builder.complement(json_text.texts_body(builder, self.members.hidden, policy.any_escape)))
        quote = builder.literal(b'"')
        key = self.layout.key(builder.concat([quote, builder.intersection(parts), quote]))
        return [builder.terminal(key, "other key", guard="distinct"), self.symbol_of(family.schemas)]


def lower(
    builder: GrammarBuilder,
    layout: Layout,
    members: Members,
    punctuation: Punctuation,
    symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
    names_of: Callable[[tuple[SchemaId, ...], int | None], Expression],
) -> list[list[Symbol]]:
    """Alternatives of an object.

    Args:
        builder: where rules go.
        layout: blanks and colons.
        members: what the members must satisfy.
        punctuation: lexemes around them.
        symbol_of: the symbol of a value.
        names_of: bodies of the names that satisfy some schemas, of so many characters at most if they have no bound.

    Raises:
        LimitError: too many members of undeclared names must be there.
    """
    if members.is_empty:
        return []
    alternatives: list[list[Symbol]] = []
    if members.needed == 0 and members.minimum == 0:
        alternatives.append([punctuation.empty_object])
    if members.maximum != 0:
        for options in _Writer(builder, layout, members, symbol_of, names_of).orders(members):
            inside = builder.members(
                options,
                punctuation.separator,
                order=layout.policy.order,
                minimum=max(1, members.minimum),
                maximum=members.maximum,
            )
            alternatives.append([punctuation.open_object, inside, punctuation.close_object])
    return alternatives


def lower_lockstep(
    builder: GrammarBuilder,
    layout: Layout,
    members: Lockstep,
    punctuation: Punctuation,
    symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
    names_of: Callable[[tuple[SchemaId, ...], int | None], Expression],
) -> list[list[Symbol]]:
    """Alternatives of an object whose alternatives run side by side; arguments as for :func:`lower`."""
    if any(slot.required and not slot.kinds for slot in members.slots):
        return []
    needed = sum(slot.required for slot in members.slots)
    alternatives: list[list[Symbol]] = []
    nothing = all(any(not demand.needs and demand.minimum == 0 for demand in choice) for choice in members.choices)
    if nothing and needed == members.minimum == 0:
        alternatives.append([punctuation.empty_object])
    minimum = max(1, members.minimum)
    if members.maximum is None or minimum <= members.maximum:
        inside = builder.members(
            _Writer(builder, layout, members, symbol_of, names_of).slots(members),
            punctuation.separator,
            order=layout.policy.order,
            minimum=minimum,
            maximum=members.maximum,
            choices=members.choices,
        )
        alternatives.append([punctuation.open_object, inside, punctuation.close_object])
    return alternatives
