"""Checks that all notations share: each name stands for one rule, and there is one to begin with."""

from __future__ import annotations

from collections.abc import Sequence

from constrain.compiler.notation.tree import Rule, RuleSet, names_in
from constrain.compiler.starts import no_start
from constrain.errors import GrammarError

__all__ = ["rule_set"]


def rule_set(text: str, rules: Sequence[Rule], start: str) -> RuleSet:
    """The rules by name.

    Raises:
        GrammarError: a name that stands for nothing or for two rules, or no start rule.
    """
    known: dict[str, Rule] = {}
    result = RuleSet(text, known, start)
    for rule in rules:
        if rule.name in known:
            raise GrammarError(
                f"the rule {rule.name} is defined twice, first at {result.span(known[rule.name].at)}",
                span=result.span(rule.at),
                expected="one definition, with '|' between what it stands for",
            )
        known[rule.name] = rule
    for rule in rules:
        for name in names_in(rule.body):
            if name.text not in known:
                raise GrammarError(
                    f"the rule {name.text} is used but not defined (in {rule.name})",
                    span=result.span(name.at),
                    expected=f"a definition of {name.text}",
                )
    if start not in known:
        raise no_start(start, list(known))
    return result
