"""``--budget NAME=VALUE``: the budgets of ``Limits`` from the command line, and messages that name the option."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from constrain.cli.problems import UsageProblem

if TYPE_CHECKING:
    from constrain.compiler.grammar import Limits

__all__ = ["in_options", "read_budget"]

MAX_VALUE = 10**15
"""More than any machine can spend; the engine counts in 64 bits."""

_VALUE = re.compile(r"[0-9]{1,16}")
_IN_PYTHON = re.compile(r"(?:limits=)?Limits\((\w+)=(\d+|\.\.\.)\)")
_TERMINAL_IN_PYTHON = re.compile(r"terminals=\{'(\w+)': \.\.\.\}")


def read_budget(given: Sequence[str]) -> Limits | None:
    """The budgets that the options give; None for the defaults.

    Raises:
        UsageProblem: not ``NAME=VALUE``, a name that ``Limits`` does not have or that is given twice, a value out of
            range.
    """
    if not given:
        return None
    from constrain.compiler.grammar import Limits

    names = Limits.__slots__
    values: dict[str, int] = {}
    for text in given:
        name, _, value = text.partition("=")
        if name not in names:
            raise UsageProblem(f"--budget {text}: there is no budget {name!r}", expected=f"one of {', '.join(names)}")
        if name in values:
            raise UsageProblem(f"--budget {name} is given twice")
        if not _VALUE.fullmatch(value) or not 1 <= int(value) <= MAX_VALUE:
            raise UsageProblem(
                f"--budget {text}: the value cannot be {value!r}", expected=f"a whole number from 1 to {MAX_VALUE:,}"
            )
        values[name] = int(value)
    return Limits(**values)


def in_options(text: str) -> str:
    """A message of the library, which names arguments of functions, with the option in their place."""
    text = _TERMINAL_IN_PYTHON.sub(r"--terminal \1=REGEX", text)
    return _IN_PYTHON.sub(lambda match: f"--budget {match[1]}={match[2] if match[2] != '...' else 'N'}", text)
