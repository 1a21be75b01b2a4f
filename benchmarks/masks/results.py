"""What a run finds out, as plain data that goes to and from JSON, and the judgement over it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = [
    "EngineRun",
    "InstanceResult",
    "Run",
    "SchemaResult",
    "Verdict",
    "collect",
    "read_run",
    "schema_result",
    "write_run",
]

Verdict = Literal["right", "key order", "wrong reject", "wrong accept", "engine error"]


@dataclass
class InstanceResult:
    """One instance walked token by token.

    Attributes:
        valid: does the schema allow it, by the data?
        keyword: for an invalid one, what a validator named.
        mask_ns: time of each mask, in order, the refusing one included.
        accept_ns: time of each accepted token.
        rejected_at: index of the token that the mask refused, None when all were allowed.
        may_stop: after the last token, could generation stop?
        error: the engine failed in the middle.
        place: for a wrong verdict, the text up to where it fell.
        in_order: for a valid instance that was rejected: is it accepted with its keys in another order?
    """

    valid: bool
    keyword: str | None = None
    mask_ns: list[int] = field(default_factory=list)
    accept_ns: list[int] = field(default_factory=list)
    rejected_at: int | None = None
    may_stop: bool = False
    error: str | None = None
    place: str | None = None
    in_order: bool = False

    @property
    def verdict(self) -> Verdict:
        """Was the instance judged as the data says?

        "key order" stands for valid instances that are rejected for the order of their keys alone. To JSON Schema keys
        have no order; engines write them in the schema's order, and say so.
        """
        if self.error is not None:
            return "engine error"
        if self.accepted == self.valid:
            return "right"
        if self.accepted:
            return "wrong accept"
        return "key order" if self.in_order else "wrong reject"

    @property
    def accepted(self) -> bool:
        """Was every token allowed, and then a stop?"""
        return self.error is None and self.rejected_at is None and self.may_stop


@dataclass
class SchemaResult:
    """One schema in one engine.

    Attributes:
        id: of the row.
        split: the collection that the row came from.
        status: how far the engine got; "unsupported" is refused.
        error: what the engine said when it refused.
        pointer: the place in the schema that a refusal names, if it names one.
        compile_us: time of the compile; None where it came to no end.
        ttfm_us: from the schema to the first mask.
        exit: how the process died.
        peak_rss_mib: the process's memory at its highest, so far.
        instances: in the order of the row.
    """

    id: str
    split: str
    status: Literal["done", "unsupported", "timeout", "crash"] = "done"
    error: str | None = None
    pointer: str | None = None
    compile_us: float | None = None
    ttfm_us: float | None = None
    exit: int | None = None
    peak_rss_mib: int = 0
    instances: list[InstanceResult] = field(default_factory=list)

    @property
    def handled(self) -> bool:
        """Compiled, and every instance judged right."""
        return self.status == "done" and all(instance.verdict == "right" for instance in self.instances)

    def has(self, verdict: Verdict) -> bool:
        """Is there an instance with this verdict, in a schema that ran to its end?"""
        return self.status == "done" and any(instance.verdict == verdict for instance in self.instances)


def collect(
    result: SchemaResult, expected: Sequence[tuple[bool, str | None]], events: Iterable[dict[str, Any]]
) -> None:
    """Fill a result with the events of its walk; ``expected``: valid or not and the keyword, for each text."""
    for event in events:
        kind = event.pop("event")
        if kind == "instance":
            valid, keyword = expected[len(result.instances)]
            result.instances.append(InstanceResult(valid, keyword, **event))
        elif kind == "compiled":
            result.compile_us, result.ttfm_us = event["compile_us"], event["ttfm_us"]
        elif kind == "unsupported":
            result.status, result.error, result.pointer = "unsupported", event["error"], event.get("pointer")
        elif kind == "timeout":
            result.status = "timeout"
        elif kind == "crash":
            result.status, result.exit = "crash", event["exit"]
        else:
            result.peak_rss_mib = event["peak_rss_mib"]


def schema_result(fields: dict[str, Any]) -> SchemaResult:
    """The result that ``dataclasses.asdict`` took apart."""
    instances = [InstanceResult(**instance) for instance in fields["instances"]]
    return SchemaResult(**fields | {"instances": instances})


@dataclass
class EngineRun:
    """All schemas in one engine, in the order of the data. ``clock_ns``: what reading the clock adds to a figure."""

    engine: str
    version: str
    setup_s: float
    limit_s: float
    worker_starts: int
    spent_s: float
    schemas: list[SchemaResult] = field(default_factory=list)
    clock_ns: int = 0


@dataclass
class Run:
    """One call of the benchmark. ``settings`` says everything needed to repeat it."""

    settings: dict[str, Any]
    engines: dict[str, EngineRun]


def write_run(run: Run, folder: Path) -> None:
    """Write a run: ``run.json`` with the settings, and one file an engine."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    settings = {"settings": run.settings, "engines": list(run.engines)}
    (folder / "run.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    for name, engine in run.engines.items():
        text = json.dumps(asdict(engine), separators=(",", ":"))
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


def read_run(folder: Path) -> Run:
    """Read what :func:`write_run` wrote."""
    document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    engines = {}
    for name in document["engines"]:
        fields = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        schemas = fields.pop("schemas")
        engines[name] = EngineRun(**fields)
        engines[name].schemas += map(schema_result, schemas)
    return Run(document["settings"], engines)
