"""Indentation as terminals: line ends whose blanks open and close blocks, as lark's ``PythonIndenter`` reads them.

After a line's end (``_NEWLINE``) the columns of the next line are compared with those of the blocks that are open: more
of them are an ``_INDENT``, fewer a ``_DEDENT`` for each block that ends, and must be those of a block. Inside brackets,
line ends are nothing. At the end of the text all blocks end.

A grammar can ask for what no text has: a block that begins without a line's end, one that ends in another rule. Such
grammars are refused, so that there is a way on from every place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from constrain.compiler.grammar import Grammar, GrammarBuilder, Symbol
from constrain.compiler.lark.contextual.matches import Matches
from constrain.compiler.lexing import Indenter
from constrain.compiler.regex.ast import CharacterClass, Complement, concat, intersection, repeat, union
from constrain.compiler.regex.emptiness import is_empty
from constrain.errors import GrammarError, UnsupportedError

__all__ = ["MARKS", "NEWLINE", "checked", "indenter_of", "mark"]

NEWLINE = "_NEWLINE"
MARKS = ("_INDENT", "_DEDENT")
_OPENING = ("LPAR", "LSQB", "LBRACE")
_CLOSING = ("RPAR", "RSQB", "RBRACE")


def mark(name: str, builder: GrammarBuilder) -> Symbol:
    """The terminal that a block begins or ends with. Its text is none that a lexer looks for."""
    return builder.terminal(builder.literal(b"\0"), name)


def indenter_of(symbols: Mapping[str, Symbol], newline: Matches | None) -> Indenter:
    """The terminals of indentation.

    Args:
        symbols: all terminals in use, by lark's names for them.
        newline: what the line's end matches, if the grammar defines it.

    Raises:
        GrammarError: there is no line's end.
        UnsupportedError: a line's end that cannot have any number of blanks behind it.
    """
    if newline is None:
        raise GrammarError(
            f"the indenter needs the terminal {NEWLINE}, which the grammar does not define",
            expected=r"a definition such as _NEWLINE: /(\r?\n[\t ]*)+/",
        )
    feed, blank = CharacterClass(((10, 10),)), CharacterClass(((32, 32),))
    taken = union([each.texts for each in newline.taken])
    if not is_empty(intersection([concat([feed, repeat(blank, 0, None)]), Complement(taken)])):
        raise UnsupportedError(
            f"{NEWLINE} does not match every line feed with blanks behind it, so that some blocks could not be written",
            expected=r"a pattern such as /(\r?\n[\t ]*)+/",
        )
    return Indenter(
        newline=symbols[NEWLINE],
        indent=symbols[MARKS[0]],
        dedent=symbols[MARKS[1]],
        opening=tuple(symbols[name] for name in _OPENING if name in symbols),
        closing=tuple(symbols[name] for name in _CLOSING if name in symbols),
    )


def checked(grammar: Grammar) -> Grammar:
    """The grammar, if the text's layout can be what its rules ask for.

    Raises:
        UnsupportedError: blocks or brackets that do not end in the alternative in which they begin, line ends or blocks
            inside brackets, a block that begins or ends elsewhere than after a line's end.
    """
    assert grammar.lexing is not None
    assert grammar.lexing.indenter is not None
    indenter = grammar.lexing.indenter
    names = {index: str(symbol[1]) for index, symbol in enumerate(grammar.symbols)}
    bodies = {index: symbol[2] for index, symbol in enumerate(grammar.symbols) if symbol[0] == "rule"}
    holds_lines = _reaching({indenter.newline, indenter.indent, indenter.dedent}, bodies)
    for rule, alternatives in bodies.items():
        for body in alternatives:
            problem = _nesting(body, indenter, holds_lines)
            if problem is not None:
                raise UnsupportedError(
                    f"in rule {names[rule]}, {problem}", expected="blocks and brackets that nest in each alternative"
                )
    neighbours = _Neighbours(grammar.start, bodies)
    for symbol, allowed in (
        (indenter.indent, {indenter.newline}),
        (indenter.dedent, {indenter.newline, indenter.dedent}),
    ):
        others = neighbours.before(symbol) - allowed
        if others:
            found = min(names.get(other, "the beginning of the text") for other in others)
            raise UnsupportedError(
                f"{names[symbol]} may come after {found}, where no line ends",
                expected=f"it right after {NEWLINE}",
            )
    return grammar


def _nesting(body: Iterable[int], indenter: Indenter, holds_lines: set[int]) -> str | None:
    """What is wrong with the blocks and brackets of an alternative."""
    open_: list[bool] = []
    for symbol in body:
        if symbol in holds_lines and True in open_:
            return "a line's end or a block stands in brackets"
        if symbol in indenter.opening or symbol == indenter.indent:
            open_.append(symbol != indenter.indent)
        elif (symbol in indenter.closing or symbol == indenter.dedent) and (
            not open_ or open_.pop() != (symbol != indenter.dedent)
        ):
            return "a block or bracket ends that does not begin there"
    return "a block or bracket begins that does not end there" if open_ else None


def _reaching(targets: set[int], bodies: Mapping[int, tuple[tuple[int, ...], ...]]) -> set[int]:
    """Symbols that are one of the targets, or rules with one in them."""
    found = set(targets)
    grown = True
    while grown:
        more = {rule for rule, each in bodies.items() if any(part in found for body in each for part in body)}
        grown = not more <= found
        found |= more
    return found


_BEGINNING = -1


class _Neighbours:
    """Which terminals may stand before others in texts of a grammar; only what is asked for is found out."""

    def __init__(self, start: int, bodies: Mapping[int, tuple[tuple[int, ...], ...]]) -> None:
        self._start = start
        self._bodies = bodies
        self._empty = _empty(bodies)
        self._places: dict[int, list[tuple[int, tuple[int, ...], int]]] = {}
        for rule, alternatives in bodies.items():
            for body in alternatives:
                for index, symbol in enumerate(body):
                    self._places.setdefault(symbol, []).append((rule, body, index))

    def before(self, symbol: int) -> set[int]:
        """The terminals that may stand right before a symbol; ``_BEGINNING``: it may be the first of all."""
        found: set[int] = set()
        ends: set[int] = set()
        seen = {symbol}
        pending = [symbol]
        while pending:
            asked = pending.pop()
            if asked == self._start:
                found.add(_BEGINNING)
            for rule, body, index in self._places.get(asked, ()):
                if self._backwards(body[:index], found, ends) and rule not in seen:
                    seen.add(rule)
                    pending.append(rule)
        pending.extend(ends)
        while pending:
            for body in self._bodies[pending.pop()]:
                more: set[int] = set()
                self._backwards(body, found, more)
                pending.extend(more - ends)
                ends |= more
        return found

    def _backwards(self, body: tuple[int, ...], terminals: set[int], rules: set[int]) -> bool:
        """Adds what may be last in a sequence; may it be empty?"""
        for symbol in reversed(body):
            if symbol not in self._bodies:
                terminals.add(symbol)
                return False
            rules.add(symbol)
            if symbol not in self._empty:
                return False
        return True


def _empty(bodies: Mapping[int, tuple[tuple[int, ...], ...]]) -> set[int]:
    """The rules that may have no text."""
    empty: set[int] = set()
    grown = True
    while grown:
        more = {
            rule for rule, each in bodies.items() if rule not in empty and any(empty.issuperset(body) for body in each)
        }
        grown = bool(more)
        empty |= more
    return empty
