"""Whitespace that seems to be missing: a guess, with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from constrain.compiler.notation.lint.finding import Context, GrammarWarning
from constrain.compiler.notation.tree import Choice, Lexeme, Name, Node, Repeat, nodes_of
from constrain.compiler.regex.ast import ANY, CharacterClass, Concat, Union, subexpressions
from constrain.compiler.regex.ast import Node as RegexNode
from constrain.compiler.regex.ast import Repeat as RegexRepeat
from constrain.compiler.regex.membership import nullable

__all__ = ["missing_ignore"]

_BLANKS = (0x20, 0x09, 0x0A)
_WORD = frozenset(map(ord, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"))


def missing_ignore(context: Context) -> Iterator[GrammarWarning]:
    """Two words in a row, a keyword among them, in a Lark grammar in which no blank may ever stand."""
    if context.notation != "lark" or context.rules.ignored or context.rules.sealed or _has_blanks(context):
        return
    for rule in context.rules.rules.values():
        for node in nodes_of(rule.body):
            for items in node.alternatives if isinstance(node, Choice) else ():
                pair = _words(context, items)
                if pair is not None:
                    first, second = pair
                    yield context.warning(
                        "missing-ignore",
                        second.at,
                        f"{_called(first)} and {_called(second)} run together (in {rule.name}): both are words, and no "
                        "terminal matches a blank",
                        r"%ignore /[ \t\n]+/, or a blank between them",
                    )
                    return


def _has_blanks(context: Context) -> bool:
    return any(
        isinstance(part, CharacterClass) and part is not ANY and _has(part, _BLANKS)
        for rule in context.rules.rules.values()
        for node in nodes_of(rule.body)
        if isinstance(node, Lexeme)
        for part in subexpressions(node.node)
    )


def _words(context: Context, items: Sequence[Node]) -> tuple[Node, Node] | None:
    for first, second in pairwise(items):
        left, right = _lexeme(context, first), _lexeme(context, second)
        if left is None or right is None or not (_is_keyword(left) or _is_keyword(right)):
            continue
        if _edge(left, -1) and _edge(right, 0):
            return first, second
    return None


def _lexeme(context: Context, node: Node) -> RegexNode | None:
    """What a part of a rule begins and ends with, where that is one terminal."""
    match node:
        case Lexeme(expression):
            return expression
        case Name(name):
            items = context.rules.rules[name].body.alternatives
            alone = items[0][0] if len(items) == 1 and len(items[0]) == 1 else None
            return alone.node if isinstance(alone, Lexeme) else None
        case Repeat(part, minimum) if minimum > 0:
            return _lexeme(context, part)
        case _:
            return None


def _is_keyword(node: RegexNode) -> bool:
    """Two letters or more, and nothing else."""
    return (
        isinstance(node, Concat)
        and len(node.parts) > 1
        and all(
            isinstance(part, CharacterClass) and _within_words(part) and len(part.ranges) <= 2 for part in node.parts
        )
    )


def _edge(node: RegexNode, place: int) -> bool:
    """Does every match begin (0) or end (-1) with a letter, a digit or an underscore?"""
    match node:
        case CharacterClass():
            return _within_words(node)
        case Concat(parts):
            for part in parts if place == 0 else reversed(parts):
                if not nullable(part):
                    return _edge(part, place)
                if not _edge(part, place):
                    return False
            return False
        case Union(parts):
            return bool(parts) and all(_edge(part, place) for part in parts)
        case RegexRepeat(part):
            return _edge(part, place)
        case _:
            return False


def _within_words(node: CharacterClass) -> bool:
    return all(high - low < 64 and _WORD.issuperset(range(low, high + 1)) for low, high in node.ranges)


def _has(node: CharacterClass, code_points: Sequence[int]) -> bool:
    return any(low <= each <= high for low, high in node.ranges for each in code_points)


def _called(node: Node) -> str:
    match node:
        case Lexeme(_, _, written):
            return written
        case Name(name):
            return name
        case Repeat(part):
            return _called(part)
        case _:
            return "a word"
