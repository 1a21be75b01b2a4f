"""Walks that are made more than once, and which of them counts: other programs may disturb any single one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from masks.results import SchemaResult

__all__ = ["is_settled", "median_walk", "spent_s"]

BRIEF_S = 1.0
"""What took longer is not repeated: what disturbs a second hardly shows in it."""


def spent_s(result: SchemaResult) -> float:
    """What compile, first mask and all masks took; endless where the walk did not come to its end."""
    if result.status != "done" or result.ttfm_us is None:
        return math.inf
    return result.ttfm_us / 1e6 + sum(sum(instance.mask_ns) for instance in result.instances) / 1e9


def is_settled(walks: Sequence[SchemaResult]) -> bool:
    """Is another walk of no use?"""
    return bool(walks) and spent_s(walks[-1]) > BRIEF_S


def median_walk(walks: Sequence[SchemaResult]) -> SchemaResult:
    """The walk that counts."""
    return sorted(walks, key=spent_s)[len(walks) // 2]
