"""Bytes and byte sets in a form that people can read, and that cannot disturb a terminal."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["byte_name", "byte_set", "printable", "token_text"]

_PRINTABLE = frozenset(range(0x20, 0x7F))
_CONTROLS = frozenset(range(0x20)) - {0x09, 0x0A, 0x0D} | {0x7F}
_CONTINUATIONS = frozenset(range(0x80, 0xC0))
_LEADS = frozenset(range(0xC0, 0x100))
_FAMILIES = (
    (frozenset(b"0123456789"), "digits"),
    (frozenset(range(ord("a"), ord("z") + 1)), "lower-case letters"),
    (frozenset(range(ord("A"), ord("Z") + 1)), "upper-case letters"),
    (_CONTROLS, "control characters"),
)
_MOST_BYTES = 16
_SPACES = {0x20: "space", 0x09: "tab", 0x0A: "line feed", 0x0D: "carriage return"}


def byte_name(byte: int) -> str:
    """One byte: ``'a'``, ``space``, or ``byte 0xff``."""
    if byte in _SPACES:
        return _SPACES[byte]
    return f"'{chr(byte)}'" if 0x21 <= byte <= 0x7E else f"byte 0x{byte:02x}"


def byte_set(allowed: Iterable[int]) -> str:
    """A set of bytes, large families by name: ``one of '"', '}', digits``, ``any character but line feed``."""
    rest = set(allowed)
    if not rest:
        return "nothing more"
    if rest <= _CONTINUATIONS:
        return "the rest of a non-ASCII character"
    if len(rest & _PRINTABLE) > 80 and rest & _LEADS:
        missing = sorted((_PRINTABLE | {0x09, 0x0A, 0x0D}) - rest)
        names = [byte_name(byte) for byte in missing]
        if len(_CONTROLS - rest) > 4:
            names.append("control characters")
        return f"any character but {', '.join(names)}" if names else "any character"
    families = []
    for family, name in _FAMILIES:
        if rest >= family:
            families.append(name)
            rest -= family
    if rest & _LEADS:
        families.append("non-ASCII characters")
        rest -= _LEADS | _CONTINUATIONS
    parts = [byte_name(byte) for byte in sorted(rest)]
    if len(parts) > _MOST_BYTES:
        parts = [*parts[:_MOST_BYTES], f"{len(parts) - _MOST_BYTES} other bytes"]
    parts += families
    return parts[0] if len(parts) == 1 else f"one of {', '.join(parts)}"


def printable(text: str) -> str:
    """The text with control characters and lone surrogates as escapes; line breaks become ``\\n``."""
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def token_text(data: bytes) -> str:
    """A token's bytes as text on one line: what cannot be printed, and the backslash, is escaped."""
    return "".join(
        char if char.isprintable() and not 0xDC80 <= ord(char) <= 0xDCFF else _escape(char)
        for char in data.decode("utf-8", "surrogateescape").replace("\\", "\\\\")
    )


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )
