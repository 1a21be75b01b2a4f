"""Standard input, standard output and files, as a pipeline expects them.

Only data goes to standard output, as UTF-8 whatever the locale says, and flushed per record. What is read must be
UTF-8; where it is not, the byte offset is named, because a guess at another encoding would change the text silently.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from constrain.cli.problems import InputFileError

__all__ = [
    "STANDARD_INPUT",
    "StandardInputLines",
    "decode",
    "flush",
    "is_terminal",
    "read_bytes",
    "read_standard_input",
    "read_text_file",
    "silence_output",
    "use_utf8",
    "without_final_line_break",
    "write",
]

STANDARD_INPUT = "standard input"

MAXIMUM_TEXT = 256_000_000
"""Bytes of a constraint or a prompt. What is larger is another file than was meant, or a device that never ends."""


CHUNK = 1 << 16


def decode(data: bytes, source: str) -> str:
    """Bytes as UTF-8 text; a leading byte order mark is dropped.

    Raises:
        InputFileError: not UTF-8; names the offset of the first wrong byte.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        offset = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        raise InputFileError(
            f"{source} is not UTF-8: byte 0x{data[offset]:02x} at byte offset {offset}", expected="UTF-8 text"
        ) from None


def read_bytes(path: str, at_most: int = -1) -> bytes:
    """The content of a file, or of standard input for ``-``.

    Args:
        path: the file.
        at_most: so many bytes are read, and what is beyond them is not; -1: all.

    Raises:
        InputFileError: it cannot be read.
    """
    if path == "-":
        return _binary_input().read(at_most) or b""
    if not path:
        raise InputFileError("a file without a name cannot be read")
    try:
        with Path(path).open("rb") as file:
            return file.read(at_most)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputFileError(f"cannot read {path!r}: {reason}") from None


def read_text_file(path: str) -> str:
    """The text of a file, or of standard input for ``-``.

    Raises:
        InputFileError: it cannot be read, is not UTF-8, or too large to be what is asked for.
    """
    name = STANDARD_INPUT if path == "-" else repr(path)
    data = read_bytes(path, MAXIMUM_TEXT + 1)
    if len(data) > MAXIMUM_TEXT:
        raise InputFileError(f"{name} is too large", expected=f"at most {MAXIMUM_TEXT:,} bytes")
    return decode(data, name)


def read_standard_input(what: str) -> str:
    """All of standard input, less one final line break (``echo`` adds it).

    Raises:
        InputFileError: it is empty, or not UTF-8.
    """
    text = without_final_line_break(read_text_file("-"))
    if not text.strip():
        raise InputFileError(f"{STANDARD_INPUT} is empty", expected=what)
    return text


class StandardInputLines:
    """Lines of standard input as they arrive, with their 1-based numbers, without line breaks; blank ones left out."""

    def __init__(self) -> None:
        self._stream = _binary_input()
        self._number = 0
        self._complete: deque[bytes] = deque()
        self._begun: list[bytes] = []
        """Parts of a line whose end has not come."""
        self._is_over = False

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        return self

    def __next__(self) -> tuple[int, bytes]:
        while True:
            while not self._complete:
                if self._is_over:
                    raise StopIteration
                self._read()
            self._number += 1
            line = self._complete.popleft().rstrip(b"\r\n")
            if line.strip():
                return self._number, line

    def is_ready(self) -> bool:
        """Is a line there, the beginning of one, or the end? Where that can't be found out, yes."""
        if self._complete or self._is_over:
            return True
        try:
            return bool(select.select([self._stream], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def _read(self) -> None:
        data = self._stream.read1(CHUNK)
        first, *others = data.split(b"\n")
        self._begun.append(first)
        for part in others:
            self._complete.append(b"".join(self._begun))
            self._begun = [part]
        if not data:
            self._is_over = True
            self._complete.extend(filter(None, [b"".join(self._begun)]))


def without_final_line_break(text: str) -> str:
    """The text less one final ``\\n`` or ``\\r\\n``."""
    return text[:-2] if text.endswith("\r\n") else text[:-1] if text.endswith("\n") else text


def write(text: str, *, end: str = "\n") -> None:
    """Data to standard output, at once.

    Raises:
        BrokenPipeError: nobody reads it any more.
        InputFileError: it is closed, or full.
    """
    if sys.stdout is None:
        raise InputFileError("standard output is closed")
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence_output()
        raise InputFileError(f"cannot write to standard output: {error.strerror}") from None


def flush() -> None:
    """Whatever is left to write (tables are printed by rich).

    Raises:
        BrokenPipeError: nobody reads it any more.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def is_terminal(stream: TextIO | None) -> bool:
    """Is a person at the other end? False for a stream that the parent process closed (None)."""
    return stream is not None and not stream.closed and stream.isatty()


def use_utf8() -> None:
    """Make the standard streams UTF-8 with plain line feeds, whatever the locale says."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")


def silence_output() -> None:
    """After a broken pipe: keep the interpreter's last flush from failing once more."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError, io.UnsupportedOperation):
        return  # standard output is closed, or not a file (a test's capture): there is nothing to flush


def _binary_input() -> io.BufferedReader:
    stream = sys.stdin
    if stream is None or stream.closed:
        raise InputFileError(f"{STANDARD_INPUT} is closed")
    return stream.buffer  # type: ignore[return-value]  # of bytes, whatever stands in for standard input
