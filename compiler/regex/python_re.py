r"""Python's ``re`` notation, read by Python's own parser, so that the syntax is exactly that of the running Python.

A pattern must match the whole text (``re.fullmatch``). All flags of texts are exact, inline, scoped or not; ``\p{...}``
is read besides. A lazy quantifier has the language of its greedy form. A possessive quantifier or atomic group takes
texts away, exactly those that ``re`` would not match. Backreferences and conditional groups are refused: texts in which
a part must come again are no regular language.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from constrain.compiler.regex.ast import (
    ANY,
    MAXIMUM_NESTING,
    MAXIMUM_REPEAT,
    NOTHING,
    Anchor,
    Atomic,
    Look,
    Node,
    Repeat,
    Union,
    character,
    character_class,
    concat,
    contains,
    nesting_error,
    repeat,
    repeat_error,
    text_span,
    union,
)
from constrain.compiler.regex.atomic import atomic, without_idle_cuts
from constrain.compiler.regex.language import piece
from constrain.compiler.regex.language import whole as whole_text
from constrain.compiler.regex.lookaround import word_boundary
from constrain.compiler.regex.property_errors import no_property
from constrain.compiler.regex.python_classes import Item, class_ranges
from constrain.compiler.regex.python_properties import Prepared, prepare
from constrain.errors import LimitError, RegexError, Span, UnsupportedError

if TYPE_CHECKING:
    from constrain.compiler.regex.trailing import Ending

__all__ = ["check", "ordered", "parse", "parse_endings", "syntax_tree"]

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
_ANCHORS: dict[str, Node] = {
    "AT_BEGINNING": Anchor("begin"),
    "AT_BEGINNING_STRING": Anchor("begin"),
    "AT_END": Anchor("last_line_end"),
    "AT_END_STRING": Anchor("end"),
}
_LINE_ANCHORS: dict[str, Node] = {
    "AT_BEGINNING": Union((Anchor("begin"), Look(character(10), ahead=False, negative=False))),
    "AT_END": Union((Anchor("end"), Look(character(10), ahead=True, negative=False))),
}
_TYPE_FLAGS = re.ASCII | re.UNICODE | re.LOCALE
# as plain integers: operations on Python's flags take longer than all else that is done for a character
_IGNORE_CASE, _ASCII, _DOT_ALL = int(re.IGNORECASE), int(re.ASCII), int(re.DOTALL)
_EMPTY_TEXT_IS_NOT_BOUNDARY = re.fullmatch(r"\B", "") is not None  # since Python 3.14
_NOT_NEWLINE = character_class(((10, 10),), negated=True)

# Enough of the notation's lexical structure to find where a construct stands: the parse tree has no positions.
_TOKEN = re.compile(
    r"""\\. | \[\^?\]?(?:[^\]\\]|\\.)*\] | \(\?\#[^)]*\)
      | \(\?(?:<?[=!]|P=|\(|>) | (?:[*+?]|\{\d*,?\d*\})[+?] | .""",
    re.VERBOSE | re.DOTALL,
)
_ASSERTION = r"\(\?(?:<?[=!]|>)|\\[AbBZz]|[$^]|[*+?}][?+]"
_VERBOSE_COMMENT = re.compile(r"#[^\n]*")

_REPEATED_TEXT = "the texts in which a part comes again are no regular language"
# what is refused: its name, its spelling, and the reason
_UNSUPPORTED = {
    "backreference": ("a backreference", r"\\[1-9]|\(\?P=", _REPEATED_TEXT),
    "conditional": (
        "a conditional group (?(...)...)",
        r"\(\?\(",
        "which groups took part is not known to an automaton",
    ),
    "cut": (
        "an atomic group or possessive quantifier in a terminal",
        r"\(\?>|[*+?}]\+",
        "which text it takes depends on what follows the terminal",
    ),
    "anchor": ("an anchor in a terminal", r"[$^]|\\[AZz]", "a terminal stands amid other text"),
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
        LimitError: groups nest too deeply, a count is too large, or assertions need too large an automaton.
    """
    node, converter = _read(pattern, flags, whole=whole)
    try:
        return whole_text(node) if whole else piece(node)
    except (UnsupportedError, LimitError) as error:
        # the tree has no positions; the first assertion is where to look
        raise type(error)(error.message, span=converter.find(_ASSERTION), expected=error.expected) from None


@lru_cache(maxsize=2048)
def parse_endings(pattern: str, flags: int = 0) -> list[Ending]:
    """What ``pattern`` matches amid other text, and what may follow it; arguments and errors as those of :func:`parse`.

    Assertions about what comes before a match are refused.
    """
    from constrain.compiler.regex.trailing import endings

    node, converter = _read(pattern, flags, whole=False, anchors=True)
    try:
        return endings(node)
    except (UnsupportedError, LimitError) as error:
        raise type(error)(error.message, span=converter.find(_ASSERTION), expected=error.expected) from None


@lru_cache(maxsize=2048)
def ordered(pattern: str) -> Node:
    """The tree of a piece amid other text, in the order in which its matches are tried.

    Choices are as they are written, none of their alternatives joined, lazy quantifiers are marked, and assertions are
    left as they are. Errors as for :func:`parse`.
    """
    return _read(pattern, 0, whole=False, anchors=True, ordered=True)[0]


def syntax_tree(pattern: str, flags: int = 0) -> Node:
    """A pattern for a whole text, as it is written but for cuts that change nothing; errors as of :func:`parse`."""
    return _read(pattern, flags, whole=True)[0]


def _read(
    pattern: str, flags: int, *, whole: bool, anchors: bool = False, ordered: bool = False
) -> tuple[Node, _Converter]:
    prepared, tree = _tree(pattern, flags)
    converter = _Converter(pattern, prepared, tree.state.flags, whole=whole, anchors=anchors, ordered=ordered)
    node = without_idle_cuts(converter.sequence(tree, tree.state.flags), at_end=whole)
    if (anchors or ordered) and contains(node, Atomic):
        raise converter.unsupported("cut")
    return node, converter


def check(pattern: str, flags: int = 0) -> Any:
    """The parse tree of Python's own parser.

    Raises:
        RegexError: not a regular expression.
        LimitError: groups nest too deeply, or a count is too large.
    """
    return _tree(pattern, flags)[1]


@lru_cache(maxsize=512)  # it is asked for more than once: to check a pattern, for its width, for its language
def _tree(pattern: str, flags: int) -> tuple[Prepared, Any]:
    """A pattern as Python's parser is shown it, and what the parser makes of it."""
    prepared = prepare(pattern)
    _check_nesting(pattern, bool(flags & re.VERBOSE))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about spellings that a future Python may read otherwise
            return prepared, _parser.parse(prepared.text, flags)
    except re.error as error:
        position = prepared.place(error.pos or 0)
        span = text_span(pattern, position)
        if not prepared.is_property(error.pos) and pattern.startswith(("\\p", "\\P"), position):
            raise no_property(pattern, position) from None
        raise RegexError(prepared.message(error.msg), span=span) from None
    except (OverflowError, ValueError):
        # a count with thousands of digits isn't even read as a number
        raise repeat_error(pattern, _longest_number(pattern)) from None
    except RecursionError:
        raise nesting_error(pattern, 0) from None


class _Converter:
    """From CPython's parse tree to ours; its depth is bounded by the check on nesting."""

    def __init__(
        self,
        pattern: str,
        prepared: Prepared,
        flags: int,
        *,
        whole: bool,
        anchors: bool = False,
        ordered: bool = False,
    ) -> None:
        self._pattern = pattern
        self._properties = prepared.properties
        # does the order matter in which alternatives are tried? It does in an atomic group.
        self._ordered = ordered
        self._whole = whole
        self._anchors = whole or anchors
        self._verbose = bool(flags & re.VERBOSE)

    def sequence(self, items: Iterable[tuple[Any, Any]], flags: int) -> Node:
        flags = int(flags)
        parts: list[Node] = []
        for code, value in items:
            parts.append(self._item(code.name, value, flags))
        return concat(parts)

    def _item(self, code: str, value: Any, flags: int) -> Node:
        match code:
            case "LITERAL":
                return self._class((self._member(code, value),), flags)
            case "NOT_LITERAL":
                return self._class((self._member("LITERAL", value),), flags, negated=True)
            case "ANY":
                return ANY if flags & _DOT_ALL else _NOT_NEWLINE
            case "IN":
                members = [self._member(op.name, argument) for op, argument in value if op.name != "NEGATE"]
                return self._class(tuple(members), flags, negated=len(members) < len(value))
            case "BRANCH":
                alternatives: list[Node] = []
                for branch in value[1]:
                    alternatives.append(self.sequence(branch, flags))
                return Union(tuple(alternatives)) if self._ordered else union(alternatives)
            case "SUBPATTERN":
                _, added, removed, body = value
                if added & _TYPE_FLAGS:
                    flags &= ~_TYPE_FLAGS
                return self.sequence(body, (flags | added) & ~removed)
            case "MAX_REPEAT" | "MIN_REPEAT":
                minimum, maximum, body = value
                # for a match of the whole text, lazy is greedy
                lazy = code == "MIN_REPEAT" and (self._ordered or not self._whole)
                return self._repeat(int(minimum), maximum, body, flags, lazy=lazy)
            case "POSSESSIVE_REPEAT":
                # in re (not in regex), no turn gives back what it took either
                return self._cut(lambda: self._repeat(int(value[0]), value[1], value[2], flags, cut=True))
            case "ATOMIC_GROUP":
                return self._cut(lambda: self.sequence(value, flags))
            case "AT":
                return self._at(value.name, flags)
            case "ASSERT" | "ASSERT_NOT":
                direction, body = value
                if direction < 0:
                    self._check_width(body)
                outside, self._ordered = self._ordered, False
                inside = self.sequence(body, flags)
                self._ordered = outside
                return Look(inside, ahead=direction > 0, negative=code == "ASSERT_NOT")
            case "FAILURE":
                return NOTHING
            case "GROUPREF":
                raise self.unsupported("backreference")
            case "GROUPREF_EXISTS":
                raise self.unsupported("conditional")
            case _:
                raise UnsupportedError(f"{code} is not implemented", span=Span(1, 1))

    def _cut(self, convert: Callable[[], Node]) -> Node:
        outside, self._ordered = self._ordered, True
        inside = convert()
        self._ordered = outside
        return atomic(inside)

    def _check_width(self, body: Any) -> None:
        # Python's parser takes it, and its compiler does not
        shortest, longest = body.getwidth()
        if shortest != longest:
            raise RegexError("look-behind requires fixed-width pattern", span=self.find(r"\(\?<[=!]"))

    def _member(self, code: str, value: Any) -> Item:
        match code:
            case "LITERAL":
                return self._properties.get(int(value), int(value))
            case "RANGE":
                low, high = int(value[0]), int(value[1])
                if low in self._properties or high in self._properties:
                    raise RegexError("a Unicode property is no end of a range", span=self.find(r"\[.*\\[pP]"))
                return low, high
            case _:
                return _CATEGORIES[value.name]

    def _class(self, items: tuple[Item, ...], flags: int, *, negated: bool = False) -> Node:
        return _class_of(items, bool(flags & _IGNORE_CASE), bool(flags & _ASCII), negated)

    def _repeat(
        self, minimum: int, maximum: Any, body: Any, flags: int, *, lazy: bool = False, cut: bool = False
    ) -> Node:
        bound = None if maximum == _parser.MAXREPEAT else int(maximum)
        if minimum > MAXIMUM_REPEAT or (bound is not None and bound > MAXIMUM_REPEAT):
            raise repeat_error(self._pattern, _longest_number(self._pattern))
        part = self.sequence(body, flags)
        if cut:
            part = atomic(part)
        if self._ordered and bound != 0:
            return Repeat(part, minimum, bound, lazy)
        return repeat(part, minimum, bound, lazy=lazy)

    def _at(self, where: str, flags: int) -> Node:
        if where in ("AT_BOUNDARY", "AT_NON_BOUNDARY"):
            word = class_ranges((r"\w",), ignore_case=False, ascii_only=bool(flags & re.ASCII))
            return word_boundary(word, negated=where == "AT_NON_BOUNDARY", empty_text=_EMPTY_TEXT_IS_NOT_BOUNDARY)
        if not self._anchors:
            raise self.unsupported("anchor")
        if flags & re.MULTILINE and where in _LINE_ANCHORS:
            return _LINE_ANCHORS[where]
        return _ANCHORS[where]

    def unsupported(self, what: str) -> UnsupportedError:
        """The refusal of a kind of notation, at the first place where it stands."""
        name, spelling, reason = _UNSUPPORTED[what]
        return UnsupportedError(f"{name} is not supported: {reason}", span=self.find(spelling))

    def find(self, spelling: str) -> Span:
        """The place of the first piece of notation that looks like ``spelling``."""
        wanted = re.compile(spelling)
        places = (start for start, token in _tokens(self._pattern, self._verbose) if wanted.match(token))
        return text_span(self._pattern, next(places, 0))


@lru_cache(maxsize=4096)  # patterns name few classes, many times
def _class_of(items: tuple[Item, ...], ignore_case: bool, ascii_only: bool, negated: bool) -> Node:
    return character_class(class_ranges(items, ignore_case=ignore_case, ascii_only=ascii_only), negated=negated)


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
