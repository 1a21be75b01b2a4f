"""Checks on a grammar before any of it is built: every name stands for something, every literal can be read.

Rules that the start does not reach are checked too, as lark does it: a mistake there is a mistake.
"""

from __future__ import annotations

from constrain.compiler.lark.definitions import Definition, Definitions, Scope
from constrain.compiler.lark.syntax import Call, Name
from constrain.errors import GrammarError, Span

__all__ = ["check"]


def check(definitions: Definitions) -> None:
    """Hold every name and literal of a grammar against what it stands for.

    Raises:
        GrammarError: an undefined name, a misuse of a template or terminal, a literal that cannot be read.
        RegexError: a regular expression that Python's ``re`` does not accept.
        LimitError: a regular expression beyond the fixed bounds.
    """
    for definition in (*definitions.scope.table.values(), *definitions.ignored):
        _check_parameters(definition, definitions)
        in_body = _check_in_terminal if definition.is_terminal else _check_in_rule
        for body, scope in definition.bodies:
            for leaf in body.leaves:
                if isinstance(leaf, Name | Call):
                    in_body(leaf, definition, scope, definitions)
                elif scope is definitions.scope:
                    definitions.patterns.of(leaf)


def _check_parameters(definition: Definition, definitions: Definitions) -> None:
    for index, parameter in enumerate(definition.parameters):
        if parameter in definition.parameters[:index]:
            problem = f"has two parameters {parameter}"
        elif parameter in definitions.scope.table:
            problem = f"has a parameter {parameter}, which is a rule too"
        else:
            continue
        raise GrammarError(
            f"the template {definition.name} {problem}",
            span=definitions.span(definition.at),
            expected="parameters with names of their own",
        )


def _check_in_rule(leaf: Name | Call, definition: Definition, scope: Scope, definitions: Definitions) -> None:
    name = leaf if isinstance(leaf, Name) else leaf.template
    if name.text in definition.parameters:
        return
    found = definitions.scope.table.get(scope.full_name(name.text))
    place = definitions.place(definition, scope, leaf.at)
    if isinstance(leaf, Call):
        if found is None:
            raise _undefined(name, definition, place, kind="Template")
        if len(found.parameters) != len(leaf.arguments):
            raise GrammarError(
                f"Wrong number of template arguments used for {name.text}",
                span=place,
                expected=f"{len(found.parameters)}, not {len(leaf.arguments)}",
            )
    elif found is None:
        raise _undefined(name, definition, place)
    elif found.is_terminal != name.is_terminal:
        raise GrammarError(
            f"{name.text} is a {'terminal' if found.is_terminal else 'rule'} imported under the name of the other kind",
            span=place,
            expected="upper case for terminals, lower case for rules",
        )


def _check_in_terminal(leaf: Name | Call, definition: Definition, scope: Scope, definitions: Definitions) -> None:
    name = leaf if isinstance(leaf, Name) else leaf.template
    place = definitions.place(definition, scope, leaf.at)
    if not name.is_terminal:
        raise GrammarError(
            f"Rules aren't allowed inside terminals: {name.text} in {definition.name}",
            span=place,
            expected="terminals and literals, or a rule (lower case) in place of the terminal",
        )
    found = scope.find(name.text)
    if found is None or not found.is_terminal:
        raise _undefined(name, definition, place)


def _undefined(name: Name, user: Definition, place: Span, kind: str | None = None) -> GrammarError:
    return GrammarError(
        f"{kind or ('Terminal' if name.is_terminal else 'Rule')} '{name.text}' used but not defined (in {user.name})",
        span=place,
        expected=f"a definition of {name.text}",
    )
