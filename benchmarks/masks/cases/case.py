"""A case: one constraint, texts that it allows and texts that it does not; and its counterpart for a batch."""

from __future__ import annotations

from dataclasses import dataclass

from masks.constraint import Constraint

__all__ = ["BatchCase", "Case"]


@dataclass(frozen=True)
class Case:
    """A constraint with texts on both sides of it. Times are taken over the valid texts."""

    name: str
    constraint: Constraint
    valid: list[str]
    invalid: list[str]


@dataclass(frozen=True)
class BatchCase:
    """Valid texts that are generated together; text ``i`` belongs to constraint ``i % len(constraints)``."""

    name: str
    constraints: list[Constraint]
    texts: list[str]
