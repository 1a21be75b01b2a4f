"""How large terminals are once the terminals inside them are put in by value, as lark does it.

Forty terminals, each twice the next, are a text of a few hundred characters and a pattern of 2**40. Lark would try; so
sizes are added up before it is asked to.
"""

from __future__ import annotations

from constrain.compiler.lark.source import Source
from constrain.errors import GrammarError, LimitError

__all__ = ["MAXIMUM_TERMINAL_SIZE", "check_terminal_sizes"]

MAXIMUM_TERMINAL_SIZE = 200_000
"""Characters of all terminals of a grammar together, each with the terminals in it put in."""

_IMPORTED_SIZE = 100
"""What a terminal from lark's library counts for; its longest has 70 characters."""


def check_terminal_sizes(source: Source) -> None:
    """Refuse terminals that contain themselves, or grow beyond the limit.

    Raises:
        GrammarError: a terminal contains itself.
        LimitError: the terminals are too large.
    """
    sizes: dict[str, int] = {}
    open_names: set[str] = set()
    for root in source.terminal_parts:
        stack = [(root, False)]
        while stack:
            name, ready = stack.pop()
            if name in sizes:
                continue
            parts = source.terminal_parts.get(name)
            if parts is None:
                sizes[name] = _IMPORTED_SIZE
            elif ready:
                open_names.discard(name)
                sizes[name] = source.terminal_lengths[name] + sum(sizes[part] for part in parts)
                if sizes[name] > MAXIMUM_TERMINAL_SIZE:
                    raise _too_large(name, source)
            else:
                if name in open_names:
                    raise GrammarError(
                        f"terminal {name} contains itself",
                        span=source.place(name),
                        expected="a rule (lower case), where recursion is allowed",
                    )
                open_names.add(name)
                stack.append((name, True))
                stack.extend((part, False) for part in dict.fromkeys(parts))
    if sum(sizes.values()) > MAXIMUM_TERMINAL_SIZE:
        raise _too_large(max(sizes, key=lambda name: sizes[name]), source)


def _too_large(name: str, source: Source) -> LimitError:
    return LimitError(
        f"with the terminals inside it, terminal {name} brings the grammar's patterns above "
        f"{MAXIMUM_TERMINAL_SIZE} characters",
        span=source.place(name),
        expected="rules (lower case) instead of terminals; this limit is fixed",
    )
