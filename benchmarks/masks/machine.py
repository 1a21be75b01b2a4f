"""The machine that a run is made on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["engine_core", "processor"]


def processor() -> str:
    """What the machine calls its processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def engine_core() -> int:
    """The core that engines share, one at a time; the run itself and the rest of the machine have the others.

    -1, which is all of them, where there is only one.
    """
    cores = sorted(os.sched_getaffinity(0))
    return cores[-1] if len(cores) > 1 else -1
