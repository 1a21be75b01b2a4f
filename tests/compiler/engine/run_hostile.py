"""Runs hostile inputs, each in a process of its own, and reports what they cost.

    PYTHONPATH=src python tests/compiler/engine/run_hostile.py [--json] [NAME...]

For each: the constraint is compiled, then masks over a real vocabulary, with tokens drawn among those allowed, then the
shortest completion is taken. Times are processor time of this process, memory is the most that it ever had resident,
vocabulary and interpreter included.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from random import Random
from typing import Any

import numpy as np
from engine_driver import Tokens, byte_tokens, tekken_tokens
from engine_hostile import INPUTS, compile_input, prepare

from constrain import ConstrainError, LimitError, UnsatisfiableError, allocate_token_bitmask
from constrain.compiler import compile_json_schema, compile_lark, compile_regex
from constrain.compiler.bitmask import bitmask_to_ids

LONGEST = 10_000
"""Bytes of the completion that are read back."""

STEPS = 16
"""Tokens taken before the completion."""


def run(name: str, tokens: Tokens) -> dict[str, Any]:
    """Outcome, message, seconds of each part, and peak memory in MiB."""
    report: dict[str, Any] = {"name": name, "compile": 0.0, "mask": 0.0, "accept": 0.0, "completion": 0.0}
    prepared = prepare(name)
    report["before"] = _peak()
    try:
        _use(name, prepared, tokens, report)
        report["outcome"] = "result"
    except UnsatisfiableError as error:
        report.update(outcome="unsatisfiable", message=str(error))
    except LimitError as error:
        report.update(outcome="limit", message=str(error))
    except ConstrainError as error:
        report.update(outcome=type(error).__name__, message=str(error))
    report["memory"] = _peak()
    return report


def _use(name: str, prepared: Any, tokens: Tokens, report: dict[str, Any]) -> None:
    compiled = _timed(report, "compile", lambda: compile_input(name, prepared, tokens.native))
    matcher = compiled.matcher()
    bitmask = allocate_token_bitmask(1, tokens.vocab_size)
    random = Random(name)
    for _ in range(STEPS):
        _timed(report, "mask", lambda: matcher.fill_next_token_bitmask(bitmask))
        allowed = bitmask_to_ids(bitmask[0])
        allowed = allowed[~np.isin(allowed, tokens.eos_token_ids)]
        if allowed.size == 0:
            break
        token = int(random.choice(allowed))
        if not _timed(report, "accept", lambda token=token: matcher.accept_token(token)):
            raise RuntimeError(f"token {token} is in the mask and was not accepted")
    rest = _timed(report, "completion", matcher.shortest_completion)
    if not matcher.accept_bytes(rest[:LONGEST]) or (len(rest) <= LONGEST and not matcher.is_accepting()):
        raise RuntimeError("the completion does not complete")


def _timed(report: dict[str, Any], part: str, work: Any) -> Any:
    """Keeps the longest time of each part."""
    start = time.process_time()
    try:
        return work()
    finally:
        report[part] = max(report[part], time.process_time() - start)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def as_expected(report: dict[str, Any]) -> bool:
    """Is it an outcome that the input names, with a message that says how to raise the limit if there is a way?"""
    message = report.get("message", "")
    for expected in INPUTS[report["name"]][2].split(" or "):
        if expected in ("result", "unsatisfiable") or expected.endswith("Error"):
            fits = report["outcome"] == expected
        elif expected == "fixed":
            fits = report["outcome"] == "limit" and "fixed" in message
        else:
            fits = report["outcome"] == "limit" and f"{expected} = " in message and f"Limits({expected}=" in message
        if fits:
            return True
    return False


def forked(name: str, tokens: Tokens, memory: int = 8 << 30, seconds: int = 30) -> dict[str, Any]:
    """:func:`run` in a child that may allocate ``memory`` bytes; what it printed if it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            try:
                report = run(name, tokens)
            except BaseException as error:
                report = {"name": name, "outcome": "crash", "message": repr(error)}
            os.write(writer, json.dumps(report).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    status = os.waitpid(child, 0)[1]
    return json.loads(text) if text else {"name": name, "outcome": "crash", "message": f"status {status}"}


def main(arguments: list[str]) -> None:
    names = [argument for argument in arguments if argument != "--json"] or list(INPUTS)
    tokens = tekken_tokens() or byte_tokens()
    # what a front end imports at its first use is imported here, and not in each of more than a hundred children
    for make, small in ((compile_regex, "a"), (compile_json_schema, "true"), (compile_lark, 'start: "a"')):
        make(small, tokens.native)
    if "--json" in arguments:
        for name in names:
            print(json.dumps(forked(name, tokens)), flush=True)
        return
    print(f"{'':34} {'compile':>8} {'mask':>8} {'accept':>8} {'complete':>8} {'before':>7} {'MiB':>5}  outcome")
    for name in names:
        report = forked(name, tokens)
        times = " ".join(f"{report.get(part, 0):8.3f}" for part in ("compile", "mask", "accept", "completion"))
        memory = f"{report.get('before', 0):7} {report.get('memory', 0):5}"
        message = report.get("message", "")
        outcome = report["outcome"] if len(message) == 0 else message[:150]
        mark = "" if as_expected(report) else "  UNEXPECTED"
        print(f"{name:34} {times} {memory}  {outcome}{mark}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
