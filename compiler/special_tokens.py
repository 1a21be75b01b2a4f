"""Special tokens in grammars of bytes.

A special token, such as ``<|python_tag|>``, stands for no text: a tokenizer makes it only where it is asked to. In a
vocabulary's trie it has bytes all the same, its name between two bytes 0xFF. Those are in no UTF-8 text. So no text is
ever spelled with it, and it is spelled with no other tokens (one that holds 0xFF is no part of any text either, and is
put out of the way, behind a byte 0xFE). A grammar allows it only where it asks for these bytes, and masks, saved files
and rollback treat it as any token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from constrain import _core
from constrain._core import Vocabulary

__all__ = ["MARK", "hidden", "marked", "name_of", "ordinary", "shown_text", "text_of", "token_names", "written"]

MARK = b"\xff"
OUT_OF_THE_WAY = b"\xfe"


def marked(name: str) -> bytes:
    """The bytes of a special token."""
    return marked_bytes(name.encode())


def marked_bytes(name: bytes) -> bytes:
    """As :func:`marked`, of a name in bytes."""
    return MARK + name + MARK


def name_of(data: bytes) -> str | None:
    """The name of a special token; None for the bytes of any other token."""
    name = data[1:-1]
    if len(data) < 3 or marked_bytes(name) != data or MARK in name:
        return None
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None


def hidden(data: bytes) -> bytes:
    """An ordinary token's bytes beside special tokens: out of the way of theirs, which hold no 0xFE."""
    return OUT_OF_THE_WAY + data if MARK in data else data


def ordinary(data: bytes) -> bytes | None:
    """What :func:`hidden` was given; None for the bytes of a special token."""
    if MARK not in data:
        return data
    return data.removeprefix(OUT_OF_THE_WAY) if name_of(data) is None else None


def shown_text(data: bytes) -> bytes:
    """Bytes in which special tokens are shown by their names."""
    return data.replace(MARK, b"")


def text_of(vocabulary: Vocabulary, token_id: int) -> bytes:
    """What a reader is shown of a token: its bytes, of a special one its name, of others nothing."""
    return shown_text(_core.Vocabulary.token(vocabulary, token_id) or b"")


def written(text: str, special: Collection[str], errors: str = "strict") -> bytes:
    """A fixed text in bytes; where it holds the name of a special token, that is meant.

    Args:
        text: the text.
        special: names of the vocabulary's special tokens, stop tokens left out.
        errors: how lone surrogates are encoded.
    """
    names = sorted((name for name in special if name and name in text), key=len, reverse=True)
    if not names:
        return text.encode(errors=errors)
    pieces = re.split(f"({'|'.join(map(re.escape, names))})", text)
    return b"".join(marked(piece) if index % 2 else piece.encode(errors=errors) for index, piece in enumerate(pieces))


def token_names(vocabulary: Vocabulary) -> Callable[[int], str | None]:
    """The texts by which tokens are named: of special ones their names, of others their own, if that is text."""

    def name(token_id: int) -> str | None:
        if token_id in vocabulary.eos_token_ids:
            return None
        try:
            return text_of(vocabulary, token_id).decode() or None
        except (UnicodeDecodeError, OverflowError):
            return None

    return name
