"""What lark's lexer tries for each terminal, in its order, and what it then finds.

The order is that of ``BasicLexer`` (priority, the width of the pattern, its length, the name). A pattern finds what
``re.match`` does (:mod:`~.matches`). Strings that a pattern of the same priority matches are
left to it: where it finds one, that string's terminal is found (``_create_unless``).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from constrain.compiler.grammar import Expression, Symbol
from constrain.compiler.lark.contextual.matches import Matches, Taken, is_prefix_free, matches_of
from constrain.compiler.lark.contextual.names import NamedTerminal
from constrain.compiler.lark.ignored import at_most
from constrain.compiler.lark.terminals import Terminals, widths
from constrain.compiler.lexing import Lexing, Outcome, Reserved, Scanner
from constrain.compiler.regex import python_re
from constrain.compiler.regex.ast import (
    ANY,
    NOTHING,
    CharacterClass,
    Complement,
    Node,
    Ranges,
    character,
    concat,
    contains_lazy,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.emptiness import is_empty
from constrain.compiler.regex.lower import Lowering
from constrain.compiler.regex.membership import nullable
from constrain.compiler.regex.preference import first_characters, meets
from constrain.compiler.regex.python_properties import prepare
from constrain.errors import GrammarError, LimitError, RegexError, UnsupportedError

__all__ = ["alone", "expression_of", "found", "lexing_of", "shortened"]


def found(terminal: NamedTerminal, terminals: Terminals) -> Matches:
    """What a terminal's scanner finds.

    Raises:
        GrammarError: the terminal can be empty.
        RegexError: its pattern is not a regular expression of Python's.
        UnsupportedError: a construct that is not implemented, or preferences that no rule tells.
        LimitError: it is beyond one of the fixed bounds.
    """
    if terminal.pattern.plain:
        node = terminals.of(terminal.definition)
        return Matches((Taken(node, "any"),), node)
    ordered = None
    try:
        ordered = python_re.ordered(terminal.pattern.regexp)
        matches = matches_of(ordered)
    except (RegexError, UnsupportedError, LimitError) as error:
        # says where in the pattern the mistake is, if it is one in any lexer
        node = terminals.of(terminal.definition)
        if (ordered is None or not contains_lazy(ordered)) and is_prefix_free(node):
            return Matches((Taken(node, "any"),), node)
        raise type(error)(
            f"in terminal {terminal.name}: {error.message}",
            span=terminal.definition.origin.span,
            expected=error.expected,
        ) from None
    if nullable(matches.possible):
        raise GrammarError(
            f"terminal {terminal.name} matches the empty string",
            span=terminal.definition.origin.span,
            expected="at least one character",
        )
    return matches


def shortened(matches: Matches, most: int) -> Matches:
    """What is taken so far as it has at most so many characters; longer matches rule shorter ones out as ever."""
    taken = [each._replace(texts=at_most(each.texts, most)) for each in matches.taken]
    return matches._replace(taken=tuple(each for each in taken if not is_empty(each.texts)))


def alone(ignored: Mapping[NamedTerminal, Matches]) -> dict[NamedTerminal, Matches]:
    """The same, but that no comment comes behind another, with nothing but blanks between them.

    Blanks are what has no other characters than those that it may begin with; all else that is ignored are comments.
    """
    blanks: list[Node] = []
    comments: list[Node] = []
    for terminal, matches in ignored.items():
        begins = CharacterClass(tuple(_first_characters(terminal)))
        is_blank = is_empty(intersection([matches.possible, Complement(repeat(begins, 0, None))]))
        (blanks if is_blank else comments).append(matches.possible)
    if not comments:
        return dict(ignored)
    comment = concat([repeat(union(blanks), 0, None), union(comments)])
    return {
        terminal: _followed_by_no(comment, matches) if matches.possible in comments else matches
        for terminal, matches in ignored.items()
    }


def _followed_by_no(texts: Node, matches: Matches) -> Matches:
    """Where nothing is said of the text that follows yet."""
    taken = [
        each._replace(follow=texts) if each.follow is None and each.longer != "none unless followed" else each
        for each in matches.taken
    ]
    return matches._replace(taken=tuple(taken))


def lexing_of(
    used: Iterable[tuple[NamedTerminal, Symbol, Matches]], ignored: Sequence[NamedTerminal], lower: Lowering
) -> Lexing:
    """The scanners of terminals, with the symbols that they are."""
    known = sorted(used, key=lambda each: _order(each[0]))
    scanners = []
    symbols = {terminal: symbol for terminal, symbol, _ in known}
    strings = [(terminal, symbol, each) for terminal, symbol, each in known if terminal.pattern.text is not None]
    firsts = {(terminal.pattern.text or "")[:1] for terminal, _, _ in strings}
    begins_of = cache(_first_characters)
    for terminal, symbol, each in known:
        if each.ends_words:
            _check_words(terminal, each, ((other, begins_of(other)) for other, _, _ in known))
        reserved, hidden = [], []
        if terminal.pattern.text is None:
            begins = begins_of(terminal)
            beginning = {first for first in firsts if any(low <= ord(first) <= high for low, high in begins)}
            for string, of_string, language in strings:
                text = string.pattern.text or ""
                if string.priority == terminal.priority and text[:1] in beginning and _takes(terminal, each, text):
                    embedded = set(string.pattern.flags) <= set(terminal.pattern.flags)
                    # what is ignored stays so, but the string is not looked for by itself all the same
                    texts = texts_of(language) if terminal not in ignored and string not in ignored else NOTHING
                    if string in ignored and terminal not in ignored:
                        # lark knows only afterwards that it has found something ignored, which no rule takes
                        hidden.append(texts_of(language))
                    reserved.append(Reserved(lower(texts), of_string, embedded))
        outcomes = [
            Outcome(
                lower(intersection([taken.texts, Complement(union(hidden))]) if hidden else taken.texts),
                taken.longer,
                None if taken.follow is None else lower(taken.follow),
            )
            for taken in each.taken
        ]
        covers = None if each.covers is None else lower(each.covers)
        scanners.append(Scanner(symbol, lower(each.possible), tuple(outcomes), tuple(reserved), covers))
    return Lexing(True, tuple(scanners), tuple(symbols[terminal] for terminal in dict.fromkeys(ignored)))


def _check_words(terminal: NamedTerminal, matches: Matches, others: Iterable[tuple[NamedTerminal, Ranges]]) -> None:
    """A name is told from a keyword by its last character: nothing may go on with a word there."""
    for other, begins in others:
        if meets(begins, matches.ends_words):
            raise UnsupportedError(
                f"terminal {terminal.name} leaves out words that are no names where no word character follows, and "
                f"{other.name} may begin with one that is in no name; that is not implemented",
                span=terminal.definition.origin.span,
                expected="names of all word characters, or an assertion about those that names may have",
            )


def _order(terminal: NamedTerminal) -> tuple[int, int, int, str]:
    pattern = terminal.pattern
    text = pattern.text
    most = len(text) if text is not None else widths(pattern)[0]
    return -terminal.priority, -most, -len(pattern.value if text is None else text), terminal.name


def _first_characters(terminal: NamedTerminal) -> Ranges:
    """Characters with which a match may begin."""
    try:
        return first_characters(python_re.ordered(terminal.pattern.regexp))
    except (RegexError, UnsupportedError, LimitError):
        return ANY.ranges


def _takes(terminal: NamedTerminal, matches: Matches, text: str) -> bool:
    """Does a pattern find all of a text?"""
    pattern = terminal.pattern.regexp
    if prepare(pattern).properties:  # which re does not know
        whole = concat([character(ord(each)) for each in text])
        at_end = [taken for taken in matches.taken if taken.follow is None or not nullable(taken.follow)]
        return any(not is_empty(intersection([whole, taken.texts])) for taken in at_end)
    # asked of few texts only: to compile a pattern takes re longer than all else that is done with it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about spellings that a future Python may read otherwise
        match = re.match(pattern, text)
    return match is not None and match.end() == len(text)


def texts_of(matches: Matches) -> Node:
    """All texts that are taken."""
    return union([taken.texts for taken in matches.taken])


def expression_of(matches: Matches, lower: Lowering) -> Expression:
    """All texts of a terminal."""
    return lower(texts_of(matches))
