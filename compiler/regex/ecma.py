r"""ECMA-262 regular expressions with the ``u`` flag, as JSON Schema's ``pattern`` uses them.

Tables are the standard's: ``\d`` is ``[0-9]``, ``\w`` is ``[A-Za-z0-9_]``, ``\s`` is WhiteSpace and LineTerminator, and
``.`` is anything but a LineTerminator. Schemas in the wild are written without the ``u`` flag in mind, so the spellings
of Annex B that can mean only one thing are read as validators read them: an escaped ASCII punctuation mark is itself,
lone ``{``, ``}`` and ``]`` are themselves, and ``[\w-.]`` holds a hyphen. All other spellings outside the standard are
errors.

A lazy quantifier has the language of its greedy form. Lookaround and word boundaries are exact, wherever they stand,
and so are the modifiers of groups (``(?i:...)``, ``m`` and ``s``), with the standard's simple case folding.
Backreferences are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

from constrain._core import in_any_case, unicode_class
from constrain.compiler.grammar import normalise_ranges
from constrain.compiler.regex.ast import (
    ANY,
    MAXIMUM_NESTING,
    MAXIMUM_REPEAT,
    Anchor,
    CharacterClass,
    Look,
    Node,
    Union,
    character,
    character_class,
    complement_ranges,
    concat,
    nesting_error,
    repeat,
    repeat_error,
    text_span,
    union,
)
from constrain.compiler.regex.language import searched, whole
from constrain.compiler.regex.lookaround import word_boundary
from constrain.compiler.regex.property_errors import no_property
from constrain.errors import LimitError, RegexError, UnsupportedError

__all__ = ["search_language", "whole_language"]

_Ranges = tuple[tuple[int, int], ...]

_DIGIT: _Ranges = ((0x30, 0x39),)
_WORD: _Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
# WhiteSpace (TAB VT FF SP NBSP ZWNBSP and category Zs) and LineTerminator (LF CR LS PS), ECMA-262 tables 31 and 32
_SPACE: _Ranges = (
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
)
_LINE_TERMINATOR: _Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))

_CLASS_ESCAPES: dict[str, _Ranges] = {
    "d": _DIGIT,
    "D": complement_ranges(_DIGIT),
    "w": _WORD,
    "W": complement_ranges(_WORD),
    "s": _SPACE,
    "S": complement_ranges(_SPACE),
}
_CONTROL_ESCAPES = {"f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}

_DOT = character_class(_LINE_TERMINATOR, negated=True)
_BEGIN = Anchor("begin")
_END = Anchor("end")

_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d+)(,(\d*))?\})\??", re.ASCII)
_GROUP_NAME = re.compile(r"\?<([^\W\d]\w*|[$_][\w$]*)>")
_MODIFIERS = re.compile(r"\?([ims]*)(?:-([ims]*))?:")
_BRACED_HEX = re.compile(r"\{([0-9A-Fa-f]+)\}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_LOW_SURROGATE = re.compile(r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_PROPERTY = re.compile(r"\{(\w+(?:=\w+)?)\}", re.ASCII)

# spelling -> (ahead, negative)
_LOOKAROUND = {"?=": (True, False), "?!": (True, True), "?<=": (False, False), "?<!": (False, True)}

_NO_FLAGS: frozenset[str] = frozenset()
# under the flag i, U+017F and U+212A are word characters
_WORDS = {ignore_case: normalise_ranges(in_any_case(_WORD)) if ignore_case else _WORD for ignore_case in (False, True)}
_BOUNDARIES = {
    (letter, ignore_case): word_boundary(word, negated=letter == "B")
    for letter in "bB"
    for ignore_case, word in _WORDS.items()
}
_LINE_ENDS = CharacterClass(_LINE_TERMINATOR)
_LINE_ANCHORS: dict[str, Node] = {
    "^": Union((_BEGIN, Look(_LINE_ENDS, ahead=False, negative=False))),
    "$": Union((_END, Look(_LINE_ENDS, ahead=True, negative=False))),
}


@lru_cache(maxsize=4096)
def search_language(pattern: str) -> Node:
    """All texts in which ``pattern`` matches somewhere; ``^`` and ``$`` are the ends of the text.

    Raises:
        RegexError: not a regular expression; ``span`` points into the pattern.
        UnsupportedError: a backreference.
        LimitError: groups nest too deeply, a count is too large, or assertions need too large an automaton.
    """
    return _language(pattern, searched)


@lru_cache(maxsize=1024)
def whole_language(pattern: str) -> Node:
    """All texts that ``pattern`` matches from start to end. Errors as :func:`search_language`."""
    return _language(pattern, whole)


def _language(pattern: str, reading: Callable[[Node], Node]) -> Node:
    parser = _Parser(pattern)
    node = parser.parse()
    if reading is whole and parser.first_assertion is None:
        return node  # there is nothing to resolve
    try:
        return reading(node)
    except (UnsupportedError, LimitError) as error:
        # the tree has no positions; the first assertion or anchor is where to look
        raise type(error)(
            error.message, span=text_span(pattern, parser.first_assertion or 0), expected=error.expected
        ) from None


class _Parser:
    """One pass over the pattern; groups are frames on a list, so nesting costs no stack."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self.first_assertion: int | None = None
        # by their spelling, under each set of flags: a pattern names few classes, many times
        self._classes: dict[str, Node] = {}
        self._tables = {_NO_FLAGS: self._classes}
        self._flags = _NO_FLAGS

    def _set_flags(self, flags: frozenset[str]) -> None:
        self._flags = flags
        self._classes = self._tables.setdefault(flags, {})

    def parse(self) -> Node:
        pattern = self._pattern
        size = len(pattern)
        frames: list[tuple[list[Node], list[Node], int, tuple[bool, bool] | None, frozenset[str]]] = []
        alternatives: list[Node] = []
        terms: list[Node] = []
        names: set[str] = set()
        while self._position < size:
            start = self._position
            symbol = pattern[start]
            self._position += 1
            atom: Node | None
            match symbol:
                case "|":
                    alternatives.append(concat(terms))
                    terms = []
                    continue
                case "(":
                    outside = self._flags
                    look = self._open_group(start, names)
                    frames.append((alternatives, terms, start, look, outside))
                    if len(frames) > MAXIMUM_NESTING:
                        raise nesting_error(pattern, start)
                    alternatives, terms = [], []
                    continue
                case ")":
                    if not frames:
                        raise self._error("unmatched ')'", start, r"'\)' for a parenthesis")
                    alternatives.append(concat(terms))
                    atom = union(alternatives)
                    alternatives, terms, opened, look, outside = frames.pop()
                    self._set_flags(outside)
                    if look is not None:
                        self._assertion(Look(atom, *look), terms, opened)
                        continue
                case "^" | "$":
                    anchor: Node = _BEGIN if symbol == "^" else _END
                    self._assertion(_LINE_ANCHORS[symbol] if "m" in self._flags else anchor, terms, start)
                    continue
                case "*" | "+" | "?":
                    raise self._error(f"nothing to repeat before {symbol!r}", start)
                case "{":
                    if _QUANTIFIER.match(pattern, start):
                        raise self._error("nothing to repeat before '{'", start, r"'\{' for a brace")
                    atom = character(0x7B)
                case ".":
                    atom = ANY if "s" in self._flags else _DOT
                case "[":
                    atom = self._class(start)
                case "\\" if pattern.startswith(("b", "B"), self._position):
                    self._position += 1
                    self._assertion(_BOUNDARIES[pattern[start + 1], "i" in self._flags], terms, start)
                    continue
                case "\\":
                    escaped = self._escape(start, in_class=False)
                    atom = self._character(escaped) if isinstance(escaped, int) else self._class_of(start, escaped)
                case _:
                    atom = self._character(ord(symbol))
            terms.append(self._quantified(atom))
        if frames:
            raise self._error("unterminated group", frames[-1][2], "')'")
        alternatives.append(concat(terms))
        return union(alternatives)

    def _assertion(self, node: Node, terms: list[Node], start: int) -> None:
        """Add something that takes no text, and so cannot be repeated."""
        if _QUANTIFIER.match(self._pattern, self._position):
            raise self._error("nothing to repeat: an assertion takes no text", self._position)
        if self.first_assertion is None or isinstance(node, Look):
            self.first_assertion = start
        terms.append(node)

    def _open_group(self, start: int, names: set[str]) -> tuple[bool, bool] | None:
        """Read what follows a parenthesis; for an assertion, is it (ahead, negative)?"""
        pattern = self._pattern
        if not pattern.startswith("?", self._position):
            return None
        if pattern.startswith("?:", self._position):
            self._position += 2
            return None
        for spelling, look in _LOOKAROUND.items():
            if pattern.startswith(spelling, self._position):
                self._position += len(spelling)
                return look
        if named := _GROUP_NAME.match(pattern, self._position):
            if named[1] in names:
                raise self._error(f"two groups are called {named[1]!r}", start)
            names.add(named[1])
            self._position = named.end()
            return None
        if modifiers := _MODIFIERS.match(pattern, self._position):
            added, removed = modifiers[1], modifiers[2]
            flags = added + (removed or "")
            if len(set(flags)) < len(flags) or (removed is not None and not flags):
                raise self._error("a modifier comes twice, or none at all", start, "as in '(?i:', '(?-s:' or '(?im-s:'")
            self._position = modifiers.end()
            self._set_flags(self._flags.union(added).difference(removed or ""))
            return None
        raise self._error("unknown kind of group after '(?'", start, "'(?:' or '(?<name>'")

    def _quantified(self, atom: Node) -> Node:
        start = self._position
        quantifier = _QUANTIFIER.match(self._pattern, start)
        if quantifier is None:
            return atom
        self._position = quantifier.end()
        if _QUANTIFIER.match(self._pattern, self._position):
            raise self._error("a quantifier follows a quantifier", self._position)
        match self._pattern[start]:
            case "*":
                return repeat(atom, 0, None)
            case "+":
                return repeat(atom, 1, None)
            case "?":
                return repeat(atom, 0, 1)
        minimum = self._count(quantifier[1], start)
        if quantifier[2] is None:
            return repeat(atom, minimum, minimum)
        if not quantifier[3]:
            return repeat(atom, minimum, None)
        maximum = self._count(quantifier[3], start)
        if maximum < minimum:
            raise self._error("the numbers of a quantifier are out of order", start)
        return repeat(atom, minimum, maximum)

    def _count(self, digits: str, start: int) -> int:
        if len(digits.lstrip("0")) > 10 or int(digits) > MAXIMUM_REPEAT:
            raise repeat_error(self._pattern, start)
        return int(digits)

    def _class(self, start: int) -> Node:
        pattern = self._pattern
        size = len(pattern)
        # a class that was spelled like this before; one that goes on after an escaped bracket is never spelled so
        end = pattern.find("]", start) + 1
        known = self._classes.get(pattern[start:end])
        if known is not None:
            self._position = end
            return known
        negated = pattern.startswith("^", self._position)
        if negated:
            self._position += 1
        ranges: list[tuple[int, int]] = []
        while True:
            if self._position >= size:
                raise self._error("unterminated character class", start, "']'")
            if pattern[self._position] == "]":
                self._position += 1
                break
            item_start = self._position
            low = self._class_item()
            if pattern.startswith("-", self._position) and not pattern.startswith("-]", self._position):
                self._position += 1
                if self._position >= size:
                    raise self._error("unterminated character class", start, "']'")
                high = self._class_item()
                if isinstance(low, int) and isinstance(high, int):
                    if high < low:
                        raise self._error("a character range is out of order", item_start)
                    ranges.append((low, high))
                    continue
                # Annex B: a hyphen beside a class escape is a hyphen
                ranges.append((0x2D, 0x2D))
                ranges.extend(_as_ranges(high))
            ranges.extend(_as_ranges(low))
        if not ranges and negated:
            return ANY
        return self._class_of(start, ranges, negated=negated)

    def _class_of(self, start: int, ranges: Sequence[tuple[int, int]], *, negated: bool = False) -> Node:
        """The class that is spelled from ``start`` up to here."""
        spelling = self._pattern[start : self._position]
        node = self._classes.get(spelling)
        if node is None:
            if "i" in self._flags:
                ranges = in_any_case(ranges)
            node = self._classes[spelling] = character_class(ranges, negated=negated)
        return node

    def _character(self, code_point: int) -> Node:
        if "i" in self._flags:
            return character_class(in_any_case(((code_point, code_point),)))
        return character(code_point)

    def _class_item(self) -> int | _Ranges:
        start = self._position
        self._position += 1
        if self._pattern[start] == "\\":
            return self._escape(start, in_class=True)
        return ord(self._pattern[start])

    def _escape(self, start: int, *, in_class: bool) -> int | _Ranges:
        """What follows the backslash at ``start``: a code point or ranges."""
        pattern = self._pattern
        if self._position >= len(pattern):
            raise self._error("the pattern ends in a backslash", start, r"'\\' for a backslash")
        letter = pattern[self._position]
        self._position += 1
        if letter in "wW" and "i" in self._flags:
            return _WORDS[True] if letter == "w" else complement_ranges(_WORDS[True])
        if letter in _CLASS_ESCAPES:
            return _CLASS_ESCAPES[letter]
        if letter in _CONTROL_ESCAPES:
            return _CONTROL_ESCAPES[letter]
        match letter:
            case "b" if in_class:
                return 0x08
            case "x":
                return self._hexadecimal(start, 2)
            case "u":
                return self._unicode_escape(start)
            case "c":
                control = pattern[self._position : self._position + 1]
                if not (control.isascii() and control.isalpha()):
                    raise self._error(r"\c without a letter", start, "a letter from A to Z")
                self._position += 1
                return ord(control) % 32
            case "p" | "P":
                return self._property(start, letter)
            case "0":
                if pattern[self._position : self._position + 1].isdecimal():
                    raise self._error("octal escape", start, r"\xHH or \uHHHH")
                return 0
            case "k" if not in_class:
                raise self._unsupported(r"backreference \k", start)
            case _ if letter.isascii() and letter.isdecimal():
                if in_class:
                    raise self._error("octal escape in a class", start, r"\xHH or \uHHHH")
                raise self._unsupported(f"backreference \\{letter}", start)
            case _ if letter.isascii() and letter.isprintable() and not letter.isalnum():
                return ord(letter)
        raise self._error(f"unknown escape \\{letter}", start, "an escape of ECMA-262")

    def _hexadecimal(self, start: int, digits: int) -> int:
        found = _HEX.match(self._pattern, self._position, self._position + digits)
        if found is None or len(found[0]) < digits:
            raise self._error("incomplete escape", start, f"{digits} hexadecimal digits")
        self._position += digits
        return int(found[0], 16)

    def _unicode_escape(self, start: int) -> int:
        if braced := _BRACED_HEX.match(self._pattern, self._position):
            self._position = braced.end()
            digits = braced[1].lstrip("0") or "0"
            if len(digits) > 6 or int(digits, 16) > 0x10FFFF:
                raise self._error("escape beyond the last character", start, "at most 10FFFF")
            return int(digits, 16)
        code_point = self._hexadecimal(start, 4)
        if 0xD800 <= code_point <= 0xDBFF and (low := _LOW_SURROGATE.match(self._pattern, self._position)):
            self._position = low.end()
            return 0x10000 + ((code_point - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)
        return code_point

    def _property(self, start: int, letter: Literal["p", "P"] | str) -> _Ranges:
        found = _PROPERTY.match(self._pattern, self._position)
        ranges = None if found is None else _property_ranges(found[1], negated=letter == "P")
        if found is None or ranges is None:
            raise no_property(self._pattern, start)
        self._position = found.end()
        return ranges

    def _error(self, message: str, position: int, expected: str | None = None) -> RegexError:
        return RegexError(message, span=text_span(self._pattern, position), expected=expected)

    def _unsupported(self, what: str, position: int) -> UnsupportedError:
        return UnsupportedError(f"{what} is not implemented", span=text_span(self._pattern, position))


@lru_cache(maxsize=256)
def _property_ranges(name: str, *, negated: bool) -> _Ranges | None:
    ranges = unicode_class(name)
    if ranges is None:
        return None
    return complement_ranges(ranges) if negated else tuple(ranges)


def _as_ranges(item: int | _Ranges) -> _Ranges:
    return ((item, item),) if isinstance(item, int) else item
