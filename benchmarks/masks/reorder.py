"""Is it for the order of its keys alone that an engine rejects a document?

Engines write keys in an order that the schema gives, through references, conjunctions and alternatives, each by rules
of its own. So the engine itself is asked: members of the objects around the place of the rejection change places, what
came furthest is changed further, until a text is accepted or enough were tried. What is accepted is the same value.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from masks.sample import instance_text

__all__ = ["Walks", "accepted_in_some_order"]

Walks = Callable[[list[str]], list[int | None]]
"""Gives texts to an engine. For each: how many characters were accepted; None when all were, and a stop."""

BUDGET = 300
"""Texts that are tried for one document."""

BATCH = 40
"""Texts for which the engine compiles the schema once."""

Path = tuple[int, ...]
"""Where a value is: the index of the member or item, from the outside in."""


def accepted_in_some_order(walks: Walks, data: Any, compact: bool, first: list[Any]) -> bool:
    """Try texts of a document that was rejected, with its keys in other orders.

    Args:
        walks: the engine.
        data: the document, in the order that was rejected.
        compact: without spaces.
        first: what to try before all else: the document in orders that are likely.
    """
    seen = {instance_text(data, compact)}
    waiting: list[tuple[int, int, Any]] = []  # how far it came, negated; a number that breaks ties; the document
    count = itertools.count()

    def attempt(documents: Iterable[Any]) -> tuple[bool, bool]:
        """Walk what wasn't seen, one batch of it. Was one accepted, and may there be more to walk?"""
        batch: dict[str, Any] = {}
        for document in documents:
            text = instance_text(document, compact)
            if text not in seen:
                batch[text] = document
                seen.add(text)
            if len(batch) == BATCH:
                break
        for document, reached in zip(batch.values(), walks(list(batch)) if batch else [], strict=False):
            if reached is None:
                return True, False
            heapq.heappush(waiting, (-reached, next(count), document))
        return False, len(batch) == BATCH

    # the document itself is walked again for the place where it fell
    start = walks([instance_text(data, compact)])
    if start and start[0] is not None:
        heapq.heappush(waiting, (-start[0], next(count), data))
    if attempt(first)[0]:
        return True
    while waiting and len(seen) < BUDGET:
        best = heapq.heappop(waiting)
        accepted, more = attempt(_neighbours(best[2], -best[0], compact))
        if accepted:
            return True
        if more:
            heapq.heappush(waiting, best)
    return False


def _neighbours(document: Any, offset: int, compact: bool) -> Iterator[Any]:
    """The document with one member moved to where the text fell, or before; innermost objects first."""
    text = instance_text(document, compact)
    offset = min(offset, len(text) - 1)
    around = list(_objects_around(document, offset, compact))
    for path, member, size in reversed(around):
        # first what comes later takes the place of the member that fell; then places before it change
        for place in range(member, -1, -1):
            for moved in range(place + 1, size):
                yield _with_moved(document, path, moved, place)


def _objects_around(document: Any, offset: int, compact: bool) -> Iterator[tuple[Path, int, int]]:
    """The objects whose text holds an offset, from the outside in: the path, the member there, how many members."""
    separator, colon = (1, 1) if compact else (2, 2)
    path: Path = ()
    value = document
    start = 0  # of the value's text
    while isinstance(value, dict | list) and value:
        members = list(value.items()) if isinstance(value, dict) else [(None, item) for item in value]
        position = start + 1
        for index, (key, inner) in enumerate(members):
            head = 0 if key is None else len(instance_text(key, compact)) + colon
            end = position + head + len(instance_text(inner, compact))
            if offset < end + separator or index == len(members) - 1:
                if isinstance(value, dict):
                    yield path, index, len(members)
                path, value, start = (*path, index), inner, position + head
                break
            position = end + separator
        if offset < start:
            return


def _with_moved(document: Any, path: Path, moved: int, place: int) -> Any:
    """A copy in which an object's member has another place."""
    if isinstance(document, list):
        return [_with_moved(item, path[1:], moved, place) if i == path[0] else item for i, item in enumerate(document)]
    members = list(document.items())
    if path:
        key, inner = members[path[0]]
        members[path[0]] = key, _with_moved(inner, path[1:], moved, place)
    else:
        members.insert(place, members.pop(moved))
    return dict(members)
