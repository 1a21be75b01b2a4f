"""Definitions in, the engine's grammar out, for a contextual lexer."""

from __future__ import annotations

from dataclasses import replace

from constrain.compiler.grammar import Grammar, Symbol
from constrain.compiler.lark.contextual.backus_naur import BackusNaur
from constrain.compiler.lark.contextual.indentation import MARKS, NEWLINE, checked, indenter_of, mark
from constrain.compiler.lark.contextual.matches import Matches
from constrain.compiler.lark.contextual.names import NamedTerminal, Names
from constrain.compiler.lark.contextual.scanners import alone, expression_of, found, lexing_of, shortened
from constrain.compiler.lark.definitions import Definition, Definitions, Scope
from constrain.compiler.lark.rules import Context, Rules
from constrain.compiler.lark.syntax import Call, Choice, Literal, Name, Node, Range, Repeat
from constrain.compiler.lark.terminals import Terminals
from constrain.compiler.regex.lower import Lowering
from constrain.errors import GrammarError

__all__ = ["grammar_of"]


def grammar_of(
    definitions: Definitions, start: str, *, indented: bool = False, max_ignored: int | None = None
) -> Grammar:
    """The grammar of everything that ``start`` reaches, as lark reads it with ``parser="lalr", lexer="contextual"``.

    Args:
        definitions: what names stand for.
        start: a rule.
        indented: do the columns of lines open and close blocks, as with ``postlex=PythonIndenter()``?
        max_ignored: characters of what is ignored between two terminals, see :mod:`~..ignored`; None: any number.

    Raises:
        GrammarError: an ignored terminal in a rule; or a mistake in a template or terminal.
        UnsupportedError: a terminal whose matches cannot be told; blocks that no text can have.
        LimitError: the rules are too large once they are multiplied out, or templates make too many of them.
    """
    return _ContextualRules(definitions, indented, max_ignored).build(definitions.scope.table[start])


class _ContextualRules(Rules):
    """Rules without repetitions or groups, over terminals that are told apart by their names."""

    def __init__(self, definitions: Definitions, indented: bool, max_ignored: int | None) -> None:
        super().__init__(definitions, Terminals(definitions, ordered=True), max_ignored)
        self._indented = indented
        self._marks: dict[str, Symbol] = {}
        self._shapes = BackusNaur(self._builder)
        self._lower = Lowering(self._builder)
        table = definitions.scope.table.values()
        named = [each for each in table if each.is_terminal and (each.bodies or each.given)]
        self._names = Names((each, self._terminals.pattern(each)) for each in named)
        self._of_leaves: dict[int, NamedTerminal] = {}
        self._used: dict[NamedTerminal, tuple[Symbol, Matches]] = {}
        self._ignoring = [self._ignored_terminal(each) for each in definitions.ignored]
        self._narrowed: dict[NamedTerminal, Matches] = {}
        if max_ignored is not None:
            every = {terminal: found(terminal, self._terminals) for terminal in self._ignoring}
            self._narrowed = alone({one: shortened(matches, max_ignored) for one, matches in every.items()})

    def build(self, start: Definition) -> Grammar:
        """The grammar."""
        self._name_literals()
        symbol = self._define_rules(start)
        for terminal in self._ignoring:
            self._symbol(terminal)
        line_end = self._definitions.scope.table.get(NEWLINE)
        if self._indented and line_end is not None and line_end.is_terminal:
            self._symbol(self._names.of(line_end))  # it is looked for everywhere, even if no rule uses it
        used = [(terminal, *rest) for terminal, rest in self._used.items()]
        lexing = lexing_of(used, self._ignoring, self._lower)
        if self._indented:
            symbols = {terminal.name: symbol for terminal, symbol, _ in used}
            newline = next((matches for terminal, _, matches in used if terminal.name == NEWLINE), None)
            marks = {name: self._mark(name) for name in MARKS}
            lexing = replace(lexing, indenter=indenter_of(symbols | marks, newline))
        grammar = self._builder.finish(symbol, lexing)
        endless = endless_rule(grammar)
        if endless is not None:
            definition = self._definitions.scope.table.get(endless, start)
            raise GrammarError(
                f"no text is a {endless}: it always contains itself",
                span=definition.origin.span,
                expected="an alternative that ends",
            )
        return checked(grammar) if self._indented else grammar

    def _ignored_terminal(self, ignored: Definition) -> NamedTerminal:
        body, scope = ignored.bodies[0]
        leaf = body.leaves[0]
        if isinstance(leaf, Name) and body.choice == Choice(((leaf,),)):
            named = scope.find(leaf.text)
            if named is not None:
                return self._names.of(named)
        return NamedTerminal("__IGNORE", ignored, self._terminals.pattern(ignored), 0)

    def _alternatives(self, node: Node, context: Context) -> list[tuple[Symbol, ...]]:
        match node:
            case Choice(choices):
                done: list[tuple[Symbol, ...]] = []
                for items in choices:
                    done.extend(self._shapes.sequence([self._alternatives(item, context) for item in items]))
                return list(dict.fromkeys(done))
            case Repeat(part, minimum, maximum):
                inside = self._alternatives(part, context)
                return self._shapes.repeated(inside, minimum, maximum, context.definition.name)
            case _:
                return super()._alternatives(node, context)

    def _terminal(self, definition: Definition) -> tuple[Symbol, ...]:
        if self._indented and definition.name in MARKS and not definition.bodies and not definition.given:
            return (self._mark(definition.name),)
        return (self._in_rule(self._names.of(definition)),)

    def _mark(self, name: str) -> Symbol:
        if name not in self._marks:
            self._marks[name] = mark(name, self._builder)
        return self._marks[name]

    def _name_literals(self) -> None:
        """In lark's order: names decide what is tried first where all else is equal. Rules that aren't used count."""
        table = self._definitions.scope.table.values()
        # templates come last, in the order of their first use; the list grows
        named = dict.fromkeys(each for each in table if not each.is_terminal and not each.parameters)
        pending = list(named)
        for definition in pending:
            for body, scope in definition.bodies:
                places = sorted(range(len(body.leaves)), key=lambda place: -body.depths[place])
                for leaf in [body.leaves[place] for place in places]:
                    if isinstance(leaf, (Literal, Range)):
                        self._named_literal(leaf, scope, definition.at)
                    elif isinstance(leaf, Call):
                        template = scope.find(leaf.template.text)
                        if template is not None and template not in named:
                            named[template] = None
                            pending.append(template)

    def _named_literal(self, leaf: Literal | Range, scope: Scope, at: int) -> NamedTerminal:
        known = self._of_leaves.get(id(leaf))  # it stays where it is, in the tree of its rule
        if known is None:
            definition = self._terminals.literal(leaf, scope, at)
            pattern = self._terminals.pattern(definition)
            known = self._of_leaves[id(leaf)] = self._names.of_literal(definition, pattern)
        return known

    def _literal(self, leaf: Literal | Range, context: Context) -> tuple[Symbol, ...]:
        return (self._in_rule(self._named_literal(leaf, context.scope, context.definition.at)),)

    def _in_rule(self, terminal: NamedTerminal) -> Symbol:
        if terminal in self._ignoring:
            raise GrammarError(
                f"{terminal.name} is ignored wherever a contextual lexer finds it, so that no rule can ask for it",
                span=terminal.definition.origin.span,
                expected="a terminal of its own in the rule, or none in %ignore",
            )
        return self._symbol(terminal)

    def _symbol(self, terminal: NamedTerminal) -> Symbol:
        if terminal not in self._used:
            matches = self._narrowed.get(terminal) or found(terminal, self._terminals)
            expression = expression_of(matches, self._lower)
            self._used[terminal] = self._builder.terminal(expression, terminal.name), matches
        return self._used[terminal][0]


def endless_rule(grammar: Grammar) -> str | None:
    """The name of a rule that has no finite text; lark's tables hold such rules, and those of the engine do not."""
    waiting: dict[tuple[int, int], int] = {}
    uses: dict[int, list[tuple[int, int]]] = {}
    ends: list[int] = []
    for index, symbol in enumerate(grammar.symbols):
        if symbol[0] != "rule":
            ends.append(index)
            continue
        for number, body in enumerate(symbol[2]):
            waiting[index, number] = len(body)
            for part in body:
                uses.setdefault(part, []).append((index, number))
            if not body:
                ends.append(index)
    done: set[int] = set()
    while ends:
        index = ends.pop()
        if index in done:
            continue
        done.add(index)
        for place in uses.get(index, ()):
            waiting[place] -= 1
            if not waiting[place]:
                ends.append(place[0])
    return next((str(symbol[1]) for index, symbol in enumerate(grammar.symbols) if index not in done), None)
