"""A free region before the constrained one: ``<think> ... </think>``, with a bound on its length.

The region ends at the first end mark, so that it is certain where the constrained part begins; up to two line breaks,
which models write there, may come between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from constrain.compiler.grammar import Grammar, GrammarBuilder
from constrain.compiler.special_tokens import written
from constrain.compiler.structural_tag import free_text
from constrain.errors import GrammarError

__all__ = ["MAXIMUM_LENGTH", "Marks", "is_begun", "marks_of", "thinking_before", "thoughts_and_rest"]

MAXIMUM_LENGTH = 10_000_000
"""Longest region that can be asked for, in characters."""

MOST_BREAKS = 2
"""Line breaks that may come between the region and what follows it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Marks(NamedTuple):
    """What a region begins and ends with."""

    begin: str
    end: str


def marks_of(tag: str) -> Marks:
    """The marks that a tag names: ``think`` is ``<think>`` and ``</think>``, ``A...B`` is ``A`` and ``B``.

    Raises:
        GrammarError: neither of both.
    """
    if _NAME.fullmatch(tag):
        return Marks(f"<{tag}>", f"</{tag}>")
    begin, dots, end = tag.partition("...")
    if not (begin and dots and end):
        expected = "a name such as 'think', or two marks such as '[THINK]...[/THINK]'"
        raise GrammarError(f"{tag!r} names no tag", expected=expected)
    return Marks(begin, end)


def thinking_before(
    grammar: Grammar, marks: Marks, maximum: int | None = None, special: Collection[str] = ()
) -> Grammar:
    """The grammar of texts with such a region before a text of ``grammar``.

    Args:
        grammar: of the constrained part.
        marks: around the region, which holds neither.
        maximum: most characters in it.
        special: names of the vocabulary's special tokens.
    """
    builder = GrammarBuilder()
    begin, end = (written(mark, special) for mark in marks)
    region = free_text.up_to(builder, marks.end, dict.fromkeys(reversed(marks)), end, maximum)
    breaks = builder.repeat(builder.literal(b"\n"), 0, MOST_BREAKS)
    opening = builder.terminal(builder.literal(begin), marks.begin)
    thoughts = builder.terminal(builder.concat([region, breaks]), f"thoughts, {marks.end}", "begins")
    return builder.finish(builder.choice("text", [[opening, thoughts, builder.embed(grammar)]]))


def is_begun(prompt: str, marks: Marks) -> bool:
    """Has the region begun at the end of a prompt? Some chat templates write the mark, and a line break after it."""
    return prompt.rstrip().endswith(marks.begin)


def thoughts_and_rest(text: str, marks: Marks, is_whole: Callable[[str], bool]) -> tuple[str, str]:
    """The region of a text, without its marks, and the constrained part; the first mark may stand before the text.

    The line breaks between them are left out of both, but for those that the constrained part needs.

    Args:
        text: a text of :func:`thinking_before`, or the end of one.
        marks: around the region.
        is_whole: is a text one of the constrained part's? Asked only where there are line breaks.
    """
    inside = text.removeprefix(marks.begin)
    thoughts, _, rest = inside.partition(marks.end)
    breaks = len(rest[:MOST_BREAKS]) - len(rest[:MOST_BREAKS].lstrip("\n"))
    dropped = next((count for count in range(breaks, 0, -1) if is_whole(rest[count:])), 0)
    return thoughts, rest[dropped:]
