"""Checks on a grammar before any of it is built: every name stands for something, every literal can be read.

Rules that the start does not reach are checked too, as lark does it: a mistake there is a mistake.
"""

from __future__ import annotations

from typing import TypeAlias

from constrain.compiler.lark.definitions import Definition, Definitions, Scope
from constrain.compiler.lark.syntax import Call, Data, Name
from constrain.compiler.lark.taken import file_name
from constrain.errors import GrammarError

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
        for body, scope in definition.bodies:
            for leaf in body.leaves:
                if isinstance(leaf, Name | Call):
                    _check_use(leaf, definition, scope, definitions)
                elif isinstance(leaf, Data):
                    file_name(leaf, scope.source)
                else:
                    scope.source.patterns.of(leaf)


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
            span=definition.origin.span,
            expected="parameters with names of their own",
        )


def _check_use(leaf: Name | Call, definition: Definition, scope: Scope, definitions: Definitions) -> None:
    if definition.is_terminal:
        problem = _problem_in_terminal(leaf, scope)
    else:
        problem = _problem_in_rule(leaf, definition, scope, definitions)
    if problem is not None:
        message, expected = problem
        raise GrammarError(
            f"{message} (in {definition.name})",
            span=scope.source.span(leaf.at),
            expected=expected,
        )


_Problem: TypeAlias = tuple[str, str] | None
"""What is wrong, and what was expected."""


def _problem_in_rule(leaf: Name | Call, definition: Definition, scope: Scope, definitions: Definitions) -> _Problem:
    name = leaf if isinstance(leaf, Name) else leaf.template
    if name.text in definition.parameters:
        return None
    found = definitions.scope.table.get(scope.full_name(name.text))
    if found is None:
        return _undefined(leaf, name)
    if isinstance(leaf, Call):
        if len(found.parameters) != len(leaf.arguments):
            message = f"Wrong number of template arguments used for {name.text}"
            return message, f"{len(found.parameters)}, not {len(leaf.arguments)}"
    elif found.is_terminal != name.is_terminal:
        kind = "terminal" if found.is_terminal else "rule"
        message = f"{name.text} is a {kind} imported under the name of the other kind"
        return message, "upper case for terminals, lower case for rules"
    return None


def _problem_in_terminal(leaf: Name | Call, scope: Scope) -> _Problem:
    name = leaf if isinstance(leaf, Name) else leaf.template
    if not name.is_terminal:
        message = f"Rules aren't allowed inside terminals: {name.text}"
        return message, "terminals and literals, or a rule (lower case) in place of the terminal"
    found = scope.find(name.text)
    return _undefined(leaf, name) if found is None or not found.is_terminal else None


def _undefined(leaf: Name | Call, name: Name) -> _Problem:
    kind = "Template" if isinstance(leaf, Call) else "Terminal" if name.is_terminal else "Rule"
    return f"{kind} '{name.text}' used but not defined", f"a definition of {name.text}"
