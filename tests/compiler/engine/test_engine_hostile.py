"""Every hostile input ends as it should, within a gigabyte; each in a process of its own, all started from one.

What they cost in time is for :mod:`run_hostile` to print.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from engine_hostile import INPUTS
from run_hostile import as_expected

MEMORY = 1024
"""The most that may ever be resident, in MiB, interpreter and vocabulary included."""

SLOW = {
    "a million unit rules",
    "a million alternatives",
    "a hundred thousand terminals",
    "everything is ambiguous",
    "many optional parts",
    "boundaries",
    "many assertions",
    "far from the end, negated",
    "conditions on forty",
    "one of 200 objects",
    "names that need the next, and no others",
    "thirty kinds that overlap",
    "choices of arrays",
    "choices of strings",
    "choices of numbers",
    "long and pairs",
    "long and holds",
    "two patterns and a length",
}
"""Alike enough to others that need not wait."""


@pytest.fixture(scope="module")
def reports(root: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    slow = request.config.getoption("--slow")
    names = [name for name in INPUTS if slow or name not in SLOW]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("run_hostile.py")), "--json", *names],
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        stdout=subprocess.PIPE,
        check=True,
    )
    return {report["name"]: report for report in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in INPUTS]
)
def test_hostile_input(name: str, reports: dict[str, Any]) -> None:
    report = reports[name]
    assert as_expected(report), report
    assert report["memory"] <= MEMORY
