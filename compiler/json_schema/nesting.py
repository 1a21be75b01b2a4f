"""How deeply a parsed schema nests, found without recursion: what reads it next recurses, some of it in native code."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from constrain.compiler.json_schema.read_text import MAXIMUM_TEXT_NESTING
from constrain.errors import LimitError

__all__ = ["check_nesting", "mentions"]


def check_nesting(document: Any) -> None:
    """Hold a parsed schema to the nesting that a text may have.

    Raises:
        LimitError: it nests deeper, or an object holds itself.
    """
    level = _containers([document])
    for _ in range(MAXIMUM_TEXT_NESTING):
        level = _containers(part for value in level for part in _parts(value))
        if not level:
            return
    raise LimitError(
        f"the schema nests deeper than {MAXIMUM_TEXT_NESTING} levels, or holds itself",
        expected="a flatter schema; this limit is fixed",
    )


def mentions(document: Any, keys: Collection[str]) -> bool:
    """Whether an object anywhere in a schema has one of some keys; of text, whether that may be so.

    Parsed documents that nest without end have no keys past the nesting that a text may have.
    """
    if isinstance(document, str | bytes):
        return any((key if isinstance(document, str) else key.encode()) in document for key in keys)  # type: ignore[operator]
    level = _containers([document])
    for _ in range(MAXIMUM_TEXT_NESTING + 1):
        if any(key in value for value in level if isinstance(value, dict) for key in keys):
            return True
        level = _containers(part for value in level for part in _parts(value))
    return False


def _containers(values: Any) -> list[Any]:
    # each once: an object in several places would be followed from each of them, and so on at each level
    return list({id(value): value for value in values if isinstance(value, dict | list | tuple)}.values())


def _parts(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value
