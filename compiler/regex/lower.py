"""From the tree of code points to expressions over bytes.

How a character becomes bytes is a parameter: plain UTF-8 for regexes and Lark terminals, JSON's escapes for the
patterns of a schema. Any encoding will do in which distinct characters have distinct, prefix-free encodings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from constrain.compiler.grammar import Expression, GrammarBuilder
from constrain.compiler.regex.ast import (
    ANY,
    Anchor,
    Atomic,
    Automaton,
    CharacterClass,
    Complement,
    Concat,
    Intersection,
    Look,
    Node,
    Ranges,
    Repeat,
    Union,
    children_of,
)

__all__ = ["Lowering", "lower", "utf8_class"]


def utf8_class(builder: GrammarBuilder, ranges: Ranges) -> Expression:
    """One character of ``ranges`` as UTF-8."""
    return builder.char_class(ranges)


def _utf8_text(builder: GrammarBuilder, text: str) -> Expression:
    return builder.literal(text.encode())


def lower(
    node: Node,
    builder: GrammarBuilder,
    encode_class: Callable[[GrammarBuilder, Ranges], Expression] = utf8_class,
    encode_text: Callable[[GrammarBuilder, str], Expression] | None = None,
    classes: dict[Node, Expression] | None = None,
) -> Expression:
    """The expression for ``node``.

    Args:
        node: a tree without anchors, assertions and atomic groups (the parsers resolve them).
        builder: where expressions are interned.
        encode_class: the encodings of one character out of some ranges.
        encode_text: the encodings of a fixed text; without it (and with an ``encode_class`` of one's own) texts are
            concatenations of classes.
        classes: the expressions of classes that were lowered before; more are added.

    Raises:
        ValueError: the tree holds one of these (a caller's bug, not a user's).
    """
    plain = encode_class is utf8_class
    classes = {} if classes is None else classes
    if encode_text is None and plain:
        encode_text = _utf8_text
    # An explicit stack in post-order; results are kept by identity, so parts that are shared are lowered once.
    done: dict[int, Expression] = {}
    stack = [(node, False)]
    while stack:
        current, ready = stack.pop()
        if id(current) in done:
            continue
        if not ready and (children := children_of(current)):
            stack.append((current, True))
            if encode_text is not None and isinstance(current, Concat | Union):
                # single characters are folded into texts by their parent
                children = [child for child in children if _only_character(child) is None]
            stack.extend((child, False) for child in children)
            continue
        match current:
            case CharacterClass(ranges):
                text = _only_character(current)
                if text is not None:
                    expression = _text(builder, text, encode_class, encode_text)
                elif current in classes:
                    expression = classes[current]
                else:
                    expression = classes[current] = encode_class(builder, ranges)
            case Concat(parts):
                expression = _concat(builder, parts, done, encode_class, encode_text)
            case Union(parts):
                texts = [_fixed_text(part) for part in parts] if plain else [None]
                if parts and None not in texts:
                    expression = builder.literals(text.encode() for text in texts if text is not None)
                else:
                    members = []
                    for part in parts:
                        text = None if id(part) in done else _only_character(part)
                        members.append(
                            done[id(part)] if text is None else _text(builder, text, encode_class, encode_text)
                        )
                    expression = builder.union(members)
            case Intersection(parts):
                expression = builder.intersection(done[id(part)] for part in parts)
            case Complement(part):
                expression = builder.complement(done[id(part)])
                if not plain:
                    # "every string" means every encoded string
                    everything = builder.repeat(encode_class(builder, ANY.ranges), 0, None)
                    expression = builder.intersection([expression, everything])
            case Repeat(part, minimum, maximum):
                expression = builder.repeat(done[id(part)], minimum, maximum)
            case Automaton(states):
                letters: dict[Ranges, Expression] = {}
                for _, steps in states:
                    for ranges, _ in steps:
                        if ranges not in letters:
                            letters[ranges] = encode_class(builder, ranges)
                expression = builder.automaton(
                    [(accepting, [(letters[ranges], to) for ranges, to in steps]) for accepting, steps in states]
                )
            case Anchor() | Look() | Atomic():
                raise ValueError(f"{type(current).__name__} is unresolved")
        done[id(current)] = expression
    return done[id(node)]


class Lowering:
    """:func:`lower` into one builder, of trees some of which come again."""

    def __init__(self, builder: GrammarBuilder) -> None:
        self._builder = builder
        self._known: dict[Node, Expression] = {}
        self._classes: dict[Node, Expression] = {}

    def __call__(self, node: Node) -> Expression:
        """The expression for ``node``, as UTF-8."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = lower(node, self._builder, classes=self._classes)
        return known


def _concat(
    builder: GrammarBuilder,
    parts: Sequence[Node],
    done: dict[int, Expression],
    encode_class: Callable[[GrammarBuilder, Ranges], Expression],
    encode_text: Callable[[GrammarBuilder, str], Expression] | None,
) -> Expression:
    pieces: list[Expression] = []
    run: list[str] = []
    for part in parts:
        text = _only_character(part) if encode_text is not None else None
        if text is not None:
            run.append(text)
            continue
        if run:
            pieces.append(_text(builder, "".join(run), encode_class, encode_text))
            run.clear()
        pieces.append(done[id(part)])
    if run:
        pieces.append(_text(builder, "".join(run), encode_class, encode_text))
    return builder.concat(pieces) if pieces else builder.literal(b"")


def _text(
    builder: GrammarBuilder,
    text: str,
    encode_class: Callable[[GrammarBuilder, Ranges], Expression],
    encode_text: Callable[[GrammarBuilder, str], Expression] | None,
) -> Expression:
    if encode_text is not None:
        return encode_text(builder, text)
    return builder.concat([encode_class(builder, ((ord(character), ord(character)),)) for character in text])


def _only_character(node: Node) -> str | None:
    """The character of a class that has exactly one."""
    if isinstance(node, CharacterClass) and len(node.ranges) == 1:
        low, high = node.ranges[0]
        if low == high:
            return chr(low)
    return None


def _fixed_text(node: Node) -> str | None:
    """The text of a node that matches exactly one string."""
    if not isinstance(node, Concat):
        return _only_character(node)
    characters = [_only_character(part) for part in node.parts]
    return None if None in characters else "".join(filter(None, characters))
