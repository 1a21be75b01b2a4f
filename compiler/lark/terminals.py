"""Terminals as regular expressions of the engine.

A terminal is put together as lark does it: as text, so that ``/a|b/ "c"`` means ``a|bc``. It matches a piece of text
when Python's ``re.fullmatch`` does. What asks about the text after the piece is told apart from it
(:meth:`Terminals.endings`); what asks about the text before it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from constrain.compiler.data import DataFiles, TextSource
from constrain.compiler.lark.definitions import Definition, Definitions, Origin, Scope, declared_error
from constrain.compiler.lark.literals import Pattern
from constrain.compiler.lark.syntax import Body, Choice, Literal, Name, Node, Range, Repeat
from constrain.compiler.lark.taken import no_pattern_error, part_error, source_of
from constrain.compiler.regex import python_re
from constrain.compiler.regex.ast import Node as RegexNode
from constrain.compiler.regex.ast import character, concat
from constrain.compiler.regex.membership import nullable
from constrain.compiler.regex.trailing import Ending
from constrain.errors import GrammarError, LimitError, RegexError, Span, UnsupportedError

__all__ = ["MAXIMUM_TERMINAL_SIZE", "Terminals", "terminals_in", "widths"]

MAXIMUM_TERMINAL_SIZE = 200_000
"""Characters of all terminals of a grammar together, each with the terminals in it put in.

Forty terminals, each twice the next, are a text of a few hundred characters and a pattern of 2**40.
"""

_Read = TypeVar("_Read")

_QUANTIFIERS = {(0, 1): "?", (0, None): "*", (1, None): "+"}


class Terminals:
    """The languages of a grammar's terminals.

    Raises:
        GrammarError: a terminal contains itself, or is empty.
        LimitError: the terminals are too large.
    """

    def __init__(self, definitions: Definitions, data: DataFiles | None = None, *, ordered: bool = False) -> None:
        """What terminals are made of.

        Args:
            definitions: what names stand for.
            data: the files that terminals may be taken from.
            ordered: alternatives in the order in which lark's own lexers try them, joined as they join them.
        """
        self._data = data or DataFiles()
        self._taken: dict[Definition, TextSource] = {}
        self._ordered = ordered
        self._patterns: dict[Definition, Pattern] = {}
        self._size = 0
        for definition in (*definitions.scope.table.values(), *definitions.ignored):
            if definition.is_terminal and (definition.bodies or definition.given):
                self._put_together(definition)

    def taken(self, definition: Definition) -> TextSource | None:
        """What a terminal is taken from; None where it is a pattern."""
        return self._taken.get(definition)

    def of(self, definition: Definition) -> RegexNode:
        """The pieces of text that a terminal matches.

        Raises:
            GrammarError: the terminal matches the empty string, which lark does not allow.
            RegexError: its pattern is not a regular expression of Python's.
            UnsupportedError: a construct that is not implemented, at the literal it stands in; or the terminal is taken
                from a file.
            LimitError: it is beyond one of the fixed bounds.
        """
        node = self._checked(definition, _language)
        if nullable(node):
            raise self._nullable_error(definition)
        return node

    def endings(self, definition: Definition) -> Sequence[Ending]:
        """The pieces of text that a terminal matches, with what may follow each; errors as those of :meth:`of`."""
        found = self._checked(definition, _endings)
        if any(nullable(each.node) for each in found):
            raise self._nullable_error(definition)
        return found

    def pattern(self, definition: Definition) -> Pattern:
        """A terminal's regular expression.

        Raises:
            UnsupportedError: it is declared only.
        """
        if definition not in self._patterns:
            raise declared_error(definition)
        return self._patterns[definition]

    def literal(self, leaf: Literal | Range, scope: Scope, at: int) -> Definition:
        """A literal of a rule, as a terminal.

        Args:
            leaf: the literal.
            scope: of the text it stands in.
            at: where the rule is defined, or imported.
        """
        body = Body(Choice(((leaf,),)), (leaf,))
        definition = Definition(leaf.written, True, (), [(body, scope)], at, Origin(scope.source, leaf.at))
        self._patterns[definition] = scope.source.patterns.of(leaf)
        return definition

    # -- putting together --------------------------------------------------------------------------------------

    def _put_together(self, root: Definition) -> None:
        """Make the pattern of a terminal, after those of the terminals inside it."""
        stack = [root]
        begun: set[Definition] = set()
        while stack:
            definition = stack[-1]
            if definition in self._patterns:
                stack.pop()
                continue
            if not definition.bodies and definition.given is None:
                raise declared_error(definition)
            taken = source_of(definition, self._data)
            if taken is not None and self._ordered:
                raise no_pattern_error(definition, taken)
            if taken is not None:
                self._taken[definition] = taken
                self._patterns[definition] = Pattern("")  # asked for by nobody
                continue
            missing = [part for part in terminals_in(definition) if part not in self._patterns]
            if not missing:
                self._patterns[definition] = self._joined(definition)
                continue
            begun.add(definition)
            for part in missing:
                if part in begun:
                    raise GrammarError(
                        f"terminal {part.name} contains itself",
                        span=part.origin.span,
                        expected="a rule (lower case), where recursion is allowed",
                    )
            stack.extend(missing)

    def _joined(self, definition: Definition) -> Pattern:
        if definition.given is not None:
            return Pattern(definition.given)
        leaves = [(leaf, scope) for body, scope in definition.bodies for leaf in body.leaves]
        if not leaves:
            raise GrammarError(
                f"terminal {definition.name} is empty",
                span=definition.origin.span,
                expected="at least one character",
            )
        # before it is made, for it may be huge
        self._size += sum(len(self._part(leaf, scope).value) + 1 for leaf, scope in leaves)
        if self._size > MAXIMUM_TERMINAL_SIZE:
            raise LimitError(
                f"with the terminals inside it, terminal {definition.name} brings the grammar's patterns above "
                f"{MAXIMUM_TERMINAL_SIZE} characters",
                span=definition.origin.span,
                expected="rules (lower case) instead of terminals; this limit is fixed",
            )
        return self._either([self._part(body.choice, scope) for body, scope in definition.bodies])

    def _part(self, node: Node, scope: Scope) -> Pattern:
        match node:
            case Literal() | Range():
                return scope.source.patterns.of(node)
            case Name(text):
                part = scope.find(text)
                if part is not None and part in self._taken:
                    raise part_error(part, scope.source, node.at)
                if part is not None:
                    return self._patterns[part]
            case Choice(alternatives):
                return self._either([self._sequence(items, scope) for items in alternatives])
            case Repeat(part, minimum, maximum):
                count = f"{minimum}" if minimum == maximum else f"{minimum},{'' if maximum is None else maximum}"
                quantifier = _QUANTIFIERS.get((minimum, maximum), f"{{{count}}}")
                return Pattern(f"(?:{self._part(part, scope).regexp}){quantifier}")
        raise ValueError(f"{node} in a terminal")  # names and calls have been checked

    def _sequence(self, items: Sequence[Node], scope: Scope) -> Pattern:
        parts = [self._part(item, scope) for item in items]
        if len(parts) == 1:
            return parts[0]
        if not self._ordered and all(part.plain for part in parts):
            return Pattern("".join([part.value for part in parts]), plain=True)
        return Pattern("".join([part.regexp for part in parts]))

    def _either(self, patterns: Sequence[Pattern]) -> Pattern:
        if len(patterns) == 1:
            return patterns[0]
        if self._ordered:
            # the longest first, as far as that can be told: re takes the first that matches
            patterns = sorted(
                patterns, key=lambda pattern: (*(-width for width in widths(pattern)), -len(pattern.value))
            )
        return Pattern(f"(?:{'|'.join([each.regexp for each in patterns])})")

    def _checked(self, definition: Definition, read: Callable[[Pattern], _Read]) -> _Read:
        taken = self._taken.get(definition)
        if taken is not None:
            raise no_pattern_error(definition, taken)
        pattern = self._patterns.get(definition)
        if pattern is None:
            raise declared_error(definition)
        try:
            return read(pattern)
        except (RegexError, UnsupportedError, LimitError) as error:
            raise type(error)(
                f"in terminal {definition.name}: {error.message}",
                span=self._blame(definition, read),
                expected=error.expected,
            ) from None

    # -- blame -------------------------------------------------------------------------------------------------

    def _blame(self, definition: Definition, read: Callable[[Pattern], object]) -> Span:
        """The place of the first literal that is at fault by itself, else that of the definition."""
        stack = [definition]
        seen = {definition}
        while stack:
            current = stack.pop()
            for body, scope in current.bodies:
                for leaf in body.leaves:
                    if isinstance(leaf, Literal | Range):
                        patterns = scope.source.patterns
                        try:
                            read(patterns.of(leaf))
                        except (RegexError, UnsupportedError, LimitError) as error:
                            return patterns.place(leaf, error.span)
            inside = [part for part in terminals_in(current) if part not in seen]
            seen.update(inside)
            stack.extend(reversed(inside))
        return definition.origin.span

    def _nullable_error(self, definition: Definition) -> GrammarError:
        return GrammarError(
            f"terminal {definition.name} matches the empty string",
            span=self._nullable_place(definition),
            expected="at least one character",
        )

    def _nullable_place(self, definition: Definition) -> Span:
        leaves = [(leaf, scope) for body, scope in definition.bodies for leaf in body.leaves]
        if len(leaves) == 1:
            leaf, scope = leaves[0]
            if self._part(leaf, scope) == self._patterns[definition]:
                return scope.source.span(leaf.at)
        return definition.origin.span


def terminals_in(definition: Definition) -> Iterator[Definition]:
    """The terminals that are named in one."""
    for body, scope in definition.bodies:
        for leaf in body.leaves:
            if isinstance(leaf, Name):
                part = scope.find(leaf.text)
                if part is not None:
                    yield part


def widths(pattern: Pattern) -> tuple[int, int]:
    """The most and the fewest characters that ``re`` thinks a pattern can match."""
    if pattern.plain:
        return len(pattern.value), len(pattern.value)
    fewest, most = python_re.check(pattern.regexp).getwidth()
    return int(most), int(fewest)


def _language(pattern: Pattern) -> RegexNode:
    if pattern.plain:
        return concat([character(ord(each)) for each in pattern.value])
    return python_re.parse(pattern.regexp, whole=False)


def _endings(pattern: Pattern) -> Sequence[Ending]:
    try:
        return [Ending(_language(pattern))]
    except (UnsupportedError, LimitError) as error:
        if "cut" in error.message:
            raise
    return python_re.parse_endings(pattern.regexp)
