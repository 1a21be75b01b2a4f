"""What this project has set out to reach, held against what a run measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from masks.tables import number, table

__all__ = ["Section", "Target", "target_table"]

SUBJECT = "constrain"
"""The engine that the targets are for."""


@dataclass(frozen=True)
class Target:
    """One figure with its bound.

    Attributes:
        failed: why the figure doesn't count, or isn't there.
        enough: why the target is met whatever the figure.
    """

    name: str
    measured: float
    bound: float
    failed: str = ""
    enough: str = ""

    @property
    def met(self) -> bool:
        """Is the figure within its bound, or enough by itself?"""
        return not self.failed and (self.measured <= self.bound or bool(self.enough))

    def __str__(self) -> str:
        if self.failed:
            return self.failed
        if self.measured <= self.bound:
            return number(self.measured)
        return f"{number(self.measured)} ({self.enough})" if self.enough else f"{number(self.measured)} **missed**"


@dataclass(frozen=True)
class Section:
    """Tables of one part of a run, as Markdown, with the targets that it decides."""

    text: str
    targets: Sequence[Target] = ()


def target_table(by_vocabulary: Mapping[str, Sequence[Target]]) -> str:
    """All targets of a run, one column a vocabulary; an empty text if there are none."""
    bounds = {target.name: target.bound for targets in by_vocabulary.values() for target in targets}
    if not bounds:
        return ""
    cells = {name: {t.name: str(t) for t in targets} for name, targets in by_vocabulary.items()}
    rows = [
        [name, f"<= {bound:g}", *(column.get(name, "-") for column in cells.values())] for name, bound in bounds.items()
    ]
    every = [target for targets in by_vocabulary.values() for target in targets]
    title = f"Targets: {sum(target.met for target in every)} of {len(every)} met"
    return table(title, ["", "bound", *by_vocabulary], rows)
