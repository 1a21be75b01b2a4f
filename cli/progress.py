"""Progress on standard error: a spinner on a terminal; elsewhere silence, but for work that takes long.

``announce`` is what the runtime calls before long work (a conversion); that is worth a line in a log file, too.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from constrain.cli import render
from constrain.cli.streams import is_terminal

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["Progress"]


class Progress:
    """Context manager; the spinner goes away with it, and leaves nothing on the screen."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if is_terminal(sys.stderr):
            self._status = render.console(stderr=True).status("")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, message: str) -> None:
        """What is going on; on terminals only."""
        if self._status is not None:
            self._status.update(message)

    def announce(self, message: str) -> None:
        """What is going on, and will take long."""
        if self._status is not None:
            self._status.update(message)
        else:
            render.note(message)
