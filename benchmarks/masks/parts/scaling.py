"""Cost against the size of the vocabulary and against the length of the document: tables and plots."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from masks.cases import Case
from masks.cases.documents import document
from masks.cases.strings import identifiers, letters
from masks.constraint import Constraint
from masks.parts.hard import run_cases
from masks.parts.hard_report import Figures, case_figures
from masks.plot import Curve, Panel, plot
from masks.results import Run
from masks.session import Session
from masks.tables import number, table
from masks.targets import Section
from masks.truncate import truncate

__all__ = ["scaling"]

WINDOWS = 50
"""Points of a curve along a document."""


def scaling(session: Session, folder: Path, sizes: Sequence[int], lengths: Sequence[int], limit_s: float) -> Section:
    """Measure both.

    Args:
        session: the engines, and the tokenizer whose first ids make the smaller vocabularies.
        folder: where plots go.
        sizes: of vocabularies, in ids; those beyond the tokenizer's are left out.
        lengths: of documents, in bytes, ascending.
        limit_s: seconds for a constraint and its texts.
    """
    return Section(
        "\n\n".join([*by_size(session, folder, sizes, limit_s), *by_length(session, folder, lengths, limit_s)])
    )


def by_size(session: Session, folder: Path, sizes: Sequence[int], limit_s: float) -> list[str]:
    """Three cases at each size of the vocabulary."""
    cases = [identifiers(), letters(), any_json(10_000)]
    found: dict[int, list[Figures]] = {}
    for size in sizes:
        if size > session.tokenizer.vocab_size:
            continue
        with tempfile.TemporaryDirectory() as place:
            smaller = truncate(session.tokenizer, size, Path(place) / str(size))
            with Session(session.options, smaller, session.raw / f"size-{size}") as at_size:
                found[size] = case_figures(run_cases(at_size, cases, limit_s))
    rows, panels = [], []
    for case in cases:
        curves: dict[str, Curve] = {}
        for engine in session.options.engines:
            key = (case.name, engine)
            series = [one for figures in found.values() for one in figures if (one.case, one.engine) == key]
            for title, values in (
                ("first mask", [one.first_mask for one in series]),
                ("mask mean", [one.mean for one in series]),
            ):
                rows.append([case.name, engine, title, *(number(value) for value in values)])
            curves[engine] = list(found), [one.mean for one in series]
        panels.append(Panel(case.name, "ids in the vocabulary", "mask mean, µs", curves, "log"))
    header = ["case", "engine", "µs", *(f"{size:,}" for size in found)]
    title = f"Cost against the size of the vocabulary: the first ids of {session.tokenizer.name}"
    return [table(title, header, rows, texts=3), figure(folder, f"{session.tokenizer.name}-vocabulary", panels)]


def by_length(session: Session, folder: Path, lengths: Sequence[int], limit_s: float) -> list[str]:
    """Documents of each length; along the longest, what a token costs where."""
    run = run_cases(session, [any_json(length) for length in lengths], limit_s, name="lengths")
    rows = [
        [one.case, one.engine, one.verdicts, f"{one.masks.size:,}", number(one.mean), number(one.accept)]
        for one in case_figures(run)
    ]
    title = "Cost against the length of the document: means in µs"
    header = ["document", "engine", "verdicts", "masks", "mask", "accept"]
    panel = Panel(any_json(lengths[-1]).name, "token", "mask + accept, µs", along(run))
    return [table(title, header, rows, texts=3), figure(folder, f"{session.tokenizer.name}-length", [panel])]


def any_json(length: int) -> Case:
    """A document of a length under a schema that allows every one."""
    return Case(f"any JSON, {length // 1_000:,} KB", Constraint("json_schema", {}), [document(length)], [])


def along(run: Run) -> dict[str, Curve]:
    """By engine: where in the last case's text, and what mask and accept cost on average around there."""
    curves: dict[str, Curve] = {}
    for engine in run.engines.values():
        for instance in engine.schemas[-1].instances:
            if instance.rejected_at is None and instance.error is None:
                steps = (np.array(instance.mask_ns) + instance.accept_ns) / 1e3 - 2 * engine.clock_ns / 1e3
                parts = np.array_split(steps, WINDOWS)
                places = np.cumsum([len(part) for part in parts])
                curves[engine.engine] = places.tolist(), [float(part.mean()) for part in parts]
    return curves


def figure(folder: Path, name: str, panels: Sequence[Panel]) -> str:
    """Draw, and refer to the drawing or say why there is none."""
    path = folder / f"{name}.svg"
    return f"![{name}]({path.name})" if plot(path, panels) else f"({path.name}: not drawn, matplotlib is not installed)"
