"""Tables from a run, as Markdown:  python -m masks.report RESULTS_FOLDER (with benchmarks/ on PYTHONPATH)."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from masks.results import EngineRun, InstanceResult, Run, SchemaResult, Verdict, read_run
from masks.tables import Numbers, number, summary, table
from masks.targets import SUBJECT, Target

__all__ = ["common_grounds", "findings", "general", "own_times", "report", "targets"]

BASELINE = "llguidance"
APART = ("constrain-artifact", "constrain-lenient", "outlines-core", "xgrammar-default")
"""Engines that would shrink the common ground of the others too far."""


def report(run: Run) -> str:
    """All tables of a run: coverage, times over what each got through, times over common ground."""
    return "\n\n".join([heading(run), coverage(run), own_times(run), *common_grounds(run)]) + "\n"


def common_grounds(run: Run) -> list[str]:
    """Times over common ground: of the subject and its baseline, and of all engines but those that stand apart."""
    names = list(run.engines)
    parts: list[str] = []
    grounds = [[SUBJECT, BASELINE], [name for name in names if name not in APART]]
    seen: list[list[str]] = []
    for ground in grounds:
        if len(ground) > 1 and set(ground) <= set(names) and sorted(ground) not in seen:
            seen.append(sorted(ground))
            parts.append(common_times(run, ground))
    return parts


def heading(run: Run) -> str:
    """What was measured, with which versions."""
    s = run.settings
    versions = ", ".join(f"{e.engine} {e.version} (limit {e.limit_s:g} s)" for e in run.engines.values())
    return (
        f"{s['date']}: {s['schemas']} schemas ({s['data']}, seed {s['seed']}), {s['instances']} instances, "
        f"{s['tokens']:,} tokens; vocabulary {s['tokenizer_name']}, {s['vocab_size']:,} ids; "
        f"{'compact' if s['compact'] else 'spaced'} JSON; {s['clock']} clock, one core of {s['processor']}; "
        f"of each schema the median of {s['rounds']} walks.\n\n"
        f"{versions}"
    )


def coverage(run: Run) -> str:
    """How many schemas each engine got right, and why not the others."""

    def count(test: Callable[[SchemaResult], bool]) -> list[str]:
        return [f"{sum(map(test, engine.schemas)):,}" for engine in run.engines.values()]

    def instances(verdict: Verdict) -> list[str]:
        return [
            f"{sum(instance.verdict == verdict for schema in engine.schemas for instance in schema.instances):,}"
            for engine in run.engines.values()
        ]

    rows = [
        ["schemas", *count(lambda schema: True)],
        ["handled: compiled, every instance judged right", *count(lambda schema: schema.handled)],
        ["refused at compile time", *count(lambda schema: schema.status == "unsupported")],
        ["out of time", *count(lambda schema: schema.status == "timeout")],
        ["crashed or out of memory", *count(lambda schema: schema.status == "crash")],
        ["failed in the middle", *count(lambda schema: schema.has("engine error"))],
        ["valid instance accepted only with its keys in another order", *count(lambda s: s.has("key order"))],
        ["**wrong reject** of a valid instance", *count(lambda schema: schema.has("wrong reject"))],
        ["**wrong accept** of an invalid instance", *count(lambda schema: schema.has("wrong accept"))],
        ["instances judged right", *instances("right")],
    ]
    return table("Coverage", ["", *run.engines], rows)


def own_times(run: Run) -> str:
    """Times of each engine over all that it got through."""
    ttfm = {name: first_masks(engine) for name, engine in run.engines.items()}
    walked = {name: [i for schema in engine.schemas for i in schema.instances] for name, engine in run.engines.items()}
    rows = time_rows(ttfm, {n: masks(w) for n, w in walked.items()}, {n: steps(w) for n, w in walked.items()}, None)
    rows.append(["set-up, once a tokenizer (s)", *(number(engine.setup_s) for engine in run.engines.values())])
    rows.append(
        [
            "peak memory (MiB)",
            *(f"{max(schema.peak_rss_mib for schema in engine.schemas):,}" for engine in run.engines.values()),
        ]
    )
    return table("Time in µs, each engine over what it got through", ["", *run.engines], rows)


@dataclass(frozen=True)
class CommonGround:
    """The same work in every engine: schemas that all finished, and valid instances that all accepted whole.

    Attributes:
        schemas: how many.
        instances: how many.
        ttfm: times to the first mask, by engine, in µs.
        mask: times of masks, by engine, in µs.
        step: times of mask and accept together, by engine, in µs.
    """

    schemas: int
    instances: int
    ttfm: dict[str, Numbers]
    mask: dict[str, Numbers]
    step: dict[str, Numbers]


def common_ground(run: Run, names: Sequence[str]) -> CommonGround:
    """Find the common ground of some engines."""
    runs = [run.engines[name] for name in names]
    finished = [row for row in zip(*(e.schemas for e in runs), strict=True) if all(r.status == "done" for r in row)]
    accepted = [
        instances
        for results in finished
        for instances in zip(*(result.instances for result in results), strict=True)
        if instances[0].valid and all(instance.verdict == "right" for instance in instances)
    ]
    walked = {name: [instances[index] for instances in accepted] for index, name in enumerate(names)}
    return CommonGround(
        len(finished),
        len(accepted),
        {name: np.array([row[index].ttfm_us or 0.0 for row in finished]) for index, name in enumerate(names)},
        {name: masks(instances) for name, instances in walked.items()},
        {name: steps(instances) for name, instances in walked.items()},
    )


def common_times(run: Run, names: Sequence[str]) -> str:
    """Times over common ground, with ratios to the baseline."""
    ground = common_ground(run, names)
    rows = time_rows(ground.ttfm, ground.mask, ground.step, BASELINE if BASELINE in names else None)
    title = (
        f"Time in µs over common ground of {', '.join(names)}: {ground.schemas} schemas that all finished, "
        f"{ground.instances} valid instances that all accepted, {len(ground.mask[names[0]]):,} masks"
    )
    return table(title, ["", *names], rows)


BOUNDS = {
    "mask": {"mean": 0.5, "p50": 0.5, "p99": 0.5, "p99.9": 0.5, "max": 1.0},
    "step": {"mean": 0.6},
    "ttfm": {"p50": 1.0, "mean": 1.0, "p99": 1.0},
}
"""Targets, as ratios of the subject's figures to the baseline's over their common ground."""

LABELS = {"mask": "mask", "step": "mask + accept", "ttfm": "first mask"}

ARTIFACT, ARTIFACT_US = "constrain-artifact", 300.0
"""Target for the median of first masks from an artifact."""


def targets(run: Run) -> list[Target]:
    """The targets that MaskBench decides, as far as their engines took part."""
    found = []
    if SUBJECT in run.engines:
        wrong = sum(
            instance.verdict not in ("right", "key order")
            for schema in run.engines[SUBJECT].schemas
            for instance in schema.instances
        )
        found.append(Target("MaskBench: wrong verdicts", wrong, 0))
    if {SUBJECT, BASELINE} <= set(run.engines):
        ground = common_ground(run, [SUBJECT, BASELINE])
        for series, bounds in BOUNDS.items():
            times = getattr(ground, series)
            own, baseline = (summary(times[name], (50, 99, 99.9)) for name in (SUBJECT, BASELINE))
            for name, bound in bounds.items():
                label = f"MaskBench: {LABELS[series]}, {name}, ratio to {BASELINE}"
                found.append(Target(label, own[name] / baseline[name], bound))
    if ARTIFACT in run.engines:
        median = summary(first_masks(run.engines[ARTIFACT]), (50,))["p50"]
        failed = "nothing was loaded" if median != median else ""
        found.append(Target("MaskBench: first mask from an artifact, p50, µs", median, ARTIFACT_US, failed))
    return found


def time_rows(
    ttfm: dict[str, Numbers], mask: dict[str, Numbers], step: dict[str, Numbers], baseline: str | None
) -> list[list[str]]:
    """Rows of means and percentiles, one column an engine, with the ratio to the baseline where there is one."""
    rows = []
    for label, series, percentiles in (
        ("first mask (compile + mask)", ttfm, (50, 90, 99)),
        ("mask", mask, (50, 90, 99, 99.9)),
        ("step (mask + accept)", step, (50, 90, 99, 99.9)),
    ):
        figures = {engine: summary(times, percentiles) for engine, times in series.items()}
        for name in next(iter(figures.values())):
            values = {engine: figure[name] for engine, figure in figures.items()}
            rows.append([f"{label}, {name}", *(cell(engine, values, baseline) for engine in values)])
    return rows


def cell(engine: str, values: dict[str, float], baseline: str | None) -> str:
    """A figure, with its ratio to the baseline's."""
    if baseline is None or engine == baseline or not values[baseline] > 0:
        return number(values[engine])
    return f"{number(values[engine])} ({values[engine] / values[baseline]:.2f}x)"


def first_masks(engine: EngineRun) -> Numbers:
    """Times to the first mask; a schema whose time ran out before it counts with the limit."""
    times = []
    for schema in engine.schemas:
        if schema.ttfm_us is not None:
            times.append(schema.ttfm_us)
        elif schema.status == "timeout":
            times.append(engine.limit_s * 1e6)
    return np.array(times)


def masks(instances: Iterable[InstanceResult]) -> Numbers:
    """Times of all masks, in µs."""
    return np.array([time for instance in instances for time in instance.mask_ns]) / 1e3


def steps(instances: Iterable[InstanceResult]) -> Numbers:
    """Times of mask and accept together, in µs; masks that refused their token have no accept and are left out."""
    pairs = (pair for i in instances for pair in zip(i.mask_ns, i.accept_ns, strict=False))
    return np.array([mask + accept for mask, accept in pairs]) / 1e3


def findings(engine: EngineRun) -> str:
    """What an engine got wrong, instance by instance, and what it refused, by message."""
    lines = []
    for schema in engine.schemas:
        if schema.status in ("timeout", "crash"):
            lines.append(f"{schema.status}  {schema.id}" + (f"  exit {schema.exit}" if schema.exit is not None else ""))
        for index, instance in enumerate(schema.instances):
            if instance.verdict != "right":
                why = instance.error or instance.keyword or ""
                lines.append(
                    f"{instance.verdict}  {schema.id}  instance {index}  {why}  {instance.place or ''}".rstrip()
                )
    refused = Counter(general(s.error or "") for s in engine.schemas if s.status == "unsupported")
    lines += [f"{count:4d} refused: {message}" for message, count in refused.most_common()]
    return "\n".join(lines)


def general(message: str) -> str:
    """A message without the parts that differ from schema to schema, so that equal reasons count together."""
    message = message.split("\n")[0]
    message = re.sub(r" \(at /[^)]*\)", "", message)
    message = re.sub(r'"(?:[^"\\]|\\.){25,}"', '"..."', message)
    message = re.sub(r"\{.{80,}\}|\[.{80,}\]", "<...>", message)
    return re.sub(r"\b\d+\b", "N", message)[:160]


if __name__ == "__main__":
    loaded = read_run(Path(sys.argv[1]))
    print(report(loaded))
    for loaded_engine in loaded.engines.values():
        print(f"\n{loaded_engine.engine} {loaded_engine.version}\n{findings(loaded_engine)}")
