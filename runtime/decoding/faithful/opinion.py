"""A user's function says what it thinks of a text: a critic, a reward."""

from __future__ import annotations

from collections.abc import Callable

from constrain.errors import ModelError

__all__ = ["opinion"]


def opinion(
    function: Callable[[str], float], text: str, *, of: str, allows: Callable[[float], bool], expected: str
) -> float:
    """The number that a function gives a text.

    Args:
        function: the user's.
        text: the text.
        of: what messages call the function.
        allows: which numbers make sense.
        expected: these, in words.

    Raises:
        ModelError: it raises, or gives another number or none.
    """
    name = getattr(function, "__qualname__", type(function).__qualname__)
    try:
        given = float(function(text))
    except Exception as error:
        raise ModelError(f"the {of} {name} fails: {type(error).__name__}: {error}") from error
    if not allows(given):
        raise ModelError(f"the {of} {name} gives {given!r} for {text[-40:]!r}", expected=expected)
    return given
