"""Which rules can be empty, and what they can begin with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from constrain.compiler.notation.components import least_fixpoint
from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, Rule
from constrain.compiler.regex.membership import nullable as matches_empty

__all__ = ["is_nullable", "left_names", "nullable_rules"]


def nullable_rules(rules: Mapping[str, Rule]) -> frozenset[str]:
    """Names of the rules that can be empty."""
    return least_fixpoint(rules, is_nullable)


def is_nullable(node: Node, rules: Collection[str]) -> bool:
    """Can a part of a rule be empty, where those of ``rules`` can?"""
    match node:
        case Lexeme(expression):
            return matches_empty(expression)
        case Name(name):
            return name in rules
        case Choice(alternatives):
            return any(all(is_nullable(item, rules) for item in items) for items in alternatives)
        case Repeat(part, minimum):
            return minimum == 0 or is_nullable(part, rules)
        case Difference(left, right):
            return is_nullable(left, rules) and not is_nullable(right, rules)


def left_names(node: Node, nullable: frozenset[str]) -> Iterator[str]:
    """The rules that a part of a rule can begin with."""
    match node:
        case Name(name):
            yield name
        case Choice(alternatives):
            for items in alternatives:
                for item in items:
                    yield from left_names(item, nullable)
                    if not is_nullable(item, nullable):
                        break
        case Repeat(part):
            yield from left_names(part, nullable)
        case Difference(left):
            yield from left_names(left, nullable)
