"""Rules that contain themselves: at the left, at both ends, or with nothing beside them."""

from __future__ import annotations

from collections.abc import Iterator

from constrain.compiler.notation.components import cycles
from constrain.compiler.notation.lint.finding import Context, GrammarWarning
from constrain.compiler.notation.nullable import is_nullable, left_names
from constrain.compiler.notation.tree import Choice, Name, Node, Repeat, Rule, flat_alternatives

__all__ = ["cyclic_rule", "left_recursion", "two_sided_recursion"]


def left_recursion(context: Context) -> Iterator[GrammarWarning]:
    """Fine here, and good for lists; other engines refuse it."""
    rules = context.rules.rules
    edges = {name: list(dict.fromkeys(left_names(rule.body, context.nullable))) for name, rule in rules.items()}
    cyclic = {way[0] for way in _cyclic(context)}
    for way in cycles(edges, lambda name: rules[name].at):
        if way[0] not in cyclic:
            yield context.warning(
                "left-recursion",
                rules[way[0]].at,
                f"{way[0]} can begin with itself ({' -> '.join(way)}): fine for constrain, refused by llama.cpp",
                "nothing else for constrain, a repetition for llama.cpp",
            )


def two_sided_recursion(context: Context) -> Iterator[GrammarWarning]:
    """``e: e "+" e`` reads a list of n in a number of ways that grows with 4**n."""
    for rule in context.rules.rules.values():
        for items in flat_alternatives(rule.body):
            if len(items) > 1 and _is(items[0], rule) and _is(items[-1], rule):
                yield context.warning(
                    "two-sided-recursion",
                    items[0].at,
                    f"{rule.name} begins and ends with itself, so that long texts are read in very many ways",
                    f"{rule.name} at one end only, and what has no {rule.name} at the other",
                )


def cyclic_rule(context: Context) -> Iterator[GrammarWarning]:
    """A rule that stands for itself and nothing else: every text of it is read in any number of ways."""
    for way in _cyclic(context):
        yield context.warning(
            "cyclic-rule",
            context.rules.rules[way[0]].at,
            f"the rule {way[0]} can stand for nothing but itself ({' -> '.join(way)})",
            "no such alternative: it adds no text",
        )


def _cyclic(context: Context) -> Iterator[list[str]]:
    rules = context.rules.rules
    edges = {name: list(dict.fromkeys(_alone(rule.body, context.nullable))) for name, rule in rules.items()}
    yield from cycles(edges, lambda name: rules[name].at)


def _is(node: Node, rule: Rule) -> bool:
    return isinstance(node, Name) and node.text == rule.name


def _alone(node: Node, nullable: frozenset[str]) -> Iterator[str]:
    """The rules that a part can consist of, with all beside them empty."""
    match node:
        case Name(name):
            yield name
        case Choice(alternatives):
            for items in alternatives:
                needed = [item for item in items if not is_nullable(item, nullable)]
                for item in needed if len(needed) == 1 else items if not needed else ():
                    yield from _alone(item, nullable)
        case Repeat(part, minimum):
            if minimum <= 1 or is_nullable(part, nullable):
                yield from _alone(part, nullable)
