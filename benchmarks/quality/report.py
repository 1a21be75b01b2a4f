"""Tables of accuracy, with paired differences, in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from quality.bootstrap import Estimate, difference, mean
from quality.methods import PROMPTED, TEXT, Method, methods_of
from quality.records import Record, Records
from quality.tasks import TASKS, Task

__all__ = ["report"]


def report(out: Path, count: int, seed: int) -> str:
    """What is in a folder of outputs."""
    parts = []
    settings = out / "setting.json"
    if settings.exists():
        parts.append(", ".join(f"{name} {value}" for name, value in json.loads(settings.read_text("utf-8")).items()))
    parts.append(
        f"{count} questions of each task, seed {seed}. In brackets: 95 % intervals of the paired bootstrap over "
        "questions, 10,000 resamples. *Without*: the difference to the same prompts without a constraint; of rows "
        "without one, that to prompted JSON. *Text*: the difference to plain text without a constraint. *Gained, "
        "lost*: questions that are right in this row and wrong in the one that *without* compares it to, and the other "
        "way round."
    )
    parts += [_table(task, Records(out / f"{task.name}.jsonl"), count) for task in TASKS.values()]
    return "\n\n".join(parts)


def _table(task: Task, records: Records, count: int) -> str:
    more = task.marked[1:]
    heads = ["", "exact", "without", "text", "gained, lost", *more, "invalid", "tokens"]
    lines = [f"## {task.title}", "", f"| {' | '.join(heads)} |", f"|---|{'--:|' * (len(heads) - 1)}"]
    lines += [f"| {' | '.join(row)} |" for row in _rows(task, records, count)]
    return "\n".join(lines)


def _rows(task: Task, records: Records, count: int) -> Iterator[list[str]]:
    for method in methods_of(task):
        own = records.of(method.key, count)
        if not own:
            reason = records.failed.get(method.key, "not all questions were asked").replace("|", "\\|")
            yield [method.title, f"not run: {reason}", *[""] * (5 + len(task.marked))]
            continue
        without = records.of(method.beside, count) if method.key != method.beside else []
        text = records.of(TEXT, count) if method.key != TEXT else []
        if method.decoder == "free":
            without = records.of(PROMPTED, count) if method.key not in (TEXT, PROMPTED) else []
        right = _marks(own, "exact")
        yield [
            method.title,
            percent(mean(right)),
            points(difference(right, _marks(without, "exact"))) if without else "",
            points(difference(right, _marks(text, "exact"))) if text else "",
            _moved(right, _marks(without, "exact")) if without else "",
            *(percent(mean(_marks(own, name))) for name in task.marked[1:]),
            _invalid(method, own),
            f"{sum(record.tokens for record in own) / len(own):.1f}",
        ]


def _marks(records: list[Record], name: str) -> list[float]:
    return [record.marks[name] for record in records]


def _moved(right: list[float], without: list[float]) -> str:
    pairs = list(zip(right, without, strict=True))
    return f"{sum(one > other for one, other in pairs)}, {sum(one < other for one, other in pairs)}"


def _invalid(method: Method, records: list[Record]) -> str:
    if not method.form.is_json:
        return ""
    return f"{sum(not record.is_valid for record in records) / len(records):.0%}"


def percent(estimate: Estimate) -> str:
    """A share."""
    return f"{estimate.value:.1%} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def points(estimate: Estimate) -> str:
    """A difference of shares, in percentage points."""
    return f"{100 * estimate.value:+.1f} [{100 * estimate.low:+.1f}, {100 * estimate.high:+.1f}]"
