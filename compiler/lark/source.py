"""The text of a grammar as lark's grammar parser sees it, with the place of every name and literal.

Lark's own tree of definitions forgets positions; this one is read for its tokens only, so that every complaint about
the grammar can point into the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lark import Token
from lark.exceptions import GrammarError as LarkGrammarError
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from constrain.compiler.lark.internals import eval_escaping, explain_syntax_error, grammar_parser, literal_to_pattern
from constrain.compiler.regex import python_re
from constrain.errors import GrammarError, LimitError, RegexError, Span

__all__ = ["Import", "Source", "count_tokens", "read", "span_of"]

MAXIMUM_DEPTH = 300
"""Levels of the grammar's parse tree, three for each pair of parentheses."""

_TOKEN = re.compile(r"""//[^\n]* | "(?:\\.|[^"\\\n])*" | /(?:\\.|[^/\\\n])+/ | \w+ | \S""", re.VERBOSE)

_SPELLINGS = {
    "RULE": "a rule name",
    "TERMINAL": "a terminal name",
    "STRING": "a string",
    "REGEXP": "a regular expression",
    "NUMBER": "a number",
    "OP": "'?', '*' or '+'",
    "TILDE": "'~'",
    "_COLON": "':'",
    "_COMMA": "','",
    "_DOT": "'.'",
    "_DOTDOT": "'..'",
    "_OR": "'|'",
    "_NL": "a new line",
    "_NL_OR": "'|' on a new line",
    "_TO": "'->'",
    "_LPAR": "'('",
    "_RPAR": "')'",
    "_LBRA": "'['",
    "_RBRA": "']'",
    "_LBRACE": "'{'",
    "_RBRACE": "'}'",
    "_IGNORE": "%ignore",
    "_IMPORT": "%import",
    "_DECLARE": "%declare",
    "_OVERRIDE": "%override",
    "_EXTEND": "%extend",
    "RULE_MODIFIERS": "'?' or '!'",
    "$END": "the end of the grammar",
}


@dataclass(frozen=True, slots=True)
class Import:
    """One ``%import`` statement: which names, from where, and what they are called here."""

    path: tuple[Token, ...]
    originals: tuple[Token, ...]
    names: tuple[Token, ...]
    relative: bool


@dataclass(slots=True)
class Source:
    """Where things stand in a grammar's text.

    Attributes:
        definitions: for each defined name, its tokens in order (``%override`` and ``%extend`` included).
        uses: for each name used on a right-hand side, its first token.
        literals: strings and regular expressions, by the definition they stand in (None: ``%ignore``).
        imports: the ``%import`` statements.
        declared: names after ``%declare``.
        terminal_parts: for each terminal, the names used in it, each as often as it is used.
        terminal_lengths: for each terminal, the characters of its own literals and operators.
    """

    definitions: dict[str, list[Token]] = field(default_factory=dict)
    uses: dict[str, Token] = field(default_factory=dict)
    literals: list[tuple[str | None, Token]] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    declared: list[Token] = field(default_factory=list)
    terminal_parts: dict[str, list[str]] = field(default_factory=dict)
    terminal_lengths: dict[str, int] = field(default_factory=dict)

    def place(self, name: str) -> Span | None:
        """Where a name is defined or imported, else where it is used."""
        if name in self.definitions:
            return span_of(self.definitions[name][-1])
        for statement in self.imports:
            for token in statement.names:
                if str(token) == name:
                    return span_of(token)
        return span_of(self.uses[name]) if name in self.uses else None


def count_tokens(text: str, enough: int) -> int:
    """Roughly how many tokens a grammar has, counted no further than just past ``enough``."""
    return sum(1 for _ in islice(_TOKEN.finditer(text), enough + 1))


def span_of(token: Token) -> Span:
    """Line and column of a token."""
    return Span(token.line or 1, token.column or 1)


def read(text: str) -> Source:
    """Parse ``text`` with lark's grammar parser, and check what lark would only check without a place.

    Raises:
        GrammarError: a syntax error, a bad literal, range or repetition, at its place.
        RegexError: a regular expression that Python's ``re`` does not accept, at its place.
        LimitError: parentheses nest too deeply.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise GrammarError(
            "the grammar holds a lone surrogate", span=_span_at(text, error.start), expected="UTF-8 text"
        ) from None
    parser = grammar_parser()
    try:
        tree = parser.parse(text + "\n", "start")
    except UnexpectedInput as error:
        raise _syntax_error(error, text) from None
    source = Source()
    for statement in tree.children:
        _statement(source, statement)
    for _, token in source.literals:
        _check_literal(token)
    return source


def _statement(source: Source, statement: Any) -> None:
    match statement.data:
        case "rule":
            _, name, parameters, _, body = statement.children
            source.definitions.setdefault(str(name), []).append(name)
            known = set() if parameters is None else {str(token) for token in _tokens(parameters)}
            _body(source, str(name), body, known)
            if name.startswith("_"):
                _refuse_aliases(name, body)
        case "term":
            name = statement.children[0]
            source.definitions.setdefault(str(name), []).append(name)
            _body(source, str(name), statement.children[-1], set())
            _terminal(source, str(name), statement.children[-1])
        case "override" | "extend":
            _statement(source, statement.children[0])
        case "ignore":
            _body(source, None, statement.children[0], set())
            _terminal(source, "%ignore", statement.children[0])
        case "declare":
            source.declared.extend(_tokens(statement))
        case "import":
            path_node = statement.children[0]
            path = tuple(_tokens(path_node))
            names = tuple(_tokens(statement.children[1])) if len(statement.children) > 1 else ()
            if len(statement.children) > 1 and not isinstance(statement.children[1], Token):
                originals = names  # a list in parentheses
            else:
                path, originals = path[:-1], path[-1:]
            source.imports.append(Import(path, originals, names or originals, path_node.data == "import_rel"))


def _refuse_aliases(name: Token, body: Any) -> None:
    if any(tree.data == "alias" for tree, _ in _subtrees(body)):
        raise GrammarError(
            f"rule {name} is inlined (its name starts with an underscore) and cannot have an alias",
            span=span_of(name),
            expected="no '->' in this rule",
        )


def _terminal(source: Source, name: str, body: Any) -> None:
    parts = source.terminal_parts.setdefault(name, [])
    length = source.terminal_lengths.get(name, 0)
    for tree, _ in _subtrees(body):
        length += 4
        for token in tree.children:
            if isinstance(token, Token) and token.type == "TERMINAL":
                parts.append(str(token))
            elif isinstance(token, Token):
                length += len(token)
    source.terminal_lengths[name] = length


def _body(source: Source, owner: str | None, body: Any, parameters: set[str]) -> None:
    for tree, depth in _subtrees(body):
        if depth > MAXIMUM_DEPTH:
            raise LimitError(
                f"the grammar nests deeper than {MAXIMUM_DEPTH} levels",
                span=None if owner is None else span_of(source.definitions[owner][-1]),
                expected="a flatter rule; this limit is fixed",
            )
        match tree.data:
            case "terminal" | "nonterminal":
                (token,) = tree.children
                if str(token) not in parameters:
                    source.uses.setdefault(str(token), token)
            case "literal":
                source.literals.append((owner, tree.children[0]))
            case "range":
                for token in tree.children:
                    _check_range_end(token)
            case "expr" if len(tree.children) > 2:
                _check_counts(tree.children)


def _check_range_end(token: Token) -> None:
    text = str(token)
    try:
        single = text.endswith('"') and len(eval_escaping(text[1:-1])) == 1
    except (LarkGrammarError, ValueError):
        single = False
    if not single:
        raise GrammarError(
            f"{text} cannot be the end of a range", span=span_of(token), expected="a string of one character, no flags"
        )


def _check_counts(children: list[Any]) -> None:
    counts = [token for token in children if isinstance(token, Token) and token.type == "NUMBER"]
    if any(len(token) > 10 for token in counts):
        raise LimitError("a repetition count is too large", span=span_of(counts[0]), expected="at most 9 digits")
    numbers = [int(token) for token in counts]
    if numbers != sorted(numbers) or numbers[0] < 0:
        raise GrammarError(
            f"the repetition {'..'.join(counts)} has no meaning",
            span=span_of(counts[0]),
            expected="a count, or two in ascending order, from 0 up",
        )


def _check_literal(token: Token) -> None:
    try:
        pattern = literal_to_pattern(token)
    except (LarkGrammarError, ValueError, AssertionError) as error:
        reason = error.args[-1] if error.args else "bad escape"
        raise GrammarError(f"the literal {token} cannot be read: {reason}", span=span_of(token)) from None
    if token.type == "REGEXP":
        try:
            python_re.check(pattern.to_regexp())
        except RegexError as error:
            raise RegexError(
                f"in the regular expression {token}: {error.message}",
                span=place_in_literal(token, pattern.value, pattern.to_regexp(), error.span),
            ) from None


def place_in_literal(token: Token, value: str, spelling: str, inner: Span | None) -> Span:
    """The place in the grammar of a place in a regular expression, or of the expression if escapes moved it."""
    start = span_of(token)
    if inner is None or inner.line != 1 or not str(token).startswith(f"/{value}/"):
        return start
    offset = inner.column - 1 - spelling.find(value)
    return Span(start.line, start.column + 1 + max(offset, 0))


def _syntax_error(error: UnexpectedInput, text: str) -> GrammarError:
    span = Span(error.line, error.column) if error.line > 0 else _span_at(text, len(text))
    if isinstance(error, UnexpectedCharacters):
        return GrammarError(f"unexpected character {error.char!r} in the grammar", span=span)
    if isinstance(error, UnexpectedToken):
        names = sorted(_SPELLINGS.get(name, name) for name in error.accepts or error.expected)
        explained = explain_syntax_error(grammar_parser().parse, error)
        found = "end of line" if error.token.type == "_NL" else repr(str(error.token))
        message = f"unexpected {found} in the grammar" + (
            f": {explained[0].lower()}{explained[1:]}" if explained else ""
        )
        return GrammarError(message, span=span, expected=" or ".join(names))
    return GrammarError("the grammar ends too early", span=span)


def _span_at(text: str, position: int) -> Span:
    return Span(text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1) + 1)


def _subtrees(tree: Any) -> Iterator[tuple[Any, int]]:
    stack = [(tree, 1)]
    while stack:
        current, depth = stack.pop()
        yield current, depth
        stack.extend((child, depth + 1) for child in reversed(current.children) if not isinstance(child, Token | None))


def _tokens(tree: Any) -> list[Token]:
    if isinstance(tree, Token):
        return [tree]
    found: list[Token] = []
    for child in tree.children:
        if isinstance(child, Token):
            found.append(child)
        elif child is not None:
            found.extend(_tokens(child))
    return found
