"""Many texts at once: each step one call for the masks of all, then a token for each.

Timed by the wall clock, which is what threads save; the CPU time goes beside it. Rows whose text has ended leave the
batch.

job     {"task": "batch", "constraints": [{...}, ...], "threads", "tests": [[token, ...], ...]}; the texts take the
        constraints in turn
events  {"event": "compiled", "compile_us", "ttfm_us"} (of all constraints; to the first step's masks)
        or {"event": "unsupported", "error"}
        {"event": "batch", "step_ns", "rows", "cpu_ns", "accept_ns", "wrong"}: wall time and rows of each step, CPU time
        of all masks, wall time of all accepts, texts that were not taken whole
"""

from __future__ import annotations

import time
from typing import Any

from masks.constraint import Constraint
from masks.tasks.setting import Setting, describe

__all__ = ["batch"]


def batch(setting: Setting, job: dict[str, Any]) -> None:
    """Compile the constraints, then step all texts together until the longest has ended."""
    try:
        run(setting, job)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of a native engine is no Exception
        setting.send("unsupported", error=describe(error))


def run(setting: Setting, job: dict[str, Any]) -> None:
    """The job, with errors let through."""
    tests: list[list[int]] = job["tests"]
    wall, cpu = time.perf_counter_ns, time.process_time_ns
    together = setting.engine.batch(len(tests), job["threads"])
    prepared = [setting.engine.prepare(Constraint(**constraint)) for constraint in job["constraints"]]
    start = wall()
    compiled = [setting.engine.compile(one) for one in prepared]
    between = wall()
    live = [(compiled[index % len(compiled)].matcher(), tokens) for index, tokens in enumerate(tests)]
    together.fill([matcher for matcher, _ in live])
    end = wall()
    setting.send("compiled", compile_us=(between - start) / 1e3, ttfm_us=(end - start) / 1e3)

    step_ns, rows, cpu_ns, accept_ns, wrong = [], [], 0, 0, 0
    for step in range(max(map(len, tests))):
        matchers = [matcher for matcher, _ in live]
        cpu_before, before = cpu(), wall()
        together.fill(matchers)
        step_ns.append(wall() - before)
        cpu_ns += cpu() - cpu_before
        rows.append(len(live))
        allowed = [
            (int(together.buffer[row, tokens[step] >> 5]) >> (tokens[step] & 31)) & 1
            for row, (_, tokens) in enumerate(live)
        ]
        before = wall()
        taken = [bit and matcher.accept(tokens[step]) for bit, (matcher, tokens) in zip(allowed, live, strict=True)]
        accept_ns += wall() - before
        wrong += len(live) - sum(map(bool, taken))
        going = [pair for ok, pair in zip(taken, live, strict=True) if ok]
        live = [(matcher, tokens) for matcher, tokens in going if step + 1 < len(tokens)]
        wrong += sum(not matcher.is_accepting() for matcher, tokens in going if step + 1 == len(tokens))
        if not live:
            break
    setting.send("batch", step_ns=step_ns, rows=rows, cpu_ns=cpu_ns, accept_ns=accept_ns, wrong=wrong)
