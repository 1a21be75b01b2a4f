"""The tables of a run over a copy of JSONSchemaBench, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.keywords import Facts
from corpus.outcomes import Outcome, outcome_of, reason_of
from corpus.server import NOT_JUDGED
from masks.report import common_grounds, own_times
from masks.results import EngineRun, Run, SchemaResult, Verdict
from masks.sample import Row
from masks.tables import table

__all__ = ["Findings", "report"]

COVERAGE: dict[Outcome, str] = {
    "compiled": "**compiled**, and made a first mask",
    "refused": "refused: a feature that is not supported",
    "unknown format": "refused: a `format` that the engine doesn't know",
    "limit": "refused: a budget of the compiler",
    "unsatisfiable": "refused: no value satisfies the schema",
    "timeout": "out of time before the first mask",
    "crash": "crashed or out of memory before the first mask",
    "invalid": "refused, and no valid schema",
}
REASONS = 25
"""Reasons for refusals that a table lists before it sums up the others."""

NOT_RUN = "not run"


@dataclass(frozen=True)
class Findings:
    """What the tables are made of.

    Attributes:
        settings: what was measured and where, for the heading.
        rows: the schemas, in the order of the results.
        facts: of each.
        engines: results by engine, in the order of the tables.
        masks: engines that were asked for masks; only they have verdicts on instances.
        absent: engines that did not run, and why.
    """

    settings: Mapping[str, Any]
    rows: Sequence[Row]
    facts: Sequence[Facts]
    engines: Mapping[str, EngineRun]
    masks: Sequence[str]
    absent: Mapping[str, str]

    def outcomes(self, engine: str) -> list[Outcome]:
        """What became of each schema in an engine."""
        results = zip(self.engines[engine].schemas, self.rows, self.facts, strict=True)
        return [outcome_of(result, row.schema, facts) for result, row, facts in results]


Cell = Callable[[str], str]


def report(findings: Findings) -> str:
    """All tables."""
    with_masks = {name: findings.engines[name] for name in findings.masks}
    by_dataset = {split: [row.split == split for row in findings.rows] for split in _datasets(findings)}
    by_keyword = _members(findings, lambda facts: facts.keywords)
    by_format = _members(findings, lambda facts: facts.formats)
    parts = [_heading(findings), _coverage(findings), _compliance(findings)]
    parts.append(_groups(findings, "Coverage by dataset: compiled", by_dataset, _compiled))
    parts.append(
        _groups(findings, "Compliance by dataset: compiled, and every instance judged right", by_dataset, _right)
    )
    parts.append(_groups(findings, "Coverage by keyword: compiled, of the schemas that use it", by_keyword, _compiled))
    title = "Compliance by keyword: compiled, and every instance judged right, of the schemas that use it"
    parts.append(_groups(findings, title, by_keyword, _right))
    if by_format:
        parts.append(
            _groups(findings, "Coverage by `format`: compiled, of the schemas that use it", by_format, _compiled)
        )
    parts += [_refusals(findings, name) for name in findings.engines]
    if with_masks:
        run = Run(dict(findings.settings), with_masks)
        parts += [own_times(run), *common_grounds(run)]
    if "server" in findings.engines:
        parts.append(_answers(findings.engines["server"]))
    return "\n\n".join(filter(None, parts)) + "\n"


def _heading(findings: Findings) -> str:
    s = findings.settings
    versions = ", ".join(f"{e.engine} {e.version} (limit {e.limit_s:g} s)" for e in findings.engines.values())
    absent = "".join(f"\n* {name}: {NOT_RUN}, {why}" for name, why in findings.absent.items())
    instances = sum(len(row.instances) for row in findings.rows)
    without = sum(not row.instances for row in findings.rows)
    invalid = sum(not facts.valid for facts in findings.facts)
    walks = f"of each schema the median of {s['rounds']} walks" if s["rounds"] > 1 else "each schema walked once"
    return (
        f"{s['date']}: {len(findings.rows):,} schemas of {s['chosen']:,} chosen, {s['available']:,} in {s['data']}; "
        f"{instances:,} instances; {without:,} schemas have none, {invalid:,} are no valid schemas (jsonschema-rs).\n\n"
        f"Vocabulary {s['tokenizer']}, {s['vocab_size']:,} ids; {'compact' if s['compact'] else 'spaced'} JSON; "
        f"{walks}; {s['clock']} clock; {s['machine']}.\n\n{versions}{chr(10) + absent if absent else ''}"
    )


def _table(findings: Findings, title: str, rows: Sequence[tuple[Sequence[str], Cell]], first: Sequence[str]) -> str:
    """A table with a column for each engine, also for those that did not run."""
    lines = [
        [*label, *(cell(name) for name in findings.engines), *(NOT_RUN for _ in findings.absent)]
        for label, cell in rows
    ]
    return table(title, [*first, *findings.engines, *findings.absent], lines)


def _coverage(findings: Findings) -> str:
    counts = {name: Counter(findings.outcomes(name)) for name in findings.engines}

    def row(outcome: Outcome) -> Cell:
        return lambda name: f"{counts[name][outcome]:,}"

    def compiled_invalid(name: str) -> str:
        pairs = zip(findings.outcomes(name), findings.facts, strict=True)
        return f"{sum(outcome == 'compiled' and not facts.valid for outcome, facts in pairs):,}"

    rows: list[tuple[Sequence[str], Cell]] = [([label], row(outcome)) for outcome, label in COVERAGE.items()]
    rows.insert(0, (["schemas"], lambda name: f"{len(findings.rows):,}"))
    rows.append((["compiled, but no valid schema (among the compiled)"], compiled_invalid))
    return _table(findings, "Coverage", rows, [""])


def _compliance(findings: Findings) -> str:
    """Verdicts on the instances, schema by schema and one by one."""
    if not any(row.instances for row in findings.rows):
        return ""
    tested = [bool(row.instances) for row in findings.rows]

    def schemas(test: Callable[[SchemaResult], bool]) -> Cell:
        def cell(name: str) -> str:
            pairs = zip(tested, findings.engines[name].schemas, strict=True)
            return f"{sum(has and test(result) for has, result in pairs):,}"

        return cell

    def instances(verdict: Verdict, only: str | None = None) -> Cell:
        def cell(name: str) -> str:
            every = (i for result in findings.engines[name].schemas for i in result.instances)
            return f"{sum(i.verdict == verdict and only in (None, i.keyword) for i in every):,}"

        return cell

    def for_masks(cell: Cell) -> Cell:
        return lambda name: cell(name) if name in findings.masks else "-"

    started = {"timeout", "crash"}
    rows: list[tuple[str, Cell]] = [
        ("schemas with instances", lambda name: f"{sum(tested):,}"),
        ("**compiled, and every instance judged right**", schemas(lambda r: r.handled)),
        ("**wrong accept** of an invalid instance", schemas(lambda r: r.has("wrong accept"))),
        ("**wrong reject** of a valid instance", schemas(lambda r: r.has("wrong reject"))),
        ("valid instance accepted only with its keys in another order", schemas(lambda r: r.has("key order"))),
        ("failed in the middle of an instance", schemas(lambda r: r.has("engine error"))),
        (
            "out of time or crashed after the first mask",
            schemas(lambda r: r.status in started and r.compile_us is not None),
        ),
        ("instances judged right", instances("right")),
        ("instances accepted wrongly", instances("wrong accept")),
        ("of these, instances that break only a `format`", instances("wrong accept", "format")),
        ("instances rejected wrongly", instances("wrong reject")),
        ("instances rejected for the order of their keys", instances("key order")),
    ]
    cells = [([label], for_masks(cell)) for label, cell in rows]
    return _table(findings, "Compliance: schemas, then instances", cells, [""])


def _datasets(findings: Findings) -> list[str]:
    return sorted({row.split for row in findings.rows})


def _members(findings: Findings, names: Callable[[Facts], frozenset[str]]) -> dict[str, list[bool]]:
    """For each name that schemas use, which do; what most use comes first."""
    counts = Counter(name for facts in findings.facts for name in names(facts))
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    return {name: [name in names(facts) for facts in findings.facts] for name in ranked}


def _compiled(findings: Findings, engine: str) -> list[bool | None]:
    return [outcome == "compiled" for outcome in findings.outcomes(engine)]


def _right(findings: Findings, engine: str) -> list[bool | None]:
    """None for schemas without instances."""
    pairs = zip(findings.rows, findings.engines[engine].schemas, strict=True)
    return [result.handled if row.instances else None for row, result in pairs]


def _groups(
    findings: Findings,
    title: str,
    groups: Mapping[str, Sequence[bool]],
    judge: Callable[[Findings, str], list[bool | None]],
) -> str:
    """A row for each group of schemas: how many, and how many of them an engine gets, in figures and percent."""
    judged = {name: judge(findings, name) for name in findings.engines if judge is _compiled or name in findings.masks}
    counted = [judge is _compiled or bool(row.instances) for row in findings.rows]

    def cell(members: Sequence[bool], total: int) -> Cell:
        def text(name: str) -> str:
            if name not in judged:
                return "-"
            good = sum(inside and one is True for inside, one in zip(members, judged[name], strict=True))
            return f"{good:,} ({100 * good / total:.1f} %)"

        return text

    rows: list[tuple[Sequence[str], Cell]] = []
    for name, members in [*groups.items(), ("**all schemas**", [True] * len(findings.rows))]:
        total = sum(inside and counts for inside, counts in zip(members, counted, strict=True))
        if total:
            rows.append(([name, f"{total:,}"], cell(members, total)))
    return _table(findings, title, rows, ["", "schemas"]) if rows else ""


def _refusals(findings: Findings, name: str) -> str:
    results = zip(findings.engines[name].schemas, findings.outcomes(name), findings.rows, strict=True)
    counts = Counter(reason_of(r, row.schema) for r, outcome, row in results if r.status == "unsupported")
    if not counts:
        return ""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [[reason.replace("|", "\\|"), f"{count:,}"] for reason, count in ranked[:REASONS]]
    if len(ranked) > REASONS:
        others = sum(count for _, count in ranked[REASONS:])
        rows.append([f"{len(ranked) - REASONS} other reasons", f"{others:,}"])
    return table(f"What {name} refused", ["reason", "schemas"], rows)


def _answers(engine: EngineRun) -> str:
    """What the server wrote for the schemas it took."""
    taken = [schema for schema in engine.schemas if schema.status == "done"]
    verdicts = Counter(instance.verdict for schema in taken for instance in schema.instances)
    why = Counter((schema.error or "").removeprefix(f"{NOT_JUDGED}: ") for schema in taken if not schema.instances)
    rows = [["answers", f"{len(taken):,}"], ["valid", f"{verdicts['right']:,}"]]
    rows.append(["**not valid**", f"{verdicts['wrong accept']:,}"])
    rows += [[f"{NOT_JUDGED}: {reason}", f"{count:,}"] for reason, count in why.most_common(REASONS)]
    return table(f"Answers of the server ({engine.version})", ["", "server"], rows)
