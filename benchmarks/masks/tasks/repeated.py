"""One grammar over many texts: what a mask costs once everything that can be remembered has been.

Two readings of the clock for all texts together, so that its own cost is shared by thousands of masks: one pass with a
mask before each token, one pass of the same tokens without masks. The difference is what the masks cost.

job     {"task": "repeated", "constraint": {...}, "warm": [[token, ...], ...], "measured": [[token, ...], ...]}
events  {"event": "compiled", "compile_us", "ttfm_us"} or {"event": "unsupported", "error"}
        {"event": "repeated", "masks", "step_ns", "accept_ns", "wrong"}: masks of the measured texts, their time with
        accepts, the time of accepts alone; texts not taken whole when walked before
"""

from __future__ import annotations

from typing import Any

from masks.engines.base import Compiled
from masks.tasks.setting import Setting
from masks.tasks.walk import walk

__all__ = ["repeated"]


def repeated(setting: Setting, job: dict[str, Any]) -> None:
    """Compile, walk the texts that warm up, then time the others."""
    compiled = setting.compile(job["constraint"])
    if compiled is None:
        return
    walks = [walk(compiled, setting.buffer, tokens, setting.now) for tokens in job["warm"]]
    wrong = sum(not found.get("may_stop", False) for found in walks)
    step_ns, accept_ns = (play(setting, compiled, job["measured"], masks=masks) for masks in (True, False))
    count = sum(map(len, job["measured"]))
    setting.send("repeated", masks=count, step_ns=step_ns, accept_ns=accept_ns, wrong=wrong)


def play(setting: Setting, compiled: Compiled, texts: list[list[int]], *, masks: bool) -> int:
    """Accept all texts, with or without masks, in one reading of the clock.

    Returns:
        How long that took, in ns.
    """
    buffer, now = setting.buffer, setting.now
    matchers = [compiled.matcher() for _ in texts]
    start = now()
    for matcher, tokens in zip(matchers, texts, strict=True):
        if masks:
            for token in tokens:
                matcher.mask(buffer)
                matcher.accept(token)
        else:
            for token in tokens:
                matcher.accept(token)
    return now() - start
