"""Spans of documents as a constraint (``--substring-of``): what is written stands in them, character by character."""

from __future__ import annotations

from collections.abc import Iterable

from constrain.compiler.data import UNITS, Unit, document_in
from constrain.compiler.grammar import Grammar, GrammarBuilder

__all__ = ["build"]


def build(documents: Iterable[str | bytes], *, unit: Unit = "char") -> Grammar:
    """Any span of one of ``documents``, but the empty one.

    Args:
        documents: texts, or their UTF-8.
        unit: a span begins and ends with any character (``"char"``), or with a whole word or sentence (Unicode Standard
            Annex #29; no white space at its ends; a sign that is no part of a word is one of its own).

    Raises:
        DataError: a document that is not UTF-8, or empty.
        UnsatisfiableError: there are none, or none has a unit.
        TypeError: something is no text, or ``documents`` is one.
        ValueError: an unknown unit.
    """
    if isinstance(documents, str | bytes):
        raise TypeError(f"documents must be several texts, not one {type(documents).__name__}")
    if unit not in UNITS:
        raise ValueError(f"unknown unit {unit!r}; expected one of {', '.join(UNITS)}")
    texts = [_text(document, f"documents[{number}]") for number, document in enumerate(documents)]
    builder = GrammarBuilder()
    return builder.finish(builder.terminal(builder.spans(texts, unit), "span"))


def _text(document: object, name: str) -> bytes:
    if not isinstance(document, str | bytes):
        raise TypeError(f"{name} must be a str or bytes, not {type(document).__name__}")
    return document_in(document, name)
