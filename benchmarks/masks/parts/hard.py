"""Hard cases, each in every engine in turn."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from masks.cases import BatchCase, Case
from masks.results import Run, SchemaResult, collect, write_run
from masks.rounds import is_settled, median_walk
from masks.session import Session, tell

__all__ = ["BatchResult", "run_batches", "run_cases"]


THREADS = 2
"""Of every engine, for a batch."""


@dataclass
class BatchResult:
    """A batch in one engine; times of masks by the wall clock and in CPU time.

    Attributes:
        step_ns: wall time of each step's masks.
        rows: texts that took part in each step.
        cpu_ns: CPU time of all masks, on all threads.
        accept_ns: wall time of all accepted tokens.
        wrong: texts that were not taken whole.
    """

    case: str
    engine: str
    texts: int
    status: Literal["done", "unsupported", "timeout", "crash"] = "done"
    error: str | None = None
    compile_us: float | None = None
    ttfm_us: float | None = None
    step_ns: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    cpu_ns: int = 0
    accept_ns: int = 0
    wrong: int = 0

    @property
    def handled(self) -> bool:
        """Was every text taken whole?"""
        return self.status == "done" and not self.wrong


def run_cases(session: Session, cases: list[Case], limit_s: float, name: str = "hard", rounds: int = 1) -> Run:
    """Walk every text of every case in every engine; single figures go to the folder ``name``.

    With several rounds, each walk of a case has a process of its own, and the one that took the median time counts.
    """
    results: dict[str, list[SchemaResult]] = {name: [] for name in session.options.engines}
    for index, case in enumerate(cases):
        expected = [*((True, None) for _ in case.valid), *((False, None) for _ in case.invalid)]
        tests = [session.tokenizer.encode(text) for text in [*case.valid, *case.invalid]]
        job = {"task": "walk", "constraint": asdict(case.constraint), "tests": tests}
        walks: dict[str, list[SchemaResult]] = {engine: [] for engine in results}
        for turn in range(rounds):
            for engine in session.in_turn(index + turn):
                if is_settled(walks[engine]):
                    continue
                if rounds > 1:
                    session.restart(engine)
                result = SchemaResult(case.name, name)
                collect(result, expected, session.ask(engine, job, limit_s))
                walks[engine].append(result)
                tell(f"{case.name}: {engine} {result.status}")
        for engine, ran in walks.items():
            results[engine].append(median_walk(ran))
    engines = {engine: session.engine_run(engine, limit_s, ran) for engine, ran in results.items()}
    run = Run({"vocab_size": session.tokenizer.vocab_size, "clock": session.options.clock}, engines)
    write_run(run, session.raw / name)
    return run


def run_batches(session: Session, cases: list[BatchCase], limit_s: float) -> list[BatchResult]:
    """Generate each case's texts together in every engine, in processes that have all cores and ``THREADS`` threads."""
    results: list[BatchResult] = []
    options = replace(session.options, core=-1, threads=THREADS)
    with Session(options, session.tokenizer, session.raw / "batch") as threaded:
        for index, case in enumerate(cases):
            tests = [session.tokenizer.encode(text) for text in case.texts]
            constraints = [asdict(constraint) for constraint in case.constraints]
            job = {"task": "batch", "constraints": constraints, "tests": tests, "threads": THREADS}
            of_case = {engine: BatchResult(case.name, engine, len(tests)) for engine in options.engines}
            for engine in threaded.in_turn(index):
                for event in threaded.ask(engine, job, limit_s):
                    fill(of_case[engine], event)
                tell(f"{case.name}: {engine} {of_case[engine].status}")
            results += of_case.values()
    text = json.dumps([asdict(result) for result in results], separators=(",", ":"))
    (session.raw / "batch" / "batch.json").write_text(text, encoding="utf-8")
    return results


def fill(result: BatchResult, event: dict[str, Any]) -> None:
    """Put an event of the task ``batch`` into its result."""
    kind = event.pop("event")
    if kind in ("timeout", "crash", "unsupported"):
        result.status = kind
    if kind != "done":
        for name, value in event.items():
            if name != "exit":
                setattr(result, name, value)
