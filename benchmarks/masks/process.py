"""A worker process seen from outside: started when first needed, stopped at its limit, started again after a death."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

__all__ = ["Worker", "WorkerOptions"]

THREADS = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
START_LIMIT_S = 180.0


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker runs. ``core`` -1: on all cores; ``threads``: what pools that read the environment may have."""

    engine: str
    tokenizer: Path
    log: Path
    clock: str = "cpu"
    memory_gib: float = 8
    core: int = -1
    threads: int = 1


@dataclass
class _Live:
    """A process that runs, its two ends, and what was read of its answers but not yet used."""

    process: subprocess.Popen[bytes]
    stdin: IO[bytes]
    stdout: IO[bytes]
    selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)
    unread: bytes = b""


class Worker:
    """One engine's process."""

    def __init__(self, options: WorkerOptions) -> None:
        self.options = options
        self.starts = 0
        self.ready: dict[str, Any] = {}
        self._live: _Live | None = None

    def start(self) -> _Live:
        """Start the process and wait until the engine is set up."""
        options = self.options
        environment = dict(os.environ) | dict.fromkeys(THREADS, str(options.threads))
        environment |= {"TOKENIZERS_PARALLELISM": "false", "PYTHONHASHSEED": "0", "HF_HUB_OFFLINE": "1"}
        package = str(Path(__file__).resolve().parents[1])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
        command = [sys.executable, "-m", "masks.worker", "--engine", options.engine, "--clock", options.clock]
        command += ["--tokenizer", str(options.tokenizer), "--core", str(options.core)]
        command += ["--memory-gib", str(options.memory_gib)]
        with options.log.open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
            )
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a process that was started with pipes has none")
        live = self._live = _Live(process, process.stdin, process.stdout)
        live.selector.register(live.stdout, selectors.EVENT_READ)
        self.starts += 1
        event = self._next_event(live, START_LIMIT_S, 0.0, time.monotonic())
        if event is None or event["event"] != "ready":
            self.stop()
            raise SystemExit(f"{options.engine} did not start; {options.log} says why")
        self.ready = event
        return live

    def stop(self) -> None:
        """End the process, if there is one."""
        live, self._live = self._live, None
        if live is None:
            return
        live.process.kill()
        live.process.wait()
        live.selector.close()
        live.stdin.close()
        live.stdout.close()

    def used_s(self) -> float:
        """Seconds that the process has used so far, by the clock of the run."""
        return self._used_s(self._live or self.start())

    def ask(self, job: dict[str, Any], limit_s: float) -> Iterator[dict[str, Any]]:
        """Give the process a job, and ``limit_s`` seconds for it by the clock of the run.

        Yields:
            The events of the job as they come. The last one is ``done``, ``timeout`` (past the limit; the process is
            gone) or ``crash`` (it died by itself; ``exit`` says how).
        """
        live = self._live or self.start()
        used, begun = self._used_s(live), time.monotonic()
        try:
            live.stdin.write(json.dumps(job).encode() + b"\n")
            live.stdin.flush()
        except BrokenPipeError:
            pass  # it died between two jobs; the read below finds that out
        while True:
            event = self._next_event(live, limit_s, used, begun)
            if event is None or self._used_s(live) - used > limit_s + 1:
                self.stop()
                yield {"event": "timeout"}
                return
            if event["event"] == "died":
                code = live.process.wait()
                self.stop()
                yield {"event": "crash", "exit": code}
                return
            done = event["event"] == "done"
            yield event
            if done:
                return

    def _used_s(self, live: _Live) -> float:
        if self.options.clock == "wall":
            return time.monotonic()
        try:
            fields = Path(f"/proc/{live.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _next_event(self, live: _Live, limit_s: float, used: float, begun: float) -> dict[str, Any] | None:
        """The next answer; None past the limit or three times as much on the wall; 'died' when the process is gone."""
        while b"\n" not in live.unread:
            if not live.selector.select(0.2):
                if self._used_s(live) - used > limit_s or time.monotonic() - begun > 3 * limit_s:
                    return None
                continue
            chunk = os.read(live.stdout.fileno(), 1 << 20)
            if not chunk:
                return {"event": "died"}
            live.unread += chunk
        line, _, live.unread = live.unread.partition(b"\n")
        event: dict[str, Any] = json.loads(line)
        return event
