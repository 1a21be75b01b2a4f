"""Memory of a process after many compiles, with all of them kept, and after they were let go."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from typing import Any

from masks.constraint import Constraint
from masks.parts.maskbench import Data
from masks.session import Session, tell
from masks.tables import table
from masks.targets import Section

__all__ = ["memory"]


def memory(session: Session, data: Data, count: int, limit_s: float) -> Section:
    """Compile MaskBench's schemas, in turn until ``count`` are held, and one mask of each, in a fresh process.

    Args:
        session: the engines and their tokenizer.
        data: the rows; shuffled here, so that an engine that runs out of time has met a mixture.
        count: how many compiled grammars.
        limit_s: seconds for an engine; its figures are those of as many as it got through.
    """
    rows = data.rows()[1]
    random.Random(data.seed).shuffle(rows)
    constraints = [asdict(Constraint("json_schema", row.schema)) for row in rows]
    lines, raw = [], {}
    for name in session.options.engines:
        session.restart(name)
        job = {"task": "memory", "constraints": constraints, "count": count}
        events = list(session.ask(name, job, limit_s))
        session.restart(name)
        raw[name] = events
        lines.append(line(name, events))
        tell(f"memory: {name} {events[-1]['event']}")
    (session.raw / "memory.json").write_text(json.dumps(raw, separators=(",", ":")), encoding="utf-8")
    title = f"Resident memory in MiB while {count:,} compiles of {len(rows)} schemas are kept, one mask made with each"
    header = ["engine", "compiles", "refused", "before", "all kept", "KiB each", "let go", ""]
    return Section(table(title, header, lines))


def line(engine: str, events: list[dict[str, Any]]) -> list[str]:
    """A row of the table."""
    steps = [event for event in events if event["event"] == "memory"]
    released = [event for event in events if event["event"] == "released"]
    if not steps:
        return [engine, "0", "-", "-", "-", "-", "-", events[-1]["event"]]
    before, after = steps[0], steps[-1]
    compiled = after["compiled"]
    each = (after["rss_mib"] - before["rss_mib"]) * 1024 / compiled if compiled else float("nan")
    return [
        engine,
        f"{compiled:,}",
        f"{after['refused']:,}",
        f"{before['rss_mib']:,.0f}",
        f"{after['rss_mib']:,.0f}",
        f"{each:,.0f}",
        f"{released[0]['rss_mib']:,.0f}" if released else "-",
        "" if events[-1]["event"] == "done" else events[-1]["event"],
    ]
