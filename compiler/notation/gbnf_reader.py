r"""GBNF, the grammar notation of llama.cpp.

Its definition is ``llama_grammar_parser`` in llama.cpp's ``src/llama-grammar.cpp``. A rule ends with its line, but for
line ends in parentheses, after ``::=`` and after ``|``. What is refused here and not there: a rule defined twice (there
the last one counts), an empty class (there the empty text), a range that runs backwards (there it matches nothing).
Counts are exact however large they are, and left recursion is no mistake.
"""

from __future__ import annotations

import re

from constrain.compiler.grammar import Limits
from constrain.compiler.notation.scanner import Scanner
from constrain.compiler.notation.tree import Choice, Lexeme, Name, Node, Repeat, Rule
from constrain.compiler.regex.ast import ANY, character, character_class, concat

__all__ = ["read_gbnf"]

_SPACE = re.compile(r"(?:[ \t]+|#[^\r\n]*)+")
_SPACE_AND_LINES = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)+")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_TOKEN = re.compile(r"!?<(?:\[[0-9]+\]|[^>\r\n]*)>")
_LINE_END = re.compile(r"\r\n|\r|\n")
_PLAIN = re.compile(r'[^"\\]+')
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\", '"': '"', "[": "[", "]": "]", "-": "-"}


def read_gbnf(text: str, limits: Limits) -> list[Rule]:
    """The rules of a grammar, in order; names are not looked at.

    Raises:
        GrammarError: a syntax error, at its place.
        UnsupportedError: tokens of a vocabulary.
        LimitError: too many words and signs, brackets too deep, or a count too large.
    """
    return _Reader(text, limits).rules()


class _Reader:
    def __init__(self, text: str, limits: Limits) -> None:
        self._scanner = Scanner(text, limits)
        self._height = 0  # brackets and repetitions within each other, in what was read last

    def rules(self) -> list[Rule]:
        scanner = self._scanner
        rules: list[Rule] = []
        self._space(lines=True)
        while not scanner.ended:
            rules.append(self._rule())
            if not scanner.ended and scanner.took_match(_LINE_END) is None:
                scanner.unexpected("an item", "'|'", "a new line")
            self._space(lines=True)
        return rules

    def _rule(self) -> Rule:
        scanner = self._scanner
        at = scanner.at
        name = scanner.took_match(_NAME)
        if name is None:
            why = "a rule goes on in the next line after '|' or inside parentheses" if scanner.next_is("|") else None
            scanner.unexpected("a rule name", why=why)
        self._space(lines=False)
        scanner.expect("::=")
        self._space(lines=True)
        return Rule(name, self._choice(nested=False), at)

    def _choice(self, *, nested: bool) -> Choice:
        at = self._scanner.at
        alternatives = [self._sequence(nested=nested)]
        height = self._height
        while self._scanner.took("|"):
            self._space(lines=True)
            alternatives.append(self._sequence(nested=nested))
            height = max(height, self._height)
        self._height = height + 1
        return Choice(tuple(alternatives), at)

    def _sequence(self, *, nested: bool) -> tuple[Node, ...]:
        items: list[Node] = []
        height = self._height = 0
        while (item := self._item()) is not None:
            self._space(lines=nested)
            while (counts := self._scanner.counts(lambda: self._space(lines=nested))) is not None:
                item = Repeat(item, *counts, item.at)
                self._height += 1
                self._scanner.check_height(self._height)
                self._space(lines=nested)
            items.append(item)
            height, self._height = max(height, self._height), 0
        self._height = height
        if self._scanner.text[self._scanner.at : self._scanner.at + 1] in ("*", "+", "?", "{"):
            self._scanner.unexpected("an item", why="nothing stands here to be repeated")
        return tuple(items)

    def _item(self) -> Node | None:
        scanner = self._scanner
        at = scanner.at
        match scanner.text[at : at + 1]:
            case '"':
                return self._string()
            case "[":
                return self._class()
            case "(":
                scanner.took("(")
                scanner.enter()
                self._space(lines=True)
                choice = self._choice(nested=True)
                scanner.leave()
                return choice
            case ".":
                scanner.took(".")
                return Lexeme(ANY, at, ".")
            case "<" | "!":
                token = _TOKEN.match(scanner.text, at)
                if token is None:
                    scanner.refuse("'<' begins a token of the vocabulary", at, expected="<token> or <[number]>")
                scanner.unsupported(
                    f"the token {token[0]} of a vocabulary", at, expected="its text, as a string in double quotes"
                )
        name = scanner.took_match(_NAME)
        return None if name is None else Name(name, at)

    def _string(self) -> Lexeme:
        scanner = self._scanner
        begin = scanner.at
        scanner.took('"')
        characters: list[int] = []
        while not scanner.next_is('"'):
            at = scanner.at
            if scanner.ended:
                scanner.refuse("the string that begins here is not closed", begin, expected="'\"' at its end")
            if scanner.next_is("\\"):
                code_point = scanner.escaped(_ESCAPES)
                scanner.check_scalar(code_point, at)
                characters.append(code_point)
                scanner.count_characters(1, at)
            else:
                plain = _PLAIN.match(scanner.text, at)
                scanner.at = at if plain is None else plain.end()
                scanner.count_characters(scanner.at - at, at)
                characters.extend(map(ord, scanner.text[at : scanner.at]))
        scanner.passed('"')
        return Lexeme(concat([character(each) for each in characters]), begin, scanner.text[begin : scanner.at])

    def _class(self) -> Lexeme:
        scanner = self._scanner
        begin = scanner.at
        ranges, negated = scanner.class_ranges(lambda: self._member(begin))
        if not ranges:
            scanner.refuse("a class without characters", begin, expected="at least one, or '.' for any character")
        return Lexeme(character_class(ranges, negated=negated), begin, scanner.text[begin : scanner.at])

    def _member(self, begin: int) -> int:
        scanner = self._scanner
        if scanner.ended:
            scanner.refuse("the class that begins here is not closed", begin, expected="']' at its end")
        if scanner.next_is("\\"):
            return scanner.escaped(_ESCAPES)
        scanner.at += 1
        return ord(scanner.text[scanner.at - 1])

    def _space(self, *, lines: bool) -> None:
        match = (_SPACE_AND_LINES if lines else _SPACE).match(self._scanner.text, self._scanner.at)
        if match is not None:
            self._scanner.at = match.end()
