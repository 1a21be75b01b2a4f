"""Lark's loader, run so that it touches no file outside lark's package and its complaints get a place.

The level taken is lark's definitions after templates: rules as trees of alternatives, groups and repetitions,
terminals as patterns. Lark's next step, to plain BNF, multiplies optional parts out (``[a] [b] [c]`` gives eight
alternatives), which the engine has no need of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from lark.exceptions import LarkError
from lark.grammar import Symbol
from lark.lexer import PatternStr, TerminalDef

from constrain.compiler.lark.internals import (
    ApplyTemplates,
    GrammarBuilder,
    PrepareAnonTerminals,
    PrepareLiterals,
    TerminalTreeToPattern,
    ValidateSymbols,
    copy_tree,
)
from constrain.compiler.lark.source import Source, span_of
from constrain.compiler.lark.terminal_sizes import check_terminal_sizes
from constrain.errors import GrammarError, LimitError, UnsupportedError

__all__ = ["Definitions", "load"]

MAXIMUM_TEMPLATE_INSTANCES = 2_000
"""Rules made by templates; a template that calls itself with ever larger arguments makes them without end."""

MAXIMUM_INSTANCE_NAME = 10_000
"""Characters of the name of a template's instance, arguments included."""

# What lark says, and the name in it whose place is the place of the error.
_COMPLAINTS = [
    ("use", r"(?:Rule|Terminal) '(\w+)' used but not defined"),
    ("use", r"Terminal used but not defined: (\w+)"),
    ("use", r"Template '(\w+)' used but not defined"),
    ("use", r"Wrong number of template arguments used for (\w+)"),
    ("use", r"Rules aren't allowed inside terminals \((?:NonTerminal\(')?(\w+)"),
    ("use", r"Terminals \{'(\w+)'.* were marked to ignore but were not defined"),
    ("definition", r"(?:Rule|Terminal) '(\w+)' defined more than once"),
    ("definition", r"Cannot override a nonexisting \w+ (\w+)"),
    ("definition", r"Names starting with double-underscore are reserved \(Error at (\w+)\)"),
    ("definition", r"Can't extend \w+ (\w+)"),
    ("definition", r"Cannot extend \w+ with different parameters: (\w+)"),
    ("definition", r"Cannot extend \w+ (\w+)"),
    ("definition", r"Recursion in terminal '(\w+)'"),
    ("definition", r"Terminals cannot be empty \((\w+)\)"),
    ("definition", r"\(in template (\w+)\)"),
    ("definition", r"Cannot import '(\w+)'"),
]


@dataclass(frozen=True, slots=True)
class Definitions:
    """A loaded grammar.

    Attributes:
        rules: body of each rule, templates applied; leaves are lark's symbols.
        terminals: terminals by name, those made of literals in rules included.
        ignored: names of the ``%ignore`` terminals.
    """

    rules: dict[str, Any]
    terminals: dict[str, TerminalDef]
    ignored: tuple[str, ...]


def load(text: str, source: Source) -> Definitions:
    """Run lark's loader over ``text``, which ``source`` has been read from.

    Raises:
        GrammarError: what lark finds wrong, at its place.
        UnsupportedError: ``%declare``, or ``%import`` of a file.
        LimitError: terminals or templates that grow without reason.
    """
    _check_imports(source)
    _check_declared(source.declared[0] if source.declared else None, source)
    check_terminal_sizes(source)
    builder = GrammarBuilder()
    try:
        builder.load_grammar(text, "<grammar>")
        for statement in source.imports:
            for token in statement.originals:
                _check_imported(statement.path, token, builder)
        for name, definition in builder._definitions.items():
            if definition.tree is None:
                _check_declared(name, source)
        loaded = builder.build()
        return _expand(loaded, source)
    except LarkError as error:
        raise _explain(error, source) from None
    except RecursionError:
        raise LimitError("the grammar nests too deeply", expected="flatter rules; this limit is fixed") from None
    except (AssertionError, ValueError, KeyError) as error:
        raise GrammarError(f"lark cannot read this grammar: {error}") from None


def _check_imports(source: Source) -> None:
    library = sorted(
        entry.name[:-5] for entry in files("lark").joinpath("grammars").iterdir() if entry.name.endswith(".lark")
    )
    for statement in source.imports:
        first = (statement.path or statement.originals)[0]
        path = ".".join(statement.path)
        if statement.relative:
            raise UnsupportedError(
                f"%import of a file (.{path}) is not implemented",
                span=span_of(first),
                expected=f"an import from lark's own grammars: {', '.join(library)}",
            )
        if not statement.path:
            raise GrammarError(
                f"%import {first} names nothing to import", span=span_of(first), expected="%import grammar.NAME"
            )
        if path not in library:
            raise GrammarError(
                f"%import {path}: lark has no grammar of that name",
                span=span_of(first),
                expected=f"one of {', '.join(library)}",
            )


def _check_imported(path: tuple[Any, ...], token: Any, builder: Any) -> None:
    library = GrammarBuilder()
    library.load_grammar(files("lark").joinpath("grammars", f"{'.'.join(path)}.lark").read_text(encoding="utf-8"))
    if str(token) not in library._definitions:
        raise GrammarError(f"%import: the grammar {'.'.join(path)} does not define {token}", span=span_of(token))


def _check_declared(name: Any, source: Source) -> None:
    if name is not None:
        raise UnsupportedError(
            f"%declare {name} is not implemented (a declared terminal has no text of its own)",
            span=span_of(([*source.declared, *(statement.path[0] for statement in source.imports)])[0]),
            expected="a definition of the terminal",
        )


def _expand(loaded: Any, source: Source) -> Definitions:
    """Lark's steps from definitions to rules without templates and terminals as patterns."""
    to_pattern = PrepareLiterals() * TerminalTreeToPattern()
    terminals = [
        TerminalDef(name, _as_pattern(to_pattern, name, tree, source), priority)
        for name, (tree, priority) in loaded.term_defs
    ]
    rule_definitions = [(name, params, copy_tree(tree), options) for name, params, tree, options in loaded.rule_defs]
    templates = ApplyTemplates(rule_definitions)
    transformer = PrepareLiterals() * ValidateSymbols() * PrepareAnonTerminals(terminals) * templates
    rules: dict[str, Any] = {}
    done = 0
    while done < len(rule_definitions):  # templates append to the list
        name, parameters, tree, _ = rule_definitions[done]
        done += 1
        if not parameters:
            rules[name] = transformer.transform(tree)
        if done > MAXIMUM_TEMPLATE_INSTANCES + len(loaded.rule_defs) or len(name) > MAXIMUM_INSTANCE_NAME:
            raise LimitError(
                f"the template {name.partition('{')[0]} makes more than {MAXIMUM_TEMPLATE_INSTANCES} rules",
                span=source.place(name.partition("{")[0]),
                expected="a template that does not call itself with larger arguments",
            )
    return Definitions(rules, {terminal.name: terminal for terminal in terminals}, tuple(loaded.ignore))


def _as_pattern(to_pattern: Any, name: str, tree: Any, source: Source) -> Any:
    if not any(expansion.children for expansion in tree.find_data("expansion")):
        raise GrammarError(f"terminal {name} is empty", span=source.place(name), expected="at least one character")
    try:
        pattern = to_pattern.transform(copy_tree(tree))
    except LarkError as error:
        raise GrammarError(f"terminal {name} cannot be read: {error}", span=source.place(name)) from None
    return pattern if not isinstance(pattern, Symbol) else PatternStr("")


def _explain(error: LarkError, source: Source) -> GrammarError:
    message = str(error)
    for kind, complaint in _COMPLAINTS:
        if found := re.search(complaint, message):
            name = found[1]
            span = source.place(name)
            if kind == "use" and name in source.uses:
                span = span_of(source.uses[name])
            expected = None
            if "not defined" in message:
                expected = f"a definition of {name}"
            return GrammarError(message, span=span, expected=expected)
    return GrammarError(message)
