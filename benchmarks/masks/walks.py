"""One row in one engine: its instances walked, judged, and wrong verdicts explained."""

from __future__ import annotations

from dataclasses import asdict

from masks.constraint import Constraint
from masks.reorder import accepted_in_some_order
from masks.results import SchemaResult, collect
from masks.sample import Row, in_schema_order
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
    encode, decode = session.tokenizer.encode, session.tokenizer.raw.decode
    constraint = asdict(Constraint("json_schema", row.schema))

    def walks(texts: list[str]) -> list[int | None]:
        tokens = [encode(text) for text in texts]
        again = SchemaResult(row.id, row.split)
        job = {"task": "walk", "constraint": constraint, "tests": tokens}
        collect(again, [(True, None)] * len(texts), session.ask(engine, job, limit_s))
        return [
            None if found.accepted else len(decode(ids[: len(found.accept_ns)], skip_special_tokens=False))
            for found, ids in zip(again.instances, tokens, strict=False)
        ]

    for instance, known in zip(row.instances, result.instances, strict=False):
        if known.verdict == "wrong reject":
            ordered = in_schema_order(instance.data, row.schema)
            known.in_order = accepted_in_some_order(walks, instance.data, compact, [ordered])


def locate(result: SchemaResult, tokens: list[list[int]], tokenizer: Tokenizer) -> None:
    """Write down where wrong verdicts fell, for the reader of the results."""
    for instance, ids in zip(result.instances, tokens, strict=False):
        if instance.verdict == "right":
            continue
        end = len(instance.mask_ns) if instance.rejected_at is None else instance.rejected_at
        before = str(tokenizer.raw.decode(ids[:end], skip_special_tokens=False))[-60:]
        here = str(tokenizer.raw.decode(ids[end : end + 1], skip_special_tokens=False))
        instance.place = f"after {before!r}, at {here!r}"
