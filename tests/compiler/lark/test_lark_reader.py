"""What is read of a grammar, held against lark's own loader: the same trees, literals, names and terminals."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Token, load_grammar
from lark.exceptions import LarkError
from lark_texts import ALL, LIBRARY, near
from lark_trees import Refused, lark_statements

from constrain import GrammarError, InputError, Limits, RegexError, UnsupportedError
from constrain.compiler.lark.checks import check
from constrain.compiler.lark.definitions import Definitions, load
from constrain.compiler.lark.literals import Patterns
from constrain.compiler.lark.reader import read
from constrain.compiler.lark.syntax import Ignore, Literal, Statement
from constrain.compiler.lark.terminals import Terminals
from constrain.compiler.regex import python_re
from constrain.compiler.regex.ast import Complement, Concat, Intersection, Node, Repeat, Union
from constrain.compiler.regex.membership import nullable
from constrain.errors import LimitError

_loader: Any = load_grammar


def statements(text: str) -> list[Statement] | None:
    """By the reader; None when it refuses, which must have a place."""
    try:
        found = read(text, Limits())
    except (GrammarError, LimitError) as error:
        if error.span is None:
            raise
        return None
    return [each._replace(at=0) if isinstance(each, Ignore) else each for each in found]


def expected_statements(text: str) -> list[Statement] | None:
    try:
        return lark_statements(text)
    except Refused:
        return None


@pytest.mark.parametrize("text", ALL, ids=range(len(ALL)))
def test_trees_are_those_of_larks_parser(text: str) -> None:
    assert statements(text) == expected_statements(text)


@pytest.mark.parametrize("block", range(4))
def test_trees_of_damaged_grammars_are_those_of_larks_parser(block: int) -> None:
    for number in range(100):
        text = near(Random(f"{block} {number}"))
        assert statements(text) == expected_statements(text), text


# Strings and regular expressions of what matters in them; every backslash with the character after it.
ESCAPES = [
    r"\\",
    r"\"",
    r"\/",
    r"\'",
    r"\n",
    r"\t",
    r"\x41",
    r"\x22",
    r"\x5c",
    r"\x4",
    r"\u00e9",
    r"\ud800",
    r"\N",
    r"\0",
]
PIECES = [*ESCAPES, r"\U0001F600", r"\U00110000", r"\é", "\\\r", "'", "a", "é"]
INSIDE = st.lists(st.sampled_from([*PIECES, "\r", "\0"]), max_size=6).map("".join)


@given(INSIDE, st.sampled_from(['"{}"', '"{}"i', "/{}/", '/{}"/', "/{}/x", "/{}\n/x", "/{}\n/", "/{}/is"]))
def test_literals_mean_what_lark_makes_of_them(inside: str, form: str) -> None:
    written = form.format(inside)
    token = Token("STRING" if written[0] == '"' else "REGEXP", written)
    try:
        pattern = _loader._literal_to_pattern(token)
        python_re.check(pattern.to_regexp())
    except (LarkError, ValueError, AssertionError, RegexError):
        with pytest.raises(InputError):
            Patterns(written).of(Literal(written, 0))
        return
    found = Patterns(written).of(Literal(written, 0))
    assert python_re.parse(found.regexp, whole=False) == python_re.parse(pattern.to_regexp(), whole=False)


def loaded(text: str) -> tuple[Definitions, Terminals]:
    definitions = load(text, read(text, Limits()))
    check(definitions)
    return definitions, Terminals(definitions)


def accepted(text: str) -> bool | None:
    """Are names and terminals as they must be? None where more is refused than lark refuses: what is not implemented,
    and regular expressions that are wrong wherever they stand.
    """
    try:
        loaded(text)
    except (UnsupportedError, RegexError):
        return None
    except InputError:
        return False
    return True


def lark_accepts(text: str) -> bool:
    if expected_statements(text) is None:
        return False
    try:
        grammar = lark_grammar(text)
        for name, definition in grammar.term_defs:
            if definition[0] is not None:  # else it is only declared
                lark_regexp(name, definition)
        for _, _, tree, _ in grammar.rule_defs:
            if tree is not None:
                _loader.PrepareLiterals().transform(_loader.nr_deepcopy_tree(tree))
    except (LarkError, AssertionError, ValueError, TypeError, AttributeError, OSError):
        return False
    return True


def lark_grammar(text: str) -> Any:
    return _loader.load_grammar(text, "<grammar>", [], False)[0]


def lark_regexp(name: str, definition: Any) -> str:
    tree, _ = definition
    if not any(expansion.children for expansion in tree.find_data("expansion")):
        raise LarkError(f"{name} is empty")
    transformer = _loader.PrepareLiterals() * _loader.TerminalTreeToPattern()
    return str(transformer.transform(_loader.nr_deepcopy_tree(tree)).to_regexp())


@pytest.mark.parametrize("text", ALL, ids=range(len(ALL)))
def test_names_are_accepted_where_lark_accepts_them(text: str) -> None:
    assert accepted(text) in (None, lark_accepts(text))


@pytest.mark.parametrize("block", range(4))
def test_names_of_damaged_grammars_are_accepted_where_lark_accepts_them(block: int) -> None:
    for number in range(100):
        text = near(Random(f"{block} {number}"))
        assert accepted(text) in (None, lark_accepts(text)), text


def language(make: Callable[[], Node]) -> Node | None:
    """A terminal's, whatever the order of alternatives; None for those that are refused."""
    try:
        node = make()
    except InputError:
        return None
    return None if nullable(node) else canonical(node)


def canonical(node: Node) -> Node:
    match node:
        case Union(parts):
            return Union(tuple(sorted(map(canonical, parts), key=repr)))
        case Concat(parts) | Intersection(parts):
            return type(node)(tuple(map(canonical, parts)))
        case Complement(part):
            return Complement(canonical(part))
        case Repeat(part, minimum, maximum):
            return Repeat(canonical(part), minimum, maximum)
        case _:
            return node


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_terminals_of_larks_library_are_those_that_lark_makes(name: str) -> None:
    text = LIBRARY[name].replace("%declare _INDENT _DEDENT", '_INDENT: ">"\n_DEDENT: "<"')
    definitions, terminals = loaded(text)
    ours = definitions.scope.table
    for terminal, definition in lark_grammar(text).term_defs:
        if not terminal.startswith("__IGNORE"):
            regexp = lark_regexp(terminal, definition)
            expected = language(lambda regexp=regexp: python_re.parse(regexp, whole=False))  # type: ignore[misc]
            assert language(lambda found=ours[terminal]: terminals.of(found)) == expected, terminal  # type: ignore[misc]
