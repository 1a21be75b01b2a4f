"""The members of an object: named ones in schema order, then all others.

They are one symbol of :meth:`~constrain.compiler.grammar.GrammarBuilder.members`, with a rule for each member: the
engine keeps which of them were seen, and how many. The keys of undeclared members are guarded, so that none repeats;
the punctuation around them must be, too.
"""

from __future__ import annotations

from collections.abc import Callable

from constrain.compiler.grammar import Expression, GrammarBuilder, Option, Symbol
from constrain.compiler.json_schema import json_text
from constrain.compiler.json_schema.layout import Layout, Punctuation
from constrain.compiler.json_schema.model import PatternTerm, SchemaId
from constrain.compiler.json_schema.objects import Family, Member, Members
from constrain.compiler.json_schema.patterns import term_body

__all__ = ["lower"]


class _Writer:
    """Writes the members of one object."""

    def __init__(
        self,
        builder: GrammarBuilder,
        layout: Layout,
        members: Members,
        symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
        names: Expression | None,
    ) -> None:
        self.builder = builder
        self.layout = layout
        self.members = members
        self.symbol_of = symbol_of
        self.names = names

    def named(self, member: Member) -> Option:
        """A named member: the key lexeme (quotes, colon and blanks included) and the value."""
        builder = self.builder
        body = json_text.text_body(builder, member.name)
        if self.names is not None:
            body = builder.intersection([body, self.names])
        quote = builder.literal(b'"')
        key = self.layout.key(builder.concat([quote, body, quote]))
        pair = [builder.terminal(key, f"key {member.name}"), self.symbol_of(member.schemas)]
        return Option(builder.choice(f"member {member.name}", [pair]), required=member.required)

    def options(self) -> list[Option]:
        """Named members in their order, then any member that has no name of its own."""
        options = [self.named(member) for member in self.members.named]
        others = [self.family(family) for family in self.members.families]
        if others:
            options.append(Option(self.builder.choice("other member", others), unique=False))
        return options

    def family(self, family: Family) -> list[Symbol]:
        """The key lexeme and the value of a family."""
        builder = self.builder
        parts = [term_body(builder, PatternTerm("pattern", pattern)) for pattern in family.matching]
        parts.extend(term_body(builder, PatternTerm("pattern", pattern, negated=True)) for pattern in family.avoiding)
        if self.names is not None:
            parts.append(self.names)
        if not parts:
            parts.append(json_text.any_characters(builder))
        if self.members.hidden:
            parts.append(builder.complement(json_text.texts_body(builder, self.members.hidden)))
        quote = builder.literal(b'"')
        key = self.layout.key(builder.concat([quote, builder.intersection(parts), quote]))
        return [builder.terminal(key, "other key", guard="distinct"), self.symbol_of(family.schemas)]


def lower(
    builder: GrammarBuilder,
    layout: Layout,
    members: Members,
    punctuation: Punctuation,
    symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
    names: Expression | None,
) -> list[list[Symbol]]:
    """Alternatives of an object.

    Args:
        builder: where rules go.
        layout: blanks and colons.
        members: what the members must satisfy.
        punctuation: lexemes around them.
        symbol_of: the symbol of a value.
        names: bodies of allowed names; None when any will do.
    """
    if members.is_empty:
        return []
    needed = sum(member.required for member in members.named)
    alternatives: list[list[Symbol]] = []
    if needed == 0 and members.minimum == 0:
        alternatives.append([punctuation.empty_object])
    if members.maximum != 0:
        inside = builder.members(
            _Writer(builder, layout, members, symbol_of, names).options(),
            punctuation.separator,
            minimum=max(1, members.minimum),
            maximum=members.maximum,
        )
        alternatives.append([punctuation.open_object, inside, punctuation.close_object])
    return alternatives
