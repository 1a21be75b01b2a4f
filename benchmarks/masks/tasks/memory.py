"""Memory of a process that compiles constraint after constraint and keeps them all.

job     {"task": "keep", "constraint": {...}}: compile, make one mask, keep
events  {"event": "kept"} or {"event": "unsupported", "error"}
job     {"task": "resident", "release": bool}: first let go all that was kept, or not
events  {"event": "resident", "rss_mib"}: without what the C library's allocator holds in reserve
"""

from __future__ import annotations

import ctypes
import gc
import os
from pathlib import Path
from typing import Any

from masks.constraint import Constraint
from masks.tasks.setting import Setting, describe

__all__ = ["keep", "resident"]


def keep(setting: Setting, job: dict[str, Any]) -> None:
    """Compile a constraint, make a mask, and keep what was compiled."""
    try:
        compiled = setting.engine.compile(setting.engine.prepare(Constraint(**job["constraint"])))
        compiled.matcher().mask(setting.buffer)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of a native engine is no Exception
        setting.send("unsupported", error=describe(error))
        return
    setting.kept.append(compiled)
    setting.send("kept")


def resident(setting: Setting, job: dict[str, Any]) -> None:
    """Send the resident memory of this process, after all was let go if the job says so."""
    if job["release"]:
        setting.kept.clear()
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    setting.send("resident", rss_mib=pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
