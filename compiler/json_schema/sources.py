"""``x-constrain-choices`` and ``x-constrain-substring-of``: strings whose values are taken from lists and documents.

Both say nothing about values of other types, as ``pattern`` does. A file is named, and its content given by whoever
compiles; short lists and documents may stand in the schema.
"""

from __future__ import annotations

from typing import Any, get_args

from constrain.compiler.data import UNITS, DataFiles, TextSource, Unit
from constrain.compiler.json_schema.model import PatternTerm
from constrain.compiler.json_schema.pointers import shown
from constrain.errors import SchemaError

__all__ = ["CHOICES", "KEYWORDS", "PREFIX", "SPANS", "file_names", "read", "said"]

CHOICES = "x-constrain-choices"
SPANS = "x-constrain-substring-of"
KEYWORDS = (CHOICES, SPANS)
PREFIX = "x-constrain-"
"""Keywords of this beginning that are none of those are mistakes: as annotations they would say nothing."""


def read(keyword: str, value: Any, pointer: str, files: DataFiles) -> PatternTerm:
    """What a keyword asks of a string.

    Args:
        keyword: one of :data:`KEYWORDS`.
        value: what stands there.
        pointer: its place.
        files: the files that may be named.

    Raises:
        SchemaError: it is not what the keyword takes.
    """
    if keyword == CHOICES:
        return PatternTerm(CHOICES, shown(value), source=_choices(value, pointer, files))
    return PatternTerm(SPANS, shown(value), source=_spans(value, pointer, files))


def said(source: TextSource) -> dict[str, Any]:
    """A source as a keyword and its value."""
    if source.unit is None:
        return {CHOICES: list(source.given) if source.file is None else {"file": source.file}}
    place = {"text": source.given[0]} if source.file is None else {"file": source.file}
    return {SPANS: place | ({} if source.unit == "char" else {"unit": source.unit})}


def file_names(document: Any) -> set[str]:
    """Names of files that keywords anywhere in parsed JSON may mean."""
    found: set[str] = set()
    pending = [document]
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending.extend(part)
        elif isinstance(part, dict):
            pending.extend(part.values())
            for value in (part.get(keyword) for keyword in KEYWORDS):
                name = value.get("file") if isinstance(value, dict) else value
                if isinstance(name, str):
                    found.add(name)
    return found


def _choices(value: Any, pointer: str, files: DataFiles) -> TextSource:
    if isinstance(value, list):
        for index, choice in enumerate(value):
            _check_text(choice, f"{pointer}/{index}", "a text")
        return TextSource(None, None, tuple(value), files, pointer)
    expected = 'a list of texts, the name of a file, or {"file": name}'
    return TextSource(None, _file(value, pointer, expected, ("file",)), (), files, pointer)


def _spans(value: Any, pointer: str, files: DataFiles) -> TextSource:
    expected = 'the name of a file, or {"file": name} or {"text": text}, with "unit": ' + " | ".join(
        f'"{unit}"' for unit in UNITS
    )
    unit: Unit = "char"
    if isinstance(value, dict) and "unit" in value:
        unit = value["unit"]
        if unit not in get_args(Unit):
            raise SchemaError(
                f"{SPANS} has the unit {shown(unit)}",
                pointer=f"{pointer}/unit",
                expected=" or ".join(f'"{known}"' for known in UNITS),
            )
    if isinstance(value, dict) and "text" in value and "file" not in value:
        _check_keys(value, pointer, expected, ("text", "unit"))
        _check_text(value["text"], f"{pointer}/text", "a text")
        return TextSource(unit, None, (value["text"],), files, pointer)
    return TextSource(unit, _file(value, pointer, expected, ("file", "unit")), (), files, pointer)


def _file(value: Any, pointer: str, expected: str, keys: tuple[str, ...]) -> str:
    name = value
    if isinstance(value, dict):
        _check_keys(value, pointer, expected, keys)
        name = value.get("file")
    if not isinstance(name, str) or not name:
        raise SchemaError(f"{shown(value)} names no file", pointer=pointer, expected=expected)
    return name


def _check_keys(value: dict[str, Any], pointer: str, expected: str, keys: tuple[str, ...]) -> None:
    for key in value:
        if key not in keys:
            raise SchemaError(f"{shown(key)} does not belong here", pointer=pointer, expected=expected)


def _check_text(value: Any, pointer: str, expected: str) -> None:
    if not isinstance(value, str):
        raise SchemaError(f"{shown(value)} is no text", pointer=pointer, expected=expected)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise SchemaError("a lone surrogate is no character", pointer=pointer, expected=expected)
