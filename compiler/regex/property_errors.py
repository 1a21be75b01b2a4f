r"""What is wrong with a ``\p`` that stands for no Unicode property, in either notation."""

from __future__ import annotations

import re

from constrain.compiler.regex.ast import text_span
from constrain.compiler.regex.quoted import quoted
from constrain.errors import RegexError

__all__ = ["no_property"]

_BRACED = re.compile(r"\{([^{}]*)\}")


def no_property(pattern: str, start: int) -> RegexError:
    r"""The error for the ``\p`` or ``\P`` at ``start``, which is not the name of a property that is known."""
    letter = pattern[start + 1]
    braced = _BRACED.match(pattern, start + 2)
    if braced is not None and (name := braced[1].strip()):
        message = f"unknown Unicode property {quoted(name)}"
        expected = r"a name as in \p{Lu}, \p{Script=Greek} or \p{Emoji}"
    elif braced is None and pattern.startswith("{", start + 2):
        message, expected = f"\\{letter}{{ is not closed", "'}' after the property's name"
    else:
        message, expected = f"\\{letter} without a property", f"\\{letter}{{Name}} or \\{letter}{{Name=Value}}"
    return RegexError(message, span=text_span(pattern, start), expected=expected)
