"""The words of a grammar: keywords, operators and other short fixed texts that its terminals are made of.

A walk that draws byte by byte hardly ever spells ``SELECT`` where any name could stand as well. Knowing the words, it
can try them whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from constrain.compiler.grammar import Expression, Grammar

__all__ = ["words_of"]

MAXIMUM_LENGTH = 64
"""Bytes; a longer text is no word."""
MAXIMUM_CHOICES = 64
"""Texts of one expression that are looked at."""


def words_of(grammar: Grammar) -> tuple[bytes, ...]:
    """Texts of the grammar's terminals that consist of nothing but literals and choices among them.

    Of a word in any letter case, some spellings are listed, not all of them.
    """
    texts: list[tuple[bytes, ...]] = []
    for node in grammar.expressions:
        texts.append(_texts(node, texts))
    terminals = {symbol[2] for symbol in grammar.symbols if symbol[0] == "terminal"}
    return tuple(sorted({word for expression in terminals for word in texts[expression] if word}))


def _texts(node: tuple[object, ...], known: Sequence[tuple[bytes, ...]]) -> tuple[bytes, ...]:
    """Texts of an expression, those of its parts being known; none where it has too many, or is no literal."""
    match node:
        case ("literal", bytes() as text):
            return (text,) if len(text) <= MAXIMUM_LENGTH else ()
        case ("literals", tuple() as texts):
            return tuple(islice((text for text in texts if len(text) <= MAXIMUM_LENGTH), MAXIMUM_CHOICES))
        case ("char_class", tuple() as ranges):
            return tuple(chr(low).encode() for low, high in ranges if low == high)[:2] if _is_narrow(ranges) else ()
        case ("concat", tuple() as parts):
            return _concatenated([known[part] for part in parts])
        case ("union", tuple() as parts):
            return _first(text for part in parts for text in known[part])
        case ("repeat", int() as part, 0, 1):
            return _first((b"", *known[Expression(part)])) if known[part] else ()
    return ()


def _is_narrow(ranges: Iterable[tuple[int, int]]) -> bool:
    """A letter in both cases, rather than a class."""
    return sum(high - low + 1 for low, high in ranges) <= 3


def _concatenated(parts: Sequence[tuple[bytes, ...]]) -> tuple[bytes, ...]:
    """Some of the texts of a sequence, in which every text of every part occurs."""
    if not all(parts):
        return ()
    number = min(max(map(len, parts)), MAXIMUM_CHOICES)
    joined = (b"".join(part[index % len(part)] for part in parts) for index in range(number))
    return _first(text for text in joined if len(text) <= MAXIMUM_LENGTH)


def _first(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(islice(texts, MAXIMUM_CHOICES)))
