"""Draws from the model's own distribution, from the command line: methods, records, tries, weights."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHOICES = ("--choice", "red", "--choice", "green", "--choice", "blue")


@pytest.fixture
def drawn(cli: Callable[..., Any], tiny_model: Path) -> Callable[..., list[dict[str, Any]]]:
    """Records of ``gen`` with the tiny model."""

    def run(*arguments: str) -> list[dict[str, Any]]:
        ran = cli("gen", "-m", str(tiny_model), "--seed", "3", "--envelope", *arguments, "A colour:")
        assert ran.code == 0, ran.err
        return [json.loads(line) for line in ran.out.splitlines()]

    return run


@pytest.mark.parametrize("method", ["exact", "asap", "smc", "mcmc", "best-of"])
def test_every_method_draws(drawn: Callable[..., list[dict[str, Any]]], method: str) -> None:
    records = drawn("--method", method, "-n", "4", "--max-tokens", "8", *CHOICES)
    assert len(records) == 4
    for record in records:
        assert record["data"] in ("red", "green", "blue")
        assert record["logweight"] == pytest.approx(record["logprob"] - record["sampling_logprob"])
        assert record["attempts"] >= 1
    assert records == [
        {**record, "seconds": other["seconds"]}
        for record, other in zip(
            drawn("--method", method, "-n", "4", "--max-tokens", "8", *CHOICES), records, strict=True
        )
    ]


def test_bounds_of_a_small_language_meet(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    sampled, certain = (drawn("--method", "asap", *more, *CHOICES)[0] for more in ((), ("--certify", "60")))
    lower, upper = certain["log_z"]
    assert lower == pytest.approx(upper)
    assert certain["total_variation"] == pytest.approx(0, abs=1e-9)
    assert certain["logweight"] == pytest.approx(upper)  # the law is exact: W is Z
    assert sampled["total_variation"] > 0.1


def test_a_trie_is_gone_on_from(
    drawn: Callable[..., list[dict[str, Any]]], cli: Callable[..., Any], tmp_path: Path, tiny_model: Path
) -> None:
    path = tmp_path / "colour.trie"
    arguments = ("--method", "asap", *CHOICES, "--trie", str(path))
    first, second = drawn(*arguments)[0], drawn(*arguments)[0]
    assert second["log_z"][1] < first["log_z"][1]
    assert second["log_z"][0] > first["log_z"][0] - 1e-12

    whole = path.read_bytes()
    prefix = ("gen", "-m", str(tiny_model), *arguments)
    for problem, prompt, written in (
        ("another prompt", "Another colour:", whole),
        ("cut short", "A colour:", whole[:-7]),
        ("no trie", "A colour:", b"{}"),
    ):
        path.write_bytes(written)
        ran = cli(*prefix, prompt)
        assert (ran.code, ran.out) == (4, ""), ran.err
        assert problem in ran.err
        assert path.read_bytes() == written  # nothing is lost
    path.write_bytes(whole)
    ran = cli(*prefix, "--temperature", "2", "A colour:")
    assert ran.code == 4
    assert "another temperature: 1.0, not 2.0" in ran.err


def test_what_was_learned_in_vain_is_kept(cli: Callable[..., Any], tmp_path: Path, tiny_model: Path) -> None:
    path = tmp_path / "colour.trie"
    prefix = ("gen", "-m", str(tiny_model), "--method", "exact", *CHOICES, "--seed", "1", "--trie", str(path))
    codes = []
    while not codes or (codes[-1] == 5 and len(codes) < 200):
        ran = cli(*prefix, "--max-model-calls", "1", "A colour:")
        codes.append(ran.code)
        if ran.code:
            assert ran.out == ""
            assert "no output was drawn within" in ran.err
            assert "is at most" in ran.err
    assert codes[0] == 5
    assert codes[-1] == 0


def test_a_deadline_is_that_of_an_output(cli: Callable[..., Any], tiny_model: Path) -> None:
    ran = cli("gen", "-m", str(tiny_model), "--method", "exact", "--deadline", "1e-9", *CHOICES, "A colour:")
    assert (ran.code, ran.out) == (5, "")
    assert "--deadline" in ran.err


def test_truncation_that_leaves_nothing(cli: Callable[..., Any], tiny_model: Path) -> None:
    prefix = ("gen", "-m", str(tiny_model), "--top-k", "1", "--truncate-before")
    ran = cli(*prefix, "--method", "exact", *CHOICES, "A colour:")
    assert (ran.code, ran.out) == (3, "")
    assert "truncation leaves no output" in ran.err
    ran = cli(*prefix, "--regex", "[ab]{3}", "A word:")
    assert (ran.code, ran.out) == (6, "")
    assert "at output token 1" in ran.err


def test_functions_of_ones_own(cli: Callable[..., Any], tmp_path: Path, tiny_model: Path) -> None:
    source = tmp_path / "taste.py"
    source.write_text(
        "def long(text):\n    return len(text)\n"
        "def nan(text):\n    return float('nan')\n"
        "def fails(text):\n    raise KeyError(text)\n"
    )
    prefix = ("gen", "-m", str(tiny_model), "--seed", "1", *CHOICES)
    ran = cli(*prefix, "--method", "best-of", "--draws", "60", "--reward", f"{source}:long", "A colour:")
    assert (ran.code, ran.out) == (0, "green\n")
    assert cli(*prefix, "--method", "smc", "--critic", f"{source}:long", "A colour:").code == 0
    for name, says in (("nan", "gives nan"), ("fails", "KeyError")):
        for method, option in (("smc", "--critic"), ("best-of", "--reward")):
            ran = cli(*prefix, "--method", method, option, f"{source}:{name}", "A colour:")
            assert (ran.code, ran.out) == (6, "")
            assert says in ran.err


@pytest.fixture
def fitted(cli: Callable[..., Any], tmp_path: Path, tiny_model: Path) -> str:
    """A constraint with weights of the tiny model."""
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("A colour?\n\nWhich colour:\nOf what colour is it?\n")
    path = str(tmp_path / "colour.grammar")
    ran = cli("compile", *CHOICES, "-o", path, "--weights-from", str(tiny_model), "--prompts", str(prompts))
    assert (ran.code, ran.out) == (0, ""), ran.err
    return path


@pytest.mark.parametrize("method", ["mask", "asap", "smc", "mcmc", "best-of"])
def test_weights_lead_draws(drawn: Callable[..., list[dict[str, Any]]], fitted: str, method: str) -> None:
    for more in (("--weights", "stored"), ("--weights", "stored", "--format-weight", "0.5"), ("--weights", "online")):
        records = drawn("--compiled", fitted, "--method", method, "-n", "2", "--temperature", "1", *more)
        assert all(record["data"] in ("red", "green", "blue") for record in records)
        assert all(math.isfinite(record["logweight"]) for record in records)


def test_weights_are_shown(cli: Callable[..., Any], fitted: str, tmp_path: Path, tiny_model: Path) -> None:
    ran = cli("weights", "show", fitted, "-m", str(tiny_model), "--json")
    shown = json.loads(ran.out)
    assert shown["model"] == str(tiny_model)
    assert shown["temperature"] == 1.0
    assert shown["fewest_tokens"] == 3
    assert 0 < shown["chance_within_16_tokens"] < 1
    assert "\tnone" not in cli("weights", "show", fitted, "-m", str(tiny_model)).out

    bare = str(tmp_path / "bare.grammar")
    assert cli("compile", *CHOICES, "-m", str(tiny_model), "-o", bare).code == 0
    assert json.loads(cli("weights", "show", bare, "-m", str(tiny_model), "--json").out) == {
        "fewest_tokens": 3,
        "model": None,
    }
    ran = cli("gen", "-m", str(tiny_model), "--compiled", bare, "--weights", "stored", "A colour:")
    assert (ran.code, ran.out) == (4, "")
    assert "holds no weights" in ran.err


def test_weights_of_something_else(cli: Callable[..., Any], fitted: str, tiny_model: Path) -> None:
    prefix = ("gen", "-m", str(tiny_model), "--compiled", fitted, "--weights", "stored")
    ran = cli(*prefix, "--temperature", "0.5", "A colour:")
    assert (ran.code, ran.out) == (4, "")
    assert "for the temperature 1, not for 0.5" in ran.err


def test_weights_are_fitted_again(cli: Callable[..., Any], fitted: str, tmp_path: Path, tiny_model: Path) -> None:
    prompts = tmp_path / "more.txt"
    prompts.write_text("Colour of the sky:\n")
    model = ("-m", str(tiny_model))
    before = json.loads(cli("weights", "show", fitted, *model, "--json").out)
    ran = cli("weights", "fit", fitted, *model, "--prompts", str(prompts), "--again", "--seed", "1", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["texts"] == 8
    assert told["observations"] > before["observations"]
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    ran = cli("weights", "fit", fitted, *model, "--prompts", str(empty))
    assert (ran.code, ran.out) == (4, "")
    ran = cli("weights", "fit", fitted, *model, "--prompts", str(tmp_path / "missing.txt"))
    assert (ran.code, ran.out) == (4, "")
