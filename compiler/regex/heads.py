"""The first character of a language's texts, and what is left after it.

These are the partial derivatives of Antimirov ("Partial derivatives of regular expressions and finite automaton
constructions", Theoretical Computer Science 155, 1996). For an intersection they are those of its parts, pair by
pair; a complement is taken apart by the characters that tell its part's texts apart.
"""

from __future__ import annotations

from functools import lru_cache

from constrain.compiler.regex.alphabet import Alphabet
from constrain.compiler.regex.ast import (
    ANY,
    EMPTY,
    EVERYTHING,
    NOTHING,
    Automaton,
    CharacterClass,
    Complement,
    Concat,
    Intersection,
    Node,
    Ranges,
    Repeat,
    Union,
    complement_ranges,
    concat,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.membership import nullable

__all__ = ["common", "heads"]

Heads = list[tuple[Ranges, Node]]


def heads(node: Node) -> list[tuple[Ranges, Node]]:
    """First characters, each with texts that may come after them; none of the characters is without a text.

    A character may come several times; of a text after it, at least one head tells. What is told of an intersection may
    hold no text after all.

    Args:
        node: a tree without anchors, assertions and atomic groups. Recursion follows the nesting of groups.
    """
    match node:
        case CharacterClass(ranges):
            return [(ranges, EMPTY)] if ranges else []
        case Concat(parts):
            found: Heads = []
            for index, part in enumerate(parts):
                rest = concat(parts[index + 1 :])
                found.extend((ranges, concat([after, rest])) for ranges, after in heads(part))
                if not nullable(part):
                    break
            return found
        case Union(parts):
            return [head for part in parts for head in heads(part)]
        case Intersection(parts):
            return _of_intersection(parts)
        case Complement(part):
            return _of_complement(part)
        case Repeat(part, minimum, maximum):
            if maximum == 0:
                return []
            rest = repeat(part, max(minimum - 1, 0), None if maximum is None else maximum - 1)
            if nullable(part):
                rest = repeat(part, 0, None if maximum is None else maximum - 1)
            return [(ranges, concat([after, rest])) for ranges, after in heads(part)]
        case Automaton(states):
            return [(ranges, _rooted(node, to)) for ranges, to in states[0][1]]
        case _:
            raise ValueError(f"{type(node).__name__} is unresolved")


def _of_intersection(parts: tuple[Node, ...]) -> Heads:
    found: list[tuple[Ranges, tuple[Node, ...]]] = [(ANY.ranges, ())]
    for part in parts:
        each = heads(part)
        found = [
            (both, (*before, after))
            for ranges, before in found
            for others, after in each
            if (both := common(ranges, others))
        ]
    made = [(ranges, intersection(list(dict.fromkeys(rests)))) for ranges, rests in found]
    return [(ranges, rest) for ranges, rest in made if rest is not NOTHING]


def _of_complement(part: Node) -> Heads:
    inside = heads(part)
    alphabet = Alphabet([ranges for ranges, _ in inside])
    found: Heads = []
    for letter, members in enumerate(alphabet.members):
        rests = [rest for number, (_, rest) in enumerate(inside) if members >> number & 1]
        after = union(list(dict.fromkeys(rests)))
        rest = EVERYTHING if after is NOTHING else Complement(after)
        if after != EVERYTHING:
            found.append((alphabet.ranges(1 << letter), rest))
    return found


@lru_cache(maxsize=1024)
def common(left: Ranges, right: Ranges) -> Ranges:
    """The characters in both."""
    return complement_ranges([*complement_ranges(left), *complement_ranges(right)])


@lru_cache(maxsize=256)
def _rooted(automaton: Automaton, first: int) -> Node:
    """The automaton with another first state."""
    states = automaton.states
    if first == 0:
        return automaton
    numbers = list(range(len(states)))
    numbers[0], numbers[first] = first, 0
    return Automaton(
        tuple((states[old][0], tuple((ranges, numbers[to]) for ranges, to in states[old][1])) for old in numbers)
    )
