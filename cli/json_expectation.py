"""What could have stood at a place in a JSON text: the possible bytes and, where they are few, the whole keys, strings
and literals that these bytes begin.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from constrain.cli.display import byte_name, byte_set

if TYPE_CHECKING:
    from constrain.compiler import Matcher

__all__ = ["expected_in_json"]

_BLANKS = frozenset(b" \t\n\r")
_LITERALS = (b"true", b"false", b"null")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LETTERS = re.compile(rb"[a-z]*\Z")
_MOST_WORDS = 8
_MOST_STEPS = 400
"""Bytes that are tried to find the words."""


def expected_in_json(matcher: Matcher, before: bytes) -> str:
    """The possibilities in words, blanks left out.

    Args:
        matcher: at the place; it is left as it is.
        before: the text up to there.
    """
    possible = frozenset(matcher.next_bytes())
    begun = _begun(before)
    if not begun.startswith(b'"'):
        possible = possible - _BLANKS or possible
    if not begun:
        openers = sorted(possible.intersection(b'"tfn'))
        words = _words(matcher, b"", openers)
        rest = sorted(possible.difference(openers))
        if words and len(rest) <= _MOST_WORDS:
            return _listed([*words, *map(byte_name, rest)], "one of ")
        return byte_set(possible)
    plain = _plainest(begun, possible)
    words = _words(matcher, begun, plain)
    return f"{byte_set(plain)}, as in {_listed(words)}" if words else byte_set(possible)


def _begun(before: bytes) -> bytes:
    """The string or literal that the text breaks off in, as far as it goes."""
    end = 0
    for string in _STRINGS.finditer(before):
        end = string.end()
    quote = before.find(b'"', end)
    if quote >= 0:
        return before[quote:]
    found = _LETTERS.search(before, end)
    letters = found[0] if found else b""
    return letters if any(word.startswith(letters) and word != letters for word in _LITERALS) else b""


def _words(matcher: Matcher, begun: bytes, first: list[int]) -> list[str] | None:
    """The strings and literals that go on with some bytes; None when there are many, or long ones."""
    words: set[str] = set()
    unfinished = [(matcher, begun, first)]
    steps = 0
    while unfinished:
        here, text, following = unfinished.pop(0)
        steps += len(following)
        if len(words) + len(unfinished) + len(following) > _MOST_WORDS or steps > _MOST_STEPS:
            return None
        for byte in following:
            longer = text + bytes([byte])
            if longer in _LITERALS or _STRINGS.fullmatch(longer):
                words.add(json.dumps(json.loads(longer), ensure_ascii=False))
            else:
                ahead = here.fork()
                ahead.accept_bytes(bytes([byte]))
                unfinished.append((ahead, longer, _plainest(longer, frozenset(ahead.next_bytes()))))
    return sorted(words)


def _plainest(text: bytes, possible: frozenset[int]) -> list[int]:
    """The bytes that go on with a string, without those that begin another spelling of what the others write."""
    # every character can be escaped, too, and one that has an escape of its own also by its number
    escaped = (len(text) - len(text.rstrip(b"\\"))) % 2 == 1
    return sorted(possible.difference(b"u" if escaped else b"\\") or possible)


def _listed(parts: list[str], one_of: str = "") -> str:
    return parts[0] if len(parts) == 1 else one_of + ", ".join(parts)
