"""``verify`` with weights and with a monitor: the methods as ``gen`` has them then."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHOICES = ("--choice", "red", "--choice", "green", "--choice", "blue")
PROMPT = "A colour:"
MONITORS = """
class Unlike:
    def __init__(self, text="green"):
        self.text = text

    def veto(self, prefix, complete):
        return complete and prefix == self.text

class Nothing:
    def veto(self, prefix, complete):
        return "it is not to be"
"""


@pytest.fixture
def verify(cli: Callable[..., Any], tiny_model: Path) -> Callable[..., Any]:
    def invoke(*arguments: str) -> Any:
        return cli("verify", "-m", str(tiny_model), "--draws", "100", *arguments, PROMPT)

    return invoke


@pytest.fixture
def fitted(cli: Callable[..., Any], tmp_path: Path, tiny_model: Path) -> str:
    """A constraint with weights of the tiny model."""
    prompts, path = tmp_path / "prompts.txt", str(tmp_path / "colour.grammar")
    prompts.write_text("A colour?\nWhich colour:\nOf what colour is it?\n")
    ran = cli("compile", *CHOICES, "-o", path, "--weights-from", str(tiny_model), "--prompts", str(prompts))
    assert ran.code == 0, ran.err
    return path


@pytest.fixture
def monitors(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(MONITORS)
    return str(path)


def told(ran: Any) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def by_method(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {report["method"]: report for report in found["methods"]}


def test_stored_weights(verify: Callable[..., Any], fitted: str) -> None:
    plain, led = (told(verify("--json", "--compiled", fitted, *more)) for more in ((), ("--weights", "stored")))
    half = told(verify("--json", "--compiled", fitted, "--weights", "stored", "--format-weight", "0.5"))

    assert plain["log_z"] == led["log_z"] == half["log_z"]
    assert (plain["power"], led["power"]) == (True, None)
    masks = [by_method(found)["mask"]["kl"] for found in (plain, led, half)]
    assert masks[1] < 0.25 * masks[0]
    assert masks[1] != masks[2] != masks[0]
    assert by_method(plain)["exact"]["draws_kl"] == by_method(led)["exact"]["draws_kl"]
    assert by_method(led)["asap"]["kl_by_draw"][0][1] < 0.25 * by_method(plain)["asap"]["kl_by_draw"][0][1]


def test_online_weights(verify: Callable[..., Any], tmp_path: Path) -> None:
    plot = tmp_path / "laws.svg"
    ran = verify("--json", *CHOICES, "--weights", "online", "--plot", str(plot))

    found = by_method(told(ran))
    assert found["mask"]["kl_by_draw"][-1][1] < found["mask"]["kl_by_draw"][0][1]
    assert [found[name]["verdict"] for name in ("mask", "asap", "exact", "smc", "mcmc")] == [
        "its law is known",
        "its law is known",
        "exact",
        "learns as it draws",
        "learns as it draws",
    ]
    assert found["smc"]["p"] is None
    texts = [element.text for element in ElementTree.parse(plot).iter() if element.text]
    assert "How asap comes closer" in texts


def test_a_monitor(verify: Callable[..., Any], monitors: str, tmp_path: Path) -> None:
    plot = tmp_path / "laws.svg"
    monitor = ("--monitor", f"{monitors}:Unlike")
    found = told(verify("--json", *CHOICES, *monitor, "--plot", str(plot)))
    less = told(verify("--json", *CHOICES, *monitor, "--monitor-arg", "text=blue"))

    assert {text["text"] for text in found["by_text"]} == {"red", "blue"}
    assert {text["text"] for text in less["by_text"]} == {"red", "green"}
    methods = by_method(found)
    assert list(methods) == ["mask", "asap", "exact", "smc", "mcmc", "awrs"]
    assert methods["awrs"]["kl"] > 1e-9
    assert abs(methods["awrs"]["z"]) < 4
    assert methods["awrs"]["verdict"] == "biased, as known"
    assert found["dead_ends"] >= 1
    texts = [element.text for element in ElementTree.parse(plot).iter() if element.text]
    assert "awrs (law)" in texts


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--weights", "stored"), 2, "--weights stored is for weights in a compiled file"),
        (("--weights", "none"), 2, "--weights cannot be 'none'"),
        (("--format-weight", "1"), 2, "--format-weight goes with --weights only"),
        (("--weights", "online", "--method", "exact"), 2, "--weights says nothing with --method exact"),
        (("--method", "awrs"), 2, "--method awrs is for --monitor"),
        (("--monitor-arg", "text=red"), 2, "--monitor-arg goes with --monitor only"),
        (("--monitor", "nobody.py:Unlike"), 2, "there is no file nobody.py"),
        (("--monitor", "MONITORS:Nothing"), 3, "that the monitor leaves"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], code: int, says: str, verify: Callable[..., Any], monitors: str) -> None:
    ran = verify(*CHOICES, *(argument.replace("MONITORS", monitors) for argument in arguments))

    assert (ran.code, ran.out) == (code, ""), ran.err
    assert says in ran.err


def test_weights_of_something_else(
    verify: Callable[..., Any], cli: Callable[..., Any], fitted: str, tiny_model: Path, tmp_path: Path
) -> None:
    ran = verify("--compiled", fitted, "--weights", "stored", "--temperature", "0.5")
    assert (ran.code, ran.out) == (4, "")
    assert "for the temperature 1, not for 0.5" in ran.err

    bare = str(tmp_path / "bare.grammar")
    assert cli("compile", *CHOICES, "-m", str(tiny_model), "-o", bare).code == 0
    ran = verify("--compiled", bare, "--weights", "stored")
    assert (ran.code, ran.out) == (4, "")
    assert "holds no weights" in ran.err
