"""Patterns and names in messages: short, in quotes, and in one line."""

from __future__ import annotations

__all__ = ["quoted"]


def quoted(text: str) -> str:
    """The text in quotes; a long one's beginning."""
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return "'" + "".join(each if each.isprintable() else repr(each)[1:-1] for each in short) + "'"
