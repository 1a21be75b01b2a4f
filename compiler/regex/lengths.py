"""How few and how many characters a tree can match."""

from __future__ import annotations

from constrain.compiler.regex.ast import (
    Atomic,
    Automaton,
    CharacterClass,
    Complement,
    Concat,
    Intersection,
    Node,
    Repeat,
    States,
    Union,
    children_of,
)

__all__ = ["all_length_bounds", "length_bounds"]


def length_bounds(root: Node) -> tuple[int, int | None]:
    """The least length of a match, and a bound on the greatest (None: no bound), in characters.

    The least is exact but for intersections and complements, where it may be too small.
    """
    return all_length_bounds(root)[id(root)]


def all_length_bounds(root: Node) -> dict[int, tuple[int, int | None]]:
    """The bounds of a node and all nodes in it, by their identity."""
    done: dict[int, tuple[int, int | None]] = {}
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        if not ready and (children := children_of(node)):
            stack.append((node, True))
            stack.extend((child, False) for child in children)
            continue
        done[id(node)] = _bounds(node, [done[id(child)] for child in children_of(node)])
    return done


def _bounds(node: Node, parts: list[tuple[int, int | None]]) -> tuple[int, int | None]:
    least = [low for low, _ in parts]
    most = [high for _, high in parts if high is not None]
    bounded = len(most) == len(parts)
    match node:
        case CharacterClass():
            return 1, 1
        case Concat():
            return sum(least), sum(most) if bounded else None
        case Union():
            return min(least, default=0), max(most, default=0) if bounded else None
        case Intersection():
            return max(least), min(most, default=None)
        case Complement():
            return 0, None
        case Automaton(states):
            return _shortest_way(states), None
        case Atomic():
            return parts[0]
        case Repeat(_, minimum, maximum):
            low, high = parts[0]
            if high == 0 or maximum == 0:
                return 0, 0
            return low * minimum, None if maximum is None or high is None else high * maximum
        case _:  # anchors and lookaround take no text
            return 0, 0


def _shortest_way(states: States) -> int:
    """Steps from the first state to one that accepts; 0 if there is none."""
    steps = {0: 0}
    order = [0]
    for state in order:
        accepting, ways = states[state]
        if accepting:
            return steps[state]
        for _, to in ways:
            if to not in steps:
                steps[to] = steps[state] + 1
                order.append(to)
    return 0
