r"""Names that are no keywords: ``(?!(?:if|else)\b)[a-z]\w*``.

The assertion looks past the terminal's end, but only to see that a keyword ends where the name does. A name takes as
many characters as it can; so what is forbidden is a name that is a keyword.
"""

from __future__ import annotations

from typing import NamedTuple

from constrain.compiler.regex.ast import (
    EVERYTHING,
    CharacterClass,
    Complement,
    Concat,
    Look,
    Node,
    Ranges,
    Union,
    complement_ranges,
    concat,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.language import piece
from constrain.compiler.regex.lookaround import has_lookaround
from constrain.compiler.regex.preference import characters_of, inside, preference

__all__ = ["Words", "reserved_words"]


class Words(NamedTuple):
    """A pattern without its keywords.

    Attributes:
        names: what is left of the pattern: names, keywords among them.
        keywords: the texts that are no names.
        ended: texts to the end that begin with a keyword.
        beyond: characters of words that no name holds; a keyword with one of them behind it is a name.
    """

    names: Node
    keywords: Node
    ended: Node
    beyond: Ranges


def reserved_words(node: Node) -> Words | None:
    """The keywords that a pattern leaves out; None for a pattern of another form."""
    if not isinstance(node, Concat) or not node.parts or not isinstance(node.parts[0], Look):
        return None
    look, name = node.parts[0], concat(node.parts[1:])
    if not look.ahead or not look.negative or has_lookaround(name) or preference(name).taken != "longest":
        return None
    characters = characters_of(name)
    if characters is None:
        return None
    bodies = look.body.parts if isinstance(look.body, Union) else (look.body,)
    keywords: list[Node] = []
    words: set[Ranges] = set()
    others: list[Node] = []
    for body in bodies:
        word = _keyword(body, characters)
        if word is None or words - {word}:
            others.append(body)
        else:
            words.add(word)
            keywords.append(concat(body.parts[:-1]) if isinstance(body, Concat) else body)
    if not words:
        return None
    (word,) = words
    reserved = piece(union(keywords))
    rest = repeat(concat([CharacterClass(complement_ranges(word)), EVERYTHING]), 0, 1)
    left = concat([Look(Union(tuple(others)), ahead=True, negative=True), name]) if others else name
    beyond = complement_ranges([*complement_ranges(word), *characters])
    return Words(left, reserved, concat([reserved, rest]), beyond)


def without(node: Node, words: Words) -> Node:
    """Names that are no keywords."""
    return intersection([node, Complement(words.keywords)])


def _keyword(body: Node, characters: Ranges) -> Ranges | None:
    """The characters that may not follow a keyword, of a body that is keywords with a boundary behind them."""
    if not isinstance(body, Concat) or len(body.parts) < 2:
        return None
    word = _word_of(body.parts[-1])
    keyword = concat(body.parts[:-1])
    if word is None or has_lookaround(keyword):
        return None
    of_keyword = characters_of(keyword)
    if of_keyword is None or not inside(of_keyword, word) or not inside(characters, word):
        return None
    return word


def _word_of(boundary: Node) -> Ranges | None:
    r"""The characters that may not follow a word: of ``(?![a-z])``, or of ``\b`` after one of them."""
    match boundary:
        case Look(CharacterClass(ranges), True, True):
            return ranges
        case Union((Concat((Look(_, False, False), Look(CharacterClass(ranges), True, True))), _)):
            return ranges
    return None
