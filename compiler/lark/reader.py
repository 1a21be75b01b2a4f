"""From the text of a grammar to its syntax tree: recursive descent over lark's syntax.

The syntax is that of ``lark.load_grammar``: ``TERMINALS`` and ``RULES`` there are its definition.
"""

from __future__ import annotations

from typing import Literal as OneOf
from typing import NoReturn

from constrain.compiler.data import UNITS, Unit
from constrain.compiler.grammar import Limits
from constrain.compiler.lark.syntax import (
    Body,
    Call,
    Choice,
    Data,
    Declare,
    Define,
    Ignore,
    Import,
    Leaf,
    Literal,
    Name,
    Node,
    Range,
    Repeat,
    Statement,
    Value,
)
from constrain.compiler.lark.tokens import Token, tokenise
from constrain.compiler.regex.ast import MAXIMUM_REPEAT, text_span
from constrain.errors import GrammarError, LimitError, Span

__all__ = ["MAXIMUM_DEPTH", "read"]

MAXIMUM_DEPTH = 100
"""Brackets within brackets. People write fewer than ten; the bound keeps every later pass off the end of its stack."""

MAXIMUM_DIGITS = 1_000
"""Digits of a priority. Priorities are compared and nothing else, so that they may be of any size."""

_NAMES = ("RULE", "TERMINAL")
_VALUES = frozenset(("RULE", "TERMINAL", "STRING", "REGEXP"))
_ITEMS = _VALUES | {"(", "["}
_REPEATS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}

_SPELLINGS = {
    "RULE": "a rule name",
    "TERMINAL": "a terminal name",
    "STRING": "a string",
    "REGEXP": "a regular expression",
    "NUMBER": "a number",
    "NEW_LINE": "a new line",
    "END": "the end of the grammar",
}
_UNCLOSED = {'"': "string", "/": "regular expression"}
"""What an unknown character begins, which would be known if it ended."""

_STATEMENTS = ("a rule name", "a terminal name", "%ignore", "%import", "%declare", "%override", "%extend")
_ITEM = "a name, a string, a regular expression, '(' or '['"


def read(text: str, limits: Limits, file: str | None = None) -> list[Statement]:
    """The statements of a grammar.

    Args:
        text: the grammar's.
        limits: how long it may be.
        file: what messages call the text, if it is not the constraint's own.

    Raises:
        GrammarError: a syntax error, or a repetition without meaning, at its place.
        LimitError: too many tokens, brackets too deep, or a count too large.
    """
    return _Reader(text, limits, file).statements()


class _Reader:
    def __init__(self, text: str, limits: Limits, file: str | None) -> None:
        self._text = text
        self._file = file
        self._tokens = iter(tokenise(text, limits))
        self._token = next(self._tokens)
        # of the body that is being read: what it defines (None: %ignore), what is in it, the brackets that are open
        self._owner: Name | None = None
        self._leaves: list[Leaf] = []
        self._depths: list[int] = []
        self._depth = 0
        self._open: list[Token] = []

    # -- statements --------------------------------------------------------------------------------------------

    def statements(self) -> list[Statement]:
        statements: list[Statement] = []
        while self._token.kind != "END":
            if self._took("NEW_LINE"):
                continue
            statement = self._statement()
            statements.append(statement)
            if self._token.kind != "NEW_LINE":
                more = [_ITEM, "'|'"] if isinstance(statement, Define | Ignore) else []
                self._fail(*more, "a new line")
        return statements

    def _statement(self) -> Statement:
        first = self._token
        if first.kind in ("RULE", "TERMINAL", "MODIFIERS"):
            return self._definition("define")
        if first.kind not in ("%override", "%extend", "%ignore", "%declare", "%import"):
            self._fail(*_STATEMENTS, why="a rule, a terminal or a % statement begins here")
        self._advance()
        match first.kind:
            case "%override":
                return self._definition("override")
            case "%extend":
                return self._definition("extend")
            case "%ignore":
                return Ignore(self._body(None), first.at)
            case "%import":
                return self._import()
            case _:
                names = [self._name()]
                while self._token.kind in _NAMES:
                    names.append(self._name())
                return Declare(tuple(names))

    def _definition(self, how: OneOf["define", "override", "extend"]) -> Define:
        modifiers = self._token
        name = self._name("RULE") if self._took("MODIFIERS") else self._name()
        if modifiers.kind == "MODIFIERS" and "?" in modifiers.text and name.text.startswith("_"):
            self._refuse(
                f"rule {name.text} is inlined (its name starts with an underscore) and cannot have the modifier '?'",
                name,
                expected="no '?'",
            )
        parameters: list[Name] = []
        if not name.is_terminal and self._took("{"):
            parameters.append(self._name("RULE"))
            while self._took(","):
                parameters.append(self._name("RULE"))
            self._expect("}")
        priority = self._number("a priority") if self._took(".") else 0
        if self._token.kind != ":":
            self._fail("':'", why=f"missing colon in the definition of {name.text}")
        self._advance()
        if name.is_terminal and self._token.kind in ("%choices", "%substring_of"):
            return Define(how, name, (), self._data(), priority)
        return Define(how, name, tuple(parameters), self._body(name), priority)

    def _data(self) -> Body:
        """What a terminal is taken from, as its whole body."""
        choices = self._took("%choices")
        if not choices:
            self._advance()
        file = self._expect("STRING")
        unit: Unit = "char"
        if not choices and self._token.kind == "RULE":
            known = {str(each): each for each in UNITS}
            if self._token.text not in known:
                self._fail(*(f"'{each}'" for each in UNITS))
            unit = known[self._token.text]
            self._advance()
        if self._token.kind not in ("NEW_LINE", "END"):
            self._fail("a new line", why="a terminal that is taken from a file is nothing else")
        leaf = Data("%choices" if choices else "%substring_of", Literal(file.text, file.at), unit)
        return Body(Choice(((leaf,),)), (leaf,))

    def _import(self) -> Import:
        relative = self._took(".")
        path = [self._name()]
        while self._took("."):
            path.append(self._name())
        if self._took("("):
            names = [self._name()]
            while self._took(","):
                names.append(self._name())
            self._expect(")")
            return Import(tuple(path), relative, tuple((name, name) for name in names))
        original = path[-1]
        alias = self._name() if self._took("->") else original
        return Import(tuple(path[:-1]), relative, ((original, alias),))

    # -- bodies ------------------------------------------------------------------------------------------------

    def _body(self, owner: Name | None) -> Body:
        self._owner = owner
        self._leaves = []
        self._depths = []
        return Body(self._choice(), tuple(self._leaves), tuple(self._depths))

    def _choice(self) -> Choice:
        alternatives = [self._sequence()]
        while self._took("|"):
            alternatives.append(self._sequence())
        return Choice(tuple(alternatives))

    def _sequence(self) -> tuple[Node, ...]:
        items: list[Node] = []
        first = len(self._leaves)
        while self._token.kind in _ITEMS:
            items.append(self._item())
        if self._token.kind == "->":
            self._alias()
            self._deepen(first)
        return tuple(items)

    def _item(self) -> Node:
        item: Node
        first = len(self._leaves)
        match self._token.kind:
            case "(":
                item = self._bracketed(")")
            case "[":
                item = Repeat(self._bracketed("]"), 0, 1)
                self._deepen(first)
            case _:
                item = self._value()
        if self._token.kind == "OPERATOR":
            minimum, maximum = _REPEATS[self._token.text]
            self._advance()
            self._deepen(first)
            return Repeat(item, minimum, maximum)
        if self._took("~"):
            self._deepen(first)
            return Repeat(item, *self._counts())
        return item

    def _bracketed(self, closing: str) -> Choice:
        self._enter()
        self._depth += 2  # the choice, and an alternative
        choice = self._choice()
        self._depth -= 2
        self._leave(closing)
        return choice

    def _deepen(self, first: int) -> None:
        """An alias, an operator and brackets are nodes of their own above what they belong to."""
        self._depths[first:] = [depth + 1 for depth in self._depths[first:]]

    def _value(self) -> Value:
        token = self._token
        if token.kind not in _VALUES:
            self._fail("a name", "a string", "a regular expression")
        self._advance()
        leaf: Leaf
        if token.kind in _NAMES:
            leaf = Name(token.text, token.at)
            if self._token.kind == "{" and token.kind == "RULE":
                self._enter()
                self._depth += 1
                arguments = [self._value()]
                while self._took(","):
                    arguments.append(self._value())
                self._depth -= 1
                self._leave("}")
                leaf = Call(leaf, tuple(arguments))
        else:
            leaf = Literal(token.text, token.at)
            if token.kind == "STRING" and self._took(".."):
                high = self._expect("STRING")
                leaf = Range(leaf, Literal(high.text, high.at))
        self._leaves.append(leaf)
        self._depths.append(self._depth)
        return leaf

    def _counts(self) -> tuple[int, int]:
        first = self._token
        minimum = maximum = self._number("a repetition count", MAXIMUM_REPEAT)
        written = first.text
        if self._took(".."):
            written = f"{written}..{self._token.text}"
            maximum = self._number("a repetition count", MAXIMUM_REPEAT)
        if not 0 <= minimum <= maximum:
            self._refuse(
                f"the repetition {written} has no meaning",
                first,
                expected="a count, or two in ascending order, from 0 up",
            )
        return minimum, maximum

    def _number(self, what: str, maximum: int | None = None) -> int:
        token = self._expect("NUMBER")
        # Python reads no number of more than a few thousand digits
        if len(token.text) > MAXIMUM_DIGITS or (maximum is not None and int(token.text) > maximum):
            most = f"{MAXIMUM_DIGITS} digits" if maximum is None else maximum
            raise LimitError(
                f"{what} is too large", span=self._span(token), expected=f"at most {most}; this limit is fixed"
            )
        return int(token.text)

    def _alias(self) -> None:
        """An alias names the tree of an alternative. There it is skipped; elsewhere lark has no use for it either."""
        owner = self._owner
        if owner is None or owner.is_terminal:
            where = "%ignore" if owner is None else f"terminal {owner.text}"
            self._refuse(f"Aliasing not allowed in {where}: only rules have '->'", owner or self._token)
        if owner.text.startswith("_"):
            self._refuse(
                f"rule {owner.text} is inlined (its name starts with an underscore) and cannot have an alias",
                owner,
                expected="no '->' in this rule",
            )
        if self._open:
            self._refuse("an alias inside brackets", self._token, expected="'->' at the end of a rule's alternative")
        self._advance()
        self._expect("RULE")

    # -- tokens ------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        self._token = next(self._tokens)

    def _took(self, kind: str) -> bool:
        if self._token.kind != kind:
            return False
        self._advance()
        return True

    def _expect(self, *kinds: str) -> Token:
        token = self._token
        if token.kind not in kinds:
            self._fail(*(_SPELLINGS.get(kind, f"'{kind}'") for kind in kinds))
        self._advance()
        return token

    def _name(self, *kinds: str) -> Name:
        """A name of one of the kinds; none given: of any."""
        token = self._expect(*(kinds or _NAMES))
        return Name(token.text, token.at)

    def _enter(self) -> None:
        self._open.append(self._token)
        if len(self._open) > MAXIMUM_DEPTH:
            raise LimitError(
                f"the grammar nests deeper than {MAXIMUM_DEPTH} levels",
                span=self._span(self._token),
                expected="a flatter rule; this limit is fixed",
            )
        self._advance()

    def _leave(self, closing: str) -> None:
        if self._token.kind != closing:
            bracket = self._open[-1]
            inside = "','" if bracket.kind == "{" else f"{_ITEM}, '|'"
            why = f"unclosed parenthesis, {bracket.text} at {self._span(bracket)}"
            self._fail(inside, f"'{closing}'", why=why if self._token.kind in ("NEW_LINE", "END") else None)
        self._open.pop()
        self._advance()

    # -- complaints --------------------------------------------------------------------------------------------

    def _fail(self, *expected: str, why: str | None = None) -> NoReturn:
        """The next token cannot stand where it does."""
        kind, text, _ = self._token
        found = {"NEW_LINE": "end of line", "END": "end of the grammar"}.get(kind, repr(text))
        if kind == "UNKNOWN" and text in _UNCLOSED:
            what = _UNCLOSED[text]
            self._refuse(f"the {what} that begins here is not closed", self._token, expected=f"'{text}' at its end")
        if kind == "UNKNOWN":
            found = f"character {text!r}"
        elif why is None:
            why = self._reason(kind)
        self._refuse(
            f"unexpected {found} in the grammar" + (f": {why}" if why else ""),
            self._token,
            expected=" or ".join(expected),
        )

    def _reason(self, kind: str) -> str | None:
        if kind in (")", "]", "}"):
            return "unmatched closing parenthesis"
        if kind in ("OPERATOR", "MODIFIERS", "~"):
            return "misplaced operator"
        if kind == ":":
            return "a definition begins on a line of its own"
        return None

    def _refuse(self, message: str, place: Token | Name, *, expected: str | None = None) -> NoReturn:
        raise GrammarError(message, span=self._span(place), expected=expected)

    def _span(self, place: Token | Name) -> Span:
        return text_span(self._text, place.at, self._file)
