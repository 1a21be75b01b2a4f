"""Memory of a process that compiles many constraints and keeps them all.

job     {"task": "memory", "constraints": [{...}, ...], "count"}: the constraints are taken in turn until ``count`` have
        compiled or each was tried as often as that asks
events  {"event": "memory", "compiled", "refused", "rss_mib"}: at the start and now and then
        {"event": "released", "rss_mib"}: at the end, when all were let go
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

from masks.constraint import Constraint
from masks.tasks.setting import Setting

__all__ = ["memory"]

EVERY = 20


def memory(setting: Setting, job: dict[str, Any]) -> None:
    """Compile, with one mask each; an engine that refuses a constraint goes on to the next."""
    constraints = [Constraint(**constraint) for constraint in job.pop("constraints")]
    kept: list[object] = []
    tried = 0
    setting.send("memory", compiled=0, refused=0, rss_mib=rss_mib())
    while len(kept) < job["count"] and tried < 2 * job["count"]:
        constraint = constraints[tried % len(constraints)]
        tried += 1
        try:
            compiled = setting.engine.compile(setting.engine.prepare(constraint))
            compiled.matcher().mask(setting.buffer)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic of a native engine is no Exception
            continue
        kept.append(compiled)
        if len(kept) % EVERY == 0 or len(kept) == job["count"]:
            setting.send("memory", compiled=len(kept), refused=tried - len(kept), rss_mib=rss_mib())
    kept.clear()
    gc.collect()
    setting.send("released", rss_mib=rss_mib())


def rss_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
