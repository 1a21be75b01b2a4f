r"""EBNF as xgrammar reads it, and as the W3C writes it (Extensible Markup Language 1.0, section 6).

xgrammar's definition is its ``cpp/grammar_parser.cc``. Both put a rule's name first on its line, and let the body go on
over line ends. They differ in what can stand in a body:

====================  ==================================  =============================================
                      xgrammar                            W3C
====================  ==================================  =============================================
comments              ``# ...``                           ``/* ... */``
characters            ``"\x41"``                          ``#x41``
strings               ``"..."`` with escapes              ``"..."`` and ``'...'`` without escapes
in classes            escapes                             ``#x41``
also                                                      ``A - B``; ``[7]`` before a rule's name
====================  ==================================  =============================================

A text that is a grammar in xgrammar's reading is taken for that; another one for the W3C's, if something in it is the
W3C's alone. To xgrammar a dash is a letter of names; so ``A - B`` and ``A -B`` are the W3C's where there is no rule
``-`` or ``-B``, while ``a-b`` is always a name in xgrammar's reading, and one in the W3C's if there is a rule ``a-b``.
``#x41``, which would be a comment to xgrammar, or members of a class, is always the W3C's character; and
what looks like an escape is refused in the W3C's reading.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from constrain.compiler.grammar import Limits
from constrain.compiler.notation.scanner import Scanner
from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, Rule
from constrain.compiler.regex.ast import character, character_class, concat
from constrain.errors import GrammarError

__all__ = ["MACROS", "read_ebnf"]

MACROS = ("TagDispatch", "Token", "ExcludeToken", "TokenTagDispatch", "Regex", "Substring")
"""Names that xgrammar keeps for itself; as are ``true`` and ``false``."""

_HASH_CHARACTER = re.compile(r"#x([0-9A-Fa-f]+)")
_DIGITS_OF_X = re.compile(r"[0-9A-Fa-f]")
_COMMENT = re.compile(r"#[^\r\n]*")
_W3C_CHARACTER = re.compile(r"#x[0-9A-Fa-f]+(?![0-9A-Za-z_])")
_ATTRIBUTES = re.compile(r"\[\s*([a-z_]+)[^\]\r\n]*\][ \t]*(?=::=)")
_PRODUCTION_NUMBER = re.compile(r"\[[0-9]+[A-Za-z]?\](?=\s*[A-Za-z_][A-Za-z0-9_.-]*\s*::=)")
_LIKE_ESCAPE = re.compile(r"\\[nrtxuU\\]")
_W3C_CONDITION = re.compile(r"\[\s*(?:wfc|vc|ns|nsc|xgc|gn)\s*:", re.IGNORECASE)
_DASHED_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_DASHED_RULE = re.compile(
    r"^[ \t]*(?:\[[0-9]+[A-Za-z]?\][ \t]*)?([A-Za-z_][A-Za-z0-9_.]*-[A-Za-z0-9_.-]*)\s*::=", re.MULTILINE
)
_HASH_IS_W3C = "#x and digits are the W3C's notation for a character"
_ESCAPES = {each: each for each in "\"'?\\/"} | dict(zip("abfnrtv0e", "\a\b\f\n\r\t\v\0\x1b", strict=True))


class _Dialect(NamedTuple):
    w3c: bool
    name: re.Pattern[str]
    space: re.Pattern[str]
    quotes: str
    string_escapes: dict[str, str]
    class_escapes: dict[str, str]


_XGRAMMAR = _Dialect(
    w3c=False,
    name=re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*"),
    space=re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)+"),
    quotes='"',
    string_escapes=_ESCAPES,
    class_escapes=_ESCAPES | {each: each for each in "^$\\.*+?()[]{}|/-"},
)
_W3C = _Dialect(
    w3c=True,
    name=re.compile(r"[A-Za-z_][A-Za-z0-9_.]*"),
    space=re.compile(r"(?:[ \t\r\n\xa0]+|/\*(?:[^*]|\*(?!/))*\*/)+"),
    quotes="\"'",
    string_escapes={},
    class_escapes={},
)


def read_ebnf(text: str, limits: Limits) -> list[Rule]:
    """The rules of a grammar, in order; names are not looked at.

    Raises:
        GrammarError: a syntax error, at its place, by the reading that gets further.
        UnsupportedError: options of rules, lookahead, macros.
        LimitError: too many words and signs, brackets too deep, or a count too large.
    """
    try:
        return _Reader(text, limits, _XGRAMMAR).rules()
    except GrammarError as error:
        not_xgrammar = error
    reader = _Reader(text, limits, _W3C)
    try:
        rules = reader.rules()
    except GrammarError as error:
        if reader.marked and _place(error) >= _place(not_xgrammar):
            raise
        raise not_xgrammar from None
    if not reader.marked:  # the same words and signs, but strings would mean something else
        raise not_xgrammar
    return rules


def _place(error: GrammarError) -> tuple[int, int]:
    return (0, 0) if error.span is None else (error.span.line, error.span.column)


class _Reader:
    """One reading of a text.

    Attributes:
        marked: something was read that only the W3C writes.
    """

    def __init__(self, text: str, limits: Limits, dialect: _Dialect) -> None:
        self._scanner = Scanner(text, limits)
        self._dialect = dialect
        self._first_on_line = True  # is what comes next?
        # names with dashes that are defined; and those that are used and may be dashes and names
        self._dashed = frozenset(_DASHED_RULE.findall(text)) if dialect.w3c else frozenset()
        self._after_dash: list[Name] = []
        self.marked = False

    def rules(self) -> list[Rule]:
        rules: list[Rule] = []
        self._space()
        while not self._scanner.ended:
            rules.append(self._rule())
        defined = {rule.name for rule in rules}
        for name in self._after_dash:
            if name.text not in defined:
                self._not_xgrammar(
                    "'-' after an item is the W3C's notation",
                    name.at,
                    "the W3C's notation everywhere (no escapes, /* ... */ for comments), or no '-'",
                )
        return rules

    # -- rules -------------------------------------------------------------------------------------------------

    def _rule(self) -> Rule:
        scanner = self._scanner
        if self._dialect.w3c and scanner.took_match(_PRODUCTION_NUMBER) is not None:
            self.marked = True
            self._space()
        at = scanner.at
        name = scanner.took_match(self._name_here(at))
        if name is None:
            scanner.unexpected("a rule name")
        if not self._dialect.w3c:
            self._check_name(name, at)
        self._space()
        scanner.expect("::=")
        self._space()
        body = self._choice()
        if not scanner.ended and not self._rule_begins():
            if scanner.next_is("(="):
                scanner.unsupported("the lookahead assertion (= ...)", scanner.at, expected="no assertion")
            scanner.unexpected("an item", "'|'", "a rule on a line of its own")
        return Rule(name, body, at)

    def _check_name(self, name: str, at: int) -> None:
        scanner = self._scanner
        if name in ("true", "false"):
            scanner.refuse(f"{name} cannot be the name of a rule", at, expected="another name")
        attributes = _ATTRIBUTES.match(scanner.text, scanner.at)
        if attributes is not None:
            scanner.unsupported(f"the option {attributes[1]} of the rule {name}", scanner.at, expected="no options")

    def _rule_begins(self) -> bool:
        """Is what comes next the beginning of a rule: a name, first on its line, before ``::=``?"""
        text, at = self._scanner.text, self._scanner.at
        if not self._first_on_line:
            return False
        if self._dialect.w3c and _PRODUCTION_NUMBER.match(text, at) is not None:
            return True
        name = self._name_here(at).match(text, at)
        if name is None:
            return False
        end = self._skipped(name.end())
        if text.startswith("::=", end):
            return True
        return not self._dialect.w3c and _ATTRIBUTES.match(text, name.end()) is not None

    def _name_here(self, at: int) -> re.Pattern[str]:
        """What a name at ``at`` is made of."""
        if self._dashed and (name := _DASHED_NAME.match(self._scanner.text, at)) and name[0] in self._dashed:
            return _DASHED_NAME
        return self._dialect.name

    # -- bodies ------------------------------------------------------------------------------------------------

    def _choice(self) -> Choice:
        at = self._scanner.at
        alternatives = [self._sequence()]
        while self._scanner.took("|"):
            self._space()
            alternatives.append(self._sequence())
        return Choice(tuple(alternatives), at)

    def _sequence(self) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._rule_begins() and (item := self._difference()) is not None:
            name = item.part if isinstance(item, Repeat) else item
            if items and isinstance(name, Name) and name.text.startswith("-"):
                self._after_dash.append(name)
            items.append(item)
        if not items:
            self._scanner.unexpected("an item", '"" for the empty text')
        return tuple(items)

    def _difference(self) -> Node | None:
        left = self._repeated()
        scanner = self._scanner
        removed: list[Node] = []
        while left is not None and self._dialect.w3c and scanner.took("-"):
            self.marked = True
            self._space()
            right = self._repeated()
            if right is None:
                scanner.unexpected("what to leave out")
            removed.append(right)
        if left is None or not removed:
            return left
        # a - b - c is a - (b | c), which does not nest
        right = removed[0] if len(removed) == 1 else Choice(tuple((node,) for node in removed), removed[0].at)
        return Difference(left, right, left.at)

    def _repeated(self) -> Node | None:
        item = self._item()
        if item is None:
            return None
        self._space()
        counts = self._scanner.counts(self._space)
        if counts is None:
            return item
        self._space()
        if self._scanner.text[self._scanner.at : self._scanner.at + 1] in ("*", "+", "?", "{"):
            self._scanner.unexpected("an item", "'|'", why="a repetition is repeated in parentheses, as in (a+)*")
        return Repeat(item, *counts, item.at)

    def _item(self) -> Node | None:
        scanner = self._scanner
        at = scanner.at
        sign = scanner.text[at : at + 1]
        if sign and sign in self._dialect.quotes:
            return self._string(sign)
        if sign == "[":
            return self._class()
        if sign == "(" and not (scanner.next_is("(=") and not self._dialect.w3c):
            return self._group()
        if sign == "#" and (hexadecimal := scanner.took_match(_HASH_CHARACTER)) is not None:
            self.marked = True
            code_point = scanner.code_point(hexadecimal[2:], at)
            scanner.check_scalar(code_point, at)
            return Lexeme(character(code_point), at, hexadecimal)
        name = scanner.took_match(self._name_here(at))
        if name is None:
            return None
        if not self._dialect.w3c and name in MACROS and scanner.next_is("("):
            scanner.unsupported(f"the macro {name}", at, expected="rules, strings and classes")
        return Name(name, at)

    def _group(self) -> Node:
        scanner = self._scanner
        at = scanner.at
        scanner.took("(")
        scanner.enter()
        self._space()
        choice = Choice(((),), at) if scanner.next_is(")") else self._choice()
        scanner.leave()
        return choice

    def _string(self, quote: str) -> Lexeme:
        scanner = self._scanner
        begin = scanner.at
        scanner.took(quote)
        self.marked = self.marked or quote == "'"
        characters: list[int] = []
        while not scanner.next_is(quote):
            at = scanner.at
            if scanner.ended or scanner.text[at] in "\r\n":
                scanner.refuse("the string that begins here is not closed", begin, expected=f"{quote} at its end")
            if scanner.next_is("\\") and self._dialect.string_escapes:
                code_point = scanner.escaped(self._dialect.string_escapes, long_x=True)
                scanner.check_scalar(code_point, at)
            else:
                if quote == '"' and self._dialect.w3c:
                    self._check_backslash()
                code_point = ord(scanner.text[at])
                scanner.at += 1
            characters.append(code_point)
            scanner.count_characters(1, at)
        scanner.passed(quote)
        return Lexeme(concat([character(each) for each in characters]), begin, scanner.text[begin : scanner.at])

    def _class(self) -> Lexeme:
        scanner = self._scanner
        begin = scanner.at
        if self._dialect.w3c and _W3C_CONDITION.match(scanner.text, begin) is not None:
            scanner.unsupported("a constraint in words", begin, expected="rules alone")
        ranges, negated = scanner.class_ranges(lambda: self._member(begin))
        if not ranges and (not negated or self._dialect.w3c):
            scanner.refuse("a class without characters", begin, expected="at least one")
        return Lexeme(character_class(ranges, negated=negated), begin, scanner.text[begin : scanner.at])

    def _member(self, begin: int) -> int:
        scanner = self._scanner
        at = scanner.at
        following = scanner.text[at : at + 1]
        if not following or following in "\r\n":
            scanner.refuse("the class that begins here is not closed", begin, expected="']' at its end")
        if following == "#" and scanner.text[at + 1 : at + 2] == "x":
            if self._dialect.w3c and (hexadecimal := scanner.took_match(_HASH_CHARACTER)) is not None:
                self.marked = True
                return scanner.code_point(hexadecimal[2:], at)
            if not self._dialect.w3c and _DIGITS_OF_X.match(scanner.text, at + 2):
                self._not_xgrammar(_HASH_IS_W3C, at, r"\x and digits for a character, or # after x")
        if self._dialect.w3c:
            self._check_backslash()
        if following == "\\" and self._dialect.class_escapes:
            if scanner.text[at + 1 : at + 2] in tuple("dDsSwW"):
                scanner.unsupported(
                    f"the class {scanner.text[at : at + 2]}", at, expected="its characters, such as [0-9]"
                )
            return scanner.escaped(self._dialect.class_escapes, long_x=True)
        scanner.at += 1
        return ord(following)

    def _check_backslash(self) -> None:
        """Refuse what looks like an escape, which the W3C does not have."""
        escape = _LIKE_ESCAPE.match(self._scanner.text, self._scanner.at)
        if escape is not None:
            self._scanner.refuse(
                f"{escape[0]} is an escape to xgrammar and a backslash to the W3C, whose EBNF the grammar is",
                self._scanner.at,
                expected="#xA and the like for a character, '\\' in single quotes for a backslash",
            )

    # -- spaces ------------------------------------------------------------------------------------------------

    def _space(self) -> None:
        """After each word and sign."""
        begin, self._scanner.at = self._scanner.at, self._skipped(self._scanner.at)
        skipped = self._scanner.text[begin : self._scanner.at]
        self.marked = self.marked or (self._dialect.w3c and "/*" in skipped)
        self._first_on_line = begin == 0 or "\n" in skipped or "\r" in skipped
        if not self._dialect.w3c and "#x" in skipped:
            for comment in _COMMENT.finditer(skipped):
                if _W3C_CHARACTER.match(comment[0]):
                    self._not_xgrammar(_HASH_IS_W3C, begin + comment.start(), "'# x' for a comment")

    def _skipped(self, at: int) -> int:
        match = self._dialect.space.match(self._scanner.text, at)
        return at if match is None else match.end()

    def _not_xgrammar(self, what: str, at: int, expected: str) -> NoReturn:
        self._scanner.refuse(f"{what}, and the grammar is xgrammar's in other places", at, expected=expected)
