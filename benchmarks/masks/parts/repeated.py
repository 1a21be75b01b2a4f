"""Repeated grammar over a batch of documents: the steady state, once all that can be remembered has been."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from masks.cases.batches import order
from masks.constraint import Constraint
from masks.parts.maskbench import Data
from masks.sample import instance_text
from masks.session import Session, tell
from masks.tables import number, table
from masks.targets import SUBJECT, Section, Target

__all__ = ["repeated"]

MASK_US = 2.0
"""Target for the mean of masks in the steady state."""

ORDERS = 256


@dataclass(frozen=True)
class Grammar:
    """One constraint with its documents: those that warm up, and those that are timed."""

    name: str
    constraint: Constraint
    warm: list[list[int]]
    measured: list[list[int]]


@dataclass
class Totals:
    """Sums over grammars, by engine. ``compared``: grammars that count."""

    masks: dict[str, int] = field(default_factory=dict)
    step_ns: dict[str, int] = field(default_factory=dict)
    accept_ns: dict[str, int] = field(default_factory=dict)
    compared: int = 0


def repeated(session: Session, data: Data | None, limit_s: float) -> Section:
    """Time masks in the steady state: documents not seen before, of one schema; and MaskBench's, seen once before.

    Args:
        session: the engines and their tokenizer.
        data: MaskBench rows, where there are some.
        limit_s: seconds for a grammar and its documents.
    """
    sets = {f"{ORDERS // 2} new documents of one schema": [orders(session)]}
    if data is not None:
        sets["MaskBench's valid instances, the second time"] = list(real(session, data))
    rows, found, raw = [], [], {}
    for title, grammars in sets.items():
        events = ask_all(session, grammars, limit_s)
        raw[title] = events
        totals = add(events)
        for name in events:
            row = [title, f"{totals.compared} of {len(grammars)}", name]
            if name not in totals.masks:
                rows.append([*row, "0", "-", "-", "-"])
                continue
            count = totals.masks[name]
            mask = (totals.step_ns[name] - totals.accept_ns[name]) / 1e3 / count
            accept = totals.accept_ns[name] / 1e3 / count
            rows.append([*row, f"{count:,}", number(mask), number(accept), number(totals.step_ns[name] / 1e3 / count)])
            if name == SUBJECT:
                found.append(Target(f"repeated grammar, {title}: mask mean, µs", mask, MASK_US))
    (session.raw / "repeated.json").write_text(json.dumps(raw, separators=(",", ":")), encoding="utf-8")
    title = (
        "Repeated grammar: means in µs, two readings of the clock for all documents of a grammar; over the grammars "
        "whose documents all engines take (outlines-core aside)"
    )
    header = ["documents", "grammars", "engine", "masks", "mask", "accept", "mask + accept"]
    return Section(table(title, header, rows, texts=3), found)


def orders(session: Session) -> Grammar:
    """One generated schema and documents for it: half of them warm up, the others are timed."""
    documents = []
    for row in range(ORDERS):
        schema, text = order(random.Random("order 0"), random.Random(f"text {row}"))
        documents.append(session.tokenizer.encode(text))
    constraint = Constraint("json_schema", schema)
    return Grammar("orders", constraint, documents[: ORDERS // 2], documents[ORDERS // 2 :])


def real(session: Session, data: Data) -> Iterable[Grammar]:
    """MaskBench's schemas that have valid instances, each instance once to warm up and once timed."""
    for row in data.rows()[1]:
        texts = [instance_text(instance.data, data.compact) for instance in row.instances if instance.valid]
        if texts:
            tokens = [session.tokenizer.encode(text) for text in texts]
            yield Grammar(row.id, Constraint("json_schema", row.schema), tokens, tokens)


def ask_all(session: Session, grammars: Sequence[Grammar], limit_s: float) -> dict[str, list[dict[str, Any] | None]]:
    """What the engines measured, by engine, in the order of the grammars."""
    found: dict[str, list[dict[str, Any] | None]] = {name: [] for name in session.options.engines}
    for index, grammar in enumerate(grammars):
        for name in session.in_turn(index):
            found[name].append(ask(session, name, grammar, limit_s))
    return found


def ask(session: Session, engine: str, grammar: Grammar, limit_s: float) -> dict[str, Any] | None:
    """What the engine measured; None unless it took every document."""
    texts = {"warm": grammar.warm, "measured": grammar.measured}
    job = {"task": "repeated", "constraint": asdict(grammar.constraint), **texts}
    measured = None
    for event in session.ask(engine, job, limit_s):
        if event["event"] == "repeated" and not event["wrong"]:
            measured = event
        elif event["event"] in ("timeout", "crash"):
            tell(f"{grammar.name}: {engine} {event['event']}")
    return measured


def add(events: dict[str, list[dict[str, Any] | None]]) -> Totals:
    """Sums over the grammars that all engines took; outlines-core and engines that took none don't narrow them."""
    decisive = [name for name, found in events.items() if any(found) and name != "outlines-core"]
    totals = Totals()
    for index in range(len(next(iter(events.values())))):
        if not all(events[name][index] for name in decisive):
            continue
        totals.compared += 1
        for name, found in events.items():
            event = found[index]
            if event is None:
                continue
            for sums, key in ((totals.masks, "masks"), (totals.step_ns, "step_ns"), (totals.accept_ns, "accept_ns")):
                sums[name] = sums.get(name, 0) + event[key]
    return totals
