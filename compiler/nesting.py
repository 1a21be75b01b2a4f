"""The error for what nests more deeply than Python's stack reaches, whose depth the caller shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from constrain.errors import LimitError

__all__ = ["bounded_nesting"]


@contextmanager
def bounded_nesting(what: str, flatter: str) -> Iterator[None]:
    """Within, a stack that is too deep is an error of the input.

    Args:
        what: that which nests, as the message names it.
        flatter: what would have been expected.

    Raises:
        LimitError: in place of RecursionError.
    """
    try:
        yield
    except RecursionError:
        raise LimitError(f"the {what} nests too deeply", expected=f"{flatter}; this limit is fixed") from None
