"""Lark grammars as trees: imports carried out, templates written out, terminals as regular expressions.

Everything that the front end for Lark refuses is refused here too; what trees alone depend on (aliases, priorities,
``?``, ``!``, ``_``) is left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from constrain.compiler.data import DataFiles
from constrain.compiler.grammar import Limits
from constrain.compiler.lark import syntax
from constrain.compiler.lark.checks import check
from constrain.compiler.lark.definitions import Definition, Definitions, Scope, declared_error, load
from constrain.compiler.lark.files import Files
from constrain.compiler.lark.header import Indenter, Lexer, read_header
from constrain.compiler.lark.reader import read
from constrain.compiler.lark.rules import MAXIMUM_TEMPLATE_INSTANCES
from constrain.compiler.lark.taken import no_pattern_error
from constrain.compiler.lark.terminals import Terminals, terminals_in
from constrain.compiler.notation.tree import Choice, Lexeme, Name, Node, Repeat, Rule, RuleSet, Unused
from constrain.compiler.regex.ast import ANY, repeat
from constrain.compiler.starts import no_start
from constrain.errors import GrammarError, LimitError, UnsupportedError

__all__ = ["read_lark"]

_Argument: TypeAlias = Definition | Name | Lexeme
"""What a template's parameter stands for: a rule or template by its definition, anything else by its use."""

_Key: TypeAlias = tuple[Definition, tuple[Definition | str, ...]]


class _Context(NamedTuple):
    definition: Definition
    scope: Scope
    arguments: Mapping[str, _Argument]


_MARKS = {"_INDENT": r"\x00", "_DEDENT": r"\x01"}
"""What stands for terminals of indentation, which have no text of their own."""


def read_lark(
    text: str,
    *,
    start: str | None,
    lexer: Lexer | None,
    indenter: Indenter | None,
    files: Files | None,
    terminals: Mapping[str, str] | None,
    data: Mapping[str, bytes | str] | None,
    limits: Limits,
) -> RuleSet:
    """The rules and terminals that the start reaches; templates as they are used.

    Raises:
        InputError: as for :func:`constrain.compiler.lark.build`.
    """
    header = read_header(text)
    if (indenter or header.indenter) is not None:
        terminals = _MARKS | dict(terminals or {})
    statements = read(text, limits)
    definitions = load(text, statements, files=files or Files.on_disk(), terminals=terminals, limits=limits)
    rules = RuleSet(text, {}, start or header.start, lexer=lexer or header.lexer)
    return _Reader(rules, definitions, DataFiles(data)).rule_set()


class _Reader:
    def __init__(self, result: RuleSet, definitions: Definitions, data: DataFiles) -> None:
        self._definitions = definitions
        check(definitions)
        self._terminals = Terminals(self._definitions, data)
        self._result = result
        self._instances: dict[_Key, str] = {}
        self._pending: deque[tuple[str, Definition, tuple[_Argument, ...]]] = deque()
        self._used: set[Definition] = set()

    def rule_set(self) -> RuleSet:
        result, definitions = self._result, self._definitions
        if result.start not in definitions.rules():
            raise no_start(result.start, definitions.rules())
        self._use(definitions.scope.table[result.start])
        while self._pending:
            self._add(*self._pending.popleft())
        result.ignored = tuple(self._leaf(each, each.at, "%ignore") for each in definitions.ignored)
        result.unused = tuple(_unused(definitions, self._used))
        return result

    def _use(self, definition: Definition) -> str:
        """The name of a rule or terminal, which is read too."""
        if definition not in self._used:
            self._used.add(definition)
            self._pending.append((definition.name, definition, ()))
        return definition.name

    def _add(self, name: str, definition: Definition, arguments: tuple[_Argument, ...]) -> None:
        if definition.is_terminal:
            taken = self._terminals.taken(definition)
            if taken is None:
                leaf = self._leaf(definition, definition.at, name)
            elif self._result.lexer == "contextual":
                raise no_pattern_error(definition, taken)
            else:
                leaf = self._sealed(definition.at, name)
                self._result.taken[leaf] = taken
            alone = Choice(((leaf,),), definition.at)
            self._result.rules[name] = Rule(name, alone, definition.at, is_terminal=True)
            return
        if not definition.bodies:
            raise declared_error(definition)
        bindings = dict(zip(definition.parameters, arguments, strict=True))
        alternatives: list[tuple[Node, ...]] = []
        for body, scope in definition.bodies:
            context = _Context(definition, scope, bindings)
            alternatives.extend(self._choice(body.choice, context).alternatives)
        self._result.rules[name] = Rule(name, Choice(tuple(alternatives), definition.at), definition.at)

    # -- parts of rules ----------------------------------------------------------------------------------------

    def _choice(self, choice: syntax.Choice, context: _Context) -> Choice:
        alternatives = tuple(tuple(self._node(item, context) for item in items) for items in choice.alternatives)
        return Choice(alternatives, next((items[0].at for items in alternatives if items), context.definition.at))

    def _node(self, node: syntax.Node, context: _Context) -> Node:
        match node:
            case syntax.Choice():
                return self._choice(node, context)
            case syntax.Repeat(inner, minimum, maximum):
                part = self._node(inner, context)
                return Repeat(part, minimum, maximum, part.at)
            case _:
                return self._value(node, context)

    def _value(self, leaf: syntax.Leaf, context: _Context) -> Name | Lexeme:
        at = leaf.at if context.scope is self._definitions.scope else context.definition.at
        match leaf:
            case syntax.Name():
                found = self._meaning(leaf, context)
                if not isinstance(found, Definition):
                    return found._replace(at=at)
                if found.parameters:
                    raise self._error(f"the template {leaf.text} is used without arguments", at)
                return Name(self._use(found), at)
            case syntax.Call():
                return Name(self._call(leaf, context, at), at)
            case syntax.Data():
                raise ValueError(f"{leaf.how} in a rule")  # the reader takes it in terminals alone
            case _:
                literal = self._terminals.literal(leaf, context.scope, context.definition.at)
                return self._leaf(literal, at, leaf.written)

    def _leaf(self, terminal: Definition, at: int, written: str) -> Lexeme:
        if not terminal.bodies and terminal.given is None:
            raise declared_error(terminal)
        try:
            return Lexeme(self._terminals.of(terminal), at, written)
        except UnsupportedError:
            # what follows a terminal's end is no part of a language of pieces
            if self._result.lexer == "complete":
                self._terminals.endings(terminal)  # a refusal, if it is one there, too
            return self._sealed(at, written)

    def _sealed(self, at: int, written: str) -> Lexeme:
        """A terminal whose node says nothing."""
        leaf = Lexeme(repeat(ANY, 1, None), at, written)
        self._result.sealed.append(leaf)
        return leaf

    def _call(self, call: syntax.Call, context: _Context, at: int) -> str:
        template = self._meaning(call.template, context)
        if not isinstance(template, Definition) or len(template.parameters) != len(call.arguments):
            message = f"{call.template.text} is no template of {len(call.arguments)} parameters"
            raise self._error(message, at)
        arguments = [
            self._meaning(each, context) if isinstance(each, syntax.Name) else self._value(each, context)
            for each in call.arguments
        ]
        key = (template, tuple(_known_by(each) for each in arguments))
        if key not in self._instances:
            if len(self._instances) >= MAXIMUM_TEMPLATE_INSTANCES:
                raise LimitError(
                    f"the template {template.name} makes more than {MAXIMUM_TEMPLATE_INSTANCES} rules",
                    span=template.origin.span,
                    expected="a template that does not call itself with larger arguments",
                )
            # a name that no grammar has: the writers find one that it may have
            self._instances[key] = f"{template.name}-{len(self._instances) + 1}"
            self._used.add(template)
            self._pending.append((self._instances[key], template, tuple(arguments)))
        return self._instances[key]

    def _meaning(self, name: syntax.Name, context: _Context) -> _Argument:
        """What a name stands for."""
        if name.text in context.arguments:
            return context.arguments[name.text]
        definition = self._definitions.scope.table[context.scope.full_name(name.text)]
        return Name(self._use(definition), name.at) if definition.is_terminal else definition

    def _error(self, message: str, at: int) -> GrammarError:
        return GrammarError(message, span=self._definitions.span(at))


def _unused(definitions: Definitions, used: set[Definition]) -> Iterator[Unused]:
    """What the grammar itself defines, or imports by name, and nothing that is reached uses."""
    own = definitions.scope.source
    imported = {alias.text for each in own.statements if isinstance(each, syntax.Import) for _, alias in each.names}
    reached = {*used, *definitions.ignored}
    pending = [each for each in reached if each.is_terminal]
    while pending:  # terminals in terminals
        for part in terminals_in(pending.pop()):
            if part not in reached:
                reached.add(part)
                pending.append(part)
    for definition in definitions.scope.table.values():
        if definition not in reached and (definition.origin.source is own or definition.name in imported):
            kind = "terminal" if definition.is_terminal else "template" if definition.parameters else "rule"
            yield Unused(kind, definition.name, definition.at)


def _known_by(argument: _Argument) -> Definition | str:
    match argument:
        case Definition():
            return argument
        case Name(text):
            return text
        case Lexeme(_, _, written):
            return written
