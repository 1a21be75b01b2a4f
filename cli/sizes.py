"""``--max-string`` and its kin: how large the values get that a model writes, where a schema does not say, and how much
is written between them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from constrain.cli.problems import UsageProblem

if TYPE_CHECKING:
    from constrain.compiler.sizes import Sizes

__all__ = ["CONSTRAINTS", "read_sizes"]

CONSTRAINTS = ("--schema", "--tags", "--tools")
"""Options whose constraints say what a string or an array is."""
BLANKS = "max_blanks"
"""The bound that grammars have, too."""


def read_sizes(given: Mapping[str, str | None], constraint: str) -> Sizes:
    """The bounds among the options, which are names of ``Sizes``; those that are not given have their defaults.

    Args:
        given: values as given, by name.
        constraint: the option that the constraint came from.

    Raises:
        UsageProblem: a value that is none, or a bound beside a constraint that it says nothing of.
    """
    from constrain.compiler.sizes import MAXIMUM_SIZE, UNBOUNDED, Sizes

    values: dict[str, int | None] = {}
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        if value is None:
            continue
        if constraint not in CONSTRAINTS and (constraint != "--grammar" or name != BLANKS):
            others = ", --tags, --tools and --grammar" if name == BLANKS else ", --tags and --tools"
            raise UsageProblem(f"{option} goes with --schema{others} only")
        if value != "none" and not (re.fullmatch("[0-9]{1,9}", value) and 1 <= int(value) <= MAXIMUM_SIZE):
            raise UsageProblem(
                f"{option} cannot be {value!r}", expected=f"a number from 1 to {MAXIMUM_SIZE:,}, or 'none'"
            )
        values[name] = None if value == "none" else int(value)
    if constraint == "--grammar":
        return replace(UNBOUNDED, max_blanks=values.get(BLANKS, Sizes().max_blanks))
    return Sizes(**values) if constraint in CONSTRAINTS else UNBOUNDED
