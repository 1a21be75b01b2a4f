"""``module:Class`` and its arguments: what there is is found, and what is wrong is said."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from monitor_driver import write

from constrain import MonitorError, Vocabulary, compile_lark
from constrain.cli.monitors import monitor_of
from constrain.cli.problems import UsageProblem
from constrain.runtime.monitors import load_monitor

SOURCE = """
from dataclasses import dataclass
import threading
import time

print("made noise")

@dataclass
class Longest:
    most: str
    unit: str = "characters"

    def veto(self, prefix):
        return len(prefix) > int(self.most)

class Broken:
    def __init__(self):
        raise OSError("no database")

class Hanging:
    def __init__(self, seconds="30"):
        time.sleep(float(seconds))

class Nothing:
    pass

seven = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "longest_monitor.py").write_text(SOURCE)
    (tmp_path / "failing_monitor.py").write_text("import longest_monitor_missing\n")
    (tmp_path / "leaving_monitor.py").write_text("raise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in ("longest_monitor", "failing_monitor", "leaving_monitor"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("place", ["longest_monitor", "longest_monitor.py", "./longest_monitor.py"])
def test_a_monitor_by_module_or_file(folder: Path, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    monitor = monitor_of(f"{place}:Longest", ["most=3"])
    assert monitor is not None
    assert (monitor.veto("abc", False), monitor.veto("abcd", False)) == (None, "it must not be")
    assert monitor.name == f"{place}:Longest"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("Longest", [], "names no monitor; expected package.module:Name or path/to/file.py:Name"),
        (":Longest", [], "names no monitor"),
        ("no_such_module:Longest", [], "cannot import 'no_such_module': ModuleNotFoundError: No module named"),
        ("no_such_file.py:Longest", [], "there is no file no_such_file.py"),
        (".:Longest", [], "cannot import"),
        ("failing_monitor:A", [], "No module named 'longest_monitor_missing'"),
        ("failing_monitor.py:A", [], "No module named 'longest_monitor_missing'"),
        ("leaving_monitor.py:A", [], "cannot import leaving_monitor.py: SystemExit"),
        ("longest_monitor:Shortest", [], "has no 'Shortest'; expected one of Longest, Broken, Hanging, Nothing"),
        ("longest_monitor:seven", [], "is no class"),
        ("longest_monitor:Longest", [], r"missing a required argument: 'most'; expected .*\(most: str, unit"),
        ("longest_monitor:Longest", ["most=1", "least=1"], "unexpected keyword argument 'least'"),
        ("longest_monitor:Longest", ["most"], "--monitor-arg 'most' is no argument; expected KEY=VALUE"),
        ("longest_monitor:Longest", ["most=1", "most=2"], "--monitor-arg most is given twice"),
        (
            "longest_monitor:Broken",
            [],
            r"cannot be made: OSError: no database \(.*longest_monitor.py, line \d+, in __init",
        ),
        ("longest_monitor:Nothing", ["a=b"], "unexpected keyword argument 'a'"),
        ("longest_monitor:Nothing", [], "is no monitor: it answers none of the questions"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, name: str, arguments: list[str], message: str) -> None:
    with pytest.raises(UsageProblem, match=message) as caught:
        monitor_of(name, arguments)
    assert caught.value.exit_code == 2


def test_a_monitor_that_is_never_made(folder: Path) -> None:
    with pytest.raises(UsageProblem, match=r"was not made within 0\.05 s"):
        monitor_of("longest_monitor:Hanging", ["seconds=1"], 0.05)


@pytest.mark.parametrize(
    ("arguments", "deadline", "message"),
    [
        (["a=b"], None, "--monitor-arg goes with --monitor only"),
        ([], 1.0, "--monitor-deadline goes with --monitor only"),
    ],
)
def test_options_without_a_monitor(arguments: list[str], deadline: float | None, message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        monitor_of(None, arguments, deadline)
    assert monitor_of(None) is None


@pytest.mark.parametrize("deadline", [0.0, -1.0, float("nan"), float("inf")])
def test_deadlines_are_positive(deadline: float) -> None:
    with pytest.raises(UsageProblem, match="--monitor-deadline is"):
        monitor_of("a:B", [], deadline)


def test_the_library_raises_errors_of_its_own(folder: Path) -> None:
    with pytest.raises(MonitorError):
        load_monitor("longest_monitor.py:Broken")


def test_the_monitor_of_the_guide(root: Path, tmp_path: Path) -> None:
    guide = (root / "docs" / "monitors.md").read_text("utf-8")
    (tmp_path / "files.py").write_text(guide.partition("```python\n")[2].partition("```")[0])
    (tmp_path / "a.txt").touch()
    monitor = load_monitor(f"{tmp_path / 'files.py'}:ExistingFiles", {"folder": str(tmp_path)})
    compiled = compile_lark('start: (/[a-z ]/ | "<" /[a-z.]/+ ">")~1..20', Vocabulary.bytes())
    found: set[str] = set()
    for seed in range(40):
        text = write(compiled, monitor, random.Random(seed))
        assert text is not None
        names = re.findall("<(.*?)>", text)
        assert len(names) <= 3
        found.update(names)
    assert found == {"a.txt", "files.py"}
