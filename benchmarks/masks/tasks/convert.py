"""Compile a constraint and make no mask, for engines whose masks can't be had.

job     {"task": "convert", "constraint": {...}}
events  {"event": "compiled", "compile_us", "ttfm_us": null} or {"event": "unsupported", "error", "pointer"}
"""

from __future__ import annotations

from typing import Any

from masks.tasks.setting import Setting

__all__ = ["convert"]


def convert(setting: Setting, job: dict[str, Any]) -> None:
    """Compile a constraint, and let it go."""
    setting.compile(job["constraint"], first_mask=False)
