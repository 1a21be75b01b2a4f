"""The terminals of a grammar as lark tells them apart: by name, and strings in rules by what they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from constrain.compiler.lark.definitions import Definition, declared_error
from constrain.compiler.lark.literals import Pattern

__all__ = ["NamedTerminal", "Names"]

# what lark calls them, see load_grammar.py there
_SIGNS = {
    ".": "DOT", ",": "COMMA", ":": "COLON", ";": "SEMICOLON", "+": "PLUS", "-": "MINUS", "*": "STAR", "/": "SLASH",
    "\\": "BACKSLASH", "|": "VBAR", "?": "QMARK", "!": "BANG", "@": "AT", "#": "HASH", "$": "DOLLAR", "%": "PERCENT",
    "^": "CIRCUMFLEX", "&": "AMPERSAND", "_": "UNDERSCORE", "<": "LESSTHAN", ">": "MORETHAN", "=": "EQUAL",
    '"': "DBLQUOTE", "'": "QUOTE", "`": "BACKQUOTE", "~": "TILDE", "(": "LPAR", ")": "RPAR", "{": "LBRACE",
    "}": "RBRACE", "[": "LSQB", "]": "RSQB", "\n": "NEWLINE", "\r\n": "CRLF", "\t": "TAB", " ": "SPACE",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class NamedTerminal:
    """One terminal.

    Attributes:
        name: lark's name for it; where all else is equal, scanners are tried in the order of these.
        definition: where it comes from.
        pattern: what it matches.
        priority: as written.
    """

    name: str
    definition: Definition
    pattern: Pattern
    priority: int


class Names:
    """Names for the terminals that rules use."""

    def __init__(self, defined: Iterable[tuple[Definition, Pattern]]) -> None:
        """Args: the terminals that have a name, in the grammar's order."""
        self._named: dict[Definition, NamedTerminal] = {}
        self._by_pattern: dict[tuple[str, frozenset[str], bool], NamedTerminal] = {}
        self._taken: set[str] = set()
        self._anonymous = 0
        for definition, pattern in defined:
            made = NamedTerminal(definition.name, definition, pattern, definition.priority)
            self._named[definition] = self._by_pattern[_key(pattern)] = made
            self._taken.add(made.name)

    def of(self, definition: Definition) -> NamedTerminal:
        """A terminal that has a name.

        Raises:
            UnsupportedError: it is declared only.
        """
        if definition not in self._named:
            raise declared_error(definition)
        return self._named[definition]

    def of_literal(self, definition: Definition, pattern: Pattern) -> NamedTerminal:
        """A string or regular expression in a rule: the terminal that is defined as just that, or one of its own."""
        known = self._by_pattern.get(_key(pattern))
        if known is None:
            name = self._name(pattern)
            self._taken.add(name)
            known = self._by_pattern[_key(pattern)] = NamedTerminal(name, definition, pattern, 0)
        return known

    def _name(self, pattern: Pattern) -> str:
        text = pattern.text
        if text is not None:
            name = _SIGNS.get(text)
            if name is None and text.isidentifier():
                name = text.upper()
            if name is not None and name not in self._taken:
                return name
        self._anonymous += 1
        return f"__ANON_{self._anonymous - 1}"


def _key(pattern: Pattern) -> tuple[str, frozenset[str], bool]:
    text = pattern.text
    return pattern.value if text is None else text, frozenset(pattern.flags), text is None
