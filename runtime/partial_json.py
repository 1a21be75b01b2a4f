"""Values of a JSON text while it is being written: which of them grew with each piece, and how they stand.

The text is taken to be the beginning of valid JSON, as a constraint makes it; its values are read once, piece by piece.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from constrain.errors import ModelError

__all__ = ["PartialJson", "PartialValue"]

BLANKS = " \t\n\r"
SIMPLE_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class PartialValue:
    """A string, number, boolean, null or empty container that has grown.

    Attributes:
        path: keys and indices that lead to it.
        value: so far. Of a string, its whole characters; of a number, one whose digits may go on.
        is_complete: is it at its end?
    """

    path: tuple[str | int, ...]
    value: Any
    is_complete: bool

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901)."""
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in self.path)


class PartialJson:
    """Reads a text in pieces."""

    def __init__(self) -> None:
        self._open: list[str | int | None] = []
        """By open container, the key or index of its value; None before the first."""
        self._word = ""
        """A number, or a word, in progress."""
        self._string: list[str] | None = None
        self._is_key = False
        self._expects_key = False
        self._escape = ""
        self._has_changed = False
        self._is_empty = False
        """Has the innermost container nothing in it yet?"""

    def feed(self, piece: str) -> list[PartialValue]:
        """Read a piece: the values that it completes, and the one that it ends within, if it has grown."""
        found: list[PartialValue] = []
        for character in piece:
            found += self._read(character)
        if self._string is not None and not self._is_key and self._has_changed:
            found.append(self._value(self._so_far(), is_complete=False))
        elif self._word and self._has_changed and (value := _number_so_far(self._word)) is not None:
            found.append(self._value(value, is_complete=False))
        self._has_changed = False
        return found

    def close(self) -> list[PartialValue]:
        """The end of the text: a number at the top ends here only."""
        return list(self._end_of_word())

    def _read(self, character: str) -> Iterator[PartialValue]:
        if self._string is not None:
            yield from self._in_string(character)
            return
        if character in "{[,}]:" or character in BLANKS:
            yield from self._end_of_word()
        if character == '"':
            self._string, self._is_key = [], self._expects_key
            self._has_changed = True
        elif character in "{[":
            self._open.append(None if character == "{" else 0)
            self._expects_key = character == "{"
            self._is_empty = True
        elif character in "}]":
            yield from self._closed(character)
        elif character == ",":
            last = self._open[-1]
            self._open[-1] = last + 1 if isinstance(last, int) else last
            self._expects_key = not isinstance(last, int)
            self._is_empty = False
        elif character == ":":
            self._expects_key = False
        elif character not in BLANKS:
            self._is_empty = False
            self._word += character
            self._has_changed = True

    def _closed(self, bracket: str) -> Iterator[PartialValue]:
        if not self._open:
            raise ModelError(f"{bracket!r} closes nothing", expected="the beginning of a JSON text")
        self._open.pop()
        if self._is_empty:
            yield self._value({} if bracket == "}" else [], is_complete=True)
        self._is_empty = False
        self._expects_key = False

    def _in_string(self, character: str) -> Iterator[PartialValue]:
        if self._escape:
            self._escape += character
            if len(self._escape) == (6 if self._escape[1] == "u" else 2):
                escape, self._escape = self._escape, ""
                self._add(_unescaped(escape))
        elif character == "\\":
            self._escape = character
        elif character != '"':
            self._add(character)
        else:
            text, self._string = self._so_far(), None
            self._is_empty = False
            if self._is_key:
                self._open[-1] = text
            else:
                yield self._value(text, is_complete=True)

    def _add(self, character: str) -> None:
        assert self._string is not None
        self._string.append(character)
        self._has_changed = True

    def _so_far(self) -> str:
        """The string in progress; halves of characters are joined, and one that ends it waits for the other."""
        text = "".join(self._string or [])
        if any("\ud800" <= half <= "\udfff" for half in text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        return text

    def _end_of_word(self) -> Iterator[PartialValue]:
        if self._word:
            yield self._value(json.loads(self._word), is_complete=True)
            self._word = ""

    def _value(self, value: Any, *, is_complete: bool) -> PartialValue:
        return PartialValue(tuple(part for part in self._open if part is not None), value, is_complete)


def _unescaped(escape: str) -> str:
    return chr(int(escape[2:], 16)) if escape[1] == "u" else SIMPLE_ESCAPES.get(escape[1], escape[1])


def _number_so_far(word: str) -> Any:
    """A number that may go on; None for what is none yet."""
    try:
        value = json.loads(word)
    except ValueError:
        return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
