"""JSON text of values that hold exact numbers, which the standard library would turn into floats or refuse."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

__all__ = ["json_text"]


def json_text(value: Any, indent: str = "") -> str:
    """Indented JSON; a :class:`~decimal.Decimal` is written with all its digits, without an exponent."""
    inner = indent + "  "
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict) and value:
        members = [f"{json.dumps(key, ensure_ascii=False)}: {json_text(part, inner)}" for key, part in value.items()]
        return _lines("{", members, "}", indent, inner)
    if isinstance(value, list | tuple) and value:
        items = [json_text(part, inner) for part in value]
        if not any(isinstance(part, dict | list | tuple) for part in value):
            return f"[{', '.join(items)}]"
        return _lines("[", items, "]", indent, inner)
    return json.dumps(value, ensure_ascii=False)


def _lines(opening: str, parts: list[str], closing: str, indent: str, inner: str) -> str:
    return f"{opening}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closing}"
