"""Terminals that are taken from files which are not there."""

from __future__ import annotations

from collections.abc import Iterator

from constrain.compiler.notation.lint.finding import Context, GrammarWarning

__all__ = ["missing_data"]


def missing_data(context: Context) -> Iterator[GrammarWarning]:
    """Nobody can tell what such a terminal matches."""
    for leaf, source in context.rules.taken.items():
        if not source.is_given:
            yield context.warning(
                "unchecked",
                leaf.at,
                f"{leaf.written} is taken from {source.file!r}, which is not given, and was not looked into",
                f"the file beside the grammar, or --data {source.file}=FILE",
            )
