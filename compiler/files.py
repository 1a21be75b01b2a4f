"""Writing a file whole or not at all: a finished temporary file beside it takes its place by one rename.

A rename replaces whatever has the name, so what is no file of bytes (a folder, a device, a pipe) is refused before, and
a link stays: the file that it leads to is the one to replace.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from constrain.errors import ArtifactError

__all__ = ["replaceable", "write_whole"]


def replaceable(path: str | os.PathLike[str]) -> Path:
    """The file that writing to ``path`` makes or replaces.

    Raises:
        ArtifactError: there is something else already.
    """
    if not os.fspath(path):
        raise ArtifactError("a file without a name cannot be written")
    target = Path(path)
    try:
        if target.is_symlink():
            target = Path(os.path.realpath(target))
        if target.is_dir():
            raise ArtifactError(f"{path} cannot be written: it is a folder", expected="a file, or a new name")
        if (target.exists() or target.is_symlink()) and not target.is_file():
            raise ArtifactError(
                f"{path} cannot be written: it is there, and no regular file", expected="a file, or a new name"
            )
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error
    return target


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Make or replace a file; its permissions are those of any new file.

    Raises:
        ArtifactError: it cannot be written; nothing has changed.
    """
    target = replaceable(path)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        # not by tempfile, whose files nobody but the owner may read
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError, ValueError):  # mostly it is not there any more, or never was
            temporary.unlink()


def _unwritable(path: str | os.PathLike[str], error: OSError | ValueError) -> ArtifactError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ArtifactError(f"{path} cannot be written: {reason}")
