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
    before = _before(grammar.start, bodies)
    for symbol, allowed in (
        (indenter.indent, {indenter.newline}),
        (indenter.dedent, {indenter.newline, indenter.dedent}),
    ):
        others = before.get(symbol, set()) - allowed
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


def _before(start: int, bodies: Mapping[int, tuple[tuple[int, ...], ...]]) -> dict[int, set[int]]:
    """The terminals that may stand right before each symbol; ``_BEGINNING``: it may be the first of all."""
    empty: set[int] = set()
    last: dict[int, set[int]] = {rule: set() for rule in bodies}
    before: dict[int, set[int]] = {start: {_BEGINNING}}
    grown = True
    while grown:
        grown = False
        for rule, alternatives in bodies.items():
            for body in alternatives:
                ends = set(before.get(rule, ()))
                inside: set[int] = set()
                all_empty = True
                for symbol in body:
                    here = before.setdefault(symbol, set())
                    reaching = inside | (ends if all_empty else set())
                    grown = grown or not reaching <= here
                    here |= reaching
                    if symbol not in bodies:
                        inside, all_empty = {symbol}, False
                    elif symbol in empty:
                        inside = inside | last[symbol]
                    else:
                        inside, all_empty = set(last[symbol]), False
                grown = grown or not inside <= last[rule] or (all_empty and rule not in empty)
                last[rule] |= inside
                if all_empty:
                    empty.add(rule)
    return before
