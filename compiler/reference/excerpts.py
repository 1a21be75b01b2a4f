"""Choices, and spans of texts, as the set of what may still be written: each question is asked anew."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from constrain._core import text_units
from constrain.compiler.grammar import TEXT_END, ExcerptSpelling, ExcerptUnit

__all__ = ["after", "first_bytes", "texts_of"]

_SHORT = {'"': b'\\"', "\\": b"\\\\", "\b": b"\\b", "\f": b"\\f", "\n": b"\\n", "\r": b"\\r", "\t": b"\\t"}


def texts_of(source: bytes, unit: ExcerptUnit) -> frozenset[str]:
    """All that may be written."""
    parts = [part.decode() for part in source.split(TEXT_END)[:-1]]
    if unit == "choice":
        return frozenset(parts)
    return frozenset(span for part in parts for span in _spans(part.encode(), unit))


def _spans(text: bytes, unit: ExcerptUnit) -> Iterator[str]:
    places = text_units(text.decode(), unit)
    for index, (start, _) in enumerate(places):
        for _, end in places[index:]:
            yield text[start:end].decode()


def after(
    texts: frozenset[str], spelling: ExcerptSpelling, begun: bytes, byte: int
) -> tuple[frozenset[str], bytes] | None:
    """What may be written after one more byte, and what was read of a character; None where nothing may.

    Args:
        texts: what may be written.
        spelling: of characters.
        begun: what was read of the first character.
        byte: what comes next.
    """
    begun += bytes([byte])
    found = None
    for first in {text[0] for text in texts if text}:
        for spelled in _spellings(first, spelling):
            if spelled == begun:
                return frozenset(text[1:] for text in texts if text[:1] == first), b""
            if spelled.startswith(begun):
                found = texts, begun
    return found


def first_bytes(texts: frozenset[str], spelling: ExcerptSpelling, begun: bytes) -> frozenset[int]:
    """The bytes that may come next."""
    spelled = [each for text in texts if text for each in _spellings(text[0], spelling)]
    return frozenset(each[len(begun)] for each in spelled if each.startswith(begun) and len(each) > len(begun))


@lru_cache(maxsize=1 << 12)
def _spellings(character: str, spelling: ExcerptSpelling) -> tuple[bytes, ...]:
    raw = character.encode()
    if spelling == "plain":
        return (raw,)
    short = [_SHORT[character]] if character in _SHORT else []
    if spelling == "minimal":
        return tuple(short or (_unicode_escapes(character) if character < " " else [raw]))
    plain = [raw] if character not in _SHORT and character >= " " else []
    return (*plain, *short, *([b"\\/"] if character == "/" else []), *_unicode_escapes(character))


def _unicode_escapes(character: str) -> list[bytes]:
    digits = character.encode("utf-16-be").hex()
    cases = ({digit, digit.upper()} for digit in digits)
    written = ["".join(each) for each in product(*cases)]
    return ["".join(f"\\u{each[at : at + 4]}" for at in range(0, len(each), 4)).encode() for each in written]
