"""What llama.cpp refuses of GBNF: a repetition is written out there, and the number of rules that it makes bounded."""

from __future__ import annotations

from constrain.compiler.notation.tree import Choice, Name, Node, Repeat, RuleSet, nodes_of
from constrain.errors import UnsupportedError

__all__ = ["MAXIMUM_RULES", "check_counts"]

MAXIMUM_RULES = 2_000
"""``MAX_REPETITION_THRESHOLD`` of llama.cpp's ``src/llama-grammar.cpp``; a larger upper bound counts as none there."""


def check_counts(rules: RuleSet) -> None:
    """Refuse repetitions that llama.cpp would refuse, or take for unbounded.

    Raises:
        UnsupportedError: there is one, at its place.
    """
    for rule in rules.rules.values():
        for node in nodes_of(rule.body):
            if not isinstance(node, Repeat):
                continue
            count = node.minimum if node.maximum is None else node.maximum
            if max(count, 1) * _rules_of(node.part) >= MAXIMUM_RULES:
                raise UnsupportedError(
                    f"a count of {count} (in {rule.name}), which llama.cpp makes {MAXIMUM_RULES} rules or more of,",
                    span=rules.span(node.at),
                    expected="a smaller count, or no upper bound",
                )


def _rules_of(part: Node) -> int:
    """At most so many rules llama.cpp makes for what is in brackets."""
    made = 0
    for node in nodes_of(part):
        if isinstance(node, Choice | Name):
            made += 1
        elif isinstance(node, Repeat):
            made += 1 + (1 if node.maximum is None else node.maximum - node.minimum)
    return max(made, 1)
