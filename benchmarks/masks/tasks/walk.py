"""Walk texts token by token, with a mask before each token.

job     {"task": "walk", "constraint": {...}, "tests": [[token, ...], ...]}
events  {"event": "compiled", "compile_us", "ttfm_us"} or {"event": "unsupported", "error", "pointer"}
        {"event": "instance", "mask_ns", "accept_ns", "rejected_at", "may_stop", "error"}   for each test
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masks.engines.base import Compiled
from masks.tasks.setting import Setting, describe

__all__ = ["walk", "walk_all"]


def walk_all(setting: Setting, job: dict[str, Any]) -> None:
    """Compile a constraint and walk each of the job's texts."""
    compiled = setting.compile(job["constraint"])
    if compiled is not None:
        for tokens in job["tests"]:
            setting.send("instance", **walk(compiled, setting.buffer, tokens, setting.now))


def walk(compiled: Compiled, buffer: NDArray[np.int32], tokens: list[int], now: Callable[[], int]) -> dict[str, Any]:
    """Walk one text: per token a mask, a look at the token's bit, and a step."""
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
