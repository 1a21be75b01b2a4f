"""Does a JSON text repeat a key of an object, or an item of an array? Found by reading it from the beginning."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

__all__ = ["repeats"]

_Value: TypeAlias = tuple[str, Any]

_WORDS = {"True": "true", "False": "false", "None": "null"}
_PYTHON = re.compile(r'"(?:[^"\\]|\\.)*"|True|False|None', re.DOTALL)
"""Strings, and the words of values that are written as Python does."""


@dataclass(slots=True)
class _Container:
    """An array or object: its bracket, where what is in progress begins, and its keys or items that are complete."""

    bracket: str
    begin: int
    content: list[_Value] = field(default_factory=list)

    def repeats(self) -> bool:
        return any(value in self.content[:index] for index, value in enumerate(self.content))


def repeats(text: bytes) -> bool:
    """Whether two keys or items of one container are equal: of the one that the last byte closes, or else of the
    innermost one that is open.

    Only what is complete counts: an item when a comma or a bracket follows it, a key with its quotation mark.

    Args:
        text: the beginning of a JSON text.
    """
    document = text.decode("utf-8", "ignore")  # a character may be in progress
    containers: list[_Container] = []
    position = 0
    while position < len(document):
        character = document[position]
        if character == '"':
            end = _end_of_text(document, position)
            inner = containers[-1] if containers else None
            is_key = inner is not None and inner.bracket == "{" and not document[inner.begin : position].strip()
            if end is not None and inner is not None and is_key:
                inner.content.append(_exact(document[position:end]))
            position = len(document) if end is None else end
            continue
        if character in "[{":
            containers.append(_Container(character, position + 1))
        elif character in ",]}":
            inner = containers[-1]
            item = document[inner.begin : position].strip()
            if inner.bracket == "[" and item:
                inner.content.append(_exact(item))
            inner.begin = position + 1
            if character != ",":
                containers.pop()
                if position == len(document) - 1:
                    return inner.repeats()
        position += 1
    return bool(containers) and containers[-1].repeats()


def _end_of_text(document: str, quote: int) -> int | None:
    position = quote + 1
    while position < len(document):
        if document[position] == '"':
            return position + 1
        position += 2 if document[position] == "\\" else 1
    return None


def _exact(text: str) -> _Value:
    """A value that equals another exactly if they are the same to JSON Schema."""
    text = _PYTHON.sub(lambda match: _WORDS.get(match[0], match[0]), text)
    return _tagged(json.loads(text, parse_int=Decimal, parse_float=Decimal, strict=False))


def _tagged(value: Any) -> _Value:
    match value:
        case dict():
            return "object", {key: _tagged(part) for key, part in value.items()}
        case list():
            return "array", [_tagged(part) for part in value]
        case bool() | None:
            return "word", value
        case Decimal():
            return "number", value
    return "text", value
