"""Tables of the hard cases: every engine's figures, what a long document costs at its end, and the targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from masks.parts.hard import BatchResult
from masks.results import EngineRun, Run, SchemaResult
from masks.tables import Numbers, number, summary, table
from masks.targets import SUBJECT, Section, Target

__all__ = ["Figures", "batch_figures", "case_figures", "hard_report"]

PEERS = ("llguidance", "xgrammar")
RATIO, MASK_US = 0.5, 1.5
"""Targets: at most this share of the better peer's time, or for the mean of masks, at most so many µs."""

ENDS = 1_000
LONG = 10 * ENDS
"""A text of at least LONG tokens has its first and last ENDS tokens compared."""


@dataclass(frozen=True)
class Figures:
    """One case in one engine, in µs; ``verdicts`` says what went wrong, or how many were right.

    Masks are those of the valid texts; ``total`` is compile and first mask, and all masks of these texts.
    """

    case: str
    engine: str
    verdicts: str
    right: bool
    compile: float
    first_mask: float
    masks: Numbers
    accept: float
    total: float

    @property
    def mean(self) -> float:
        """Mean of the masks."""
        return float(self.masks.mean()) if self.masks.size else float("nan")


def case_figures(run: Run) -> list[Figures]:
    """Figures of the cases of one text at a time, case by case; the clock's own cost taken off each reading."""
    columns = [[walked(engine, result) for result in engine.schemas] for engine in run.engines.values()]
    return [figures for row in zip(*columns, strict=True) for figures in row]


def walked(engine: EngineRun, result: SchemaResult) -> Figures:
    """Figures of a case from its walks."""
    valid = [instance for instance in result.instances if instance.valid]
    masks = np.array([time for instance in valid for time in instance.mask_ns], dtype=float)
    accepts = np.array([time for instance in valid for time in instance.accept_ns], dtype=float)
    masks, accepts = (np.maximum(times - engine.clock_ns, 0) / 1e3 for times in (masks, accepts))
    return Figures(
        result.id,
        engine.engine,
        verdicts(result, engine.limit_s),
        result.handled,
        or_nothing(result.compile_us),
        or_nothing(result.ttfm_us),
        masks,
        float(accepts.mean()) if accepts.size else float("nan"),
        or_nothing(result.ttfm_us) + masks.sum() if result.status == "done" else float("nan"),
    )


def verdicts(result: SchemaResult, limit_s: float) -> str:
    """How the texts were judged, in few words."""
    if result.status == "unsupported":
        return "refused"
    if result.status == "timeout":
        return f"more than {limit_s:g} s"
    if result.status == "crash":
        return "crashed"
    wrong = Counter(instance.verdict for instance in result.instances if instance.verdict != "right")
    if wrong:
        return ", ".join(f"{count} {verdict}{'s' if count > 1 else ''}" for verdict, count in wrong.items())
    return f"{len(result.instances)} right"


def batch_figures(result: BatchResult) -> Figures:
    """Figures of a batch, for one text at one step; by the wall clock."""
    steps, rows = np.array(result.step_ns, dtype=float) / 1e3, np.array(result.rows)
    count = rows.sum()
    status = f"{result.texts} right" if not result.wrong else f"{result.wrong} wrong"
    return Figures(
        result.case,
        result.engine,
        {"done": status, "unsupported": "refused", "timeout": "out of time", "crash": "crashed"}[result.status],
        result.handled,
        or_nothing(result.compile_us),
        or_nothing(result.ttfm_us),
        np.repeat(steps / rows, rows) if count else np.array([]),
        result.accept_ns / 1e3 / count if count else float("nan"),
        or_nothing(result.ttfm_us) + steps.sum() if result.status == "done" else float("nan"),
    )


def or_nothing(value: float | None) -> float:
    """Not a number for what was not measured."""
    return float("nan") if value is None else value


def hard_report(run: Run, batches: Sequence[BatchResult]) -> Section:
    """All tables of this part, and two targets a case."""
    figures = [*case_figures(run), *map(batch_figures, batches)]
    beside = [comparison for case in by_case(figures) if (comparison := compare(case)) is not None]
    parts = [times(figures), *long_documents(run), *cpu_times(batches), comparisons(beside), *reasons(run, batches)]
    return Section("\n\n".join(filter(None, parts)), [target for one in beside for target in one.targets()])


def times(figures: Sequence[Figures]) -> str:
    """Every engine's figures for every case."""
    rows = []
    for one in figures:
        spread = summary(one.masks, (50, 99))
        rows.append(
            [
                one.case,
                one.engine,
                one.verdicts,
                number(one.compile),
                number(one.first_mask),
                f"{one.masks.size:,}",
                *(number(value) for value in spread.values()),
                number(one.accept),
                number(one.total / 1e3),
            ]
        )
    title = "Hard cases: µs, and ms for compile and all masks together; masks of the valid texts"
    header = ["case", "engine", "verdicts", "compile", "first mask", "masks"]
    header += ["mask mean", "p50", "p99", "max", "accept mean", "compile + masks (ms)"]
    return table(title, header, rows, texts=3)


def long_documents(run: Run) -> list[str]:
    """What the ends of long texts cost: a table if there are such texts."""
    rows = []
    for engine in run.engines.values():
        for result in engine.schemas:
            for instance in result.instances:
                if instance.valid and len(instance.mask_ns) >= LONG:
                    series = (np.array(times) - engine.clock_ns for times in (instance.mask_ns, instance.accept_ns))
                    numbers = [number(end.mean() / 1e3) for part in series for end in (part[:ENDS], part[-ENDS:])]
                    rows.append([result.id, engine.engine, f"{len(instance.mask_ns):,}", *numbers])
    title = f"Long texts: mean of the first and of the last {ENDS:,} tokens, µs"
    header = ["case", "engine", "tokens", "mask, first", "mask, last", "accept, first", "accept, last"]
    return [table(title, header, rows, texts=2)] if rows else []


def cpu_times(batches: Sequence[BatchResult]) -> list[str]:
    """Batches by wall clock and CPU time: a table if there are any."""
    rows = []
    for result in batches:
        count = sum(result.rows) or float("nan")
        numbers = [number(value / 1e3 / count) for value in (sum(result.step_ns), result.cpu_ns)]
        rows.append([result.case, result.engine, *numbers])
    title = "Batches: µs a mask by the wall clock, and in CPU time over all threads"
    return [table(title, ["case", "engine", "wall", "CPU"], rows, texts=2)] if rows else []


@dataclass(frozen=True)
class Comparison:
    """The subject in one case beside the better peer, of those that judged every text right; totals in ms."""

    own: Figures
    total_peer: Figures | None
    mask_peer: Figures | None

    def targets(self) -> list[Target]:
        """Compile and all masks together, and the mean of masks, as ratios; a short mean is enough by itself."""
        failed = "" if self.own.right else self.own.verdicts
        alone = "" if self.total_peer else "no peer is right"
        total = self.own.total / self.total_peer.total if self.total_peer else float("nan")
        mask = self.own.mean / self.mask_peer.mean if self.mask_peer else float("nan")
        short = f"{number(self.own.mean)} µs" if self.own.mean <= MASK_US else ""
        return [
            Target(f"{self.own.case}: compile + masks, ratio to the better peer", total, RATIO, failed, alone),
            Target(f"{self.own.case}: mask mean, ratio to the better peer", mask, RATIO, failed, alone or short),
        ]


def by_case(figures: Sequence[Figures]) -> list[dict[str, Figures]]:
    """Figures of each case, by engine."""
    cases: dict[str, dict[str, Figures]] = {}
    for one in figures:
        cases.setdefault(one.case, {})[one.engine] = one
    return list(cases.values())


def compare(case: dict[str, Figures]) -> Comparison | None:
    """The subject beside its peers; None where it took no part."""
    if SUBJECT not in case:
        return None
    peers = [case[name] for name in PEERS if name in case and case[name].right]
    total = min(peers, key=lambda peer: peer.total, default=None)
    mask = min(peers, key=lambda peer: peer.mean, default=None)
    return Comparison(case[SUBJECT], total, mask)


def comparisons(beside: Sequence[Comparison]) -> str:
    """The subject beside the better peer, case by case; an empty text if there are none."""
    rows = []
    for one in beside:
        total, mask = one.targets()
        rows.append(
            [
                one.own.case,
                number(one.own.total / 1e3),
                beside_peer(one.total_peer, lambda peer: peer.total / 1e3),
                str(total),
                number(one.own.mean),
                beside_peer(one.mask_peer, lambda peer: peer.mean),
                str(mask),
            ]
        )
    title = (
        f"Targets: compile and all masks at most {RATIO:g} of the better peer that judged every text right; "
        f"mask mean at most {RATIO:g} of it or {MASK_US:g} µs"
    )
    header = ["case", "compile + masks (ms)", "better peer", "ratio", "mask mean (µs)", "better peer", "ratio"]
    return table(title, header, rows) if rows else ""


def beside_peer(peer: Figures | None, figure: Callable[[Figures], float]) -> str:
    """A figure of a peer, with its name."""
    return "none right" if peer is None else f"{number(figure(peer))} {peer.engine}"


def reasons(run: Run, batches: Sequence[BatchResult]) -> list[str]:
    """Messages of refusals and of failures in the middle, with their cases: a list if there are any."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for engine in run.engines.values():
        for result in engine.schemas:
            for message in (result.error, *(instance.error for instance in result.instances)):
                if message:
                    found.setdefault((engine.engine, brief(message)), {})[result.id] = None
    for batch in batches:
        if batch.error:
            found.setdefault((batch.engine, brief(batch.error)), {})[batch.case] = None
    lines = [f"* {engine}: {message} ({', '.join(cases)})" for (engine, message), cases in found.items()]
    return ["Why engines refused or failed:\n\n" + "\n".join(lines)] if lines else []


def brief(message: str) -> str:
    """The start of a message's first line."""
    return message.partition("\n")[0][:160]
