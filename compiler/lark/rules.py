"""Rules as symbols: alternatives stay alternatives, ``?`` and ``[]`` add an empty one, the others are repeats.

Every terminal is followed by whatever the grammar ignores, and the start rule is preceded by it; so ignored text may
stand anywhere between terminals and at both ends, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lark.grammar import NonTerminal, Terminal

from constrain.compiler.grammar import Grammar, GrammarBuilder, Symbol
from constrain.compiler.lark.loading import Definitions
from constrain.compiler.lark.source import Source
from constrain.compiler.lark.terminals import ignored_language, shown, terminal_language
from constrain.compiler.regex import lower

__all__ = ["grammar_of"]


def grammar_of(definitions: Definitions, source: Source, start: str) -> Grammar:
    """The grammar of everything that ``start`` reaches. Errors of :func:`~.terminals.terminal_language`."""
    return _Rules(definitions, source).build(start)


class _Rules:
    def __init__(self, definitions: Definitions, source: Source) -> None:
        self._definitions = definitions
        self._source = source
        self._builder = GrammarBuilder()
        self._rules: dict[str, Symbol] = {}
        self._terminals: dict[str, tuple[Symbol, ...]] = {}
        self._groups: dict[tuple[tuple[Symbol, ...], ...], Symbol] = {}
        self._pending: list[str] = []
        ignored = ignored_language(definitions, source)
        self._ignored: tuple[Symbol, ...] = ()
        if ignored is not None:
            self._ignored = (self._builder.terminal(lower(ignored, self._builder), "%ignore"),)

    def build(self, start: str) -> Grammar:
        symbol = self._rule(start)
        while self._pending:
            name = self._pending.pop()
            self._builder.define(self._rules[name], self._alternatives(self._definitions.rules[name], name))
        if self._ignored:
            symbol = self._builder.choice("%start", [(*self._ignored, symbol)])
        return self._builder.finish(symbol)

    def _rule(self, name: str) -> Symbol:
        if name not in self._rules:
            self._rules[name] = self._builder.rule(name)
            self._pending.append(name)
        return self._rules[name]

    def _terminal(self, name: str) -> tuple[Symbol, ...]:
        if name not in self._terminals:
            node = terminal_language(name, self._definitions, self._source)
            symbol = self._builder.terminal(lower(node, self._builder), shown(self._definitions.terminals[name]))
            self._terminals[name] = (symbol, *self._ignored)
        return self._terminals[name]

    def _alternatives(self, tree: Any, rule: str) -> list[tuple[Symbol, ...]]:
        """The alternatives of a subtree; its depth is bounded by the check on the source."""
        match tree:
            case Terminal():
                return [self._terminal(tree.name)]
            case NonTerminal():
                return [(self._rule(tree.name),)]
        match tree.data:
            case "expansions":
                alternatives: list[tuple[Symbol, ...]] = []
                for child in tree.children:
                    alternatives.extend(self._alternatives(child, rule))
                return alternatives
            case "alias":
                return self._alternatives(tree.children[0], rule)
            case "expansion":
                sequence: list[Symbol] = []
                for child in tree.children:
                    sequence.extend(self._one(self._alternatives(child, rule), rule))
                return [tuple(sequence)]
            case "maybe":
                return [*self._alternatives(tree.children[0], rule), ()]
            case "expr":
                return self._repetition(tree.children, rule)
            case other:
                raise ValueError(f"unknown part of a lark grammar: {other!r}")

    def _repetition(self, children: Sequence[Any], rule: str) -> list[tuple[Symbol, ...]]:
        inner, operator, *counts = children
        alternatives = self._alternatives(inner, rule)
        match str(operator):
            case "?":
                return [*alternatives, ()]
            case "*":
                minimum, maximum = 0, None
            case "+":
                minimum, maximum = 1, None
            case _:
                minimum, maximum = int(counts[0]), int(counts[-1])
        return [(self._builder.repeat_symbol(self._single(alternatives, rule), minimum, maximum, name=rule),)]

    def _one(self, alternatives: list[tuple[Symbol, ...]], rule: str) -> tuple[Symbol, ...]:
        """The alternatives as a sequence: itself if there is but one."""
        return alternatives[0] if len(alternatives) == 1 else (self._single(alternatives, rule),)

    def _single(self, alternatives: list[tuple[Symbol, ...]], rule: str) -> Symbol:
        """The alternatives as one symbol."""
        if len(alternatives) == 1 and len(alternatives[0]) == 1:
            return alternatives[0][0]
        key = tuple(alternatives)
        if key not in self._groups:
            self._groups[key] = self._builder.choice(rule, alternatives)
        return self._groups[key]
