"""Two questions that anchors ask of a resolved tree: does it match the empty string, or exactly one newline?"""

from __future__ import annotations

from constrain.compiler.regex.ast import (
    Automaton,
    CharacterClass,
    Complement,
    Concat,
    Intersection,
    Node,
    Ranges,
    Repeat,
    Union,
    children_of,
)

__all__ = ["matches_newline", "nullable"]


def nullable(node: Node) -> bool:
    """Does a tree without anchors match the empty string?"""
    if isinstance(node, Concat) and any(isinstance(part, CharacterClass) for part in node.parts):
        return False  # as of nearly every terminal
    return _matches(node, None)


def matches_newline(node: Node) -> bool:
    """Does a tree without anchors match exactly one newline?"""
    return _matches(node, 10)


def _matches(root: Node, only: int | None) -> bool:
    """Does ``root`` match the empty string (``only`` None) or the one character ``only``? Post-order, no recursion."""
    done: dict[int, tuple[bool, bool]] = {}
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        children = children_of(node)
        if children and not ready:
            stack.append((node, True))
            stack.extend((child, False) for child in children)
            continue
        answers = [done[id(child)] for child in children]
        match node:
            case CharacterClass(ranges):
                done[id(node)] = False, only is not None and _holds(ranges, only)
            case Concat():
                needed = [one for empty, one in answers if not empty]
                # one part gives the character and all others are empty
                single = needed == [True] or (not needed and any(one for _, one in answers))
                done[id(node)] = not needed, single
            case Union():
                done[id(node)] = any(empty for empty, _ in answers), any(one for _, one in answers)
            case Intersection():
                done[id(node)] = all(empty for empty, _ in answers), all(one for _, one in answers)
            case Complement():
                done[id(node)] = not answers[0][0], not answers[0][1]
            case Repeat(_, minimum, maximum):
                empty, one = answers[0]
                done[id(node)] = minimum == 0 or empty, one and (minimum <= 1 or empty) and maximum != 0
            case Automaton(states):
                after = [to for ranges, to in states[0][1] if only is not None and _holds(ranges, only)]
                done[id(node)] = states[0][0], any(states[to][0] for to in after)
            case _:
                raise ValueError(f"{type(node).__name__} is unresolved")
    empty, one = done[id(root)]
    return empty if only is None else one


def _holds(ranges: Ranges, point: int) -> bool:
    return any(low <= point <= high for low, high in ranges)
