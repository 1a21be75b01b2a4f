"""Just enough of a shell to run the commands of help texts and documentation inside the test process.

It knows quotes, comments, pipes, ``<``, ``>``, ``echo``, ``printf`` and ``cat``. ``constrain`` runs in this process, so
that a page of examples costs milliseconds instead of an interpreter's start for each.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any


def run_line(line: str, constrain: Callable[..., Any], folder: Path) -> tuple[int, str]:
    """Run one line; the exit code and the output of its last command.

    Args:
        line: the command line.
        constrain: called with arguments and ``stdin``; returns an object with ``code``, ``out`` and ``err``.
        folder: where redirections and ``cat`` look for files.
    """
    data, code = "", 0
    for words in _stages(line):
        command, arguments, source, target = _parts(words)
        if source is not None:
            data = (folder / source).read_text("utf-8")
        if command == "constrain":
            ran = constrain(*arguments, stdin=data)
            data, code = ran.out, ran.code
        else:
            data, code = _builtin(command, arguments, folder), 0
        if target is not None:
            (folder / target).write_text(data, "utf-8")
            data = ""
    return code, data


def blocks(markdown: str, language: str) -> Iterator[str]:
    """The fenced blocks of one language in a Markdown text."""
    for part in markdown.split("\n```" + language + "\n")[1:]:
        yield part.split("\n```")[0]


def _builtin(command: str, arguments: list[str], folder: Path) -> str:
    if command == "echo":
        return " ".join(arguments) + "\n"
    if command == "printf":
        escapes = {"\\n": "\n", "\\\\": "\\", "%%": "%"}
        return re.sub(r"\\n|\\\\|%%", lambda found: escapes[found[0]], arguments[0])
    if command == "cat":
        return "".join((folder / name).read_text("utf-8") for name in arguments)
    raise ValueError(f"this shell does not know {command!r}")


def _stages(line: str) -> Iterator[list[str]]:
    for is_pipe, words in groupby(shlex.split(line, comments=True), key=lambda word: word == "|"):
        if not is_pipe:
            yield list(words)


def _parts(words: list[str]) -> tuple[str, list[str], str | None, str | None]:
    plain: list[str] = []
    files: dict[str, str] = {}
    pending = iter(words)
    for word in pending:
        if word in ("<", ">"):
            files[word] = next(pending)
        else:
            plain.append(word)
    return plain[0], plain[1:], files.get("<"), files.get(">")
