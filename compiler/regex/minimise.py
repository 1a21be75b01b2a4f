"""The smallest automaton of a language, in one form: equal languages have equal tables.

Hopcroft's algorithm (Theory of Machines and Computations, 1971), with sets of letters as numbers, one bit for each.
"""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

__all__ = ["Row", "minimised"]

Row: TypeAlias = dict[int, int]
"""By the states that a state leads to, the letters on which it does; no letter leads to two states."""


def minimised(accepting: list[bool], rows: list[Row]) -> tuple[list[bool], list[Row]]:
    """The table of the same language with the fewest states, all of which lead from the first one to an accepting one.

    The first state stays, even if nothing is accepted. States are in the order in which a breadth-first search, lower
    letters first, comes to them.
    """
    alive = _alive(accepting, rows)
    block_of = _blocks(accepting, rows, alive)
    first = block_of[0] if alive[0] else -1
    if first < 0:
        return [False], [{}]
    example = {block: state for state, block in reversed(list(enumerate(block_of))) if block >= 0}
    numbers = {first: 0}
    order = [first]
    table: list[Row] = []
    for block in order:
        letters: dict[int, int] = {}
        for to, bits in rows[example[block]].items():
            if alive[to]:
                letters[block_of[to]] = letters.get(block_of[to], 0) | bits
        row: Row = {}
        for to in sorted(letters, key=lambda to: letters[to] & -letters[to]):
            if to not in numbers:
                numbers[to] = len(order)
                order.append(to)
            row[numbers[to]] = letters[to]
        table.append(row)
    return [accepting[example[block]] for block in order], table


def _predecessors(rows: list[Row]) -> list[list[int]]:
    before: list[list[int]] = [[] for _ in rows]
    for state, row in enumerate(rows):
        for to in row:
            before[to].append(state)
    return before


def _alive(accepting: list[bool], rows: list[Row]) -> list[bool]:
    """Which states lead to an accepting one."""
    before = _predecessors(rows)
    alive = list(accepting)
    pending = [state for state, accepts in enumerate(accepting) if accepts]
    while pending:
        for state in before[pending.pop()]:
            if not alive[state]:
                alive[state] = True
                pending.append(state)
    return alive


def _blocks(accepting: list[bool], rows: list[Row], alive: list[bool]) -> list[int]:
    """Of each state that is alive, the number of its class of equal states; of others, -1."""
    before = _predecessors(rows)
    blocks = [
        {state for state, accepts in enumerate(accepting) if alive[state] and accepts is kind} for kind in (True, False)
    ]
    blocks = [block for block in blocks if block]
    block_of = [-1] * len(rows)
    for number, block in enumerate(blocks):
        for state in block:
            block_of[state] = number
    pending = deque(range(len(blocks)))
    waiting = set(pending)
    while pending:
        splitter = pending.popleft()
        waiting.discard(splitter)
        # on which letters states lead into the splitter
        letters: dict[int, int] = {}
        for to in blocks[splitter]:
            for state in before[to]:
                if alive[state]:
                    letters[state] = letters.get(state, 0) | rows[state][to]
        touched: dict[int, dict[int, list[int]]] = {}
        for state, bits in letters.items():
            touched.setdefault(block_of[state], {}).setdefault(bits, []).append(state)
        for number, parts in touched.items():
            moved = sum(map(len, parts.values()))
            pieces = list(parts.values())
            if moved == len(blocks[number]):
                if len(pieces) == 1:
                    continue
                # the largest piece keeps the number
                pieces.remove(max(pieces, key=len))
            made = []
            for piece in pieces:
                blocks[number].difference_update(piece)
                for state in piece:
                    block_of[state] = len(blocks)
                made.append(len(blocks))
                blocks.append(set(piece))
            if number not in waiting:
                # all of them but the largest
                made.append(number)
                made.remove(max(made, key=lambda each: len(blocks[each])))
            for each in made:
                waiting.add(each)
                pending.append(each)
    return block_of
