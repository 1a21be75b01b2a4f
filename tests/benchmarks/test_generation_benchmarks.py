"""The benchmarks that run a model end to end, on a tiny one: what they print is there, and nothing fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def run(root: Path, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_quality(root: Path, tiny_model: Path, tmp_path: Path) -> None:
    # the third task's outputs are shorter than what tokens of one byte each can spell
    chosen = ["--tasks", "last_letters", "orders", "--items", 2, "--out", tmp_path, "--methods"]
    methods = ["text", "json", "greedy", "beam", "think-json", "think", "blanks-json", "blanks-spaced"]
    printed = run(root, root / "benchmarks/quality/run.py", "-m", tiny_model, *chosen, *methods)
    for title, tasks in (
        ("constrain, greedy", 2),
        ("constrain, 4 beams", 2),
        ("thoughts, then JSON: greedy", 1),
        ("shown with blanks: greedy, `--whitespace spaced`", 1),
    ):
        rows = [line for line in printed.splitlines() if line.startswith(f"| {title} |")]
        assert sum("not run" not in row for row in rows) == tasks, title


def test_generation(root: Path, tiny_model: Path, tmp_path: Path) -> None:
    script = root / "benchmarks/generate/run.py"
    engines = "constrain,constrain-drafts,constrain-processor,transformers"
    options = ["--rounds", 1, "--max-tokens", 300, "--batch", 2, "--only", "order", "--engines", engines]
    printed = run(root, script, "-m", tiny_model, "--out", tmp_path, *options)
    for row in ("one output alone", "one output, with drafts", "several outputs", "constrain-processor", "1 schemas:"):
        assert f"| {row}" in printed
    assert "failed:" not in printed


def test_drafts(root: Path, tiny_model: Path) -> None:
    assert "drafts" in run(root, root / "benchmarks/drafts.py", "--rounds", 1, "--model", tiny_model)
