"""MaskBench: real-world schemas with valid and invalid instances, schema by schema in every engine in turn."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from masks.report import findings, report, targets
from masks.results import Run, SchemaResult, write_run
from masks.rounds import is_settled, median_walk
from masks.sample import Row, choose, instance_text, read_rows
from masks.session import Session, tell
from masks.targets import Section
from masks.walks import locate, walk_row

__all__ = ["Data", "maskbench"]


@dataclass(frozen=True)
class Data:
    """Which rows, and how their instances are written.

    Attributes:
        path: file of MaskBench rows.
        count: how many, in proportion to the splits; 0: all.
        seed: which sample.
        only: rows whose id or split contains this text.
        compact: instances without spaces.
    """

    path: Path
    count: int = 300
    seed: int = 7
    only: str = ""
    compact: bool = False

    def rows(self) -> tuple[str | None, list[Row]]:
        """What the file says about its source, and the chosen rows."""
        source, rows = read_rows(self.path)
        return source, choose(
            [row for row in rows if self.only in row.id or self.only in row.split], self.count, self.seed
        )


def maskbench(session: Session, data: Data, limit_s: float, settings: dict[str, Any], rounds: int = 1) -> Section:
    """Measure, keep the single figures, and return the tables.

    Args:
        session: the engines and their tokenizer.
        data: the rows.
        limit_s: seconds for a schema and its instances.
        settings: what is known about the run, for the heading.
        rounds: so often all schemas are walked, each time in new processes; a schema's median walk counts.
    """
    source, rows = data.rows()
    tokenizer = session.tokenizer
    tokens = [[tokenizer.encode(instance_text(i.data, data.compact)) for i in row.instances] for row in rows]
    settings = settings | {
        "data": data.path.name,
        "data_source": source,
        "tokenizer_name": tokenizer.name,
        "vocab_size": tokenizer.vocab_size,
        "sample": data.count,
        "seed": data.seed,
        "compact": data.compact,
        "clock": session.options.clock,
        "schemas": len(rows),
        "instances": sum(map(len, tokens)),
        "tokens": sum(len(ids) for row in tokens for ids in row),
        "rounds": rounds,
    }
    tell(f"{settings['schemas']} schemas, {settings['instances']} instances, {settings['tokens']:,} tokens")
    walks: dict[str, list[list[SchemaResult]]] = {name: [[] for _ in rows] for name in session.options.engines}
    for _ in range(rounds):
        measure(session, rows, tokens, limit_s, data.compact, walks)
        for name in walks:
            session.restart(name)
    engines = {}
    for name, of_rows in walks.items():
        ran = [median_walk(of_row) for of_row in of_rows]
        for result, ids in zip(ran, tokens, strict=True):
            locate(result, ids, tokenizer)
        engines[name] = session.engine_run(name, limit_s, ran)
    run = Run(settings, engines)
    write_run(run, session.raw / "maskbench")
    first = next(iter(engines.values()))
    print(f"{first.engine}: what went wrong, and what was refused\n{findings(first) or 'nothing'}")
    return Section(report(run), targets(run))


def measure(
    session: Session,
    rows: list[Row],
    tokens: list[list[list[int]]],
    limit_s: float,
    compact: bool,
    walks: dict[str, list[list[SchemaResult]]],
) -> None:
    """Give every schema to every engine; the engine that comes first changes from schema to schema."""
    started = time.monotonic()
    for index, (row, ids) in enumerate(zip(rows, tokens, strict=True)):
        for name in session.in_turn(index):
            if is_settled(walks[name][index]):
                continue
            walks[name][index].append(walk_row(session, name, row, ids, limit_s, compact))
        if (index + 1) % 25 == 0:
            each = "  ".join(f"{name} {seconds:.0f} s" for name, seconds in session.spent_s.items())
            tell(f"{index + 1}/{len(rows)} after {time.monotonic() - started:.0f} s: {each}")
