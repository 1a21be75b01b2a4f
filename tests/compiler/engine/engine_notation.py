r"""A small neutral notation for grammars, so that the engine's corpus needs none of the front ends.

One definition per line. Upper-case names are terminals (regular), lower-case names are rules; ``start`` is the start::

    start: "[" (item {0, / ","}) "]"
    item: NUMBER | start
    NUMBER: "-"? [0-9]{1,4} & !"007"

======================  ==========================================================================================
``"text"``              a literal; ``\n``, ``\"``, ``\\``, ``\xHH`` (a byte) and ``\u{HEX}`` are escapes
``[a-z_]`` ``[^"]``     one character of a class, with the same escapes; ``[]`` matches nothing; ``.`` any character
``x | y``  ``x y``      choice; sequence (an empty side is the empty string)
``x & y``  ``!x``       intersection; complement (terminals only)
``x? x* x+ x{2,5}``     repetition; in rules ``x{0,5 / y}`` puts ``y`` between neighbours
======================  ==========================================================================================
"""

from __future__ import annotations

import re
from typing import Any

from constrain.compiler.grammar import Expression, Grammar, GrammarBuilder, Symbol

TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)
          |"(?P<text>(?:[^"\\]|\\.)*)"
          |\[(?P<negated>\^?)(?P<members>(?:[^\]\\]|\\.)*)\]
          |\{\s*(?P<low>\d+)\s*(?P<comma>,?)\s*(?P<high>\d*)\s*(?P<sep>/?)
          |(?P<mark>[|&!?*+().}]))""",
    re.VERBOSE,
)
ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})|\\u\{([0-9a-fA-F]+)\}|\\(.)|([^\\])", re.DOTALL)

JSON = r"""
start: value
value: object | array | STRING | NUMBER | "true" | "false" | "null"
object: "{" pair{0, / ","} "}"
pair: STRING ":" value
array: "[" value{0, / ","} "]"
STRING: "\"" ([^"\\\x00-\x1F] | "\\" ["\\/bfnrt])* "\""
NUMBER: "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)?
"""
"""JSON without blanks: nested, recursive, with lexemes of every sort."""


def pieces(text: str) -> list[tuple[str, bytes]]:
    """The characters of a literal or class: as written, and as bytes (``\\xHH`` is one raw byte)."""
    found = []
    for match in ESCAPE.finditer(text):
        byte, point, escaped, plain = match.groups()
        if byte:
            value = bytes([int(byte, 16)])
        elif point:
            value = chr(int(point, 16)).encode()
        else:
            value = (plain or {"n": "\n", "t": "\t", "r": "\r"}.get(escaped, escaped)).encode()
        found.append((match.group(), value))
    return found


def unescape(text: str) -> bytes:
    """A text of the corpus, as bytes."""
    return b"".join(value for _, value in pieces(text))


def ranges_of(members: list[tuple[str, int]]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    while members:
        if len(members) > 2 and members[1][0] == "-":
            ranges.append((members[0][1], members[2][1]))
            members = members[3:]
        else:
            ranges.append((members[0][1], members[0][1]))
            members = members[1:]
    return ranges


def byte_set(text: str) -> set[int]:
    """The bytes that a class of single bytes names, for instance ``a-z\\xC3``."""
    ranges = ranges_of([(written, value[0]) for written, value in pieces(text)])
    return {byte for low, high in ranges for byte in range(low, high + 1)}


def class_ranges(text: str, negated: bool) -> list[tuple[int, int]]:
    ranges = ranges_of([(written, ord(value.decode())) for written, value in pieces(text)])
    if not negated:
        return ranges
    gaps, next_free = [], 0
    for low, high in sorted(ranges):
        if low > next_free:
            gaps.append((next_free, low - 1))
        next_free = max(next_free, high + 1)
    return [*gaps, (next_free, 0x10FFFF)]


class Reader:
    """Recursive descent over one definition; gives nested tuples."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens: list[dict[str, Any]] = []
        position = 0
        while source[position:].strip():
            match = TOKEN.match(source, position)
            if match is None:
                raise ValueError(f"cannot read {source[position:]!r}")
            self.tokens.append(match.groupdict())
            position = match.end()
        self.tokens.append({})

    def whole(self) -> tuple[Any, ...]:
        tree = self.choice()
        if self.tokens[0]:
            raise ValueError(f"unexpected {self.tokens[0]} in {self.source!r}")
        return tree

    def mark(self, marks: str) -> str | None:
        found = self.tokens[0].get("mark")
        if found is None or found not in marks:
            return None
        self.tokens.pop(0)
        return str(found)

    def choice(self) -> tuple[Any, ...]:
        parts = [self.conjunction()]
        while self.mark("|"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else ("choice", parts)

    def conjunction(self) -> tuple[Any, ...]:
        parts = [self.sequence()]
        while self.mark("&"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else ("and", parts)

    def sequence(self) -> tuple[Any, ...]:
        parts: list[tuple[Any, ...]] = []
        while self.tokens[0] and self.tokens[0]["mark"] not in ("|", "&", ")", "}"):
            parts.append(self.item())
        return parts[0] if len(parts) == 1 else ("sequence", parts)

    def item(self) -> tuple[Any, ...]:
        if self.mark("!"):
            return ("not", self.item())
        tree = self.atom()
        while True:
            if found := self.mark("?*+"):
                tree = ("repeat", tree, *{"?": (0, 1), "*": (0, None), "+": (1, None)}[found], None)
            elif self.tokens[0].get("low"):
                token = self.tokens.pop(0)
                low = int(token["low"])
                high = int(token["high"]) if token["high"] else None if token["comma"] else low
                separator = self.choice() if token["sep"] else None
                if not self.mark("}"):
                    raise ValueError(f"expected }} in {self.source!r}")
                tree = ("repeat", tree, low, high, separator)
            else:
                return tree

    def atom(self) -> tuple[Any, ...]:
        if self.mark("("):
            tree = self.choice()
            if not self.mark(")"):
                raise ValueError(f"expected ) in {self.source!r}")
            return tree
        if self.mark("."):
            return ("class", [(0, 0x10FFFF)])
        token = self.tokens.pop(0)
        if token["name"]:
            return ("name", token["name"])
        if token["text"] is not None:
            return ("text", unescape(token["text"]))
        if token["members"] is not None:
            return ("class", class_ranges(token["members"], bool(token["negated"])))
        raise ValueError(f"unexpected {token} in {self.source!r}")


def read_grammar(text: str) -> Grammar:
    """The grammar that ``text`` describes in the notation above."""
    trees: dict[str, tuple[Any, ...]] = {}
    for line in text.strip().splitlines():
        if line.strip():
            name, _, body = line.partition(":")
            trees[name.strip()] = Reader(body).whole()
    builder = GrammarBuilder()
    rules = {name: builder.rule(name) for name in trees if name[0].islower()}

    def expression(tree: tuple[Any, ...]) -> Expression:
        match tree:
            case ("name", name):
                return expression(trees[name])
            case ("text", data):
                return builder.literal(data)
            case ("class", ranges):
                return builder.char_class(ranges)
            case ("choice", parts):
                return builder.union(expression(part) for part in parts)
            case ("and", parts):
                return builder.intersection(expression(part) for part in parts)
            case ("sequence", parts):
                return builder.concat([expression(part) for part in parts])
            case ("not", part):
                return builder.complement(expression(part))
            case ("repeat", part, low, high, None):
                return builder.repeat(expression(part), low, high)
        raise ValueError(f"not for terminals: {tree}")

    def symbol(tree: tuple[Any, ...]) -> Symbol:
        match tree:
            case ("name", name):
                return rules[name] if name in rules else builder.terminal(expression(trees[name]), name)
            case ("text", data):
                return builder.terminal(builder.literal(data), repr(data))
            case ("class", ranges):
                return builder.terminal(builder.char_class(ranges), "class")
            case ("choice" | "sequence", _):
                return builder.choice("group", alternatives(tree))
            case ("repeat", part, low, high, separator):
                return builder.repeat_symbol(symbol(part), low, high, symbol(separator) if separator else None)
        raise ValueError(f"not for rules: {tree}")

    def alternatives(tree: tuple[Any, ...]) -> list[list[Symbol]]:
        bodies = tree[1] if tree[0] == "choice" else [tree]
        return [[symbol(part) for part in (body[1] if body[0] == "sequence" else [body])] for body in bodies]

    for name, rule in rules.items():
        builder.define(rule, alternatives(trees[name]))
    return builder.finish(rules["start"])
