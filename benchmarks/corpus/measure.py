"""Every schema to every engine in turn, skipping what was measured before."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from corpus.server import Server
from corpus.store import Store
from masks.constraint import Constraint
from masks.results import EngineRun, SchemaResult, collect
from masks.rounds import is_settled, median_walk
from masks.sample import Row, instance_text
from masks.session import Session
from masks.walks import locate, walk_row

__all__ = ["Column", "finished", "measure", "server_column", "worker_column"]


@dataclass(frozen=True)
class Column:
    """One engine in the tables.

    Attributes:
        name: of the engine.
        limit_s: seconds for a schema and its instances.
        store: where its results are kept.
        about: says what the engine is, and starts it where that is needed.
        walk: gives it a schema.
        restart: has it forget what it keeps between schemas.
        masks: can it be asked for masks? Without them there are no verdicts on instances.
    """

    name: str
    limit_s: float
    store: Store
    about: Callable[[], dict[str, Any]]
    walk: Callable[[Row], SchemaResult]
    restart: Callable[[], None]
    masks: bool = True

    def run(self, rows: Sequence[tuple[Row, str]]) -> EngineRun:
        """The results of rows, each with its digest, all of which were walked."""
        about: dict[str, Any] = {"version": "-", "setup_s": 0.0, "clock_ns": 0} | self.store.about
        schemas = [median_walk(self.store.walks(row, key)) for row, key in rows]
        return EngineRun(
            self.name, about["version"], about["setup_s"], self.limit_s, 0, 0.0, schemas, about["clock_ns"]
        )


def worker_column(session: Session, name: str, limit_s: float, compact: bool, store: Store, *, masks: bool) -> Column:
    """An engine in a process of its own."""

    def about() -> dict[str, Any]:
        worker = session.workers[name]
        if not worker.ready:
            worker.start()
        return {key: worker.ready[key] for key in ("version", "setup_s", "clock_ns")}

    def walk(row: Row) -> SchemaResult:
        tokens = [session.tokenizer.encode(instance_text(instance.data, compact)) for instance in row.instances]
        result = walk_row(session, name, row, tokens, limit_s, compact)
        locate(result, tokens, session.tokenizer)
        return result

    def convert(row: Row) -> SchemaResult:
        result = SchemaResult(row.id, row.split)
        job = {"task": "convert", "constraint": asdict(Constraint("json_schema", row.schema))}
        collect(result, [], session.ask(name, job, limit_s))
        return result

    limit_s = session.limit_s(name, limit_s)
    return Column(name, limit_s, store, about, walk if masks else convert, lambda: session.restart(name), masks)


def server_column(server: Server, model: str, store: Store) -> Column:
    """A server somewhere else."""

    def walk(row: Row) -> SchemaResult:
        return server.walk(row, model)

    return Column("server", server.timeout_s, store, lambda: {"version": model}, walk, lambda: None, masks=False)


def measure(columns: Sequence[Column], rows: Sequence[tuple[Row, str]], rounds: int) -> None:
    """Walk each row, with its digest, in each engine; the engine that comes first changes from row to row.

    Args:
        columns: the engines.
        rows: each with its digest.
        rounds: so often, each time in new processes, unless one walk tells enough (see :func:`is_settled`).
    """
    progress = Progress(len(rows) * rounds, sys.stderr)
    for turn in range(rounds):
        begun = set[str]()
        for index, (row, key) in enumerate(rows):
            first = index % len(columns)
            for column in (*columns[first:], *columns[:first]):
                walks = column.store.walks(row, key)
                if len(walks) > turn or is_settled(walks):
                    continue
                if column.name not in begun:
                    begun.add(column.name)
                    column.store.begin(column.about())
                column.store.add(key, column.walk(row))
                progress.measured += 1
            progress.step(row.id)
        for column in columns:
            column.restart()
    progress.end()


def finished(columns: Sequence[Column], rows: Sequence[tuple[Row, str]]) -> list[tuple[Row, str]]:
    """The rows that every engine has walked, in order."""
    return [(row, key) for row, key in rows if all(column.store.walks(row, key) for column in columns)]


class Progress:
    """How far a run is: one line that changes on a terminal, else a line now and then."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self.total, self.stream = total, stream
        self.done = self.measured = 0
        self.started = time.monotonic()
        self.terminal = stream.isatty()

    def step(self, name: str) -> None:
        """Another row is through."""
        self.done += 1
        if not self.terminal and self.done % 25:
            return
        line = f"{self.done}/{self.total} after {time.monotonic() - self.started:.0f} s, {self.measured} walks made"
        self.stream.write(f"\r\x1b[K{line}  {name[:60]}" if self.terminal else f"{line}\n")
        self.stream.flush()

    def end(self) -> None:
        """Leave the line."""
        if self.terminal:
            self.stream.write("\r\x1b[K")
