"""The error for a grammar that lacks the rule to start from, in every notation."""

from __future__ import annotations

from collections.abc import Sequence

from constrain.errors import GrammarError

__all__ = ["no_start"]

_SHOWN = 20


def no_start(start: str, rules: Sequence[str]) -> GrammarError:
    """There is no rule ``start`` among ``rules``."""
    if not rules:
        return GrammarError("the grammar has no rules", expected=f"a rule {start} to start from")
    names = ", ".join(rules[:_SHOWN]) + (", ..." if len(rules) > _SHOWN else "")
    return GrammarError(f"the grammar has no rule {start!r} to start from", expected=f"one of {names}")
