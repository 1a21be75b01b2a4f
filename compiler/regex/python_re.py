r"""Python's ``re`` notation, read by Python's own parser, so that the syntax is exactly that of the running Python.

A pattern must match the whole text (``re.fullmatch``). Of the flags, ``a``, ``i``, ``s``, ``u`` and ``x`` are exact;
``m`` is accepted where no ``^`` or ``$`` asks for it. A lazy quantifier has the language of its greedy form; possessive
quantifiers and atomic groups do not, and are refused, as are backreferences and conditionals. Lookaround, ``\b`` and
``\B`` are read where they can be resolved exactly.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from constrain.compiler.regex.ast import (
    ANY,
    MAXIMUM_NESTING,
    MAXIMUM_REPEAT,
    NOTHING,
    Anchor,
    Look,
    Node,
    character_class,
    concat,
    nesting_error,
    repeat,
    repeat_error,
    text_span,
    union,
)
from constrain.compiler.regex.language import piece
from constrain.compiler.regex.language import whole as whole_text
from constrain.compiler.regex.lookaround import word_boundary
from constrain.compiler.regex.python_classes import Item, class_ranges
from constrain.errors import LimitError, RegexError, Span, UnsupportedError

__all__ = ["check", "parse"]

# CPython's parser is not typed and has no public name; it has kept this one since 3.11.
_parser: Any = importlib.import_module("re._parser")

_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_ANCHORS: dict[str, Anchor] = {
    "AT_BEGINNING": Anchor("begin"),
    "AT_BEGINNING_STRING": Anchor("begin"),
    "AT_END": Anchor("last_line_end"),
    "AT_END_STRING": Anchor("end"),
}
_TYPE_FLAGS = re.ASCII | re.UNICODE | re.LOCALE
# as plain integers: operations on Python's flags take longer than all else that is done for a character
_IGNORE_CASE, _ASCII, _DOT_ALL = int(re.IGNORECASE), int(re.ASCII), int(re.DOTALL)
_EMPTY_TEXT_IS_NOT_BOUNDARY = re.fullmatch(r"\B", "") is not None  # since Python 3.14
_NOT_NEWLINE = character_class(((10, 10),), negated=True)

# Enough of the notation's lexical structure to find where a construct stands: the parse tree has no positions.
_TOKEN = re.compile(
    r"""\\. | \[\^?\]?(?:[^\]\\]|\\.)*\] | \(\?\#[^)]*\)
      | \(\?(?:<?[=!]|P=|\(|>) | (?:[*+?]|\{\d*,?\d*\})[+?] | \(\?[a-zA-Z]*m[a-zA-Z]*(?:-[a-zA-Z]*)?[:)] | .""",
    re.VERBOSE | re.DOTALL,
)
_VERBOSE_COMMENT = re.compile(r"#[^\n]*")

_UNSUPPORTED = {
    "backreference": r"\\[1-9]|\(\?P=",
    "conditional group (?(...)...)": r"\(\?\(",
    "atomic group (?>...)": r"\(\?>",
    "possessive quantifier": r"(?:[*+?]|\{\d*,?\d*\})\+$",
    "'^' or '$' under the flag m": r"[$^]",
    "an anchor in a terminal": r"[$^]|\\[AZz]",
}


@lru_cache(maxsize=2048)
def parse(pattern: str, flags: int = 0, *, whole: bool = True) -> Node:
    """All texts that ``re.fullmatch(pattern, text, flags)`` accepts.

    Args:
        pattern: the regular expression.
        flags: ``re`` flags, as ``re.compile`` takes them.
        whole: is the match the whole output? Otherwise it is a piece amid other text (a terminal of a grammar), and
            anchors or assertions that would look beyond the piece are refused, and lazy quantifiers match as little as
            they can.

    Raises:
        RegexError: not a regular expression; ``span`` points into the pattern.
        UnsupportedError: a construct that is not implemented, by name and column.
        LimitError: groups nest too deeply, or a count is too large.
    """
    tree = check(pattern, flags)
    converter = _Converter(pattern, tree.state.flags, whole=whole)
    node = converter.sequence(tree, tree.state.flags)
    try:
        return whole_text(node) if whole else piece(node)
    except (UnsupportedError, LimitError) as error:
        # the tree has no positions; the first assertion is where to look
        raise type(error)(
            error.message, span=converter.find(r"\(\?<?[=!]|\\[bB]|[$^]|[*+?}]\?"), expected=error.expected
        ) from None


def check(pattern: str, flags: int = 0) -> Any:
    """The parse tree of Python's own parser.

    Raises:
        RegexError: not a regular expression.
        LimitError: groups nest too deeply, or a count is too large.
    """
    _check_nesting(pattern, bool(flags & re.VERBOSE))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about spellings that a future Python may read otherwise
            return _parser.parse(pattern, flags)
    except re.error as error:
        raise RegexError(error.msg, span=text_span(pattern, error.pos or 0)) from None
    except (OverflowError, ValueError):
        # a count with thousands of digits isn't even read as a number
        raise repeat_error(pattern, _longest_number(pattern)) from None
    except RecursionError:
        raise nesting_error(pattern, 0) from None


class _Converter:
    """From CPython's parse tree to ours; its depth is bounded by the check on nesting."""

    def __init__(self, pattern: str, flags: int, *, whole: bool) -> None:
        self._pattern = pattern
        self._whole = whole
        self._verbose = bool(flags & re.VERBOSE)
        self._classes: dict[tuple[tuple[Item, ...], int, bool], Node] = {}

    def sequence(self, items: Iterable[tuple[Any, Any]], flags: int) -> Node:
        flags = int(flags)
        parts: list[Node] = []
        for code, value in items:
            parts.append(self._item(code.name, value, flags))
        return concat(parts)

    def _item(self, code: str, value: Any, flags: int) -> Node:
        match code:
            case "LITERAL":
                return self._class((int(value),), flags)
            case "NOT_LITERAL":
                return self._class((int(value),), flags, negated=True)
            case "ANY":
                return ANY if flags & _DOT_ALL else _NOT_NEWLINE
            case "IN":
                members = [self._member(op.name, argument) for op, argument in value if op.name != "NEGATE"]
                return self._class(tuple(members), flags, negated=len(members) < len(value))
            case "BRANCH":
                alternatives: list[Node] = []
                for branch in value[1]:
                    alternatives.append(self.sequence(branch, flags))
                return union(alternatives)
            case "SUBPATTERN":
                _, added, removed, body = value
                if added & _TYPE_FLAGS:
                    flags &= ~_TYPE_FLAGS
                return self.sequence(body, (flags | added) & ~removed)
            case "MAX_REPEAT" | "MIN_REPEAT":
                minimum, maximum, body = value
                # for a match of the whole text, lazy is greedy
                lazy = code == "MIN_REPEAT" and not self._whole
                return self._repeat(int(minimum), maximum, body, flags, lazy=lazy)
            case "AT":
                return self._at(value.name, flags)
            case "ASSERT" | "ASSERT_NOT":
                direction, body = value
                if direction < 0:
                    self._check_width(body)
                return Look(self.sequence(body, flags), ahead=direction > 0, negative=code == "ASSERT_NOT")
            case "FAILURE":
                return NOTHING
            case "GROUPREF":
                raise self._unsupported("backreference")
            case "GROUPREF_EXISTS":
                raise self._unsupported("conditional group (?(...)...)")
            case "ATOMIC_GROUP":
                raise self._unsupported("atomic group (?>...)")
            case "POSSESSIVE_REPEAT":
                raise self._unsupported("possessive quantifier")
            case _:
                raise UnsupportedError(f"{code} is not implemented", span=Span(1, 1))

    def _check_width(self, body: Any) -> None:
        # Python's parser takes it, and its compiler does not
        shortest, longest = body.getwidth()
        if shortest != longest:
            raise RegexError("look-behind requires fixed-width pattern", span=self.find(r"\(\?<[=!]"))

    def _member(self, code: str, value: Any) -> Item:
        match code:
            case "LITERAL":
                return int(value)
            case "RANGE":
                return int(value[0]), int(value[1])
            case _:
                return _CATEGORIES[value.name]

    def _class(self, items: tuple[Item, ...], flags: int, *, negated: bool = False) -> Node:
        # a pattern names few classes, many times
        key = (items, flags, negated)
        node = self._classes.get(key)
        if node is None:
            ranges = class_ranges(items, ignore_case=bool(flags & _IGNORE_CASE), ascii_only=bool(flags & _ASCII))
            node = self._classes[key] = character_class(ranges, negated=negated)
        return node

    def _repeat(self, minimum: int, maximum: Any, body: Any, flags: int, *, lazy: bool) -> Node:
        bound = None if maximum == _parser.MAXREPEAT else int(maximum)
        if minimum > MAXIMUM_REPEAT or (bound is not None and bound > MAXIMUM_REPEAT):
            raise repeat_error(self._pattern, _longest_number(self._pattern))
        return repeat(self.sequence(body, flags), minimum, bound, lazy=lazy)

    def _at(self, where: str, flags: int) -> Node:
        if where in ("AT_BOUNDARY", "AT_NON_BOUNDARY"):
            word = class_ranges((r"\w",), ignore_case=False, ascii_only=bool(flags & re.ASCII))
            return word_boundary(word, negated=where == "AT_NON_BOUNDARY", empty_text=_EMPTY_TEXT_IS_NOT_BOUNDARY)
        if flags & re.MULTILINE and where in ("AT_BEGINNING", "AT_END"):
            raise self._unsupported("'^' or '$' under the flag m")
        if not self._whole:
            raise self._unsupported("an anchor in a terminal")
        return _ANCHORS[where]

    def _unsupported(self, what: str) -> UnsupportedError:
        return UnsupportedError(f"{what} is not implemented", span=self.find(_UNSUPPORTED[what]))

    def find(self, spelling: str) -> Span:
        """The place of the first piece of notation that looks like ``spelling``."""
        wanted = re.compile(spelling)
        places = (start for start, token in _tokens(self._pattern, self._verbose) if wanted.match(token))
        return text_span(self._pattern, next(places, 0))


def _tokens(pattern: str, verbose: bool) -> Iterable[tuple[int, str]]:
    position = 0
    while position < len(pattern):
        comment = _VERBOSE_COMMENT.match(pattern, position) if verbose else None
        token = comment or _TOKEN.match(pattern, position)
        if token is None:  # a backslash at the very end
            return
        if comment is None:
            yield position, token[0]
        position = token.end()


def _check_nesting(pattern: str, verbose: bool) -> None:
    if pattern.count("(") <= MAXIMUM_NESTING:
        return
    depth = 0
    for position, token in _tokens(pattern, verbose):
        if token[0] == "(" and not token.startswith("(?#"):
            depth += 1
            if depth > MAXIMUM_NESTING:
                raise nesting_error(pattern, position)
        elif token == ")":
            depth -= 1


def _longest_number(pattern: str) -> int:
    """Where the longest run of digits starts: the count that was too large."""
    return max(re.finditer(r"\d+", pattern), key=lambda run: len(run[0])).start()
