"""What a pattern takes of a text, as Python's ``re.match`` takes it: texts, and what each says of the text after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from constrain.compiler.grammar import normalise_ranges
from constrain.compiler.lark.contextual.words import Words, reserved_words, without
from constrain.compiler.lexing import Longer
from constrain.compiler.regex.ast import (
    ANY,
    EVERYTHING,
    NOTHING,
    CharacterClass,
    Complement,
    Node,
    Ranges,
    Union,
    concat,
    contains_lazy,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.emptiness import is_empty
from constrain.compiler.regex.membership import nullable
from constrain.compiler.regex.preference import first_characters, in_order, inside, meets, preference
from constrain.compiler.regex.trailing import Ending, endings
from constrain.errors import UnsupportedError

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
        ends_words: characters that are taken never to follow it.
    """

    taken: tuple[Taken, ...]
    possible: Node
    covers: Node | None = None
    ends_words: Ranges = ()


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
    ends_words = normalise_ranges([part for matches in each for part in matches.ends_words])
    return Matches(taken, union([matches.possible for matches in each]), covers, ends_words)


def _covered(matches: Matches) -> Node:
    return concat([matches.possible, EVERYTHING]) if matches.covers is None else matches.covers


def _of(ordered: Node, words: Words | None) -> Matches:
    preferred = preference(ordered)
    lazy = contains_lazy(ordered)
    longest = in_order(ordered) if lazy and words is None else None
    if longest is not None:
        return Matches((Taken(longest, "none"),), longest)
    if lazy and preferred.taken != "shortest":
        raise _preferred_error()
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
        longest = in_order(ordered) if words is None else None
        if longest is None:
            raise _preferred_error()
        return Matches((Taken(longest, "none"),), longest)
    covers = None
    if any(follow is not None for follow in follows) or words is not None:
        covers = union([_before(way.node, follow) for way, follow in zip(ways, follows, strict=True)])
    if words is not None:
        taken = tuple(each._replace(texts=without(each.texts, words)) for each in taken)
        covers = intersection([covers or EVERYTHING, Complement(words.ended)])
    return Matches(taken, possible, covers, () if words is None else words.beyond)


def _preferred_error() -> UnsupportedError:
    return UnsupportedError(
        "which match is taken, now a shorter and now a longer one, is not implemented beside such assertions",
        expected="the longer alternatives of the pattern in front of the shorter ones",
    )


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
    if isinstance(node, CharacterClass):
        return node.ranges
    parts = node.parts if isinstance(node, Union) else (node,)
    return normalise_ranges([each for part in parts if isinstance(part, CharacterClass) for each in part.ranges])


def is_prefix_free(node: Node) -> bool:
    """Does no match begin a longer one?"""
    return is_empty(intersection([node, concat([node, repeat(ANY, 1, None)])]))
