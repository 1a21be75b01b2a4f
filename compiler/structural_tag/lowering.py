"""From formats to one grammar.

Where a format can go on for ever, such as free text inside a tag, it ends at the first of the enclosing tag's ends. So
each format is written together with what ends it, as far as it has to know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from constrain.compiler.grammar import Grammar, GrammarBuilder, Symbol
from constrain.compiler.special_tokens import MARK, shown_text, written
from constrain.compiler.structural_tag import free_text
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
from constrain.errors import GrammarError, UnsatisfiableError, UnsupportedError

__all__ = ["Lowering"]

_NONE: tuple[str, ...] = ()


class Lowering:
    """Writes one grammar.

    Args:
        embedded: the grammar of a part.
        special: names of the vocabulary's special tokens.
        guarded: are there parts in which keys or items must differ? Then fixed texts say that one may follow.
    """

    def __init__(
        self,
        embedded: Callable[[JsonSchema | Regex | EmbeddedGrammar], Grammar],
        special: Collection[str],
        *,
        guarded: bool,
    ) -> None:
        self._builder = GrammarBuilder()
        self._embedded = embedded
        self._special = special
        self._guarded = guarded
        self._parts: dict[int, Symbol] = {}

    def grammar(self, format: Format) -> Grammar:
        """The grammar of a whole file."""
        return self._builder.finish(self._choice("text", [self._write(format, _NONE, _NONE)]))

    # -- symbols -------------------------------------------------------------------------------------------------------

    def _choice(self, name: str, alternatives: Iterable[list[Symbol]]) -> Symbol:
        found = list(alternatives)
        if len(found) == 1 and len(found[0]) == 1:
            return found[0][0]
        return self._builder.choice(name, found)

    def _fixed(self, data: bytes) -> list[Symbol]:
        """A fixed text, already in bytes."""
        if not data:
            return []
        name = shown_text(data).decode()
        return [self._builder.terminal(self._builder.literal(data), name, "begins" if self._guarded else None)]

    def _text(self, text: str) -> list[Symbol]:
        return self._fixed(written(text, self._special))

    def _any_of(self, ends: tuple[str, ...]) -> list[Symbol]:
        """One of the ends, if there are any."""
        if not ends or ends == ("",):
            return []
        return [self._choice("end", [self._text(end) for end in ends])]

    def _free(self, patterns: Collection[str], maximum: int | None = None) -> list[Symbol]:
        """Free text that goes on to wherever it ends."""
        return [self._builder.terminal(free_text.without(self._builder, patterns, maximum), "free text")]

    def _free_up_to(self, end: str, patterns: Collection[str], data: bytes, maximum: int | None = None) -> Symbol:
        """Free text and the pattern that is the first in it, written as ``data``, which may go on."""
        expression = free_text.up_to(self._builder, end, patterns, data, maximum)
        return self._builder.terminal(expression, f"free text, {end}", "begins" if self._guarded else None)

    # -- formats -------------------------------------------------------------------------------------------------------

    def _write(self, format: Format, ends: tuple[str, ...], barred: tuple[str, ...]) -> list[Symbol]:
        """A format, and then one of the ends, if there are any.

        Args:
            format: the format.
            ends: of the tag around it, if nothing else comes before them.
            barred: the ends of the tag around it, which no free text in it holds.
        """
        match format:
            case AnyText():
                return self._any_text(format, ends, barred)
            case TriggeredTags():
                return self._triggered(format, ends, barred)
            case Dispatch():
                return self._dispatched(format, ends, barred)
            case Sequence(elements=elements):
                before = [symbol for element in elements[:-1] for symbol in self._write(element, _NONE, barred)]
                return [*before, *self._write(elements[-1], ends, barred)]
            case Or(elements=elements):
                return [self._choice("or", [self._write(element, ends, barred) for element in elements])]
            case Repeat(content=content, minimum=0, maximum=1):
                return [self._choice("optional", [self._any_of(ends), self._write(content, ends, barred)])]
            case Tag(begin=begin, content=content, ends=own):
                return [*self._text(begin), *self._inside(content, own, format.pointer), *self._any_of(ends)]
            case _:
                return [*self._plain(format, barred), *self._any_of(ends)]

    def _inside(self, content: Format, own: tuple[str, ...], pointer: str) -> list[Symbol]:
        """The content of a tag and its end."""
        closed = tuple(end for end in own if end)
        try:
            ways = [self._write(content, closed, closed)] if closed else []
        except UnsatisfiableError as error:
            if error.pointer is not None:
                raise
            raise UnsatisfiableError(error.message, pointer=f"{pointer}/end", expected=error.expected) from None
        if closed != own:  # one of the ends is nothing
            ways.append(self._write(content, _NONE, closed))
        return ways[0] if len(ways) == 1 else [self._choice("content", ways)]

    def _plain(self, format: Format, barred: tuple[str, ...]) -> list[Symbol]:
        """A format that ends where it ends."""
        match format:
            case ConstString(value=value):
                return self._text(value)
            case Repeat(content=content, minimum=minimum, maximum=maximum):
                inner = self._choice("content", [self._write(content, _NONE, barred)])
                return [self._builder.repeat_symbol(inner, minimum, maximum)]
            case SeparatedTags(tags=tags, separator=separator, at_least_one=some, stop_after_first=once):
                tag = self._choice("tag", [self._write(tag, _NONE, barred) for tag in tags])
                between = self._text(separator)
                maximum = 1 if once else None
                return [self._builder.repeat_symbol(tag, int(some), maximum, between[0] if between else None)]
            case JsonSchema() | Regex() | EmbeddedGrammar():
                known = self._parts.get(id(format))
                if known is None:
                    known = self._parts[id(format)] = self._embed(format)
                return [known]
        raise ValueError(f"not a plain format: {format!r}")

    def _embed(self, part: JsonSchema | Regex | EmbeddedGrammar) -> Symbol:
        try:
            return self._builder.embed(self._embedded(part))
        except UnsupportedError as error:
            if error.pointer is not None:
                raise
            raise UnsupportedError(error.message, pointer=part.pointer, expected=error.expected) from None

    def _any_text(self, format: AnyText, ends: tuple[str, ...], barred: tuple[str, ...]) -> list[Symbol]:
        patterns = dict.fromkeys([*format.excludes, *barred])
        if not ends:
            return self._free(patterns, format.maximum)
        return [self._choice("free text", self._ways_out(ends, patterns, format.maximum))]

    def _ways_out(
        self, ends: tuple[str, ...], patterns: Collection[str], maximum: int | None = None
    ) -> list[list[Symbol]]:
        """Free text up to the first of the patterns, if that is an end."""
        return [
            [self._free_up_to(end, patterns, written(end, self._special), maximum)]
            for end in dict.fromkeys(ends)
            if self._check_reachable(end, patterns)
        ]

    # -- free text with tags -------------------------------------------------------------------------------------------

    def _triggered(self, format: TriggeredTags, ends: tuple[str, ...], barred: tuple[str, ...]) -> list[Symbol]:
        groups: dict[str, list[Tag]] = {trigger: [] for trigger in format.triggers}
        for tag in format.tags:
            fitting = [trigger for trigger in groups if tag.begin.startswith(trigger)]
            if len(fitting) != 1:
                raise GrammarError(
                    f"{len(fitting)} triggers are a prefix of {tag.begin!r}, with which the tag begins",
                    pointer=f"{tag.pointer}/begin",
                    expected="exactly one",
                )
            groups[fitting[0]].append(tag)
        patterns = dict.fromkeys([*format.triggers, *format.excludes, *barred])
        for trigger, tags in groups.items():
            if not tags:
                raise GrammarError(
                    f"no tag begins with the trigger {trigger!r}",
                    pointer=format.pointer,
                    expected="a tag for each trigger, or the text among 'excludes'",
                )
            self._check_trigger(trigger, patterns, [*format.excludes, *barred], format.pointer)
        if format.at_least_one:
            first = [self._choice("tag", [self._write(tag, _NONE, barred) for tag in format.tags])]
            if format.stop_after_first:
                return [*first, *self._any_of(ends)]
        part = self._choice(
            "tag in free text",
            [self._tags_after(trigger, tags, patterns, barred) for trigger, tags in groups.items()],
        )
        last = self._last(ends, patterns)
        if format.stop_after_first:
            return [self._choice("text with a tag", [last, [part, *self._any_of(ends)]])]
        rest = [self._builder.repeat_symbol(part, 0, None), *last]
        return [*first, *rest] if format.at_least_one else rest

    def _last(self, ends: tuple[str, ...], patterns: Collection[str]) -> list[Symbol]:
        """The free text after the last tag."""
        return [self._choice("free text", self._ways_out(ends, patterns))] if ends else self._free(patterns)

    def _tags_after(
        self, trigger: str, tags: list[Tag], patterns: Collection[str], barred: tuple[str, ...]
    ) -> list[Symbol]:
        """Free text, the trigger, and the rest of one of the tags that it begins."""
        begins = [written(tag.begin, self._special) for tag in tags]
        size = _shared(begins)
        bodies = [
            [*self._fixed(begin[size:]), *self._inside(tag.content, tag.ends, tag.pointer)]
            for begin, tag in zip(begins, tags, strict=True)
        ]
        return [self._free_up_to(trigger, patterns, begins[0][:size]), self._choice("tag", bodies)]

    def _dispatched(self, format: Dispatch, ends: tuple[str, ...], barred: tuple[str, ...]) -> list[Symbol]:
        texts = [text for text, _ in format.rules]
        patterns = dict.fromkeys([*texts, *format.excludes, *barred])
        ways = []
        for index, (text, then) in enumerate(format.rules):
            if texts.index(text) < index:
                place = f"{format.pointer}/rules/{index}"
                raise GrammarError(f"there are two rules for {text!r}", pointer=place, expected="one")
            self._check_trigger(text, patterns, [*format.excludes, *barred], format.pointer)
            data = written(text, self._special)
            ways.append([self._free_up_to(text, patterns, data), *self._write(then, _NONE, barred)])
        part = self._choice("dispatch", ways)
        last = self._last(ends, patterns)
        if format.loop:
            return [self._builder.repeat_symbol(part, 0, None), *last]
        return [self._choice("text with a rule", [last, [part, *self._any_of(ends)]])]

    def _check_trigger(self, trigger: str, patterns: Collection[str], barred: Collection[str], pointer: str) -> None:
        if trigger in barred:
            raise GrammarError(f"{trigger!r} is a trigger, and excluded", pointer=pointer, expected="one of both")
        self._check_reachable(trigger, patterns, pointer)

    def _check_reachable(self, text: str, patterns: Collection[str], pointer: str | None = None) -> bool:
        """True; an error where free text always ends before it comes to ``text``."""
        for pattern in patterns:
            if free_text.is_hidden_by(text, pattern):
                raise UnsatisfiableError(
                    f"free text never comes to {text!r}: it ends at {pattern!r}, which is in it",
                    pointer=pointer,
                    expected="triggers, ends and excluded texts that do not hide each other",
                )
        return True


def _shared(begins: list[bytes]) -> int:
    """Length of what all begin with, which divides no character and no special token."""
    first, last = min(begins), max(begins)
    size = next((index for index, byte in enumerate(first) if byte != last[index]), len(first))
    while size and not _is_whole(first[:size]):
        size -= 1
    return size


def _is_whole(data: bytes) -> bool:
    try:
        shown_text(data).decode()
    except UnicodeDecodeError:
        return False
    return data.count(MARK) % 2 == 0
