"""What a pattern takes of a text, as Python's ``re.match`` takes it: texts, and what each says of the text after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from constrain.compiler.grammar import GrammarBuilder, normalise_ranges
from constrain.compiler.lark.contextual.words import Words, reserved_words, without
from constrain.compiler.lexing import Longer
from constrain.compiler.regex.ast import (
    ANY,
    EVERYTHING,
    NOTHING,
    CharacterClass,
    Complement,
    Concat,
    Intersection,
    Node,
    Ranges,
    Repeat,
    Union,
    children_of,
    concat,
    contains_lazy,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.lower import lower
from constrain.compiler.regex.membership import nullable
from constrain.compiler.regex.preference import first_characters, inside, meets, preference
from constrain.compiler.regex.trailing import Ending, endings
from constrain.errors import UnsatisfiableError, UnsupportedError

__all__ = ["Matches", "Taken", "is_prefix_free", "matches_of"]


class Taken(NamedTuple):
    """Texts that are taken.

    Attributes:
        texts: they.
        longer: what of longer matches must not follow.
        follow: what may not follow besides; None: nothing.
    """

    texts: Node
    longer: Longer
    follow: Node | None = None


class Matches(NamedTuple):
    """What a pattern takes.

    Attributes:
        taken: texts, none of them twice.
        possible: all that it may match, longer than what it takes or not.
        covers: texts to the end at which it matches; None: all that begin with one of ``possible``.
    """

    taken: tuple[Taken, ...]
    possible: Node
    covers: Node | None = None


def matches_of(ordered: Node) -> Matches:
    """What a pattern takes.

    Args:
        ordered: its tree, in the order in which its matches are tried (:func:`~.python_re.ordered`).

    Raises:
        UnsupportedError: a construct that is not implemented, or preferences that no rule tells.
        LimitError: too many ways to match.
    """
    if isinstance(ordered, Union) and _begin_apart(ordered.parts):
        return _merged([matches_of(part) for part in ordered.parts])
    words = reserved_words(ordered)
    return _of(ordered, None) if words is None else _of(words.names, words)


def _begin_apart(parts: Sequence[Node]) -> bool:
    firsts = [first_characters(part) for part in parts]
    return not any(meets(one, other) for index, one in enumerate(firsts) for other in firsts[:index])


def _merged(each: Sequence[Matches]) -> Matches:
    covers = None
    if any(matches.covers is not None for matches in each):
        covers = union([_covered(matches) for matches in each])
    taken = tuple(taken for matches in each for taken in matches.taken)
    return Matches(taken, union([matches.possible for matches in each]), covers)


def _covered(matches: Matches) -> Node:
    return concat([matches.possible, EVERYTHING]) if matches.covers is None else matches.covers


def _of(ordered: Node, words: Words | None) -> Matches:
    preferred = preference(ordered)
    lazy = contains_lazy(ordered)
    ways = endings(ordered)
    if len(ways) > 1:
        ways = [way for way in ways if not is_empty(way.node)]
    follows = [_forbidden(way) for way in ways]
    possible = union([way.node for way in ways])
    taken: tuple[Taken, ...]
    alone = all(inside(preferred.more, _single_characters(follow)) for follow in follows) and not lazy
    if alone:
        # whatever goes on with a match must not follow it: there is but one
        taken = tuple(Taken(way.node, "any", follow) for way, follow in zip(ways, follows, strict=True))
    elif preferred.taken == "longest" or lazy:
        # of lazy ones the texts that are matched are left, the rest of which is as long as it can be
        longer = _longer(ways, follows)
        taken = tuple(Taken(way.node, longer, follow) for way, follow in zip(ways, follows, strict=True))
    elif preferred.taken == "shortest" and follows == [None]:
        extended = concat([possible, repeat(ANY, 1, None)])
        taken = (Taken(intersection([possible, Complement(extended)]), "any"),)
    else:
        raise UnsupportedError(
            "which of several matches is taken, now a shorter and now a longer one, is not implemented",
            expected="the longer alternatives of the pattern in front of the shorter ones",
        )
    covers = None
    if any(follow is not None for follow in follows) or words is not None:
        covers = union([_before(way.node, follow) for way, follow in zip(ways, follows, strict=True)])
    if words is not None:
        taken = tuple(each._replace(texts=without(each.texts, words)) for each in taken)
        covers = intersection([covers or EVERYTHING, Complement(words.ended)])
    return Matches(taken, possible, covers)


def _before(node: Node, follow: Node | None) -> Node:
    """Texts to the end that begin with the node, and then not with ``follow``."""
    rest = EVERYTHING if follow is None else Complement(concat([follow, EVERYTHING]))
    return concat([node, rest])


def _forbidden(ending: Ending) -> Node | None:
    forbidden = ending.forbidden
    if forbidden is None:
        raise UnsupportedError("lookahead that asks for text after the end of a terminal is not implemented")
    if forbidden == NOTHING:
        return None
    if nullable(forbidden):
        raise UnsupportedError("lookahead that forbids every text after the end of a terminal is not implemented")
    return forbidden


def _longer(ways: Sequence[Ending], follows: Sequence[Node | None]) -> Longer:
    if len(ways) == 1:
        return "none" if follows == [None] else "none unless followed"
    for way, follow in zip(ways, follows, strict=True):
        if follow is not None:
            # a longer match that may fail by what follows it would leave a shorter one
            shorter = concat([union([other.node for other in ways]), repeat(ANY, 1, None)])
            if not is_empty(intersection([way.node, shorter])):
                raise UnsupportedError(
                    "lookahead at the end of a terminal whose shorter texts match, too, is not implemented"
                )
    return "none"


def _single_characters(node: Node | None) -> Ranges:
    """Characters that are texts of ``node``, as far as the tree tells."""
    if node is None:
        return ()
    parts = node.parts if isinstance(node, Union) else (node,)
    return normalise_ranges([each for part in parts if isinstance(part, CharacterClass) for each in part.ranges])


def is_prefix_free(node: Node) -> bool:
    """Does no match begin a longer one?"""
    return is_empty(intersection([node, concat([node, repeat(ANY, 1, None)])]))


def is_empty(node: Node) -> bool:
    """Does no text match?"""
    shown = _is_plainly_empty(node)
    if shown is not None:
        return shown
    from constrain.compiler.compile import compile_grammar
    from constrain.compiler.vocabulary import Vocabulary

    builder = GrammarBuilder()
    try:
        compile_grammar(builder.finish(builder.terminal(lower(node, builder), "texts")), Vocabulary.bytes())
    except UnsatisfiableError:
        return True
    return False


def _is_plainly_empty(root: Node) -> bool | None:
    """As far as the tree shows: it does, but for what its intersections and complements leave."""
    known: dict[int, bool | None] = {}
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if not ready:
            stack.append((node, True))
            stack.extend((child, False) for child in children_of(node) if id(child) not in known)
            continue
        inside = [known[id(child)] for child in children_of(node)]
        match node:
            case CharacterClass(ranges):
                empty: bool | None = not ranges
            case Concat():
                empty = _any(inside)
            case Union():
                empty = _all(inside)
            case Intersection():
                empty = _any(inside) or None
            case Repeat(_, minimum):
                empty = minimum > 0 and inside[0]
            case _:
                empty = None
        known[id(node)] = empty
    return known[id(root)]


def _any(parts: Sequence[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def _all(parts: Sequence[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True
