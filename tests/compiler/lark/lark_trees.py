"""Lark's own parse tree of a grammar, in the shape of this project's syntax tree."""

from __future__ import annotations

from typing import Any

from lark import Token, load_grammar
from lark.exceptions import UnexpectedInput

from constrain.compiler.lark.syntax import (
    Body,
    Call,
    Choice,
    Declare,
    Define,
    Ignore,
    Import,
    Leaf,
    Literal,
    Name,
    Node,
    Range,
    Repeat,
    Statement,
    Value,
)

REPEATS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}

_loader: Any = load_grammar


class Refused(Exception):
    """Lark does not accept the grammar; the reader says so earlier than lark's parser does."""


def lark_statements(text: str) -> list[Statement]:
    """The statements of ``text`` by lark's grammar parser."""
    try:
        tree = _loader._get_parser().parse(text + "\n", "start")
    except UnexpectedInput:
        raise Refused from None
    except TypeError:  # lark 1.3 fails on some syntax errors while it looks for words for them
        raise Refused from None
    return [statement(child, "define") for child in tree.children]


def statement(tree: Any, how: Any) -> Statement:
    match tree.data:
        case "override" | "extend":
            return statement(tree.children[0], tree.data)
        case "rule":
            modifiers, token, parameters, priority, expansions = tree.children
            if token.startswith("_") and any("?" in each for each in modifiers.children):
                raise Refused
            names = () if parameters is None else tuple(map(name, parameters.children))
            rank = int(priority.children[0]) if priority.children else 0
            return Define(how, name(token), names, body(expansions, aliases=not token.startswith("_")), rank)
        case "term":
            rank = int(tree.children[1]) if len(tree.children) == 3 else 0
            return Define(how, name(tree.children[0]), (), body(tree.children[-1], aliases=False), rank)
        case "ignore":
            return Ignore(body(tree.children[0], aliases=False), 0)
        case "declare":
            return Declare(tuple(name(child.children[0]) for child in tree.children))
        case "import":
            path, *rest = tree.children
            names = tuple(map(name, path.children))
            relative = path.data == "import_rel"
            if rest and not isinstance(rest[0], Token):
                return Import(names, relative, tuple((name(each), name(each)) for each in rest[0].children))
            return Import(names[:-1], relative, ((names[-1], name(rest[0]) if rest else names[-1]),))
        case other:
            raise ValueError(other)


def body(expansions: Any, *, aliases: bool) -> Body:
    placed: list[tuple[Leaf, int]] = []
    made = choice(expansions, placed, aliases, 0)
    return Body(made, tuple(leaf for leaf, _ in placed), tuple(depth for _, depth in placed))


def choice(tree: Any, leaves: list[tuple[Leaf, int]], aliases: bool, depth: int) -> Choice:
    alternatives = []
    for child in tree.children:
        if child.data == "alias" and not aliases:
            raise Refused
        expansion = child.children[0] if child.data == "alias" else child
        below = depth + (child.data == "alias")
        alternatives.append(tuple(node(each, leaves, below) for each in expansion.children))
    return Choice(tuple(alternatives))


def node(tree: Any, leaves: list[tuple[Leaf, int]], depth: int) -> Node:
    match tree.data:
        case "expansions":
            return choice(tree, leaves, aliases=False, depth=depth + 2)
        case "maybe":
            return Repeat(choice(tree.children[0], leaves, aliases=False, depth=depth + 3), 0, 1)
        case "expr":
            part, operator, *counts = tree.children
            inner = node(part, leaves, depth + 1)
            if not counts:
                return Repeat(inner, *REPEATS[operator])
            minimum, maximum = int(counts[0]), int(counts[-1])
            if not 0 <= minimum <= maximum < 2**31:
                raise Refused
            return Repeat(inner, minimum, maximum)
        case _:
            return value(tree, leaves, depth)


def value(tree: Any, leaves: list[tuple[Leaf, int]], depth: int) -> Value:
    (inner,) = tree.children
    leaf: Leaf
    match inner.data:
        case "terminal" | "nonterminal":
            leaf = name(inner.children[0])
        case "literal":
            leaf = literal(inner.children[0])
        case "range":
            low, high = map(literal, inner.children)
            leaf = Range(low, high)
        case "template_usage":
            template, *arguments = inner.children
            leaf = Call(name(template.children[0]), tuple(value(each, leaves, depth + 1) for each in arguments))
        case other:
            raise ValueError(other)
    leaves.append((leaf, depth))
    return leaf


def name(token: Any) -> Name:
    return Name(str(token), token.start_pos)


def literal(token: Any) -> Literal:
    return Literal(str(token), token.start_pos)
