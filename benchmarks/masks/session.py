"""One vocabulary of a run: its tokenizer, a process for each engine, and where results go."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from masks.process import Worker, WorkerOptions
from masks.results import EngineRun, SchemaResult
from masks.tokenizer import Tokenizer

__all__ = ["Options", "Session", "parse_limits", "tell"]


@dataclass(frozen=True)
class Options:
    """What holds for every vocabulary and every part of a run.

    Attributes:
        engines: by name, in the order of the tables.
        clock: what times and limits count, of ``worker.CLOCKS``.
        memory_gib: address space of each engine's process.
        core: where the engines run, one at a time; -1: on all cores.
        limits: engines whose jobs get fewer seconds than the others'.
        threads: that an engine may use.
    """

    engines: list[str]
    clock: str = "cpu"
    memory_gib: float = 8
    core: int = -1
    limits: Mapping[str, float] = field(default_factory=dict)
    threads: int = 1


class Session:
    """The engines' processes for one tokenizer. They start when first asked, and stop with the session."""

    def __init__(self, options: Options, tokenizer: Tokenizer, raw: Path) -> None:
        """``raw``: folder for single figures and for what the engines print."""
        self.options, self.tokenizer, self.raw = options, tokenizer, raw
        raw.mkdir(parents=True, exist_ok=True)
        self.workers = {name: self._worker(name) for name in options.engines}
        self.spent_s: dict[str, float] = defaultdict(float)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers.values():
            worker.stop()

    def in_turn(self, index: int) -> list[str]:
        """The engines, another one first for each ``index``."""
        names = self.options.engines
        turn = index % len(names)
        return names[turn:] + names[:turn]

    def ask(self, engine: str, job: dict[str, Any], limit_s: float) -> Iterator[dict[str, Any]]:
        """Give a job to an engine; see :meth:`Worker.ask`."""
        before = time.monotonic()
        yield from self.workers[engine].ask(job, self.limit_s(engine, limit_s))
        self.spent_s[engine] += time.monotonic() - before

    def limit_s(self, engine: str, limit_s: float) -> float:
        """The engine's limit where others have ``limit_s``."""
        return min(limit_s, self.options.limits.get(engine, limit_s))

    def restart(self, engine: str) -> None:
        """Stop the engine's process; its next job starts another."""
        self.workers[engine].stop()

    def engine_run(self, engine: str, limit_s: float, results: list[SchemaResult]) -> EngineRun:
        """Results of an engine with what is known about its process."""
        worker = self.workers[engine]
        if not worker.ready:
            worker.start()
        return EngineRun(
            engine,
            worker.ready["version"],
            worker.ready["setup_s"],
            self.limit_s(engine, limit_s),
            worker.starts,
            round(self.spent_s[engine], 1),
            results,
            worker.ready["clock_ns"],
        )

    def versions(self) -> str:
        """The engines that took part, with their versions."""
        return ", ".join(f"{name} {worker.ready['version']}" for name, worker in self.workers.items() if worker.ready)

    def _worker(self, engine: str) -> Worker:
        log = self.raw / f"{engine}.stderr"
        log.unlink(missing_ok=True)
        options = self.options
        path = self.tokenizer.path.resolve()
        return Worker(
            WorkerOptions(engine, path, log, options.clock, options.memory_gib, options.core, options.threads)
        )


def tell(line: str) -> None:
    """Progress, on standard error."""
    print(line, file=sys.stderr, flush=True)


def parse_limits(text: str) -> dict[str, float]:
    """Seconds by engine, from ``name=seconds,name=seconds``."""
    return {name: float(seconds) for name, _, seconds in (pair.partition("=") for pair in text.split(",") if pair)}
