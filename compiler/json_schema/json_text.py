"""How characters and strings are spelled in JSON: one declared spelling each, or every one there is.

By default characters are raw wherever RFC 8259 allows it; the quotation mark, the backslash and the five controls with
a short escape use that; the other controls are ``\\u00XX`` with hexadecimal digits in either case. With ``any_escape``
each character may also be escaped in every way that RFC 8259 knows (section 7), beyond U+FFFF as a surrogate pair.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from constrain.compiler.fragments import shared
from constrain.compiler.grammar import Expression, GrammarBuilder, normalise_ranges
from constrain.compiler.json_schema import hexadecimal
from constrain.errors import UnsupportedError

__all__ = ["any_characters", "character_class", "text_body", "texts_body"]

_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPES = {**_SHORT, "/": "\\/"}
_SPECIAL = re.compile('[\x00-\x1f"\\\\\ud800-\udfff]')
_SCALARS = ((0, 0x10FFFF),)


def _split(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[tuple[int, int], ...], tuple[bytes, ...]]:
    """The raw part of a class, and the escapes of the rest."""
    raw: list[tuple[int, int]] = []
    escapes: list[bytes] = []
    for low, high in ranges:
        while low <= high and low < 0x5D:
            if low < 0x20 or low in (0x22, 0x5C):
                escapes.extend(_spellings(chr(low)))
                low += 1
            else:
                stop = min(high, 0x21 if low < 0x22 else 0x5B)
                raw.append((low, stop))
                low = stop + 1
        if low <= high:
            raw.append((low, high))
    return normalise_ranges(raw), tuple(escapes)


def _holds(ranges: tuple[tuple[int, int], ...], point: int) -> bool:
    return any(low <= point <= high for low, high in ranges)


def _spellings(character: str) -> list[bytes]:
    short = _SHORT.get(character)
    if short is not None:
        return [short.encode()]
    if character < " ":
        lower = f"\\u{ord(character):04x}".encode()
        upper = b"\\u" + lower[2:].upper()
        return [lower] if lower == upper else [lower, upper]
    return [character.encode()]


@shared
def character_class(
    builder: GrammarBuilder, ranges: tuple[tuple[int, int], ...], any_escape: bool = False
) -> Expression:
    """One character out of inclusive ranges, as it is spelled inside a JSON string."""
    raw, escapes = _split(ranges)
    parts = [hexadecimal.escapes_of(builder, normalise_ranges(ranges))] if any_escape else []
    if any_escape:
        escapes = tuple(escape.encode() for point, escape in _ESCAPES.items() if _holds(ranges, ord(point)))
    if raw or not escapes:
        parts.append(builder.char_class(raw))
    if escapes:
        parts.append(builder.literals(escapes))
    return builder.union(parts)


def any_characters(
    builder: GrammarBuilder, minimum: int = 0, maximum: int | None = None, *, any_escape: bool = False
) -> Expression:
    """So many characters of any kind."""
    return builder.repeat(character_class(builder, _SCALARS, any_escape), minimum, maximum)


def text_body(builder: GrammarBuilder, text: str, any_escape: bool = False) -> Expression:
    """A fixed text, without its quotes."""
    simple = _simple(text)
    if any_escape:
        return builder.concat([character_class(builder, ((ord(each), ord(each)),), True) for each in text])
    if simple is not None:
        return builder.literal(simple)
    return builder.concat([builder.literals(_spellings(character)) for character in text])


def texts_body(builder: GrammarBuilder, texts: Sequence[str], any_escape: bool = False) -> Expression:
    """Any of some fixed texts, without quotes."""
    if any_escape:
        return builder.union([text_body(builder, text, True) for text in texts])
    if not _SPECIAL.search("".join(texts)):
        return builder.literals([text.encode() for text in texts])
    simple: list[bytes] = []
    parts: list[Expression] = []
    for text in texts:
        spelled = _simple(text)
        if spelled is None:
            parts.append(text_body(builder, text))
        else:
            simple.append(spelled)
    if simple or not parts:
        parts.append(builder.literals(simple))
    return builder.union(parts)


def _simple(text: str) -> bytes | None:
    """The spelling of a text that has only one."""
    if not _SPECIAL.search(text):
        return text.encode()
    pieces: list[bytes] = []
    for character in text:
        if "\ud800" <= character <= "\udfff":
            raise UnsupportedError(
                f"a lone surrogate (U+{ord(character):04X}) in a name or value cannot be written in UTF-8"
            )
        spellings = _spellings(character)
        if len(spellings) > 1:
            return None
        pieces.append(spellings[0])
    return b"".join(pieces)
