"""Which rules have a text, and grammars without the alternatives that have none.

A rule is productive if some text comes of it. One that always leads back to itself (``r: r "a"``, ``r: r``) is not, and
what needs it is in no text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from constrain.compiler.notation.components import least_fixpoint
from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, Rule, RuleSet
from constrain.compiler.regex.ast import NOTHING, CharacterClass
from constrain.errors import UnsatisfiableError

__all__ = ["productive_rules", "without_dead_ends"]

_EMPTY_LANGUAGES = (NOTHING, CharacterClass(()))


def productive_rules(rules: Mapping[str, Rule]) -> frozenset[str]:
    """Names of the rules that have a text."""
    return least_fixpoint(rules, _has_text)


def without_dead_ends(rules: RuleSet) -> RuleSet:
    """Without the rules and alternatives of which no text comes; there are no differences any more.

    Raises:
        UnsatisfiableError: no text comes of the start rule.
    """
    productive = productive_rules(rules.rules)
    if rules.start not in productive:
        raise UnsatisfiableError(
            "no output satisfies the constraint: its start rule never comes to an end",
            span=rules.span(rules.rules[rules.start].at),
            expected="an alternative that comes to an end",
        )
    kept = {
        name: rule._replace(body=_living(rule.body, productive))
        for name, rule in rules.rules.items()
        if name in productive
    }
    return replace(rules, rules=kept)


def _has_text(node: Node, rules: Collection[str]) -> bool:
    match node:
        case Lexeme(expression):
            return expression not in _EMPTY_LANGUAGES
        case Name(name):
            return name in rules
        case Choice(alternatives):
            return any(all(_has_text(item, rules) for item in items) for items in alternatives)
        case Repeat(part, minimum):
            return minimum == 0 or _has_text(part, rules)
        case Difference(left):
            return _has_text(left, rules)


def _living(choice: Choice, productive: frozenset[str]) -> Choice:
    alternatives = tuple(
        tuple(each for item in items for each in _parts(item, productive))
        for items in choice.alternatives
        if all(_has_text(item, productive) for item in items)
    )
    return Choice(alternatives, choice.at)


def _parts(node: Node, productive: frozenset[str]) -> tuple[Node, ...]:
    """What is left of an item that has a text."""
    match node:
        case Choice():
            return (_living(node, productive),)
        case Repeat(part):
            if not _has_text(part, productive):
                return ()  # no times
            left = _parts(part, productive)
            return (node._replace(part=left[0]),) if left else ()
        case _:
            return (node,)
