"""Which of some things lead to each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

__all__ = ["components"]

_Thing = TypeVar("_Thing", bound=Hashable)


def components(uses: Mapping[_Thing, Sequence[_Thing]]) -> list[list[_Thing]]:
    """Things that lead to each other, together; what a thing leads to comes before it.

    Tarjan's algorithm (SIAM Journal on Computing 1, 1972), without recursion.
    """
    found: list[list[_Thing]] = []
    numbers: dict[_Thing, int] = {}
    lowest: dict[_Thing, int] = {}
    path: list[_Thing] = []
    on_path: set[_Thing] = set()
    for root in uses:
        if root in numbers:
            continue
        calls: list[tuple[_Thing, Iterator[_Thing]]] = [(root, iter(uses[root]))]
        numbers[root] = lowest[root] = len(numbers)
        path.append(root)
        on_path.add(root)
        while calls:
            name, pending = calls[-1]
            used = next(pending, None)
            if used is not None:
                if used not in numbers:
                    numbers[used] = lowest[used] = len(numbers)
                    path.append(used)
                    on_path.add(used)
                    calls.append((used, iter(uses[used])))
                elif used in on_path:
                    lowest[name] = min(lowest[name], numbers[used])
                continue
            calls.pop()
            if calls:
                lowest[calls[-1][0]] = min(lowest[calls[-1][0]], lowest[name])
            if lowest[name] == numbers[name]:
                component = [path.pop()]
                while component[-1] != name:
                    component.append(path.pop())
                on_path.difference_update(component)
                found.append(component)
    return found
