"""How deeply a parsed schema nests, found without recursion: what reads it next recurses, some of it in native code.

What reads it also comes to an object in several places from each of them, so these are counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from constrain.compiler.json_schema.read_text import MAXIMUM_TEXT_NESTING
from constrain.errors import LimitError

__all__ = ["MAXIMUM_CONTAINERS", "check_nesting"]

MAXIMUM_CONTAINERS = 10_000_000
"""Objects and arrays of a parsed schema: each as often as there is a way to it."""

CONTAINERS = (dict, list, tuple)


def check_nesting(document: Any) -> None:
    """Hold a parsed schema to the nesting that a text may have.

    Raises:
        LimitError: it nests deeper, an object holds itself, or objects are in too many places.
    """
    if _is_tree(document):
        return
    ways = _containers([(document, 1)])
    total = 0
    for _ in range(MAXIMUM_TEXT_NESTING):
        ways = _containers((part, times) for value, times in ways for part in _parts(value))
        if not ways:
            return
        total += sum(times for _, times in ways)
        if total > MAXIMUM_CONTAINERS:
            raise LimitError(
                f"the schema has more than {MAXIMUM_CONTAINERS} objects and arrays, each counted in every place of it",
                expected="$ref in place of one object in many places; this limit is fixed",
            )
    raise LimitError(
        f"the schema nests deeper than {MAXIMUM_TEXT_NESTING} levels, or holds itself",
        expected="a flatter schema; this limit is fixed",
    )


def _is_tree(document: Any) -> bool:
    """A quick first look: whether the nesting is plainly right, no object being in two places of one level."""
    level = [document] if isinstance(document, CONTAINERS) else []
    total = 0
    for _ in range(MAXIMUM_TEXT_NESTING + 1):
        if not level:
            return True
        total += len(level)
        if total > MAXIMUM_CONTAINERS or len(set(map(id, level))) < len(level):
            return False
        level = [part for value in level for part in _parts(value) if isinstance(part, CONTAINERS)]
    return False


def _containers(values: Iterable[tuple[Any, int]]) -> list[tuple[Any, int]]:
    # each once: an object in several places would be followed from each of them, and so on at each level
    found: dict[int, tuple[Any, int]] = {}
    for value, times in values:
        if isinstance(value, CONTAINERS):
            found[id(value)] = value, times + (found[id(value)][1] if id(value) in found else 0)
    return list(found.values())


def _parts(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value
