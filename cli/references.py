"""``--ref URI=FILE`` and ``--ref-dir DIR``: the other documents that a schema refers to. Nothing is ever fetched.

A document of ``--ref`` has the name that it is given. One of ``--ref-dir`` has the name that it gives itself (``$id``,
or ``id`` as draft 4 has it), and without that its path within the folder, such as ``shapes/circle.json``, which is what
a schema without an identifier of its own writes in ``$ref``. Two documents of one name are a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from constrain.cli.problems import InputFileError, UsageProblem
from constrain.cli.streams import read_text_file
from constrain.errors import InputError

__all__ = ["read_references"]


def read_references(given: Sequence[str] | None, folders: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """URIs and texts of the documents that the options name, by URI.

    Args:
        given: values of ``--ref``.
        folders: values of ``--ref-dir``.

    Raises:
        UsageProblem: not ``URI=FILE``, or two documents of one name.
        InputFileError: a file or folder cannot be read.
        InputError: a file is not JSON; with a note that names it.
    """
    if not given and not folders:
        return ()
    found: dict[str, tuple[str, str]] = {}
    for uri, path, text in (*_given(given or ()), *_within(folders or ())):
        if uri in found:
            raise UsageProblem(f"{found[uri][0]} and {path} are both called {uri!r}", expected="one document of a name")
        found[uri] = path, text
    return tuple((uri, found[uri][1]) for uri in sorted(found))


def _given(values: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for value in values:
        # the last sign: a URI may hold one in its query
        uri, _, path = value.rpartition("=")
        uri = uri.removesuffix("#")
        if not uri or not path:
            raise UsageProblem(f"--ref cannot be {value!r}", expected="URI=FILE")
        if path == "-":
            raise UsageProblem("--ref reads no standard input", expected="URI=FILE")
        if not uri.isascii() or not uri.isprintable() or " " in uri or "#" in uri:
            raise UsageProblem(f"--ref {value}: {uri!r} is no URI", expected="a URI without a fragment")
        text = read_text_file(path)
        _parsed(text, path)
        yield uri, path, text


def _within(folders: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for folder in folders:
        root = Path(folder)
        if not folder or not root.is_dir():
            raise InputFileError(f"cannot read {folder!r}: not a folder", expected="--ref-dir DIR")
        for path in sorted(root.rglob("*.json")):
            if path.is_file():
                text = read_text_file(str(path))
                own = _identifier(_parsed(text, str(path)))
                yield own or quote(path.relative_to(root).as_posix()), str(path), text


def _identifier(document: Any) -> str | None:
    """The name that a document gives itself; a mere anchor (``#name``) is none."""
    names = [document.get("$id"), document.get("id")] if isinstance(document, dict) else []
    return next((uri for name in names if isinstance(name, str) and (uri := name.partition("#")[0])), None)


def _parsed(text: str, path: str) -> Any:
    from constrain.compiler.json_schema.read_text import read_schema_text

    try:
        return read_schema_text(text)
    except InputError as error:
        error.add_note(path)
        raise
