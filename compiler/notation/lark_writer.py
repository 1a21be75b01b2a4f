"""Lark: rules that are lexemes, which no other rule is needed for, become terminals; the others stay rules.

Lark has no empty terminals, so what may be empty is made of optional parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constrain.compiler.notation.components import components, uses_of
from constrain.compiler.notation.names import lark_names
from constrain.compiler.notation.nullable import is_nullable
from constrain.compiler.notation.regular import Regular
from constrain.compiler.notation.transform import is_character
from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, Rule, RuleSet
from constrain.compiler.regex.ast import EMPTY, CharacterClass, Concat, complement_ranges
from constrain.compiler.regex.ast import Node as RegexNode

__all__ = ["write_lark"]

_WIDTH = 100
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f"}
_IN_STRINGS = _ESCAPES | {'"': r"\"", "\\": "\\\\"}
_IN_CLASSES = _ESCAPES | {each: f"\\{each}" for each in '\\]^-[/&~|"'}


def write_lark(rules: RuleSet) -> str:
    """The text of rules whose leaves are strings and classes: the start rule, other rules, terminals."""
    lexemes = _lexemes(rules)
    names = lark_names(rules.rules, lexemes, rules.start)
    others = [name for name in rules.rules if name not in lexemes and name != rules.start]
    blocks = [[rules.start, *others], [name for name in rules.rules if name in lexemes]]
    return "\n".join("".join(_rule(rules.rules[name], names) for name in block) for block in blocks if block)


def _lexemes(rules: RuleSet) -> frozenset[str]:
    """Rules that are better off as terminals: regular, never empty, and made of such rules alone."""
    regular = Regular(rules)
    found: set[str] = set()
    uses = uses_of(rules.rules)
    for name, *others in components(uses):
        rule = rules.rules[name]
        lexical = not others and name != rules.start and all(use in found for use in uses[name])
        if lexical and regular.of_rule(name) is not None and not is_nullable(rule.body, set()):
            found.add(name)
    return frozenset(found)


def _rule(rule: Rule, names: Mapping[str, str]) -> str:
    head = f"{names[rule.name]}:"
    alternatives = [_sequence(items, names) for items in _normal(rule.body).alternatives]
    line = f"{head} {' | '.join(alternatives)}".rstrip()
    if len(line) > _WIDTH and len(alternatives) > 1:
        line = head + " " + "\n  | ".join(alternatives)
    return line + "\n"


def _normal(choice: Choice) -> Choice:
    """Without alternatives that are empty, or but another choice."""
    alternatives: list[tuple[Node, ...]] = []
    empty = False
    for items in choice.alternatives:
        kept = tuple(item for item in items if not _is_empty(item))
        empty = empty or not kept
        if len(kept) == 1 and isinstance(kept[0], Choice):
            alternatives.extend(_normal(kept[0]).alternatives)
        elif kept:
            alternatives.append(kept)
    if empty and alternatives:
        return Choice(((Repeat(Choice(tuple(alternatives), choice.at), 0, 1, choice.at),),), choice.at)
    return Choice(tuple(alternatives) or ((),), choice.at)


def _is_empty(node: Node) -> bool:
    match node:
        case Lexeme(expression):
            return expression is EMPTY or expression == EMPTY
        case Choice(alternatives):
            return all(_is_empty(item) for items in alternatives for item in items) and bool(alternatives)
        case Repeat(part, _, maximum):
            return maximum == 0 or _is_empty(part)
        case _:
            return False


def _sequence(items: Sequence[Node], names: Mapping[str, str]) -> str:
    return " ".join(_item(item, names) for item in items)


def _item(node: Node, names: Mapping[str, str]) -> str:
    match node:
        case Lexeme(expression):
            return _leaf(expression)
        case Name(name):
            return names[name]
        case Choice():
            reduced = _reduced(node)
            if not isinstance(reduced, Choice):
                return _item(reduced, names)
            return f"({' | '.join(_sequence(items, names) for items in reduced.alternatives)})"
        case Repeat(part, minimum, maximum):
            return _repeated(part, minimum, maximum, names)
        case Difference():
            raise ValueError("a difference is written as an expression")


def _repeated(part: Node, minimum: int, maximum: int | None, names: Mapping[str, str]) -> str:
    part = _reduced(part)
    inner = f"({_item(part, names)})" if isinstance(part, Repeat) else _item(part, names)
    sign = {(0, 1): "?", (0, None): "*", (1, None): "+"}.get((minimum, maximum))
    if sign is not None:
        return inner + sign
    if maximum is None:
        return f"({inner}~{minimum} {inner}*)"
    return f"{inner}~{minimum}" if minimum == maximum else f"{inner}~{minimum}..{maximum}"


def _reduced(node: Node) -> Node:
    """A choice in its normal form, or what is alone in it."""
    while isinstance(node, Choice):
        node = _normal(node)
        if len(node.alternatives) > 1 or len(node.alternatives[0]) != 1:
            break
        (node,) = node.alternatives[0]
    return node


def _leaf(node: RegexNode) -> str:
    if isinstance(node, Concat):
        return f'"{"".join(_character(part) for part in node.parts)}"'
    if not isinstance(node, CharacterClass):
        raise ValueError(f"{node} is no string and no class")
    if is_character(node):
        return f'"{_character(node)}"'
    ranges, negated = node.ranges, ""
    outside = complement_ranges(ranges)
    if not outside:
        return r"/[\s\S]/"
    if len(outside) < len(ranges) or ranges[-1][1] == 0x10FFFF:
        ranges, negated = outside, "^"
    spans = [_span(low, high) for low, high in ranges]
    return f"/[{negated}{''.join(spans)}]/"


def _character(node: RegexNode) -> str:
    if not isinstance(node, CharacterClass):
        raise ValueError(f"{node} is no character")
    return _spelled(node.ranges[0][0], _IN_STRINGS)


def _span(low: int, high: int) -> str:
    first, last = _spelled(low, _IN_CLASSES), _spelled(high, _IN_CLASSES)
    if low == high:
        return first
    return first + last if high == low + 1 else f"{first}-{last}"


def _spelled(code_point: int, escapes: Mapping[str, str]) -> str:
    character = chr(code_point)
    if character in escapes:
        return escapes[character]
    if character.isprintable():
        return character
    if code_point < 0x100:
        return f"\\x{code_point:02x}"
    return f"\\u{code_point:04x}" if code_point < 0x10000 else f"\\U{code_point:08x}"
