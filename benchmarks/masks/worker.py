"""One engine in one process:  python -m masks.worker --engine NAME --tokenizer PATH.

Jobs come as JSON lines on standard input, answers go as JSON lines to the standard output that the process was
started with. ``{"event": "ready", "version", "setup_s", "clock_ns"}`` comes once, ``{"event": "done", "peak_rss_mib"}``
ends each job; what comes between, the modules of :mod:`masks.tasks` say.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from masks.constraint import Constraint
from masks.engines import load
from masks.tasks import TASKS, Setting
from masks.tasks.walk import walk
from masks.tokenizer import Tokenizer

__all__ = ["CLOCKS", "main"]

WARM_UP: Any = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}

CLOCKS: dict[str, Callable[[], int]] = {"cpu": time.process_time_ns, "wall": time.perf_counter_ns}
"""The process's CPU time counts every thread that an engine uses and leaves out waits that other programs cause; on
an idle machine it equals the wall clock for one thread."""


def main() -> None:
    """Serve jobs until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--memory-gib", type=float, default=8)
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="cpu")
    parser.add_argument("--core", type=int, default=-1, help="run on this core only")
    options = parser.parse_args()

    # Engines print: what they print goes to standard error, and the answers keep a channel of their own.
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def send(event: str, **fields: Any) -> None:
        channel.write(json.dumps({"event": event, **fields}) + "\n")
        channel.flush()

    if options.core >= 0:
        os.sched_setaffinity(0, {options.core})
    started = time.perf_counter()
    tokenizer = Tokenizer(options.tokenizer)
    engine = load(options.engine, tokenizer)
    setup_s = time.perf_counter() - started
    limit = int(options.memory_gib * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    now = CLOCKS[options.clock]
    setting = Setting(engine, engine.buffer(), now, send)
    warm_up(setting, tokenizer)
    gc.collect()
    gc.freeze()
    send("ready", version=engine.version(), setup_s=round(setup_s, 3), clock_ns=cost_of(now))

    for line in sys.stdin:
        job = json.loads(line)
        TASKS[job["task"]](setting, job)
        send("done", peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def warm_up(setting: Setting, tokenizer: Tokenizer) -> None:
    """Walk a small text, so that no figure holds what an engine does once a process."""
    try:
        compiled = setting.engine.compile(setting.engine.prepare(Constraint("json_schema", WARM_UP)))
    except NotImplementedError:
        return  # every job will say so
    walk(compiled, setting.buffer, tokenizer.encode('{"a": "b c", "b": 1}'), setting.now)


def cost_of(now: Callable[[], int]) -> int:
    """What the clock itself adds to a figure, in ns: the median over readings with nothing between."""
    return int(statistics.median(-(now() - now()) for _ in range(10_001)))


if __name__ == "__main__":
    main()
