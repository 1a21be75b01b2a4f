"""The rules of an object: members in schema order, then all others.

``P(i)`` is a selection of the first ``i`` named members that is not empty and has all required ones:

    P(i)  ->  P(i-1) "," member(i)  |  member(i), if no earlier one is required  |  P(i-1), if member(i) is optional

which is one small rule per member. With bounds on the number of members the rules count: ``P(i, n)``.
"""

from __future__ import annotations

from collections.abc import Callable

from constrain.compiler.grammar import Expression, GrammarBuilder, Symbol
from constrain.compiler.json_schema import json_text
from constrain.compiler.json_schema.layout import Layout, Punctuation
from constrain.compiler.json_schema.model import PatternTerm, SchemaId
from constrain.compiler.json_schema.objects import Family, Member, Members
from constrain.compiler.json_schema.patterns import term_body
from constrain.errors import LimitError, UnsupportedError

__all__ = ["MAXIMUM_COUNTED_RULES", "lower"]

MAXIMUM_COUNTED_RULES = 20_000
"""Rules of one object whose members are counted."""


class _Writer:
    """Writes the rules of one object."""

    def __init__(
        self,
        builder: GrammarBuilder,
        layout: Layout,
        members: Members,
        punctuation: Punctuation,
        symbol_of: Callable[[tuple[SchemaId, ...]], Symbol],
        names: Expression | None,
    ) -> None:
        self.builder = builder
        self.layout = layout
        self.members = members
        self.punctuation = punctuation
        self.symbol_of = symbol_of
        self.names = names

    def member(self, member: Member) -> list[Symbol]:
        """The key lexeme (quotes, colon and blanks included) and the value of a named member."""
        builder = self.builder
        body = json_text.text_body(builder, member.name)
        if self.names is not None:
            body = builder.intersection([body, self.names])
        quote = builder.literal(b'"')
        key = self.layout.key(builder.concat([quote, body, quote]))
        return [builder.terminal(key, f"key {member.name}"), self.symbol_of(member.schemas)]

    def others(self) -> Symbol | None:
        """Any member that has no name of its own; None when there may be none."""
        alternatives = [self.family(family) for family in self.members.families]
        if not alternatives:
            return None
        return self.builder.choice("other member", alternatives)

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
        return [builder.terminal(key, "other key"), self.symbol_of(family.schemas)]

    def bodies(self) -> tuple[list[list[Symbol]], bool]:
        """Alternatives of the members between the braces, and whether there may be none."""
        separator = self.punctuation.separator
        rule: Symbol | None = None
        required = False
        for member in self.members.named:
            pair = self.member(member)
            alternatives: list[list[Symbol]] = []
            if rule is not None:
                alternatives.append([rule, separator, *pair])
                if not member.required:
                    alternatives.append([rule])
            if not required:
                alternatives.append(pair)
            rule = self.builder.choice(f"members to {member.name}", alternatives)
            required = required or member.required
        bodies = [] if rule is None else [[rule]]
        others = self.others()
        if others is not None:
            tail = self.builder.repeat_symbol(others, 1, None, separator, "other members")
            if rule is not None:
                bodies.append([rule, separator, tail])
            if not required:
                bodies.append([tail])
        return bodies, not required

    def counted_bodies(self) -> tuple[list[list[Symbol]], bool]:
        """The same where the number of members is bounded."""
        builder, separator = self.builder, self.punctuation.separator
        members = self.members
        minimum, maximum = members.minimum, members.maximum
        # counts past the last one that matters are all alike
        limit = minimum if maximum is None else maximum
        if len(members.named) * (min(limit, len(members.named)) + 1) > MAXIMUM_COUNTED_RULES:
            raise LimitError(
                "minProperties or maxProperties with so many properties needs too many rules",
                expected=f"at most {MAXIMUM_COUNTED_RULES} properties times bound; this limit is fixed",
            )
        counts: dict[int, Symbol | None] = {0: None}  # selections of the members so far, by size; None is no rule
        for member in members.named:
            pair = self.member(member)
            following: dict[int, list[list[Symbol]]] = {}
            empty_stays = False
            for count, rule in counts.items():
                larger = count + 1 if maximum is not None else min(count + 1, limit)
                if maximum is None or larger <= maximum:
                    body = pair if rule is None else [rule, separator, *pair]
                    following.setdefault(larger, []).append(body)
                if not member.required:
                    if rule is None:
                        empty_stays = True
                    else:
                        following.setdefault(count, []).append([rule])
            counts = {
                count: builder.choice(f"{count} members to {member.name}", bodies)
                for count, bodies in following.items()
            }
            if empty_stays:
                counts = {0: None, **counts}  # no rule counts to 0: one more member always makes at least 1
        return self._with_others(counts)

    def _with_others(self, counts: dict[int, Symbol | None]) -> tuple[list[list[Symbol]], bool]:
        builder, separator = self.builder, self.punctuation.separator
        minimum, maximum = self.members.minimum, self.members.maximum
        others = self.others()
        bodies: list[list[Symbol]] = []
        for count, rule in counts.items():
            if rule is not None and count >= minimum:
                bodies.append([rule])
            if others is None:
                continue
            least = max(1, minimum - count)
            most = None if maximum is None else maximum - count
            if most is not None and most < least:
                continue
            if least > 1:
                raise UnsupportedError(
                    "minProperties that only undeclared properties could reach is not supported: "
                    "nothing keeps their names apart"
                )
            tail = builder.repeat_symbol(others, least, most, separator, "other members")
            bodies.append([tail] if rule is None else [rule, separator, tail])
        return bodies, counts.get(0, ...) is None and minimum == 0


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

    Raises:
        LimitError: too many rules.
        UnsupportedError: a number of members that rules cannot keep.
    """
    if members.is_empty:
        return []
    writer = _Writer(builder, layout, members, punctuation, symbol_of, names)
    needed = sum(member.required for member in members.named)
    counted = members.minimum > max(needed, 0) or members.maximum is not None
    if members.minimum == 1 and needed == 0 and members.maximum is None:
        bodies, _ = writer.bodies()
        may_be_empty = False
    else:
        bodies, may_be_empty = writer.counted_bodies() if counted else writer.bodies()
    alternatives: list[list[Symbol]] = []
    if may_be_empty:
        alternatives.append([punctuation.empty_object])
    if len(bodies) == 1:
        alternatives.append([punctuation.open_object, *bodies[0], punctuation.close_object])
    elif bodies:
        alternatives.append([punctuation.open_object, builder.choice("members", bodies), punctuation.close_object])
    return alternatives
