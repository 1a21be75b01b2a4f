"""The files that ``%import`` reads, found as lark finds them.

``%import shapes.circle`` is looked for in the search paths and then among lark's own grammars, a relative
``%import .shapes.circle`` in the search paths and then in the folder of the grammar that it stands in. The parts of a
path are names, so that no import climbs out of these folders; links in them are followed.

What the files say is part of what a grammar means. Whoever keeps a grammar gathers their texts first, and builds from
those, with no second look at the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from constrain.compiler.grammar import Limits
from constrain.compiler.lark.reader import read
from constrain.compiler.lark.syntax import Import
from constrain.compiler.regex.ast import text_span
from constrain.errors import GrammarError, InputError, LimitError

__all__ = ["GRAMMAR", "MAXIMUM_FILES", "MAXIMUM_FILE_SIZE", "Files", "Location", "Texts", "gathered", "read_file"]

MAXIMUM_FILES = 1_000
"""Files that a grammar may import, with those that these import."""

MAXIMUM_FILE_SIZE = 16_000_000
"""Bytes of one file."""


class Location(NamedTuple):
    """Where a grammar lies, in a way that doesn't depend on the machine.

    Attributes:
        folder: 0 for the grammar's own folder, else the number of a search path, from 1.
        path: inside that folder.
    """

    folder: int
    path: str


GRAMMAR = Location(0, "")
"""The grammar itself, whatever its file is called."""

Texts: TypeAlias = Mapping[Location, str]


class Files:
    """The files that a grammar may import."""

    def __init__(
        self, read: Callable[[Location], str | None], folders: Sequence[str | None], *, has_folder: bool
    ) -> None:
        """Prefer :meth:`on_disk` and :meth:`given`.

        Args:
            read: the text at a location; None where there is no file.
            folders: what messages call the folders, by number.
            has_folder: does the grammar itself lie in one?
        """
        self._read = read
        self._folders = folders
        self._known: dict[Location, str | None] = {}
        self.has_folder = has_folder

    @classmethod
    def on_disk(cls, folder: str | None = None, import_paths: Sequence[str] = ()) -> Files:
        """The files in the grammar's own folder (None: it has none) and in the search paths."""
        folders = (folder, *import_paths)

        def read(location: Location) -> str | None:
            root = folders[location.folder]
            if root is None:
                return None
            path = Path(root, location.path)
            try:
                return read_file(path) if path.is_file() else None
            except OSError:  # a name that is too long, a folder that may not be looked into
                return None

        return cls(read, folders, has_folder=folder is not None)

    @classmethod
    def given(cls, texts: Texts, folders: Sequence[str | None] = (), *, has_folder: bool = True) -> Files:
        """Nothing but ``texts``; without ``folders``, as many search paths as they come from."""
        count = max([location.folder for location in texts], default=0) + 1
        return cls(texts.get, folders or (None,) * count, has_folder=has_folder)

    def candidates(self, importer: Location | None, path: Sequence[str], *, relative: bool) -> list[Location]:
        """The files that an import may lead to, in the order in which lark looks.

        Args:
            importer: where the text of the import lies; None for one of lark's grammars.
            path: the grammar's, by its parts.
            relative: does it begin with a dot?
        """
        file = "/".join(path) + ".lark"
        found = [Location(folder, file) for folder in range(1, len(self._folders))]
        if relative and importer is not None:
            found.append(Location(importer.folder, importer.path.rpartition("/")[0] + "/" + file))
        return [Location(folder, file.removeprefix("/")) for folder, file in found]

    def text(self, location: Location) -> str | None:
        """The text of a file; None where there is none.

        Raises:
            GrammarError: it is no text, or cannot be read.
            LimitError: it is too large.
        """
        if location not in self._known:
            self._known[location] = self._read(location)
        return self._known[location]

    def name(self, location: Location) -> str:
        """What messages call a file."""
        folder = self._folders[location.folder] if location.folder < len(self._folders) else None
        return location.path if folder in (None, "") else str(Path(folder or "", location.path))


def read_file(path: Path) -> str:
    """The text of a grammar's file.

    Raises:
        GrammarError: it is no text, or cannot be read.
        LimitError: it is too large.
    """
    try:
        size = path.stat().st_size
        if size > MAXIMUM_FILE_SIZE:
            raise LimitError(
                f"the grammar {path} has {size} bytes", expected=f"at most {MAXIMUM_FILE_SIZE}; this limit is fixed"
            )
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GrammarError(
            f"the grammar {path} is not UTF-8: byte 0x{error.object[error.start]:02x} at byte offset {error.start}",
            expected="UTF-8 text",
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise GrammarError(f"the grammar {path} cannot be read: {reason}") from None


def gathered(text: str, files: Files, limits: Limits) -> dict[Location, str]:
    """The texts of all files that a grammar imports, and that these import.

    A text with mistakes is left at that: whoever builds the grammar finds them, and what is missing, at their place.

    Raises:
        GrammarError: a file that cannot be read, or is no text.
        LimitError: too many files, or one that is too large.
    """
    texts: dict[Location, str] = {}
    pending = [(GRAMMAR, text)]
    while pending:
        importer, text = pending.pop()
        try:
            statements = read(text, limits)
        except InputError:
            continue
        for statement in statements:
            if not isinstance(statement, Import):
                continue
            path = [name.text for name in statement.path]
            for location in files.candidates(importer, path, relative=statement.relative):
                try:
                    found = files.text(location)
                except InputError as error:
                    file = None if importer == GRAMMAR else files.name(importer)
                    at = (*statement.path, statement.names[0][0])[0].at
                    raise type(error)(error.message, span=text_span(text, at, file), expected=error.expected) from None
                if found is not None:
                    if location not in texts:
                        texts[location] = found
                        pending.append((location, found))
                    break
        if len(texts) > MAXIMUM_FILES:
            raise LimitError(
                f"the grammar imports more than {MAXIMUM_FILES} files", expected="fewer files; this limit is fixed"
            )
    return texts
