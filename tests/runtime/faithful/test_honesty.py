"""The examination finds honest methods honest, and each kind of dishonesty."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from faithful_models import PROMPT, Case, cases, divergence, normaliser, outputs, rows_of

from constrain.errors import LimitError, UnsatisfiableError
from constrain.runtime import GenerationOptions
from constrain.runtime.decoding.faithful.draw import Draw, DrawMethod
from constrain.runtime.decoding.faithful.draws import make_method
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.honesty import Examination, MethodReport, bench, examine
from constrain.runtime.decoding.faithful.honesty.listing import list_outputs
from constrain.runtime.decoding.faithful.honesty.target import find_target

BY_NAME = {case.name: case for case in cases()}


def options_of(case: Case, **chosen: Any) -> GenerationOptions:
    return GenerationOptions(**{"method": "exact", "max_tokens": case.max_tokens, "seed": 3, **chosen})


def examined(name: str, *methods: str, draws: int = 300, **chosen: Any) -> Examination:
    case = BY_NAME[name]
    return examine(
        case.model,
        case.compiled,
        PROMPT,
        options_of(case),
        rows_of(case.model),
        methods=methods or bench.METHODS,
        draws=draws,
        restarts=2,
        **chosen,
    )


def explorer_of(case: Case) -> Explorer:
    return Explorer(case.model, case.compiled, PROMPT, options_of(case), rows_of(case.model))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_target_is_that_of_the_plain_definition(case: Case) -> None:
    explorer, known = explorer_of(case), outputs(case)
    listing = list_outputs(explorer)
    assert explorer.calls == 0  # the model was not asked
    assert listing.outputs == len(known)
    target = find_target(explorer, listing)
    assert target.logprobs == pytest.approx(known)
    assert target.log_z == pytest.approx(normaliser(known))
    assert explorer.calls == len(listing.beginnings) == len(set(listing.beginnings))
    shares = [target.law[key] for key in target.ranked]
    assert shares == sorted(shares, reverse=True)


def test_a_language_that_is_too_large_is_refused_before_the_model_is_asked() -> None:
    explorer = explorer_of(BY_NAME["tight"])
    with pytest.raises(LimitError, match="more than 300 outputs") as caught:
        list_outputs(explorer, most=300)
    assert caught.value.expected is not None
    assert "--max-tokens" in caught.value.expected
    with pytest.raises(LimitError, match="more than 7 beginnings"):
        list_outputs(explorer, most_beginnings=7)
    assert explorer.calls == 0


def test_honest_methods_are_found_honest() -> None:
    found = examined("braces")
    known = outputs(BY_NAME["braces"])
    assert [report.method for report in found.methods] == list(bench.METHODS)
    assert found.is_honest, [report.broken_promises for report in found.methods]
    assert found.has_power is True
    assert found.z == pytest.approx(math.exp(normaliser(known)))
    assert found.texts == 13
    mask, asap, exact, smc, mcmc = found.methods
    assert mask.law is not None
    assert mask.divergence == pytest.approx(divergence(known, dict(mask.law)))
    assert mask.is_rejected
    assert exact.divergence == pytest.approx(0.0, abs=1e-12)
    assert exact.effective == pytest.approx(1.0)
    assert asap.curve[0] == (1, pytest.approx(mask.divergence))  # it begins as plain masking does
    assert asap.curve[-1][0] == 300
    assert asap.divergence == asap.curve[-1][1] < 0.1 * asap.curve[0][1]
    for report in found.methods:
        assert report.checks > 300
        assert report.made == (600 if report.method == "asap" else 300)
    for report in (mask, exact, smc, mcmc):
        assert report.counts is not None
        assert sum(report.counts.values()) == 300


def test_what_is_found_of_one_does_not_depend_on_the_others() -> None:
    def told(report: MethodReport) -> tuple[Any, ...]:
        return report.counts, report.model_calls, report.attempts, report.p_value, report.curve

    together = {report.method: told(report) for report in examined("words", draws=50).methods}
    for method in bench.METHODS:
        (alone,) = examined("words", method, draws=50).methods
        assert told(alone) == together[method], method


def test_calls_are_those_of_a_method_alone() -> None:
    case = BY_NAME["words"]
    (report,) = examined("words", "mcmc", draws=20).methods
    explorer = Explorer(case.model, case.compiled, PROMPT, options_of(case, method="mcmc"), rows_of(case.model))
    found = bench.DrawSettings()
    method = make_method(explorer, found, bench.Trie(), np.random.default_rng([3, bench.METHODS.index("mcmc"), 0]))
    for _ in range(20):
        method.draw()
    assert report.model_calls == explorer.calls > 0


class Changed:
    """A method whose draws are told otherwise than they are."""

    def __init__(self, method: DrawMethod, change: Callable[[Draw], Draw]) -> None:
        self._method = method
        self._change = change

    def draw(self) -> Draw:
        return self._change(self._method.draw())


def first_shifted(numbers: tuple[float, ...]) -> tuple[float, ...]:
    return (numbers[0] + 0.01, *numbers[1:])


LIES: dict[str, tuple[str, Callable[[Draw], Draw], str]] = {
    "log q": (
        "mask",
        lambda one: replace(one, sampling_logprobs=first_shifted(one.sampling_logprobs)),
        "log q of an output is given as",
    ),
    "log P": ("mcmc", lambda one: replace(one, logprobs=first_shifted(one.logprobs)), "log P of an output is given as"),
    "bounds": ("exact", lambda one: replace(one, bounds=(-100.0, -50.0)), "log Z is"),
    "weights": (
        "smc",
        lambda one: replace(one, estimate=one.logweight + math.log(1.5)),
        "standard errors from it",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_method_that_tells_wrong_numbers_is_found_out(lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    method, change, says = LIES[lie]
    monkeypatch.setattr(bench, "make_method", lambda *given: Changed(make_method(*given), change))
    found = examined("skewed", method)
    assert not found.is_honest
    assert any(says in broken for broken in found.methods[0].broken_promises), found.methods[0].broken_promises


def test_draws_of_another_law_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """``exact`` that gives out what plain masking draws."""

    def of_mask(explorer: Explorer, *given: Any) -> DrawMethod:
        explorer.options = replace(explorer.options, method="mask")
        return make_method(explorer, *given)

    monkeypatch.setattr(bench, "make_method", of_mask)
    found = examined("skewed", "exact")
    assert any("its draws differ" in broken for broken in found.methods[0].broken_promises)


def test_a_law_that_is_not_whole_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bench.law_of_trie

    def without_one(*given: Any, **named: Any) -> dict[tuple[int, ...], float]:
        law = whole(*given, **named)
        del law[max(law)]
        return law

    monkeypatch.setattr(bench, "law_of_trie", without_one)
    (report,) = examined("words", "asap", draws=5).methods
    assert any("its law adds up to 0.9" in broken for broken in report.broken_promises)
    assert any("1 possible outputs are never drawn" in broken for broken in report.broken_promises)


def test_too_few_draws_have_no_power_and_no_blame() -> None:
    found = examined("skewed", "mask", "exact", draws=2)
    assert found.is_honest
    assert found.has_power is False
    assert examined("skewed", "exact", draws=2).has_power is None


def test_a_model_that_finds_all_of_it_impossible() -> None:
    case = BY_NAME["flags"]

    def forbid(token_ids: Any, logits: Any) -> Any:
        return np.where(np.arange(len(logits)) < 3, 0.0, -np.inf).astype(np.float32)

    with pytest.raises(UnsatisfiableError):
        examine(
            case.model,
            case.compiled,
            PROMPT,
            options_of(case, logits=(forbid,), on_nan="uniform"),
            rows_of(case.model),
            draws=1,
        )


@pytest.mark.parametrize(("methods", "draws"), [(("greedy",), 10), (("mask",), 0)])
def test_what_cannot_be_examined(methods: tuple[str, ...], draws: int) -> None:
    with pytest.raises(ValueError, match="cannot examine"):
        examined("words", *methods, draws=draws)
