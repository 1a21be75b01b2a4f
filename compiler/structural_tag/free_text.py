"""Free text, and where it ends: at the first of some texts that it must not hold.

*First* means: the one that ends first, and of those that end at the same place the longest. A scanner that reads byte
by byte knows no other rule without looking ahead, and it makes the place where free text ends certain: with the trigger
``<f>``, the text ``<<f>`` is the free text ``<`` and then the trigger. The beginning of a trigger alone is just text.
"""

from __future__ import annotations

from collections.abc import Collection

from constrain.compiler.grammar import Expression, GrammarBuilder

__all__ = ["is_hidden_by", "up_to", "without"]

ANY_CHARACTER = ((0, 0x10FFFF),)


def without(builder: GrammarBuilder, patterns: Collection[str], maximum: int | None = None) -> Expression:
    """The texts of at most ``maximum`` characters in which none of some texts is."""
    return _free(builder, patterns, (), maximum)


def up_to(
    builder: GrammarBuilder, end: str, patterns: Collection[str], written: bytes, maximum: int | None = None
) -> Expression:
    """Free text, then ``end``, which is the first of some texts in all of that.

    Args:
        builder: where expressions go.
        end: one of the patterns.
        patterns: the texts that free text ends at, or does not hold.
        written: bytes that stand for ``end``, and what follows it.
        maximum: most characters before the end.
    """
    barred = set()
    for pattern in patterns:
        for size in range(1, len(pattern)):
            # it would begin in the free text and go on in the end, where it ends first, or at once and is longer
            begun, rest = pattern[:size], pattern[size:]
            if end.startswith(rest) and (rest != end or pattern != end):
                barred.add(begun)
    return builder.concat([_free(builder, patterns, barred, maximum), builder.literal(written)])


def is_hidden_by(end: str, pattern: str) -> bool:
    """Does another text always come before this one, inside of it?"""
    place = end.find(pattern)
    return end != pattern and place >= 0 and place + len(pattern) < len(end)


def _free(builder: GrammarBuilder, patterns: Collection[str], last: Collection[str], maximum: int | None) -> Expression:
    character = builder.char_class(ANY_CHARACTER)
    anything = builder.repeat(character, 0, None)
    parts = [builder.repeat(character, 0, maximum)]
    if patterns:
        held = builder.concat([anything, builder.literals(text.encode() for text in patterns), anything])
        parts.append(builder.complement(held))
    if last:
        parts.append(builder.complement(builder.concat([anything, builder.literals(text.encode() for text in last)])))
    return builder.intersection(parts)
