"""JSON pointers (RFC 6901), and how messages show a value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

__all__ = ["escaped", "pointer_of", "shown"]


def escaped(name: str) -> str:
    """One reference token."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def pointer_of(path: Iterable[str | int]) -> str:
    """The pointer for a path of names and indices."""
    return "".join(f"/{escaped(str(step))}" for step in path)


def shown(value: object) -> str:
    """A value for a message: JSON where possible, cut when long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=_plain)
    except (ValueError, TypeError, RecursionError):
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:60]}...{text[-10:]}"


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else repr(value)
