"""Is it certain where each JSON part begins in which keys or items must differ?

The engine follows such parts one at a time, from where a fixed text before them ends. Where a text can be read in
several ways that put the beginning at several places, it could follow but one of them. Tags after triggers are never
like that; an expression that may end anywhere, with a schema after it, is, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TypeAlias

from constrain.compiler.grammar import Grammar
from constrain.compiler.structural_tag.model import (
    AnyText,
    ConstString,
    Dispatch,
    EmbeddedGrammar,
    Format,
    JsonSchema,
    Or,
    Regex,
    Repeat,
    SeparatedTags,
    Sequence,
    Tag,
    TriggeredTags,
)
from constrain.compiler.structural_tag.schemas import holds, is_guarded
from constrain.errors import UnsupportedError

__all__ = ["check"]

FRESH, CERTAIN, VAGUE = range(3)
"""What is known of a place: a fixed text or nothing stands before it; it is certain; several are possible."""

IN_NUMBERS = "0123456789+-.eE"
IN_NUMBERS_AND_BLANKS = IN_NUMBERS + " \t\r\n"

_Part: TypeAlias = JsonSchema | Regex | EmbeddedGrammar
_KNOWING_ENDS = JsonSchema | Regex | EmbeddedGrammar | Repeat | SeparatedTags
"""After these it helps to know what they are followed by; all else ends with that anyway, or anywhere."""


def check(format: Format, grammar_of: Callable[[_Part], Grammar]) -> bool:
    """Whether there are parts in which keys or items must differ.

    Args:
        format: all of it.
        grammar_of: the grammar of a part.

    Raises:
        UnsupportedError: there are, and it is not certain where they begin; with the place of one.
    """
    if not any(isinstance(part, JsonSchema) and is_guarded(grammar_of(part)) for part in _parts(format)):
        return False
    _Walk(grammar_of).after(format, FRESH)
    return True


def _parts(format: Format) -> Iterator[_Part]:
    match format:
        case JsonSchema() | Regex() | EmbeddedGrammar():
            yield format
        case Sequence(elements=inner) | Or(elements=inner):
            for element in inner:
                yield from _parts(element)
        case Repeat(content=content) | Tag(content=content):
            yield from _parts(content)
        case TriggeredTags(tags=tags) | SeparatedTags(tags=tags):
            for tag in tags:
                yield from _parts(tag)
        case Dispatch(rules=rules):
            for _, rule in rules:
                yield from _parts(rule)


class _Walk:
    def __init__(self, grammar_of: Callable[[_Part], Grammar]) -> None:
        self._grammar_of = grammar_of
        self._known: dict[int, bool] = {}

    def _is_guarded(self, format: Format) -> bool:
        """Is there a part in it in which keys or items must differ?"""
        known = self._known.get(id(format))
        if known is None:
            parts = [part for part in _parts(format) if isinstance(part, JsonSchema)]
            known = self._known[id(format)] = any(is_guarded(self._grammar_of(part)) for part in parts)
        return known

    def after(self, format: Format, place: int, ends: tuple[str, ...] = ()) -> int:
        """The place after a format and, if there are any, one of its ends."""
        match format:
            case AnyText():
                return FRESH if _all(ends) and place != VAGUE else VAGUE
            case TriggeredTags(tags=tags, stop_after_first=once, at_least_one=some):
                inside = self._one_of(tags, place)
                if not once:
                    inside = self._one_of(tags, max(inside, CERTAIN))
                if once and some:
                    return self._ended(inside, ends)
                return FRESH if inside != VAGUE and _all(ends) else VAGUE
            case Dispatch(rules=rules, loop=loop):
                inside = max(self.after(rule, _fixed(place)) for _, rule in rules)
                if loop:
                    inside = max(self.after(rule, _fixed(inside)) for _, rule in rules)
                return FRESH if inside != VAGUE and _all(ends) else VAGUE
            case Sequence(elements=elements):
                for element, following in pairwise(elements):
                    known = _heads(following) if isinstance(element, _KNOWING_ENDS) else [""]
                    place = self.after(element, place, tuple(known) if all(known) else ())
                return self.after(elements[-1], place, ends)
            case Or(elements=elements):
                return self._one_of(elements, place, ends)
            case Repeat(content=content, maximum=maximum):
                inside = self.after(content, place)
                if maximum != 1:
                    inside = self.after(content, inside)
                apart = _all(ends) and _apart([_heads(content), list(ends)])
                return FRESH if apart and inside != VAGUE else VAGUE
            case SeparatedTags(tags=tags, separator=separator, stop_after_first=once):
                inside = self._one_of(tags, place)
                if not once:
                    inside = self._one_of(tags, _fixed(inside) if separator else inside)
                apart = _all(ends) and _apart([[head for tag in tags for head in _heads(tag)], list(ends)])
                if separator:
                    apart = apart and _apart([[separator], list(ends)])
                return FRESH if apart and inside != VAGUE else VAGUE
            case Tag(begin=begin, content=content, ends=own):
                inside = self.after(content, _fixed(place) if begin else place, own)
                return self._ended(inside, ends)
            case ConstString(value=value):
                return self._ended(_fixed(place) if value else place, ends)
            case JsonSchema(style=style):
                # styles other than JSON have fixed texts of their own
                badly = place == VAGUE or (style == "json" and place != FRESH)
                if badly and self._is_guarded(format):
                    raise UnsupportedError(
                        "keys or items must differ in this schema, and it is not certain where its value begins",
                        pointer=format.pointer,
                        expected="a fixed text before it, such as what a tag begins with, whose place is certain",
                    )
                if place == VAGUE or not (_ends_itself(format) or _tells_end(ends)):
                    return VAGUE
                return FRESH if _all(ends) else CERTAIN
            case Regex() | EmbeddedGrammar():
                grammar = self._grammar_of(format)
                apart = _all(ends) and not any(holds(grammar, end[0]) for end in ends)
                return FRESH if apart and place != VAGUE else VAGUE

    def _one_of(self, formats: Iterable[Format], place: int, ends: tuple[str, ...] = ()) -> int:
        every = list(formats)
        guarded = [format for format in every if self._is_guarded(format)]
        certain = _apart([_heads(format) for format in guarded])
        found = [
            self.after(format, place if certain or not self._is_guarded(format) else VAGUE, ends) for format in every
        ]
        return max(found) if _apart([_heads(format) for format in every]) else VAGUE

    def _ended(self, place: int, ends: tuple[str, ...]) -> int:
        return _fixed(place) if _all(ends) else place


def _fixed(place: int) -> int:
    return VAGUE if place == VAGUE else FRESH


def _all(ends: tuple[str, ...]) -> bool:
    return bool(ends) and all(ends)


def _ends_itself(part: JsonSchema) -> bool:
    """Does no value go on to be another? Numbers do."""
    kinds = part.schema.get("type", "number") if isinstance(part.schema, dict) else "number"
    return part.style == "json" and not {"number", "integer"} & set([kinds] if isinstance(kinds, str) else kinds)


def _tells_end(ends: tuple[str, ...]) -> bool:
    """Does each of them tell where a number before it ended, and blanks?"""
    return _all(ends) and all(end.strip(IN_NUMBERS_AND_BLANKS) and end[0] not in IN_NUMBERS for end in ends)


def _heads(format: Format) -> list[str]:
    """Texts of which each of its texts begins with one; the empty one if little is known."""
    match format:
        case ConstString(value=value):
            return [value]
        case Tag(begin=begin, content=content):
            return [begin] if begin else _heads(content)
        case Sequence(elements=elements):
            return _heads(elements[0])
        case Or(elements=elements):
            return [head for element in elements for head in _heads(element)]
        case Repeat(content=content, minimum=minimum) if minimum > 0:
            return _heads(content)
        case SeparatedTags(tags=tags, at_least_one=True):
            return [head for tag in tags for head in _heads(tag)]
    return [""]


def _apart(groups: list[list[str]]) -> bool:
    """Does no text of a group begin one of another?"""
    ordered = sorted((text, number) for number, group in enumerate(groups) for text in group)
    for index, (text, number) in enumerate(ordered):
        for other, others in ordered[index + 1 :]:
            if not other.startswith(text):
                break
            if others != number:
                return False
    return True
