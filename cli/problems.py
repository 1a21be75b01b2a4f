"""Errors that only a command line can have. They join the library's tree, so that ``main`` renders all alike."""

from __future__ import annotations

from constrain.errors import ConstrainError

__all__ = ["InputFileError", "Terminated", "UsageProblem"]


class UsageProblem(ConstrainError):
    """The arguments contradict each other, or name something this version does not have."""

    exit_code = 2


class InputFileError(ConstrainError):
    """A file or standard input is missing, unreadable, empty or not text."""

    exit_code = 4


class Terminated(BaseException):
    """SIGTERM arrived. Like KeyboardInterrupt it passes every ``except Exception`` on its way out."""
