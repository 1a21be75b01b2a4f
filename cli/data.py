"""Lists and documents: ``--choice-file``, ``--substring-of``, and the files that a schema, grammar or tag file names.

Those are given with ``--data NAME=FILE``, or lie in the folder of what names them, or below it. Elsewhere nothing
is looked for: it may come from others, and is not to find out what other files say. One that is written as an argument
lies in the current folder, one from standard input in none. All contents are part of a constraint from then on.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from constrain.cli.problems import InputFileError, UsageProblem
from constrain.cli.streams import STANDARD_INPUT, decode, read_bytes

if TYPE_CHECKING:
    from constrain.compiler import Limits

__all__ = ["grammar_data", "read_documents", "read_lists", "schema_data", "tags_data"]


def read_lists(paths: Sequence[str], limits: Limits | None, *, standard_input_taken: bool) -> str:
    """The lists of choices in some files, one after the other.

    Raises:
        UsageProblem: one is standard input, and that is taken.
        InputFileError: one is missing, unreadable or not UTF-8.
        LimitError: they are too large.
    """
    return "\n".join(_read_all(paths, "choice", limits, "--choice-file", standard_input_taken))


def read_documents(paths: Sequence[str], unit: str | None, limits: Limits | None, *, standard_input_taken: bool) -> str:
    """The documents in some files, and the unit of their spans, as JSON.

    Raises:
        UsageProblem: an unknown unit, or one is standard input, and that is taken.
        InputFileError: one is missing, unreadable, empty or not UTF-8.
        LimitError: they are too large.
    """
    from constrain.compiler.data import UNITS

    unit = unit or "char"
    if unit not in UNITS:
        raise UsageProblem(f"--span-unit cannot be {unit!r}", expected=" or ".join(repr(str(known)) for known in UNITS))
    texts = _read_all(paths, unit, limits, "--substring-of", standard_input_taken)
    for path, text in zip(paths, texts, strict=True):
        if not text:
            name = STANDARD_INPUT if path == "-" else repr(path)
            raise InputFileError(f"{name} is empty", expected="a text to take spans from")
    return json.dumps({"unit": unit, "documents": texts}, ensure_ascii=False)


def schema_data(
    texts: Iterable[str], folder: str | None, given: Sequence[str] | None, limits: Limits | None
) -> tuple[tuple[str, str], ...]:
    """Names and contents of the files that schemas name, by name.

    Args:
        texts: of the schema and of the documents it refers to.
        folder: the schema's; None where it has none.
        given: values of ``--data``.
        limits: how large they may be.

    Raises:
        UsageProblem: ``--data`` is not ``NAME=FILE``, gives a name twice, or one that nobody names.
        InputFileError: a file is unreadable.
        LimitError: they are too large.
    """
    names = {name for text in texts if "x-constrain-" in text for name in _named_in_json(text)}
    return _contents(names, folder, given, limits)


def grammar_data(
    texts: Iterable[str], folder: str | None, given: Sequence[str] | None, limits: Limits | None
) -> tuple[tuple[str, str], ...]:
    """As :func:`schema_data`, for a Lark grammar and what it imports."""
    names = {name for text in texts for name in _named_in_lark(text, limits)}
    return _contents(names, folder, given, limits)


def tags_data(
    texts: Iterable[str], folder: str | None, given: Sequence[str] | None, limits: Limits | None
) -> tuple[tuple[str, str], ...]:
    """As :func:`schema_data`, for tags or tools, the grammars in them and the documents that they refer to."""
    names: set[str] = set()
    for text in texts:
        if "x-constrain-" in text or "%choices" in text or "%substring_of" in text:
            names |= _named_in_json(text)
            for grammar in _grammars_in_json(text):
                names |= _named_in_lark(grammar, limits)
    return _contents(names, folder, given, limits)


def _named_in_json(text: str) -> set[str]:
    from constrain.compiler.json_schema.sources import file_names

    return file_names(_parsed(text))


def _named_in_lark(text: str, limits: Limits | None) -> set[str]:
    if "%choices" not in text and "%substring_of" not in text:
        return set()
    from constrain.compiler.grammar import Limits as DefaultLimits
    from constrain.compiler.lark import file_names

    return file_names(text, limits or DefaultLimits())


def _grammars_in_json(text: str) -> Iterator[str]:
    """The texts of Lark grammars in a tag file."""
    pending = [_parsed(text)]
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending.extend(part)
        elif isinstance(part, dict):
            pending.extend(part.values())
            grammar = part.get("grammar")
            if part.get("notation") == "lark" and isinstance(grammar, str):
                yield grammar


def _parsed(text: str) -> Any:
    """What a JSON text holds; nothing where it has mistakes, which whoever compiles it tells."""
    from constrain.compiler.json_schema.read_text import read_schema_text
    from constrain.errors import InputError

    try:
        return read_schema_text(text)
    except InputError:
        return None


def _contents(
    names: Collection[str], folder: str | None, given: Sequence[str] | None, limits: Limits | None
) -> tuple[tuple[str, str], ...]:
    paths = _given(given or ())
    for name in paths:
        if name not in names:
            expected = f"one of {', '.join(sorted(names))}" if names else "a constraint that names a file"
            raise UsageProblem(f"--data {name}: the constraint names no such file", expected=expected)
    for name in names:
        if name not in paths and (found := _beside(name, folder)) is not None:
            paths[name] = found
    # where one is not UTF-8, the front end tells, which knows the place that names it
    return tuple(
        (name, _bytes(paths[name], "choice", limits).decode(errors="surrogateescape")) for name in sorted(paths)
    )


def _given(values: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        name, _, path = value.partition("=")
        if not name or not path or path == "-":
            raise UsageProblem(f"--data cannot be {value!r}", expected="NAME=FILE")
        if name in found:
            raise UsageProblem(f"--data {name} is given twice")
        found[name] = path
    return found


def _beside(name: str, folder: str | None) -> str | None:
    """The file of a name in the constraint's folder; None where there is none, or the name leads elsewhere."""
    inside = PurePosixPath(name)
    if folder is None or inside.is_absolute() or ".." in inside.parts or "\0" in name:
        return None
    path = Path(folder, name)
    try:
        return str(path) if path.exists() else None
    except OSError:  # a name that is too long, a folder that may not be looked into
        return None


def _read_all(
    paths: Sequence[str], unit: str, limits: Limits | None, option: str, standard_input_taken: bool
) -> list[str]:
    if paths.count("-") + standard_input_taken > 1 and "-" in paths:
        raise UsageProblem(f"{option} reads standard input, which is taken", expected="one reader of standard input")
    return [_read(path, unit, limits) for path in paths]


def _read(path: str, unit: str, limits: Limits | None) -> str:
    """The text of a file."""
    data = _bytes(path, unit, limits)
    try:
        return decode(data, STANDARD_INPUT if path == "-" else repr(path))
    except InputFileError as error:
        offset = _first_wrong(data)
        line = data.count(b"\n", 0, offset) + 1
        raise InputFileError(f"{error.message}, in line {line}", expected=error.expected) from None


def _bytes(path: str, unit: str, limits: Limits | None) -> bytes:
    """The content of a file, of which no more is read than can be compiled."""
    from constrain.compiler.data import check_size, too_many_bytes
    from constrain.compiler.grammar import Limits as DefaultLimits
    from constrain.errors import LimitError

    limits = limits or DefaultLimits()
    data = read_bytes(path, too_many_bytes(unit, limits))
    try:
        check_size(len(data), unit, limits)
    except LimitError as error:
        error.add_note(STANDARD_INPUT if path == "-" else path)
        raise
    return data


def _first_wrong(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0
