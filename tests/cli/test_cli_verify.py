"""``verify``: what it prints, draws and says of methods that break their promises."""

from __future__ import annotations

import importlib.util
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_shell import run_line

METHODS = ["mask", "asap", "exact", "smc", "mcmc"]
LANGUAGE = ("--choice", "yes", "--choice", "no", "--choice", "noon")


@pytest.fixture
def verify(cli: Callable[..., Any], tiny_model: Path) -> Callable[..., Any]:
    def invoke(*arguments: str, language: tuple[str, ...] = LANGUAGE, **options: Any) -> Any:
        return cli("verify", "-m", str(tiny_model), "--draws", "100", *language, *arguments, **options)

    return invoke


def test_a_line_for_each_method(verify: Callable[..., Any]) -> None:
    ran = verify("Is it raining?")

    assert ran.code == 0, ran.err
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert [row[0] for row in rows] == METHODS
    assert {len(row) for row in rows} == {11}
    assert [row[-1] for row in rows[:3]] == ["biased, as known", "its law is known", "exact"]
    assert ran.err.startswith("3 outputs, which the model writes with probability ")
    assert ran.err.splitlines()[0].endswith("; 100 draws of each method, seed 0")


def test_a_table_on_a_terminal(verify: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("NO_COLOR", "1")
    ran = verify("--method", "mask", "Is it raining?", terminal=True)

    assert ran.code == 0
    for column in ("KL of law", "KL of draws", "floor", "TV", "ESS", "z of W", "verdict", "biased, as known"):
        assert column in ran.out


def test_json_is_the_same_again_and_says_more(verify: Callable[..., Any]) -> None:
    first, again, other = (verify("--json", "--seed", seed, "Is it raining?") for seed in ("4", "4", "5"))

    told = [json.loads(ran.out) for ran in (first, again, other)]
    for one in told:
        for report in one["methods"]:
            assert report.pop("seconds") > 0
        assert one.pop("seconds_per_call") > 0
    assert told[0] == told[1] != told[2]
    found = told[0]
    assert (found["outputs"], found["texts"], found["draws"], found["seed"]) == (3, 3, 100, 4)
    assert (found["honest"], found["power"]) == (True, True)
    assert found["log_z"] < 0
    assert [report["method"] for report in found["methods"]] == METHODS
    mask, asap, exact, smc, _ = found["methods"]
    assert mask["kl"] > 0.01 > exact["kl"] == pytest.approx(0, abs=1e-9)
    assert mask["p_holm"] < 1e-3 < exact["p_holm"]
    assert [number for number, _ in asap["kl_by_draw"]] == [1, 2, 5, 10, 20, 50, 100]
    assert asap["kl_by_draw"][0][1] == pytest.approx(mask["kl"])
    assert smc["kl"] is None
    assert abs(smc["z"]) < 4
    assert all(report["failures"] == [] for report in found["methods"])
    texts = found["by_text"]
    assert {text["text"] for text in texts} == {"yes", "no", "noon"}
    for name in ("model", *METHODS):
        assert sum(text[name] for text in texts) == pytest.approx(1)
    assert texts[0]["model"] == max(text["model"] for text in texts)
    assert texts[0]["asap"] == pytest.approx(texts[0]["model"], abs=asap["tv"] + 1e-9)


def test_settings_change_what_is_examined(verify: Callable[..., Any]) -> None:
    few, many = (
        json.loads(verify("--json", "--method", "smc", "--particles", number, "Is it raining?").out)["methods"][0]
        for number in ("1", "64")
    )

    assert few["draws_kl"] > 3 * many["draws_kl"]


def test_the_budget_is_part_of_the_target(verify: Callable[..., Any]) -> None:
    language = ("--regex", "a{1,6}")
    whole, cut = (
        json.loads(verify("--json", "--method", "mask", *given, "Go.", language=language).out)
        for given in ((), ("--max-tokens", "3"))
    )

    assert (whole["outputs"], cut["outputs"]) == (6, 3)
    assert whole["log_z"] > cut["log_z"]


def test_the_prompt_may_come_from_standard_input(verify: Callable[..., Any]) -> None:
    given = verify("--method", "mask", "--json", "Is it raining?")
    piped = verify("--method", "mask", "--json", stdin="Is it raining?\n")

    assert json.loads(given.out)["log_z"] == json.loads(piped.out)["log_z"]
    assert verify("--method", "mask", stdin="").code == 4


def test_figures(verify: Callable[..., Any], tmp_path: Path) -> None:
    for name, begins in (("laws.svg", b"<?xml"), ("laws.PNG", b"\x89PNG\r\n\x1a\n")):
        path, again = tmp_path / name, tmp_path / f"again-{name}"
        for file in (path, again):
            ran = verify("--plot", str(file), "Is it raining?")
            assert ran.code == 0, ran.err
            assert f"saved {file}" in ran.err
        assert path.read_bytes().startswith(begins)
        assert path.read_bytes() == again.read_bytes()
    texts = [element.text for element in ElementTree.parse(tmp_path / "laws.svg").iter() if element.text]
    for word in ("What is drawn", "noon", "asap (law of draw 100)", "number of the draw", "probability"):
        assert word in texts


@pytest.mark.parametrize(
    ("language", "arguments"),
    [
        (("--regex", "[ab]{1,6}"), ("--method", "mask", "--method", "exact")),  # ranks, and no second panel
        (("--choice", "$a_b^$"), ("--method", "asap")),  # one output; what would be mathematics elsewhere
        (LANGUAGE, ("--method", "smc", "--draws", "1")),
    ],
)
def test_figures_of_other_kinds(
    language: tuple[str, ...], arguments: tuple[str, ...], verify: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "laws.svg"
    ran = verify(*arguments, "--plot", str(path), "Go.", language=language)

    assert ran.code == 0, ran.err
    ElementTree.parse(path)


def test_no_figure_without_matplotlib(
    verify: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("constrain.cli.verify.find_spec", lambda name: None if name == "matplotlib" else found(name))
    ran = verify("--plot", str(tmp_path / "laws.svg"), "Go.")

    assert ran.code == 2
    assert "pip install 'constrain-lm[plot]'" in ran.err


def test_a_figure_that_cannot_be_written_is_noticed_at_once(verify: Callable[..., Any], tmp_path: Path) -> None:
    ran = verify("--plot", str(tmp_path / "nowhere" / "laws.svg"), "Go.")

    assert (ran.code, ran.out) == (4, "")
    assert "laws.svg cannot be written" in ran.err
    assert verify("--plot", str(tmp_path), "Go.").code == 2  # no suffix


def test_a_language_too_large_to_list(verify: Callable[..., Any]) -> None:
    ran = verify("Go.", language=("--regex", "[a-z]{1,9}"))

    assert (ran.code, ran.out) == (3, "")
    assert "the language has more than 5,000 outputs" in ran.err
    assert "fewer --max-tokens" in ran.err


def test_limits_that_no_output_fits_into(verify: Callable[..., Any]) -> None:
    assert verify("--max-tokens", "1", "Go.").code == 5


def test_a_broken_promise_is_exit_code_1(verify: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """``exact`` with a law that is half of what it should be."""
    from constrain.runtime.decoding.faithful.honesty import closed

    whole = closed.law_of_trie
    monkeypatch.setattr(
        closed,
        "law_of_trie",
        lambda *given, **named: {key: value - 0.7 for key, value in whole(*given, **named).items()},
    )
    ran = verify("--method", "exact", "--method", "mask", "Is it raining?")

    assert ran.code == 1
    assert "error: exact: log of an attempt's law is given as " in ran.err
    assert [line.split("\t")[-1] for line in ran.out.splitlines()] == ["biased, as known", "FAILED"]
    assert json.loads(verify("--json", "--method", "exact", "Is it raining?").out)["honest"] is False


def test_draws_without_power_are_said_to_be(verify: Callable[..., Any]) -> None:
    ran = verify("--method", "mask", "--draws", "1", "Is it raining?", language=("--regex", "[ab]{2}"))

    assert ran.code == 0
    assert "warning: so few draws do not tell plain masking from the model's distribution" in ran.err


def test_examples_in_the_help_run(
    cli: Callable[..., Any], tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def quick(*words: str, **options: Any) -> Any:
        return cli(words[0], "-m", str(tiny_model), "--draws", "50", *words[1:], **options)

    examples = cli("verify", "--help").out.partition("\n  Examples:\n")[2].strip().splitlines()
    assert len(examples) == 3
    for line in examples:
        code, _ = run_line(line, quick, tmp_path)
        assert code == 0, line
    assert (tmp_path / "laws.svg").exists()
