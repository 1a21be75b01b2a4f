"""From statements to what each name stands for: imports, ``%override`` and ``%extend`` carried out, as lark does it.

A library's names are prefixed with its path, except those that are imported by name. Rules find each other by these
names, so that ``%override`` of an imported rule changes the rules that came with it. Terminals are put in by value
where they are used, so those of a library find each other in the library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from constrain.compiler.lark import library
from constrain.compiler.lark.literals import Patterns
from constrain.compiler.lark.syntax import Body, Call, Declare, Define, Ignore, Import, Name, Statement
from constrain.compiler.regex.ast import text_span
from constrain.errors import GrammarError, Span, UnsupportedError

__all__ = ["Definition", "Definitions", "Scope", "load"]


@dataclass(slots=True, eq=False)
class Scope:
    """The names of one text.

    Attributes:
        table: what each name stands for, by its full name.
        prefix: put in front of names; empty for the grammar itself.
        aliases: names that have another full name.
        outer: the scope of the text that imports this one.
    """

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


@dataclass(slots=True, eq=False)
class Definition:
    """A rule, template or terminal.

    Attributes:
        name: its full name.
        is_terminal: is it a terminal?
        parameters: of a template.
        bodies: its alternatives, each with the scope of its names; none after ``%declare``.
        at: where in the grammar it is defined, or imported.
    """

    name: str
    is_terminal: bool
    parameters: tuple[str, ...]
    bodies: list[tuple[Body, Scope]]
    at: int


@dataclass(slots=True, eq=False)
class Definitions:
    """What a grammar's names stand for.

    Attributes:
        text: the grammar's.
        patterns: of its literals.
        scope: its names.
        ignored: terminals made of the bodies of ``%ignore``.
    """

    text: str
    patterns: Patterns
    scope: Scope = field(default_factory=Scope)
    ignored: list[Definition] = field(default_factory=list)

    def span(self, at: int) -> Span:
        """Line and column of an index in the text."""
        return text_span(self.text, at)

    def place(self, definition: Definition, scope: Scope, at: int) -> Span:
        """Line and column of an index in the text of ``scope``; if that is a library's, the place of its import."""
        return self.span(at if scope is self.scope else definition.at)

    def rules(self) -> list[str]:
        """Names of the rules that are no templates."""
        return [name for name, each in self.scope.table.items() if not each.is_terminal and not each.parameters]


def load(text: str, statements: Sequence[Statement]) -> Definitions:
    """What the names that ``statements`` define stand for; those they use are not looked at.

    Args:
        text: the grammar.
        statements: read from it.

    Raises:
        GrammarError: a doubly defined name, or one that is not there to be changed or imported.
        UnsupportedError: ``%declare``, or ``%import`` of a file.
    """
    definitions = Definitions(text, Patterns(text))
    _Loader(definitions).load(statements, definitions.scope, None)
    return definitions


class _Loader:
    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def load(self, statements: Iterable[Statement], scope: Scope, imported_at: int | None) -> None:
        """Fill ``scope``.

        Args:
            statements: of its text.
            scope: the scope.
            imported_at: the place of the import in the grammar; None for the grammar itself.
        """
        imports: dict[tuple[str, ...], list[Import]] = {}
        for statement in statements:
            if isinstance(statement, Import):
                if imported_at is None:
                    self._check_import(statement)
                imports.setdefault(tuple(name.text for name in statement.path), []).append(statement)
        for path, group in imports.items():
            self._import(path, group, scope, imported_at)
        for statement in statements:
            match statement:
                case Define(how, name, parameters, body):
                    at = name.at if imported_at is None else imported_at
                    made = Definition(
                        scope.full_name(name.text),
                        name.is_terminal,
                        tuple(parameter.text for parameter in parameters),
                        [(body, scope)],
                        at,
                    )
                    if how == "extend":
                        self._extend(made, scope)
                    else:
                        self._define(made, scope, override=how == "override")
                case Declare(names):
                    for name in names:
                        if imported_at is None:
                            raise self._declared(name.text, name.at)
                        made = Definition(scope.full_name(name.text), name.is_terminal, (), [], imported_at)
                        self._define(made, scope)
                case Ignore(body, at) if imported_at is None:
                    self._definitions.ignored.append(Definition("%ignore", True, (), [(body, scope)], at))

    def _define(self, made: Definition, scope: Scope, *, override: bool = False) -> None:
        kind = "terminal" if made.is_terminal else "rule"
        if override and made.name not in scope.table:
            raise self._error(f"Cannot override a nonexisting {kind} {made.name}", made.at)
        if not override and made.name in scope.table:
            raise self._error(f"{kind.capitalize()} '{made.name}' defined more than once", made.at)
        scope.table[made.name] = made

    def _extend(self, made: Definition, scope: Scope) -> None:
        kind = "terminal" if made.is_terminal else "rule"
        known = scope.table.get(made.name)
        if known is None or known.is_terminal != made.is_terminal or not known.bodies:
            raise self._error(f"Can't extend {kind} {made.name} as it wasn't defined before", made.at)
        if known.parameters != made.parameters:
            raise self._error(f"Cannot extend {kind} with different parameters: {made.name}", made.at)
        known.bodies.extend(made.bodies)

    def _check_import(self, statement: Import) -> None:
        original, _ = statement.names[0]
        first = (*statement.path, original)[0]
        path = ".".join(name.text for name in statement.path)
        if statement.relative:
            raise UnsupportedError(
                f"%import of a file (.{path}) is not implemented",
                span=self._definitions.span(first.at),
                expected=f"an import from lark's own grammars: {', '.join(library.names())}",
            )
        if not statement.path:
            raise self._error(
                f"%import {first.text} names nothing to import", first.at, expected="%import grammar.NAME"
            )
        if path not in library.names():
            raise self._error(
                f"%import {path}: lark has no grammar of that name",
                first.at,
                expected=f"one of {', '.join(library.names())}",
            )

    def _import(self, path: tuple[str, ...], group: list[Import], scope: Scope, imported_at: int | None) -> None:
        """Take the named definitions of a library, and the rules that these use."""
        wanted = {original.text: alias for statement in group for original, alias in statement.names}
        aliases = {original: alias.text for original, alias in wanted.items()}
        at = group[0].path[0].at if imported_at is None else imported_at
        inner = Scope(prefix="__".join(path), aliases=aliases, outer=scope)
        self.load(library.statements(".".join(path)), inner, at)
        for statement in group:
            for original, alias in statement.names:
                found = inner.find(original.text)
                if found is None:
                    raise self._error(
                        f"%import: the grammar {'.'.join(path)} does not define {original.text}",
                        original.at if imported_at is None else at,
                    )
                found.at = alias.at if imported_at is None else at
        for definition in _reached([inner.full_name(original) for original in wanted], inner.table):
            if not definition.bodies:
                raise self._declared(definition.name, at)
            if definition.name in scope.table:
                raise self._error(f"Cannot import '{definition.name}': it is defined already", definition.at)
            scope.table[definition.name] = definition

    def _declared(self, name: str, at: int) -> UnsupportedError:
        return UnsupportedError(
            f"%declare {name} is not implemented (a declared terminal has no text of its own)",
            span=self._definitions.span(at),
            expected="a definition of the terminal",
        )

    def _error(self, message: str, at: int, *, expected: str | None = None) -> GrammarError:
        return GrammarError(message, span=self._definitions.span(at), expected=expected)


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
