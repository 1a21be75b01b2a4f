"""Which rules contain each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from constrain.compiler.components import components
from constrain.compiler.notation.tree import Node, Rule, names_in

__all__ = ["components", "cycles", "least_fixpoint", "reachable", "uses_of"]


def uses_of(rules: Mapping[str, Rule]) -> dict[str, list[str]]:
    """The names that each rule uses."""
    return {name: list(dict.fromkeys(use.text for use in names_in(rule.body))) for name, rule in rules.items()}


def reachable(rules: Mapping[str, Rule], start: str) -> list[str]:
    """The rules that ``start`` uses, itself first."""
    found = {start: None}
    pending = [start]
    while pending:
        for use in names_in(rules[pending.pop()].body):
            if use.text not in found:
                found[use.text] = None
                pending.append(use.text)
    return list(found)


def cycles(uses: Mapping[str, Sequence[str]], place: Callable[[str], int]) -> Iterator[list[str]]:
    """For names that lead to each other, a shortest way from the one at the first place back to itself."""
    for component in components(uses):
        first = min(component, key=place)
        if len(component) == 1 and first not in uses[first]:
            continue
        inside = set(component)
        before: dict[str, str] = {}
        pending = deque([first])
        while first not in before:
            name = pending.popleft()
            for following in uses[name]:
                if following in inside and following not in before:
                    before[following] = name
                    pending.append(following)
        way = [first, before[first]]
        while way[-1] != first:
            way.append(before[way[-1]])
        yield way[::-1]


def least_fixpoint(rules: Mapping[str, Rule], holds: Callable[[Node, Collection[str]], bool]) -> frozenset[str]:
    """Names of the rules of which something holds, as it follows from the rules that they use.

    Args:
        rules: by name.
        holds: does it hold of a body, where it holds of the rules of those names? With more names it holds of more.
    """
    users: dict[str, list[str]] = {name: [] for name in rules}
    for name, used in uses_of(rules).items():
        for each in used:
            users[each].append(name)
    found: set[str] = set()
    pending = list(rules)
    while pending:
        name = pending.pop()
        if name not in found and holds(rules[name].body, found):
            found.add(name)
            pending.extend(users[name])
    return frozenset(found)
