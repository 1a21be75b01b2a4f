"""Reading the objects of a tag file, field by field: each of its kind, none unknown, places in every message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from constrain.compiler.json_schema.pointers import escaped, shown
from constrain.errors import GrammarError, UnsupportedError

__all__ = ["Fields"]

_Read = TypeVar("_Read")


class Fields:
    """One object of the file; what is not asked for by the end is an error."""

    def __init__(self, value: object, pointer: str, what: str) -> None:
        if not isinstance(value, Mapping):
            raise GrammarError(f"{shown(value)} is no {what}", pointer=pointer, expected="a JSON object")
        self.pointer = pointer
        self._what = what
        self._values: Mapping[str, Any] = value
        self._known: set[str] = set()

    def place(self, name: str) -> str:
        """The pointer of a field."""
        return f"{self.pointer}/{escaped(name)}"

    def holds(self, name: str) -> bool:
        """Is there such a field?"""
        self._known.add(name)
        return name in self._values

    def value(self, name: str) -> Any:
        """A field that there must be, whatever it holds."""
        if not self.holds(name):
            raise GrammarError(f"the {self._what} has no {name!r}", pointer=self.pointer, expected=f"a field {name!r}")
        return self._values[name]

    def text(self, name: str, *, empty: bool = True) -> str:
        """A text that there must be."""
        return text_at(self.value(name), self.place(name), empty=empty)

    def flag(self, name: str) -> bool:
        """True or false; false where it is left out."""
        value = self._values.get(name, False) if self.holds(name) else False
        if not isinstance(value, bool):
            raise GrammarError(f"{name!r} is {shown(value)}", pointer=self.place(name), expected="true or false")
        return value

    def count(self, name: str, least: int = 0) -> int | None:
        """A whole number; None where it is left out or null."""
        value = self._values[name] if self.holds(name) else None
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 1 << 31:
            expected = f"a whole number from {least} to {(1 << 31) - 1}"
            raise GrammarError(f"{name!r} is {shown(value)}", pointer=self.place(name), expected=expected)
        return value

    def list(self, name: str, read: Callable[[Any, str], _Read], *, least: int = 0) -> tuple[_Read, ...]:
        """A list of things that ``read`` reads, each from its value and place.

        Args:
            name: of the field.
            read: one entry's reader.
            least: fewest entries; with 0, the field may be left out.
        """
        if least == 0 and not self.holds(name):
            return ()
        value, place = self.value(name), self.place(name)
        if not isinstance(value, list | tuple) or len(value) < least:
            some = f"a list of at least {least}" if least else "a list"
            raise GrammarError(f"{name!r} is {shown(value)}", pointer=place, expected=some)
        return tuple([read(entry, f"{place}/{index}") for index, entry in enumerate(value)])

    def refuse(self, name: str, expected: str) -> None:
        """Refuse a field that is known, and not implemented, unless it is left out or null."""
        if self.holds(name) and self._values[name] is not None:
            raise UnsupportedError(
                f"{name!r} of a {self._what} is not supported", pointer=self.place(name), expected=expected
            )

    def finish(self) -> None:
        """Refuse the fields that were not asked for."""
        for name in self._values:
            if name not in self._known:
                known = ", ".join(repr(field) for field in sorted(self._known))
                raise UnsupportedError(
                    f"a {self._what} with {name!r} is not supported",
                    pointer=self.place(name),
                    expected=f"fields among {known}",
                )


def text_at(value: object, pointer: str, *, empty: bool = True) -> str:
    """A value that must be a text."""
    if not isinstance(value, str) or not (value or empty):
        expected = "a text" if empty else "a text that is not empty"
        raise GrammarError(f"{shown(value)} stands here", pointer=pointer, expected=expected)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise GrammarError("the text holds a lone surrogate", pointer=pointer, expected="Unicode text") from None
    return value
