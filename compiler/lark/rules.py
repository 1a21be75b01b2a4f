"""Rules as symbols: alternatives stay alternatives, ``?`` and ``[]`` add an empty one, the others are repeats.

Every terminal is followed by whatever the grammar ignores, and the start rule is preceded by it; so ignored text may
stand anywhere between terminals and at both ends, and nowhere else. A template is a rule for each list of arguments
that it is called with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from constrain.compiler.data import DataFiles
from constrain.compiler.grammar import Expression, Grammar, GrammarBuilder, Symbol
from constrain.compiler.lark.definitions import Definition, Definitions, Scope, declared_error
from constrain.compiler.lark.following import Lexeme, Way, multiplied
from constrain.compiler.lark.ignored import at_most
from constrain.compiler.lark.syntax import Call, Choice, Data, Literal, Name, Node, Range, Repeat
from constrain.compiler.lark.terminals import Terminals
from constrain.compiler.regex.ast import Look, repeat, union
from constrain.compiler.regex.trailing import Ending
from constrain.errors import GrammarError, LimitError

__all__ = ["MAXIMUM_TEMPLATE_INSTANCES", "Context", "Rules", "grammar_of"]

MAXIMUM_TEMPLATE_INSTANCES = 2_000
"""Rules made by templates; a template that calls itself with ever larger arguments makes them without end."""

_Sequence: TypeAlias = tuple[Symbol, ...]

_Argument: TypeAlias = Definition | _Sequence
"""What a template's parameter stands for: a rule or template by its definition, anything else by its symbols."""


class Context(NamedTuple):
    """Where a part of a rule stands.

    Attributes:
        definition: the rule.
        scope: of the names in the part.
        arguments: what the rule's parameters stand for.
    """

    definition: Definition
    scope: Scope
    arguments: Mapping[str, _Argument]


def grammar_of(definitions: Definitions, start: str, data: DataFiles, max_ignored: int | None = None) -> Grammar:
    """The grammar of everything that ``start`` reaches.

    Args:
        definitions: what names stand for.
        start: a rule.
        data: the files that terminals may be taken from.
        max_ignored: characters of what is ignored between two terminals, see :mod:`~.ignored`; None: any number.

    Raises:
        GrammarError: a template in place of a rule, or the other way round.
        LimitError: templates make too many rules.
        ConstraintError: errors of :class:`~.terminals.Terminals`.
    """
    return Rules(definitions, Terminals(definitions, data), max_ignored).build(definitions.scope.table[start])


class Rules:
    """Makes a grammar's symbols."""

    def __init__(self, definitions: Definitions, terminals: Terminals, max_ignored: int | None) -> None:
        self._definitions = definitions
        self._max_ignored = max_ignored
        self._terminals = terminals
        self._builder = GrammarBuilder()
        self._rules: dict[tuple[Definition, tuple[_Argument, ...]], Symbol] = {}
        self._pending: list[tuple[Symbol, Definition, tuple[_Argument, ...]]] = []
        self._instances = 0
        self._named: dict[Definition, _Sequence] = {}
        self._literals: dict[str, _Sequence] = {}
        self._lexemes: dict[tuple[tuple[Expression, tuple[Look, ...]], ...], _Sequence] = {}
        self._groups: dict[tuple[_Sequence, ...], Symbol] = {}
        self._ignored: _Sequence = ()
        self._ways: dict[Symbol, Lexeme] = {}

    def build(self, start: Definition) -> Grammar:
        """The grammar of everything that a rule reaches."""
        if self._definitions.ignored:
            self._ignored = (self._any_ignored([self._terminals.endings(each) for each in self._definitions.ignored]),)
        symbol = self._define_rules(start)
        if self._ignored:
            symbol = self._builder.choice("%start", [(*self._ignored, symbol)])
        grammar = self._builder.finish(symbol)
        if any(way.looks for lexeme in self._ways.values() for way in lexeme.ways):
            return multiplied(grammar, self._ways)
        return grammar

    def _any_ignored(self, ignored: Sequence[Sequence[Ending]]) -> Symbol:
        plain = union([ending.node for each in ignored for ending in each if not ending.looks])
        looking = [Way(ending.node, ending.looks) for each in ignored for ending in each if ending.looks]
        if not looking:
            return self._terminal_of("%ignore", (Way(at_most(repeat(plain, 0, None), self._max_ignored)),))
        one = self._terminal_of("%ignore", (Way(plain), *looking))
        return self._builder.repeat_symbol(one, 0, None, name="%ignore")

    def _define_rules(self, start: Definition) -> Symbol:
        symbol = self._rule(start)
        while self._pending:
            rule, definition, arguments = self._pending.pop()
            if not definition.bodies:
                raise declared_error(definition)
            bindings = dict(zip(definition.parameters, arguments, strict=True))
            alternatives: list[_Sequence] = []
            for body, scope in definition.bodies:
                alternatives.extend(self._alternatives(body.choice, Context(definition, scope, bindings)))
            self._builder.define(rule, alternatives)
        return symbol

    def _rule(self, definition: Definition, arguments: tuple[_Argument, ...] = ()) -> Symbol:
        known = self._rules.get((definition, arguments))
        if known is None:
            known = self._rules[definition, arguments] = self._builder.rule(definition.name)
            self._pending.append((known, definition, arguments))
        return known

    # -- parts of rules ----------------------------------------------------------------------------------------

    def _alternatives(self, node: Node, context: Context) -> list[_Sequence]:
        """The alternatives of a part; its depth is bounded by the reader."""
        match node:
            case Name():
                return [self._name(node, context)]
            case Literal() | Range():
                return [self._literal(node, context)]
            case Call():
                return [(self._call(node, context),)]
            case Choice(choices):
                alternatives: list[_Sequence] = []
                for items in choices:
                    if len(items) == 1:
                        alternatives.extend(self._alternatives(items[0], context))
                        continue
                    sequence: list[Symbol] = []
                    for item in items:
                        sequence.extend(self._one(self._alternatives(item, context), context))
                    alternatives.append(tuple(sequence))
                return alternatives
            case Repeat(part, 0, 1):
                return [*self._alternatives(part, context), ()]
            case Repeat(part, minimum, maximum):
                single = self._single(self._alternatives(part, context), context)
                return [(self._builder.repeat_symbol(single, minimum, maximum, name=context.definition.name),)]
            case Data():
                raise ValueError("what is taken from a file is a terminal")

    def _one(self, alternatives: list[_Sequence], context: Context) -> _Sequence:
        """The alternatives as a sequence: itself if there is but one."""
        return alternatives[0] if len(alternatives) == 1 else (self._single(alternatives, context),)

    def _single(self, alternatives: list[_Sequence], context: Context) -> Symbol:
        """The alternatives as one symbol."""
        if len(alternatives) == 1 and len(alternatives[0]) == 1:
            return alternatives[0][0]
        key = tuple(alternatives)
        if key not in self._groups:
            self._groups[key] = self._builder.choice(context.definition.name, alternatives)
        return self._groups[key]

    # -- names and templates -----------------------------------------------------------------------------------

    def _name(self, name: Name, context: Context) -> _Sequence:
        found = self._meaning(name, context)
        if not isinstance(found, Definition):
            return found
        if found.parameters:
            raise self._error(f"the template {name.text} is used without arguments", name, context)
        return (self._rule(found),)

    def _call(self, call: Call, context: Context) -> Symbol:
        template = self._meaning(call.template, context)
        if not isinstance(template, Definition) or len(template.parameters) != len(call.arguments):
            raise self._error(
                f"{call.template.text} is no template of {len(call.arguments)} parameters", call.template, context
            )
        arguments: list[_Argument] = []
        for argument in call.arguments:
            match argument:
                case Name():
                    arguments.append(self._meaning(argument, context))
                case Call():
                    arguments.append((self._call(argument, context),))
                case _:
                    arguments.append(self._literal(argument, context))
        known = len(self._rules)
        symbol = self._rule(template, tuple(arguments))
        self._instances += len(self._rules) - known
        if self._instances > MAXIMUM_TEMPLATE_INSTANCES:
            raise LimitError(
                f"the template {template.name} makes more than {MAXIMUM_TEMPLATE_INSTANCES} rules",
                span=template.origin.span,
                expected="a template that does not call itself with larger arguments",
            )
        return symbol

    def _meaning(self, name: Name, context: Context) -> _Argument:
        """What a name stands for: a rule or template by its definition, a terminal by its symbols."""
        if name.text in context.arguments:
            return context.arguments[name.text]
        definition = self._definitions.scope.table[context.scope.full_name(name.text)]
        if not definition.is_terminal:
            return definition
        if definition not in self._named:
            self._named[definition] = self._terminal(definition)
        return self._named[definition]

    def _error(self, message: str, name: Name, context: Context) -> GrammarError:
        return context.scope.source.error(message, name.at)

    # -- terminals ---------------------------------------------------------------------------------------------

    def _terminal(self, definition: Definition) -> _Sequence:
        taken = self._terminals.taken(definition)
        if taken is not None:
            return self._lexeme(definition.name, (Way(taken.expression),))
        return self._lexeme(
            definition.name, [Way(each.node, each.looks) for each in self._terminals.endings(definition)]
        )

    def _literal(self, leaf: Literal | Range, context: Context) -> _Sequence:
        known = self._literals.get(leaf.written)
        if known is None:
            definition = self._terminals.literal(leaf, context.scope, context.definition.at)
            ways = [Way(each.node, each.looks) for each in self._terminals.endings(definition)]
            known = self._literals[leaf.written] = self._lexeme(leaf.written, ways)
        return known

    def _lexeme(self, name: str, ways: Sequence[Way]) -> _Sequence:
        """A terminal and what may follow it; one for all terminals of the same language, by the name of the first."""
        key = tuple([(way.expression(self._builder), way.looks) for way in ways])
        if key not in self._lexemes:
            self._lexemes[key] = (self._terminal_of(name, ways), *self._ignored)
        return self._lexemes[key]

    def _terminal_of(self, name: str, ways: Sequence[Way]) -> Symbol:
        expressions = [way.expression(self._builder) for way in ways]
        whole = expressions[0] if len(expressions) == 1 else self._builder.union(expressions)
        symbol = self._builder.terminal(whole, name)
        self._ways[symbol] = Lexeme(name, tuple(ways))
        return symbol
