"""Which terminals LALR(1) tables wait for in each state: as ``places``, but more exact where a grammar has such tables.

Without a conflict, a sequence of terminals leads to one state, and goes on with those alone that the state has actions
for; states know which rules they are in. lark makes the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lark.common import ParserConf
from lark.exceptions import GrammarError
from lark.grammar import NonTerminal, Rule, Terminal
from lark.parsers.lalr_analysis import LALR_Analyzer, Shift

from constrain.compiler.grammar import Symbol
from constrain.compiler.lark.contextual.backus_naur import Alternatives, BackusNaur
from constrain.compiler.notation.lint.places import key_of
from constrain.compiler.notation.tree import Choice, Difference, Name, Node, Repeat, RuleSet
from constrain.errors import LimitError

__all__ = ["awaited_by_tables"]

MAXIMUM_SYMBOLS = 5_000
"""Of all rules, multiplied out: lark needs about a millisecond for each."""


def awaited_by_tables(rules: RuleSet) -> list[frozenset[str]] | None:
    """Sets of terminals, by their names: each is awaited in one state. None: the grammar has conflicts, or is large."""
    try:
        shapes = _Shapes(rules)
    except LimitError:
        return None
    analyzer = LALR_Analyzer(ParserConf(shapes.rules, {}, ["start"]), debug=True, strict=True)
    try:
        analyzer.compute_lalr()
    except GrammarError:
        return None
    states = analyzer.parse_table.states
    entered = [analyzer.parse_table.start_states["start"]]
    entered += [to for actions in states.values() for name, (action, to) in actions.items() if action is Shift]
    awaited = {
        state: frozenset(shapes.names[each] for each in states[state] if each in shapes.names) for state in entered
    }
    return list(dict.fromkeys(awaited.values()))


class _Shapes:
    """The rules in lark's own form. What is said of them holds of a larger language, too: no difference is taken."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules: list[Rule] = []
        self.names: dict[str, str] = {}
        self._source = rules
        self._size = 0
        self._symbols: dict[str, Symbol] = {}
        self._written: list[Terminal | NonTerminal] = []
        self._repetitions = BackusNaur(self)
        start = self._named(rules.start)
        self._add("start", [(start,)])
        for name, rule in rules.rules.items():
            if not rule.is_terminal:
                self.define(self._named(name), self._alternatives(rule.body))

    # -- what BackusNaur asks for ------------------------------------------------------------------------------

    def rule(self, name: str) -> Symbol:
        """A new rule."""
        self._written.append(NonTerminal(f"r{len(self._written)}"))
        return Symbol(len(self._written) - 1)

    def define(self, rule: Symbol, alternatives: Iterable[Sequence[Symbol]]) -> Symbol:
        """Its alternatives."""
        self._add(self._written[rule].name, alternatives)
        return rule

    # ----------------------------------------------------------------------------------------------------------

    def _add(self, name: str, alternatives: Iterable[Sequence[Symbol]]) -> None:
        for index, body in enumerate(alternatives):
            self._size += 1 + len(body)
            if self._size > MAXIMUM_SYMBOLS:
                raise LimitError("the rules are too large for tables")
            self.rules.append(Rule(NonTerminal(name), [self._written[each] for each in body], index))

    def _named(self, name: str) -> Symbol:
        if name not in self._symbols:
            self._symbols[name] = self.rule(name)
        return self._symbols[name]

    def _terminal(self, name: str) -> Symbol:
        key = f"terminal {name}"
        if key not in self._symbols:
            written = Terminal(f"T{len(self._written)}")
            self.names[written.name] = name
            self._written.append(written)
            self._symbols[key] = Symbol(len(self._written) - 1)
        return self._symbols[key]

    def _alternatives(self, node: Node) -> Alternatives:
        terminal = key_of(self._source, node)
        if terminal is not None:
            return [(self._terminal(terminal),)]
        match node:
            case Name(name):
                return [(self._named(name),)]
            case Choice(choices):
                done: Alternatives = []
                for items in choices:
                    done.extend(self._repetitions.sequence([self._alternatives(item) for item in items]))
                return list(dict.fromkeys(done))
            case Repeat(part, minimum, maximum):
                return self._repetitions.repeated(self._alternatives(part), minimum, maximum, "repeated")
            case Difference(left):
                return self._alternatives(left)
            case _:
                raise ValueError(f"{node} is no part of a rule")
