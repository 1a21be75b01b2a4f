"""From a tree to the engine's grammar: what is regular becomes terminals, the rest rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from constrain.compiler.grammar import Expression, Grammar, GrammarBuilder, Symbol
from constrain.compiler.notation.regular import Part, Regular
from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, RuleSet
from constrain.compiler.regex.ast import EMPTY
from constrain.compiler.regex.lower import lower

__all__ = ["grammar_of"]

_Sequence: TypeAlias = tuple[Symbol, ...]


def grammar_of(rules: RuleSet) -> Grammar:
    """The grammar of everything that the start rule reaches.

    Raises:
        UnsupportedError: a difference of what is not regular.
        LimitError: a difference of what is very large.
    """
    return _Builder(rules).build()


class _Builder:
    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._regular = Regular(rules)
        self._builder = GrammarBuilder()
        self._symbols: dict[str, Symbol] = {}
        self._pending: list[str] = []
        self._terminals: dict[Expression, Symbol] = {}
        self._groups: dict[tuple[_Sequence, ...], Symbol] = {}

    def build(self) -> Grammar:
        start = self._of_rule(self._rules.start)
        while self._pending:
            name = self._pending.pop()
            self._builder.define(self._symbols[name], self._alternatives(self._rules.rules[name].body, name))
        return self._builder.finish(start)

    def _of_rule(self, name: str) -> Symbol:
        if name not in self._symbols:
            part = self._regular.of_rule(name)
            if part is not None:
                self._symbols[name] = self._terminal(part, name)
            else:
                self._symbols[name] = self._builder.rule(name)
                self._pending.append(name)
        return self._symbols[name]

    def _alternatives(self, node: Node, rule: str) -> list[_Sequence]:
        """The alternatives of a part that is not regular; its depth is bounded by the readers."""
        match node:
            case Name(name):
                return [(self._of_rule(name),)]
            case Choice(alternatives):
                found: list[_Sequence] = []
                for items in alternatives:
                    if len(items) == 1 and self._inline(items[0]) is None:
                        found.extend(self._alternatives(items[0], rule))
                    else:
                        found.append(self._sequence(items, rule))
                return found
            case Repeat(part, minimum, maximum):
                inner = self._alternatives(part, rule) if self._inline(part) is None else [self._sequence([part], rule)]
                if (minimum, maximum) == (0, 1):
                    return [*inner, ()]
                return [(self._builder.repeat_symbol(self._single(inner, rule), minimum, maximum, name=rule),)]
            case Difference():
                return [(self._terminal(self._regular.difference(node), rule),)]
            case Lexeme(_, _, written):
                return [(self._terminal(_leaf(node), written),)]

    def _sequence(self, items: Sequence[Node], rule: str) -> _Sequence:
        """Items one after the other; neighbours without names of their own are one terminal."""
        symbols: list[Symbol] = []
        run: Part | None = None
        for item in items:
            part = self._inline(item)
            longer = None if run is None or part is None else self._regular.joined([run, part])
            if run is not None and longer is None:
                symbols.append(self._terminal(run, rule))
            run = longer or part
            if part is None:
                alternatives = self._alternatives(item, rule)
                symbols.extend(alternatives[0] if len(alternatives) == 1 else (self._single(alternatives, rule),))
        if run is not None:
            symbols.append(self._terminal(run, rule))
        return tuple(symbols)

    def _inline(self, item: Node) -> Part | None:
        """An item as part of a terminal; rules are terminals of their own, which others share."""
        return None if isinstance(item, Name) else self._regular.of(item)

    def _single(self, alternatives: list[_Sequence], rule: str) -> Symbol:
        if len(alternatives) == 1 and len(alternatives[0]) == 1:
            return alternatives[0][0]
        key = tuple(alternatives)
        if key not in self._groups:
            self._groups[key] = self._builder.choice(rule, alternatives)
        return self._groups[key]

    def _terminal(self, part: Part, name: str) -> Symbol:
        """One terminal for each language, by the name of the first."""
        if part.node is EMPTY:
            return self._single([()], name)
        expression = lower(part.node, self._builder)
        if expression not in self._terminals:
            self._terminals[expression] = self._builder.terminal(expression, name)
        return self._terminals[expression]


def _leaf(leaf: Lexeme) -> Part:
    return Part(leaf.node, 0, 0, 0, counted=False)
