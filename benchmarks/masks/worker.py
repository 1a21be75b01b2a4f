"""One engine in one process:  python -m masks.worker --engine NAME --tokenizer PATH.

Jobs come as JSON lines on standard input, answers go as JSON lines to the standard output that the process was
started with:

    job     {"schema": ..., "tests": [[token, ...], ...]}
    answer  {"event": "ready", "version", "setup_s"}                                     once
            {"event": "compiled", "compile_us", "ttfm_us"} or {"event": "unsupported", "error"}
            {"event": "instance", "mask_ns", "accept_ns", "rejected_at", "may_stop", "error"}   for each test
            {"event": "done", "peak_rss_mib"}

Answers go out as they come, so that what an engine got through before a time-out or a crash is not lost.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masks.engines import load
from masks.engines.base import Compiled
from masks.tokenizer import Tokenizer

__all__ = ["CLOCKS", "main", "walk"]

WARM_UP: Any = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}

CLOCKS: dict[str, Callable[[], int]] = {"cpu": time.process_time_ns, "wall": time.perf_counter_ns}
"""The process's CPU time counts every thread that an engine uses and leaves out waits that other programs cause; on
an idle machine it equals the wall clock for one thread."""


def walk(compiled: Compiled, buffer: NDArray[np.int32], tokens: list[int], now: Callable[[], int]) -> dict[str, Any]:
    """Walk one instance: per token a mask, a look at the token's bit, and a step."""
    mask_ns: list[int] = []
    accept_ns: list[int] = []
    found: dict[str, Any] = {"mask_ns": mask_ns, "accept_ns": accept_ns}
    try:
        matcher = compiled.matcher()
        for index, token in enumerate(tokens):
            before = now()
            matcher.mask(buffer)
            mask_ns.append(now() - before)
            if not (int(buffer[token >> 5]) >> (token & 31)) & 1:
                found["rejected_at"] = index
                return found
            before = now()
            accepted = matcher.accept(token)
            accept_ns.append(now() - before)
            if not accepted:
                found["error"] = f"the mask allowed token {index}, and accept refused it"
                return found
        found["may_stop"] = matcher.is_accepting()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of a native engine is no Exception
        found["error"] = describe(error)
    return found


def describe(error: BaseException) -> str:
    """Kind and message of an error, cut to a size that a report can show."""
    return f"{type(error).__name__}: {error}"[:600]


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
    buffer = engine.buffer()
    walk(engine.compile(WARM_UP), buffer, tokenizer.encode('{"a": "b c", "b": 1}'), now)
    gc.collect()
    gc.freeze()
    send("ready", version=engine.version(), setup_s=round(setup_s, 3))

    for line in sys.stdin:
        job = json.loads(line)
        try:
            start = now()
            compiled = engine.compile(job["schema"])
            between = now()
            compiled.matcher().mask(buffer)
            end = now()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of a native engine is no Exception
            send("unsupported", error=describe(error))
        else:
            send("compiled", compile_us=(between - start) / 1e3, ttfm_us=(end - start) / 1e3)
            for tokens in job["tests"]:
                send("instance", **walk(compiled, buffer, tokens, now))
            del compiled
        send("done", peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


if __name__ == "__main__":
    main()
