"""``\\uXXXX``, the escape that every character has (RFC 8259, section 7), for whole ranges of characters."""

from __future__ import annotations

from collections.abc import Sequence

from constrain.compiler.grammar import Expression, GrammarBuilder

__all__ = ["escapes_of"]

_DIGITS = 4


def escapes_of(builder: GrammarBuilder, ranges: Sequence[tuple[int, int]]) -> Expression:
    """The escapes of all characters in some ranges of Unicode scalar values; two escapes each beyond U+FFFF."""
    parts = []
    for low, high in ranges:
        if low <= 0xFFFF:
            parts.append(_units(builder, low, min(high, 0xFFFF)))
        if high > 0xFFFF:
            parts.extend(_pairs(builder, max(low, 0x10000) - 0x10000, high - 0x10000))
    return builder.union(parts)


def _pairs(builder: GrammarBuilder, low: int, high: int) -> list[Expression]:
    """Surrogate pairs of the offsets from U+10000."""
    first, last = low >> 10, high >> 10
    if first == last:
        return [_pair(builder, (first, first), (low & 0x3FF, high & 0x3FF))]
    parts = []
    if low & 0x3FF:
        parts.append(_pair(builder, (first, first), (low & 0x3FF, 0x3FF)))
        first += 1
    if high & 0x3FF != 0x3FF:
        parts.append(_pair(builder, (last, last), (0, high & 0x3FF)))
        last -= 1
    if first <= last:
        parts.append(_pair(builder, (first, last), (0, 0x3FF)))
    return parts


def _pair(builder: GrammarBuilder, high: tuple[int, int], low: tuple[int, int]) -> Expression:
    return builder.concat(
        [
            _units(builder, 0xD800 + high[0], 0xD800 + high[1]),
            _units(builder, 0xDC00 + low[0], 0xDC00 + low[1]),
        ]
    )


def _units(builder: GrammarBuilder, low: int, high: int) -> Expression:
    """Escapes of 16-bit units from ``low`` to ``high``."""
    return builder.concat([builder.literal(b"\\u"), _numerals(builder, low, high, _DIGITS)])


def _numerals(builder: GrammarBuilder, low: int, high: int, digits: int) -> Expression:
    """Hexadecimal numerals of so many digits, in either case."""
    if digits == 0:
        return builder.literal(b"")
    size = 16 ** (digits - 1)
    first, last = low // size, high // size
    if first == last:
        return _then(builder, first, first, _numerals(builder, low % size, high % size, digits - 1))
    parts = []
    if low % size:
        parts.append(_then(builder, first, first, _numerals(builder, low % size, size - 1, digits - 1)))
        first += 1
    if high % size != size - 1:
        parts.append(_then(builder, last, last, _numerals(builder, 0, high % size, digits - 1)))
        last -= 1
    if first <= last:
        parts.append(_then(builder, first, last, _numerals(builder, 0, size - 1, digits - 1)))
    return builder.union(parts)


def _then(builder: GrammarBuilder, first: int, last: int, rest: Expression) -> Expression:
    ranges = []
    if first < 10:
        ranges.append((0x30 + first, 0x30 + min(last, 9)))
    if last >= 10:
        start, end = max(first, 10) - 10, last - 10
        ranges += [(0x41 + start, 0x41 + end), (0x61 + start, 0x61 + end)]
    return builder.concat([builder.char_class(ranges), rest])
