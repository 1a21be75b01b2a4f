"""What a style of tool calls is: how calls stand in a message, and how a message is read."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from constrain.compiler.structural_tag.model import AnyText, Format, Tag, TriggeredTags
from constrain.compiler.structural_tag.model import SeparatedTags as Separated
from constrain.compiler.tools.tool import Tool
from constrain.errors import GrammarError, LimitError

__all__ = ["Call", "Message", "Request", "Style", "Text", "free_calls", "text_without"]


class Call(NamedTuple):
    """One call.

    Attributes:
        name: of the tool.
        arguments: a JSON object, as text: digit for digit as the model wrote it.
    """

    name: str
    arguments: str


class Message(NamedTuple):
    """A message as read: the text around the calls, and the calls."""

    content: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What a message may hold.

    Attributes:
        tools: those that may be called; none: there is text only.
        required: there is at least one call, and no text around calls.
        parallel: may there be several calls?
        special: names of the vocabulary's special tokens; empty where texts alone are judged.
    """

    tools: Sequence[Tool]
    required: bool
    parallel: bool
    special: Collection[str] = ()


class Style(Protocol):
    """One family's wire format."""

    name: str

    def message(self, request: Request) -> Format:
        """The format of a message."""

    def read(self, text: str, tools: Sequence[Tool]) -> Message:
        """Read a message of that format.

        Args:
            text: the message.
            tools: those that may be called.

        Raises:
            GrammarError: it is none.
        """


def text_without(marks: Sequence[str]) -> Format:
    """A message without calls: free text that holds none of the marks which begin one."""
    return AnyText(tuple(marks))


def free_calls(
    request: Request, trigger: str, tags: Sequence[Tag], *, excludes: Sequence[str] = (), separator: str = "\n"
) -> Format:
    """Calls that each begin with a mark: in free text, or, where they are required, one after the other."""
    if not tags:
        return text_without([trigger, *excludes])
    if request.required:
        return Separated(tuple(tags), separator, at_least_one=True, stop_after_first=not request.parallel)
    return TriggeredTags(
        (trigger,),
        tuple(tags),
        at_least_one=False,
        stop_after_first=not request.parallel,
        excludes=tuple(excludes),
        pointer="",
    )


class Text:
    """A message while it is read from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    @property
    def is_done(self) -> bool:
        """Is nothing left?"""
        return self.place == len(self.text)

    def take(self, part: str) -> bool:
        """Go over a text, if that is next."""
        found = self.text.startswith(part, self.place)
        self.place += len(part) if found else 0
        return found

    def expect(self, part: str) -> None:
        """Go over a text that must be next."""
        if not self.take(part):
            raise self.error(repr(part))

    def until(self, mark: str) -> str:
        """What comes before a text that must come, which is gone over, too."""
        end = self.text.find(mark, self.place)
        if end < 0:
            raise self.error(f"{mark!r} somewhere")
        found, self.place = self.text[self.place : end], end + len(mark)
        return found

    def free(self, *marks: str) -> str:
        """What comes before the first of some texts, or all that is left; they are not gone over."""
        places = [place for mark in marks if (place := self.text.find(mark, self.place)) >= 0]
        end = min(places, default=len(self.text))
        found, self.place = self.text[self.place : end], end
        return found

    def value(self) -> str:
        """One JSON value, as text."""
        try:
            _, end = _DECODER.raw_decode(self.text, self.place)
        except ValueError:
            raise self.error("a JSON value") from None
        except RecursionError:
            raise LimitError("a call's arguments nest too deeply to be read", expected="flatter arguments") from None
        found, self.place = self.text[self.place : end], end
        return found

    def error(self, expected: str) -> GrammarError:
        """The error that something else stands here."""
        return GrammarError(f"no tool call goes on like this at character {self.place + 1}", expected=expected)


def _no_constant(name: str) -> None:
    """Python's decoder reads ``NaN`` and ``Infinity``, which JSON does not have."""
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_constant)
"""Only says where a value ends; numbers of any length are no work."""
