r"""GBNF and EBNF, which look alike: the writer keeps to what both read in the same way.

Characters are written as themselves where they are visible and as ``\uHHHH`` elsewhere, for ``\xHH`` ends after two
digits in one notation and goes on in the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constrain.compiler.notation.names import bnf_names
from constrain.compiler.notation.transform import is_character
from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, Rule, RuleSet
from constrain.compiler.regex.ast import ANY, CharacterClass, Concat, Ranges, complement_ranges
from constrain.compiler.regex.ast import Node as RegexNode

__all__ = ["write_bnf"]

_WIDTH = 100
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": "\\\\"}
_IN_STRINGS = _ESCAPES | {'"': r"\""}
_IN_CLASSES = _ESCAPES | {"[": r"\[", "]": r"\]", "-": r"\-", "^": r"\u005E"}


def write_bnf(rules: RuleSet) -> str:
    """The text of rules whose leaves are strings and classes; the start rule comes first."""
    names = bnf_names(rules.rules, rules.start)
    order = [rules.start, *(name for name in rules.rules if name != rules.start)]
    return "".join(_rule(rules.rules[name], names) for name in order)


def _rule(rule: Rule, names: Mapping[str, str]) -> str:
    head = f"{names[rule.name]} ::= "
    alternatives = [_sequence(items, names) for items in rule.body.alternatives]
    line = head + " | ".join(alternatives)
    if len(line) > _WIDTH and len(alternatives) > 1:
        line = head + " |\n  ".join(alternatives)
    return line + "\n"


def _sequence(items: Sequence[Node], names: Mapping[str, str]) -> str:
    if len(items) == 1 and isinstance(items[0], Choice):
        return " | ".join(_sequence(each, names) for each in items[0].alternatives)
    return " ".join(_item(_unwrapped(item), names) for item in items) or '""'


def _unwrapped(node: Node) -> Node:
    """What stands alone in brackets."""
    while isinstance(node, Choice) and len(node.alternatives) == 1 and len(node.alternatives[0]) == 1:
        (node,) = node.alternatives[0]
    return node


def _item(node: Node, names: Mapping[str, str]) -> str:
    match node:
        case Lexeme(expression):
            return _leaf(expression)
        case Name(name):
            return names[name]
        case Choice(alternatives):
            return f"({' | '.join(_sequence(items, names) for items in alternatives)})"
        case Repeat(part, minimum, maximum):
            inner = _item(_unwrapped(part), names)
            return (f"({inner})" if isinstance(_unwrapped(part), Repeat) else inner) + _counts(minimum, maximum)
        case Difference():
            raise ValueError("a difference is written as an expression")


def _counts(minimum: int, maximum: int | None) -> str:
    sign = {(0, 1): "?", (0, None): "*", (1, None): "+"}.get((minimum, maximum))
    if sign is not None:
        return sign
    return f"{{{minimum}}}" if minimum == maximum else f"{{{minimum},{'' if maximum is None else maximum}}}"


def _leaf(node: RegexNode) -> str:
    if isinstance(node, Concat):
        return f'"{"".join(_character(part) for part in node.parts)}"'
    if isinstance(node, CharacterClass):
        return f'"{_character(node)}"' if is_character(node) else _class(node.ranges)
    raise ValueError(f"{node} is no string and no class")


def _character(node: RegexNode) -> str:
    if not isinstance(node, CharacterClass):
        raise ValueError(f"{node} is no character")
    return _spelled(node.ranges[0][0], _IN_STRINGS)


def _class(ranges: Ranges) -> str:
    if ranges == ANY.ranges:
        return r"[\u0000-\U0010FFFF]"
    outside = complement_ranges(ranges)
    negated = sum(high > low for low, high in outside) + len(outside) < sum(high > low for low, high in ranges) + len(
        ranges
    )
    return f"[{'^' if negated else ''}{''.join(map(_span, _across(outside if negated else ranges)))}]"


def _across(ranges: Ranges) -> list[tuple[int, int]]:
    """Ranges that meet at the surrogates, which are no characters, as one."""
    joined: list[tuple[int, int]] = []
    for low, high in ranges:
        if joined and joined[-1][1] == 0xD7FF and low == 0xE000:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined


def _span(span: tuple[int, int]) -> str:
    low, high = (_spelled(each, _IN_CLASSES) for each in span)
    if span[0] == span[1]:
        return low
    return low + high if span[1] == span[0] + 1 else f"{low}-{high}"


def _spelled(code_point: int, escapes: Mapping[str, str]) -> str:
    character = chr(code_point)
    if character in escapes:
        return escapes[character]
    if character.isprintable():
        return character
    return f"\\u{code_point:04X}" if code_point < 0x10000 else f"\\U{code_point:08X}"
