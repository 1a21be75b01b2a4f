"""Texts whose objects hold a key twice, read as most parsers read them: the last member of a name counts."""

from __future__ import annotations

import json
import re

__all__ = ["without_overridden"]

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{},:]', re.DOTALL)
_NOT_LINE_FEED = re.compile(rb"[^\n]")


def without_overridden(text: bytes) -> bytes:
    """The text with blanks in the place of every member that a later one of its name overrides.

    All other bytes stay where they are, and so do line breaks, so places in the result are places in the text.

    Args:
        text: JSON in UTF-8; it is not checked.
    """
    overridden: list[tuple[int, int]] = []
    # of each open object: where the last member of each name begins; of an array None
    objects: list[dict[str, tuple[int, int]] | None] = []
    members: list[tuple[str, int] | None] = []
    expects_key = False
    for token in _TOKENS.finditer(text):
        piece = token[0]
        if piece in (b"{", b"["):
            objects.append({} if piece == b"{" else None)
            members.append(None)
        elif piece in (b",", b"}", b"]"):
            known, member = objects[-1], members[-1]
            if known is not None and member is not None:
                name, start = member
                if name in known:
                    overridden.append(known[name])
                known[name] = (start, token.end())
            members[-1] = None
            if piece != b",":
                objects.pop()
                members.pop()
        elif expects_key and piece.startswith(b'"'):
            members[-1] = (json.loads(piece), token.start())
        expects_key = piece == b"{" or (piece == b"," and objects[-1] is not None)
    pieces = bytearray(text)
    for start, end in overridden:
        pieces[start:end] = _NOT_LINE_FEED.sub(b" ", text[start:end])
    return bytes(pieces)
