"""From statements to what each name stands for: imports, ``%override`` and ``%extend`` carried out, as lark does it.

The names of an imported grammar are prefixed with its path, except those that are imported by name. Rules find each
other by these names, so that ``%override`` of an imported rule changes the rules that came with it. Terminals are put
in by value where they are used, so those of an imported grammar find each other in there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from constrain.compiler.grammar import Limits
from constrain.compiler.lark.files import GRAMMAR, Files
from constrain.compiler.lark.imports import Imports
from constrain.compiler.lark.literals import Patterns
from constrain.compiler.lark.source import Source
from constrain.compiler.lark.syntax import Body, Call, Declare, Define, Ignore, Import, Name, Statement
from constrain.compiler.regex import python_re
from constrain.errors import GrammarError, InputError, Span, UnsupportedError

__all__ = ["Definition", "Definitions", "Origin", "Scope", "declared_error", "load"]

_NO_FILES = Files.on_disk()
_DEFAULT_LIMITS = Limits()


@dataclass(slots=True, eq=False)
class Scope:
    """The names of one text.

    Attributes:
        source: the text.
        table: what each name stands for, by its full name.
        prefix: put in front of names; empty for the grammar itself.
        aliases: names that have another full name.
        outer: the scope of the text that imports this one.
    """

    source: Source
    table: dict[str, Definition] = field(default_factory=dict)
    prefix: str = ""
    aliases: dict[str, str] = field(default_factory=dict)
    outer: Scope | None = None

    def full_name(self, name: str) -> str:
        """What the grammar itself calls ``name``."""
        if self.outer is None:
            return name
        if name in self.aliases:
            name = self.aliases[name]
        elif name.startswith("_"):
            name = f"_{self.prefix}__{name[1:]}"
        else:
            name = f"{self.prefix}__{name}"
        return self.outer.full_name(name)

    def find(self, name: str) -> Definition | None:
        """What ``name`` stands for."""
        return self.table.get(self.full_name(name))


class Origin(NamedTuple):
    """Where a definition is written: a text, and an index in it."""

    source: Source
    at: int

    @property
    def span(self) -> Span:
        """Line and column."""
        return self.source.span(self.at)


@dataclass(slots=True, eq=False)
class Definition:
    """A rule, template or terminal.

    Attributes:
        name: its full name.
        is_terminal: is it a terminal?
        parameters: of a template.
        bodies: its alternatives, each with the scope of its names; none after ``%declare``.
        at: where in the grammar it is defined, or imported.
        origin: where it is written.
        priority: as written where it was defined or overridden; ``%extend`` leaves it.
        given: of a declared terminal, the regular expression that it was given from outside.
    """

    name: str
    is_terminal: bool
    parameters: tuple[str, ...]
    bodies: list[tuple[Body, Scope]]
    at: int
    origin: Origin
    priority: int = 0
    given: str | None = None


@dataclass(slots=True, eq=False)
class Definitions:
    """What a grammar's names stand for.

    Attributes:
        scope: its names.
        ignored: terminals made of the bodies of ``%ignore``.
    """

    scope: Scope
    ignored: list[Definition] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The grammar's."""
        return self.scope.source.text

    @property
    def patterns(self) -> Patterns:
        """Of the literals in the grammar's own text."""
        return self.scope.source.patterns

    def span(self, at: int) -> Span:
        """Line and column of an index in the text."""
        return self.scope.source.span(at)

    def rules(self) -> list[str]:
        """Names of the rules that are no templates."""
        return [name for name, each in self.scope.table.items() if not each.is_terminal and not each.parameters]


def load(
    text: str,
    statements: Sequence[Statement],
    *,
    files: Files = _NO_FILES,
    terminals: Mapping[str, str] | None = None,
    limits: Limits = _DEFAULT_LIMITS,
) -> Definitions:
    """What the names that ``statements`` define stand for; those they use are not looked at.

    Args:
        text: the grammar.
        statements: read from it.
        files: what it may import besides lark's own grammars.
        terminals: regular expressions of terminals that ``%declare`` leaves open, by full name.
        limits: how long grammars may be.

    Raises:
        GrammarError: a doubly defined name, one that is not there to be changed or imported, a file that is missing, a
            cycle of imports; a regular expression for a terminal that is not declared.
        RegexError: a terminal is given what is no regular expression.
        UnsupportedError: an import relative to the grammar's file, where it is a text without one.
        LimitError: too many imports, or too long ones.
    """
    scope = Scope(Source(text, statements, location=GRAMMAR))
    definitions = Definitions(scope)
    _Loader(definitions, Imports(files, limits)).load(scope, None)
    for name, expression in (terminals or {}).items():
        _give(scope, name, expression)
    return definitions


class _Loader:
    def __init__(self, definitions: Definitions, imports: Imports) -> None:
        self._definitions = definitions
        self._imports = imports

    def load(self, scope: Scope, imported_at: int | None) -> None:
        """Fill ``scope`` from its text.

        Args:
            scope: the scope.
            imported_at: the place of the import in the grammar; None for the grammar itself.
        """
        source = scope.source
        for group in _groups(source):
            self._import(group, scope, imported_at)
        for statement in source.statements:
            match statement:
                case Define(how, name, parameters, body):
                    made = _definition(scope, name, [(body, scope)], imported_at)
                    made.parameters = tuple(parameter.text for parameter in parameters)
                    made.priority = statement.priority
                    if how == "extend":
                        _extend(made, scope)
                    else:
                        _define(made, scope, override=how == "override")
                case Declare(names):
                    for name in names:
                        _define(_definition(scope, name, [], imported_at), scope)
                case Ignore(body, at) if imported_at is None:
                    origin = Origin(source, at)
                    self._definitions.ignored.append(Definition("%ignore", True, (), [(body, scope)], at, origin))

    def _import(self, group: Sequence[Import], scope: Scope, imported_at: int | None) -> None:
        """Take the named definitions of another grammar, and the rules that these use."""
        wanted = {original.text: alias.text for statement in group for original, alias in statement.names}
        first = group[0].at
        at = first if imported_at is None else imported_at
        path = [name.text for name in group[0].path]
        with self._imports.of(group[0], scope.source) as source:
            inner = Scope(source, prefix="__".join(path), aliases=wanted, outer=scope)
            self.load(inner, at)
        for statement in group:
            for original, alias in statement.names:
                found = inner.find(original.text)
                if found is None:
                    raise scope.source.error(
                        f"%import: the grammar {'.'.join(path)} does not define {original.text}", original.at
                    )
                found.at = alias.at if imported_at is None else imported_at
        for definition in _reached([inner.full_name(original) for original in wanted], inner.table):
            if definition.name in scope.table:
                aliases = [alias for statement in group for _, alias in statement.names]
                place = next((alias.at for alias in aliases if alias.text == definition.name), first)
                raise scope.source.error(f"Cannot import '{definition.name}': it is defined already", place)
            scope.table[definition.name] = definition


def _groups(source: Source) -> list[list[Import]]:
    """The imports of a text, those from one grammar together."""
    groups: dict[tuple[str, ...], list[Import]] = {}
    for statement in source.statements:
        if isinstance(statement, Import):
            group = groups.setdefault(tuple(name.text for name in statement.path), [])
            group.append(statement)
            if statement.relative != group[0].relative:
                name = ".".join(part.text for part in statement.path)
                raise source.error(
                    f"%import of both {name} and .{name}: their names would be the same",
                    statement.at,
                    expected="one of them",
                )
    return list(groups.values())


def _definition(scope: Scope, name: Name, bodies: list[tuple[Body, Scope]], imported_at: int | None) -> Definition:
    at = name.at if imported_at is None else imported_at
    origin = Origin(scope.source, name.at)
    return Definition(scope.full_name(name.text), name.is_terminal, (), bodies, at, origin)


def _define(made: Definition, scope: Scope, *, override: bool = False) -> None:
    kind = "terminal" if made.is_terminal else "rule"
    if override and made.name not in scope.table:
        raise scope.source.error(f"Cannot override a nonexisting {kind} {made.name}", made.origin.at)
    if not override and made.name in scope.table:
        raise scope.source.error(f"{kind.capitalize()} '{made.name}' defined more than once", made.origin.at)
    scope.table[made.name] = made


def _extend(made: Definition, scope: Scope) -> None:
    kind = "terminal" if made.is_terminal else "rule"
    known = scope.table.get(made.name)
    if known is None or known.is_terminal != made.is_terminal or not known.bodies:
        raise scope.source.error(f"Can't extend {kind} {made.name} as it wasn't defined before", made.origin.at)
    if known.parameters != made.parameters:
        raise scope.source.error(f"Cannot extend {kind} with different parameters: {made.name}", made.origin.at)
    known.bodies.extend(made.bodies)


def _give(scope: Scope, name: str, expression: str) -> None:
    """Let a declared terminal match a regular expression."""
    definition = scope.table.get(name)
    open_names = [each.name for each in scope.table.values() if each.is_terminal and not each.bodies]
    if definition is None or definition.name not in open_names:
        raise GrammarError(
            f"a pattern is given for {name}, which the grammar does not declare",
            expected=f"one of {', '.join(open_names)}" if open_names else "%declare, which this grammar does not have",
        )
    try:
        python_re.check(expression)
    except InputError as error:
        span = error.span and Span(error.span.line, error.span.column, f"the pattern for {name}")
        raise type(error)(error.message, span=span, expected=error.expected) from None
    definition.given = expression


def _reached(names: Iterable[str], table: dict[str, Definition]) -> list[Definition]:
    """The definitions of ``names`` and of all that rules among them use; terminals are put in by value."""
    reached: dict[str, Definition] = {}
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in reached or name not in table:
            continue
        definition = reached[name] = table[name]
        if not definition.is_terminal:
            for body, scope in definition.bodies:
                for leaf in body.leaves:
                    if isinstance(leaf, Name | Call):
                        used = leaf.text if isinstance(leaf, Name) else leaf.template.text
                        pending.append(scope.full_name(used))
    return list(reached.values())


def declared_error(definition: Definition) -> UnsupportedError:
    """The refusal of a name that only ``%declare`` speaks of, where it is used."""
    kind = "terminal" if definition.is_terminal else "rule"
    expected = f"a definition of the {kind}"
    if definition.is_terminal:
        expected = f"a regular expression for it, terminals={{{definition.name!r}: ...}}, or {expected}"
    return UnsupportedError(
        f"%declare {definition.name}: nothing says what the {kind} stands for",
        span=definition.origin.span,
        expected=expected,
    )
