"""``--import-path DIR`` and ``--terminal NAME=REGEX``: what a grammar takes from outside its own text.

The texts of imported files become part of the constraint as soon as it is read: a cached or saved automaton is one of
these texts, whatever becomes of the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from constrain.cli.problems import InputFileError, UsageProblem
from constrain.errors import InputError

if TYPE_CHECKING:
    from constrain.compiler import Limits

__all__ = ["grammar_folders", "imported_texts", "read_terminals"]


def read_terminals(given: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """Names and regular expressions of declared terminals, by name.

    Raises:
        UsageProblem: not ``NAME=REGEX``, or a name twice.
    """
    found: dict[str, str] = {}
    for value in given or ():
        name, sign, expression = value.partition("=")
        if not sign or not expression or not name.isupper():
            raise UsageProblem(f"--terminal cannot be {value!r}", expected="NAME=REGEX, the name in upper case")
        if name in found:
            raise UsageProblem(f"--terminal {name} is given twice")
        found[name] = expression
    return tuple(sorted(found.items()))


def grammar_folders(value: str, import_paths: Sequence[str] | None) -> tuple[str | None, ...]:
    """The folder of ``--grammar``'s value (none for standard input), and the search paths.

    Raises:
        InputFileError: a search path is no folder.
    """
    for path in import_paths or ():
        if not path or not Path(path).is_dir():
            raise InputFileError(f"cannot read {path!r}: not a folder", expected="--import-path DIR")
    return (None if value == "-" else str(Path(value).parent), *(import_paths or ()))


def imported_texts(
    text: str, source: str, folders: Sequence[str | None], limits: Limits | None
) -> tuple[tuple[int, str, str], ...]:
    """Folders (by number), paths and texts of the files that a grammar imports, and of those that they import.

    Args:
        text: the grammar's.
        source: what messages call it.
        folders: its own, and the search paths.
        limits: how long grammars may be.

    Raises:
        InputError: a file that cannot be used; with a note that names the source.
    """
    from constrain.compiler.grammar import Limits as DefaultLimits
    from constrain.compiler.lark.files import Files, gathered

    folder, *import_paths = folders
    files = Files.on_disk(folder, [path for path in import_paths if path is not None])
    try:
        texts = gathered(text, files, limits or DefaultLimits())
    except InputError as error:
        error.add_note(source)
        raise
    return tuple((*location, texts[location]) for location in sorted(texts))
