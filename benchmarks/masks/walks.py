"""One row in one engine: its instances walked, judged, and wrong verdicts explained."""

from __future__ import annotations

from dataclasses import asdict

from masks.constraint import Constraint
from masks.results import SchemaResult, collect
from masks.sample import Row, in_schema_order, instance_text
from masks.session import Session
from masks.tokenizer import Tokenizer

__all__ = ["locate", "walk_row"]


def walk_row(
    session: Session, engine: str, row: Row, tokens: list[list[int]], limit_s: float, compact: bool
) -> SchemaResult:
    """Give a schema and its instances, as ``tokens``, to an engine."""
    job = {"task": "walk", "constraint": asdict(Constraint("json_schema", row.schema)), "tests": tokens}
    result = SchemaResult(row.id, row.split)
    expected = [(instance.valid, instance.keyword) for instance in row.instances]
    collect(result, expected, session.ask(engine, job, limit_s))
    _try_in_order(session, engine, row, result, limit_s, compact)
    return result


def _try_in_order(session: Session, engine: str, row: Row, result: SchemaResult, limit_s: float, compact: bool) -> None:
    """Find out whether it is the order of their keys for which valid instances were rejected. No time counts."""
    for instance, known in zip(row.instances, result.instances, strict=False):
        ordered = instance_text(in_schema_order(instance.data, row.schema), compact)
        if known.verdict != "wrong reject" or ordered == instance_text(instance.data, compact):
            continue
        constraint = asdict(Constraint("json_schema", row.schema))
        job = {"task": "walk", "constraint": constraint, "tests": [session.tokenizer.encode(ordered)]}
        again = SchemaResult(row.id, row.split)
        collect(again, [(True, None)], session.ask(engine, job, limit_s))
        known.in_order = any(found.accepted for found in again.instances)


def locate(result: SchemaResult, tokens: list[list[int]], tokenizer: Tokenizer) -> None:
    """Write down where wrong verdicts fell, for the reader of the results."""
    for instance, ids in zip(result.instances, tokens, strict=False):
        if instance.verdict == "right":
            continue
        end = len(instance.mask_ns) if instance.rejected_at is None else instance.rejected_at
        before = str(tokenizer.raw.decode(ids[:end], skip_special_tokens=False))[-60:]
        here = str(tokenizer.raw.decode(ids[end : end + 1], skip_special_tokens=False))
        instance.place = f"after {before!r}, at {here!r}"
