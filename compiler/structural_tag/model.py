"""What a tag file says: a tree of formats, each a language of texts.

A *fixed text* (what a tag begins and ends with, a trigger, a separator) is kept as it is written; whether a special
token is meant by a part of it is decided when the vocabulary is known (``special``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = [
    "AnyText",
    "ConstString",
    "Dispatch",
    "EmbeddedGrammar",
    "Format",
    "JsonSchema",
    "Or",
    "Regex",
    "Repeat",
    "SeparatedTags",
    "Sequence",
    "Tag",
    "TriggeredTags",
]


@dataclass(frozen=True, slots=True)
class ConstString:
    """Exactly ``value``."""

    value: str


@dataclass(frozen=True, slots=True, eq=False)
class JsonSchema:
    """A value under a schema.

    Attributes:
        schema: the parsed schema.
        pointer: its place in the file.
        style: JSON, parameters as Qwen3-Coder writes them, or arguments as Python does.
        any_order: may members come in any order, whatever the order elsewhere?
    """

    schema: Any
    pointer: str
    style: Literal["json", "qwen_xml", "python"] = "json"
    any_order: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """A text that the whole pattern (Python's syntax) matches."""

    pattern: str
    pointer: str


@dataclass(frozen=True, slots=True)
class EmbeddedGrammar:
    """A text of a grammar.

    Attributes:
        text: the grammar.
        notation: in which it is written.
        start: its start rule; None: what the notation has for one.
        pointer: the place of the text in the file.
    """

    text: str
    notation: Literal["lark", "gbnf", "ebnf"]
    start: str | None
    pointer: str


@dataclass(frozen=True, slots=True)
class AnyText:
    """Free text.

    Attributes:
        excludes: texts that it does not hold.
        maximum: most characters.
    """

    excludes: tuple[str, ...] = ()
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    elements: tuple[Format, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of them."""

    elements: tuple[Format, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The content, several times."""

    content: Format
    minimum: int
    maximum: int | None


@dataclass(frozen=True, slots=True)
class Tag:
    """What it begins with, the content, and one of its ends; no ends, or an empty one, is nothing."""

    begin: str
    content: Format
    ends: tuple[str, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class TriggeredTags:
    """Free text, in which each trigger begins one of the tags.

    Attributes:
        triggers: each a prefix of what some tags begin with; none is in the free text.
        tags: what triggers begin.
        at_least_one: the text begins with a tag.
        stop_after_first: it ends with the first tag.
        excludes: what else is not in the free text.
        pointer: the place in the file.
    """

    triggers: tuple[str, ...]
    tags: tuple[Tag, ...]
    at_least_one: bool
    stop_after_first: bool
    excludes: tuple[str, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class SeparatedTags:
    """Tags and nothing else, with a text between neighbours; ``stop_after_first``: at most one."""

    tags: tuple[Tag, ...]
    separator: str
    at_least_one: bool
    stop_after_first: bool


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Free text in which each of some texts is followed by its format; with ``loop`` again and again, else once."""

    rules: tuple[tuple[str, Format], ...]
    loop: bool
    excludes: tuple[str, ...]
    pointer: str


Format: TypeAlias = (
    ConstString
    | JsonSchema
    | Regex
    | EmbeddedGrammar
    | AnyText
    | Sequence
    | Or
    | Repeat
    | Tag
    | TriggeredTags
    | SeparatedTags
    | Dispatch
)
