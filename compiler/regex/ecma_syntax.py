r"""Is a text a pattern of ECMA-262 with the ``u`` flag? Syntax only, to the letter of the standard (its 2025 edition).

:mod:`~constrain.compiler.regex.ecma` reads what can be made an automaton, and spellings of Annex B besides; this one
knows backreferences and modifiers, and refuses every spelling that the ``u`` flag forbids.
"""

from __future__ import annotations

import re
from functools import lru_cache

from constrain._core import unicode_class
from constrain.compiler.regex.ecma_properties import is_property

__all__ = ["is_pattern"]

_QUANTIFIER = re.compile(r"(?:[*+?]|\{([0-9]+)(?:(,)([0-9]*))?\})\??")
_LOOK = re.compile(r"\?<?[=!]")
_MODIFIERS = re.compile(r"\?([ims]*)(?:-([ims]*))?:")
_NAME = re.compile(r"<((?:[^<>\\]|\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]+\})+)>")
_NAME_ESCAPE = re.compile(r"\\u(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{4}))")
_BRACED = re.compile(r"\{([0-9A-Fa-f]+)\}")
_HEX = {digits: re.compile(f"[0-9A-Fa-f]{{{digits}}}") for digits in (2, 4)}
_LOW_SURROGATE = re.compile(r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_PROPERTY = re.compile(r"\{([A-Za-z0-9_]+)(?:=([A-Za-z0-9_]+))?\}")
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_CONTROLS = {"f": 12, "n": 10, "r": 13, "t": 9, "v": 11}

_CLASS = -1
"""An escape that stands for more than one character, where one character is asked for."""

_Path = tuple[tuple[int, int], ...]


class _WrongError(Exception):
    """The text is no pattern."""


def is_pattern(text: str) -> bool:
    """Whether a text is a ``Pattern`` under the ``u`` flag."""
    try:
        _Reader(text).read()
    except _WrongError:
        return False
    return True


class _Reader:
    """One pass; groups are frames on a list, so nesting costs no stack."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._groups = 0
        self._highest_reference = 0
        self._references: set[str] = set()
        # of each name, in which alternatives of which groups its groups stand
        self._names: dict[str, list[_Path]] = {}

    def read(self) -> None:
        text = self._text
        frames: list[bool] = []
        path: list[tuple[int, int]] = [(0, 0)]
        opened = 0
        while self._position < len(text):
            symbol = text[self._position]
            self._position += 1
            repeatable = True
            match symbol:
                case "|":
                    path[-1] = (path[-1][0], path[-1][1] + 1)
                    continue
                case "(":
                    frames.append(self._open(path))
                    opened += 1
                    path.append((opened, 0))
                    continue
                case ")":
                    if not frames:
                        raise _WrongError
                    repeatable = frames.pop()
                    path.pop()
                case "^" | "$":
                    repeatable = False
                case "\\" if text.startswith(("b", "B"), self._position):
                    self._position += 1
                    repeatable = False
                case "\\":
                    self._atom_escape()
                case "[":
                    self._character_class()
                case "*" | "+" | "?" | "{" | "}" | "]":
                    raise _WrongError
            self._quantifier(repeatable)
        if frames or self._highest_reference > self._groups or not self._references <= self._names.keys():
            raise _WrongError

    def _quantifier(self, repeatable: bool) -> None:
        found = _QUANTIFIER.match(self._text, self._position)
        if found is None:
            return
        if not repeatable or (found[3] and _count(found[3]) < _count(found[1])):
            raise _WrongError
        self._position = found.end()

    def _open(self, path: list[tuple[int, int]]) -> bool:
        """Read what follows a parenthesis; may a quantifier follow the group?"""
        text = self._text
        if not text.startswith("?", self._position):
            self._groups += 1
            return True
        if look := _LOOK.match(text, self._position):
            self._position = look.end()
            return False
        if modifiers := _MODIFIERS.match(text, self._position):
            flags = modifiers[1] + (modifiers[2] or "")
            if len(set(flags)) < len(flags) or (modifiers[2] is not None and not flags):
                raise _WrongError
            self._position = modifiers.end()
            return True
        self._position += 1
        name = self._group_name()
        self._groups += 1
        places = self._names.setdefault(name, [])
        if any(not _exclude(place, path) for place in places):
            raise _WrongError
        places.append(tuple(path))
        return True

    def _group_name(self) -> str:
        found = _NAME.match(self._text, self._position)
        if found is None:
            raise _WrongError
        self._position = found.end()
        name = _unescaped(found[1])
        if not (name[0] in "$_" or _is_in("ID_Start", name[0])):
            raise _WrongError
        if not all(other in "$\u200c\u200d" or _is_in("ID_Continue", other) for other in name[1:]):
            raise _WrongError
        return name

    def _atom_escape(self) -> None:
        letter = self._text[self._position : self._position + 1]
        if letter == "k":
            self._position += 1
            self._references.add(self._group_name())
        elif letter in tuple("123456789"):
            start = self._position
            while self._text[self._position : self._position + 1] in tuple("0123456789"):
                self._position += 1
            self._highest_reference = max(self._highest_reference, _count(self._text[start : self._position]))
        else:
            self._escape()

    def _escape(self, *, in_class: bool = False) -> int:
        """What follows a backslash: a code point, or :data:`_CLASS`."""
        text = self._text
        letter = text[self._position : self._position + 1]
        self._position += 1
        if letter in tuple("dDsSwW"):
            return _CLASS
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter in _SYNTAX or (in_class and letter == "-"):
            return ord(letter)
        match letter:
            case "b" if in_class:
                return 8
            case "0" if not re.match("[0-9]", text[self._position : self._position + 1]):
                return 0
            case "c" if re.match("[A-Za-z]", text[self._position : self._position + 1]):
                self._position += 1
                return ord(text[self._position - 1]) % 32
            case "x":
                return self._hexadecimal(2)
            case "u":
                return self._unicode()
            case "p" | "P":
                return self._property()
        raise _WrongError

    def _hexadecimal(self, digits: int) -> int:
        found = _HEX[digits].match(self._text, self._position)
        if found is None:
            raise _WrongError
        self._position = found.end()
        return int(found[0], 16)

    def _unicode(self) -> int:
        if braced := _BRACED.match(self._text, self._position):
            self._position = braced.end()
            digits = braced[1].lstrip("0")
            if len(digits) > 6 or int(digits or "0", 16) > 0x10FFFF:
                raise _WrongError
            return int(digits or "0", 16)
        high = self._hexadecimal(4)
        if 0xD800 <= high <= 0xDBFF and (low := _LOW_SURROGATE.match(self._text, self._position)):
            self._position = low.end()
            return 0x10000 + ((high - 0xD800) << 10) + int(low[1], 16) - 0xDC00
        return high

    def _property(self) -> int:
        found = _PROPERTY.match(self._text, self._position)
        if found is None or not is_property(found[1], found[2]):
            raise _WrongError
        self._position = found.end()
        return _CLASS

    def _character_class(self) -> None:
        text = self._text
        if text.startswith("^", self._position):
            self._position += 1
        while not text.startswith("]", self._position):
            low = self._class_atom()
            if text.startswith("-", self._position) and not text.startswith("-]", self._position):
                self._position += 1
                high = self._class_atom()
                if _CLASS in (low, high) or high < low:
                    raise _WrongError
        self._position += 1

    def _class_atom(self) -> int:
        if self._position >= len(self._text):
            raise _WrongError
        symbol = self._text[self._position]
        self._position += 1
        return self._escape(in_class=True) if symbol == "\\" else ord(symbol)


def _count(digits: str) -> int:
    """A number of any length; beyond what Python converts at once, only its length and first digits count."""
    digits = digits.lstrip("0")
    more: int = 10 ** max(0, len(digits) - 4000)
    return int(digits[:4000] or "0") * more


def _exclude(place: _Path, other: list[tuple[int, int]]) -> bool:
    """Do two places stand in different alternatives of one group, so that never both take part?"""
    return any(mine[0] == yours[0] and mine[1] != yours[1] for mine, yours in zip(place, other, strict=False))


def _unescaped(name: str) -> str:
    """The characters of a group's name. A surrogate alone is none."""
    units = _NAME_ESCAPE.sub(_character, name)
    try:
        return units.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _WrongError from None


def _character(escape: re.Match[str]) -> str:
    digits = (escape[1] or escape[2]).lstrip("0") or "0"
    if len(digits) > 6 or int(digits, 16) > 0x10FFFF:
        raise _WrongError
    return chr(int(digits, 16))


@lru_cache(maxsize=256)
def _is_in(query: str, character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in unicode_class(query) or ())
