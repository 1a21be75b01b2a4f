"""Memory of a process after many compiles, with all of them kept, and after they were let go."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from itertools import cycle, islice

from masks.constraint import Constraint
from masks.parts.maskbench import Data
from masks.sample import Row
from masks.session import Session, tell
from masks.tables import number, table
from masks.targets import Section

__all__ = ["Footprint", "memory"]


SIZE = 3_000
"""Schemas of more characters are left out: a single one takes some engine minutes."""


@dataclass
class Footprint:
    """What one engine's process held, in MiB. ``ended``: why it stopped before all were compiled, if it did."""

    engine: str
    before: float = float("nan")
    kept: float = float("nan")
    released: float = float("nan")
    compiled: int = 0
    refused: int = 0
    ended: str = ""


def memory(session: Session, data: Data, count: int, limit_s: float) -> Section:
    """Compile MaskBench's schemas, in turn until ``count`` are kept, each with one mask, in a fresh process.

    Args:
        session: the engines and their tokenizer.
        data: the rows; shuffled here, so that an engine that runs out of time has met a mixture.
        count: how many compiled grammars.
        limit_s: seconds for an engine; its figures are those of as many as it got through.
    """
    rows = [row for row in data.rows()[1] if len(json.dumps(row.schema)) <= SIZE]
    random.Random(data.seed).shuffle(rows)
    found = []
    for name in session.options.engines:
        session.restart(name)
        found.append(measure(session, name, rows, count, limit_s))
        session.restart(name)
        tell(f"memory: {name}, {found[-1].compiled} compiled, {found[-1].ended or 'done'}")
    (session.raw / "memory.json").write_text(json.dumps([asdict(one) for one in found]), encoding="utf-8")
    title = (
        f"Resident memory in MiB while {count:,} compiles of {len(rows)} schemas (of at most {SIZE:,} characters) are "
        "kept, one mask made with each"
    )
    header = ["engine", "compiles", "refused", "before", "all kept", "KiB each", "all let go", "ended by"]
    return Section(table(title, header, [line(one) for one in found]))


def measure(session: Session, engine: str, rows: list[Row], count: int, limit_s: float) -> Footprint:
    """Fill a process; a refused schema goes to the next one, until each was tried as often as ``count`` asks."""
    found = Footprint(engine)
    found.before = found.kept = resident(session, engine, release=False)
    worker = session.workers[engine]
    started = worker.used_s()
    for row in islice(cycle(rows), 2 * count):
        left = limit_s - (worker.used_s() - started)
        job = {"task": "keep", "constraint": asdict(Constraint("json_schema", row.schema))}
        events = [event["event"] for event in session.ask(engine, job, max(left, 0.0))]
        found.refused += "unsupported" in events
        if events[-1] != "done":
            found.ended = f"{limit_s:g} s" if events[-1] == "timeout" else f"{events[-1]}, {row.id}"
            break
        if "kept" in events:
            found.compiled += 1
            found.kept = resident(session, engine, release=False)
        if found.compiled == count:
            break
    if not found.ended:
        found.released = resident(session, engine, release=True)
    return found


def resident(session: Session, engine: str, *, release: bool) -> float:
    """Resident memory of an engine's process."""
    (event, *_) = session.ask(engine, {"task": "resident", "release": release}, 60.0)
    return float(event["rss_mib"])


def line(found: Footprint) -> list[str]:
    """A row of the table."""
    each = (found.kept - found.before) * 1024 / found.compiled if found.compiled else float("nan")
    memories = [number(value) for value in (found.before, found.kept, each, found.released)]
    return [found.engine, f"{found.compiled:,}", f"{found.refused:,}", *memories, found.ended]
