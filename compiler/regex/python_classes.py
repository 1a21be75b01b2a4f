"""Character classes with the exact tables of Python's ``re``, got by asking ``re`` itself.

Categories differ between Python versions (each has its Unicode version) and case folding has rules of its own, so
nothing is copied here: each table is one sweep over the characters, kept for the life of the process.
"""

from __future__ import annotations

import re
import string
import unicodedata
from functools import lru_cache
from typing import TypeAlias

from constrain._core import unicode_class
from constrain.compiler.grammar import normalise_ranges
from constrain.compiler.regex.ast import Ranges, complement_ranges
from constrain.compiler.regex.python_properties import Property, property_ranges

__all__ = ["Item", "class_ranges"]

Item: TypeAlias = int | tuple[int, int] | str | Property
r"""One member of a class: a code point, an inclusive range, a category such as ``r"\d"``, or a property."""


@lru_cache(maxsize=4096)
def class_ranges(items: tuple[Item, ...], *, ignore_case: bool, ascii_only: bool) -> Ranges:
    """The characters that ``re`` lets match a class of these items (under ``IGNORECASE`` and ``ASCII`` if asked)."""
    if len(items) == 1 and isinstance(items[0], int) and (ascii_only or not ignore_case):
        # most classes are single characters, and to ask re takes a while
        cases = {items[0]}
        if ignore_case and items[0] < 128:
            cases |= {ord(chr(items[0]).lower()), ord(chr(items[0]).upper())}
        return normalise_ranges(sorted((case, case) for case in cases))
    ranges: list[tuple[int, int]] = []
    having: list[tuple[int, int]] = []
    for item in items:
        match item:
            case Property():
                having.extend(property_ranges(item, ignore_case=ignore_case, ascii_only=ascii_only))
            case int():
                ranges.append((item, item))
            case str():
                ranges.extend(_category(item, ascii_only))
            case (low, high):
                ranges.append((low, high))
    plain = normalise_ranges(ranges)
    if not ignore_case or not ranges:
        return normalise_ranges([*ranges, *having])
    # characters without case relations match as they are; for the others, ask
    cased = string.ascii_letters if ascii_only else _cased_characters()
    asked = re.compile(_spelling(items), re.IGNORECASE | (re.ASCII if ascii_only else re.UNICODE))
    matched = [(ord(character), ord(character)) for character in asked.findall(cased)]
    uncased = complement_ranges([*complement_ranges(plain), *((ord(each), ord(each)) for each in cased)])
    return normalise_ranges([*uncased, *matched, *having])


def _spelling(items: tuple[Item, ...]) -> str:
    members = []
    for item in items:
        match item:
            case int():
                members.append(f"\\U{item:08x}")
            case str():
                members.append(item)
            case Property():
                pass
            case (low, high):
                members.append(f"\\U{low:08x}-\\U{high:08x}")
    return f"[{''.join(members)}]"


@lru_cache(maxsize=16)
def _category(escape: str, ascii_only: bool) -> Ranges:
    flags = re.ASCII if ascii_only else re.UNICODE
    if escape[1].isupper():
        return complement_ranges(_category(escape.lower(), ascii_only))
    runs = re.compile(f"{escape}+", flags)
    return normalise_ranges(
        (first + run.start(), first + run.end() - 1) for first, part in _characters() for run in runs.finditer(part)
    )


@lru_cache(maxsize=1)
def _cased_characters() -> str:
    """Every character that any case mapping changes or produces (about 3,000)."""
    cased: set[str] = set()
    parts = [part for _, part in _characters()]
    while parts:
        part = parts.pop()
        # most of Unicode has no letter case, and is left out by the thousands
        relatives = {part, part.lower(), part.upper(), part.title(), part.casefold()}
        if len(relatives) == 1:
            continue
        if len(part) == 1:
            cased.update(*relatives)
        else:
            middle = len(part) // 2
            parts += [part[:middle], part[middle:]]
    return "".join(sorted(cased))


@lru_cache(maxsize=1)
def _characters() -> tuple[tuple[int, str], ...]:
    """Characters that may be in a category or have a case, in order, as runs, each with its first code point.

    Those are the ones that Python's version of Unicode assigns, for no private use: one in seven of all code points.
    """
    major, minor = unicodedata.unidata_version.split(".")[:2]
    assigned = unicode_class(f"age=V{major}_{minor}")
    unassigned = ((0xD800, 0xDFFF),) if assigned is None else complement_ranges(assigned)
    left_out = normalise_ranges([*unassigned, *(unicode_class("Co") or ())])
    return tuple([(low, _text(low, high)) for low, high in complement_ranges(left_out)])


def _text(low: int, high: int) -> str:
    if high - low < 256:
        return "".join(map(chr, range(low, high + 1)))
    # by the byte, 256 characters at a time: most characters are in a few long runs
    first, last = low >> 8, high >> 8
    code = bytearray((last - first + 1) << 10)
    code[0::4] = bytes(range(256)) * (last - first + 1)
    code[1::4] = b"".join([bytes((block & 255,)) * 256 for block in range(first, last + 1)])
    code[2::4] = b"".join([bytes((block >> 8,)) * 256 for block in range(first, last + 1)])
    return code.decode("utf-32-le")[low - (first << 8) : high + 1 - (first << 8)]
