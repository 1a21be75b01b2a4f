"""What a worker can be asked to do. A task is a function of the worker's state and the job's own fields; it sends
events as it goes, so that what it got through before a time-out or a crash is not lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from masks.tasks.batch import batch
from masks.tasks.convert import convert
from masks.tasks.memory import keep, resident
from masks.tasks.repeated import repeated
from masks.tasks.setting import Setting
from masks.tasks.walk import walk_all

__all__ = ["TASKS", "Setting"]

TASKS: dict[str, Callable[[Setting, dict[str, Any]], None]] = {
    "walk": walk_all,
    "convert": convert,
    "batch": batch,
    "repeated": repeated,
    "keep": keep,
    "resident": resident,
}
"""Name -> task."""
