"""Model libraries fail in many ways; users get one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from constrain.errors import ConstrainError, ModelError

__all__ = ["first_line", "model_errors"]

LONGEST_DETAIL = 300


@contextmanager
def model_errors(doing: str) -> Iterator[None]:
    """Turn whatever a model library raises into a ModelError that says what was being done."""
    try:
        yield
    except ConstrainError:
        raise
    except Exception as error:
        raise ModelError(f"{doing} failed: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """The first line of an error's text, shortened; its type where it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]}…"
