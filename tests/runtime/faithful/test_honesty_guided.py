"""The examination under weights and under a monitor: the same promises, other laws, and a language that is smaller."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from faithful_models import (
    PROMPT,
    Case,
    Refusing,
    RefusingEnds,
    beginnings,
    case_of,
    cases,
    divergence,
    explorer_of,
    left_by,
    live,
    log_sum,
    normaliser,
    outputs,
    rows_of,
    said_of,
    text_of,
    tokens,
    watch_of,
)

from constrain.compiler.weights import FutureWeights
from constrain.errors import ArtifactError
from constrain.runtime import GenerationOptions
from constrain.runtime.decoding.awrs import AcceptedDraw, draw_accepted
from constrain.runtime.decoding.faithful import proposal
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.guided import Leaves
from constrain.runtime.decoding.faithful.honesty import METHODS, WATCHED_METHODS, Examination, examine
from constrain.runtime.decoding.faithful.honesty.closed import mass
from constrain.runtime.decoding.faithful.law import law_of_accepted, law_of_proposal, normalised
from constrain.runtime.decoding.faithful.weights import OnlineWeights, StoredWeights, fit_weights

OTHER_PROMPTS = [(first, second) for first in range(4) for second in range(2, 4)]
"""Not the one that is examined."""

REFUSED = r"bx|11"
"""Of ``skewed``: half of what the model writes."""


def options_of(case: Case, **chosen: Any) -> GenerationOptions:
    return GenerationOptions(**{"method": "exact", "max_tokens": case.max_tokens, "seed": 3, **chosen})


def examined(name: str, *methods: str, draws: int = 300, monitor: Any = None, **chosen: Any) -> Examination:
    case = case_of(name)
    return examine(
        case.model,
        case.compiled,
        PROMPT,
        options_of(case),
        rows_of(case.model),
        methods=methods or None,
        draws=draws,
        restarts=2,
        watch=None if monitor is None else watch_of(case, monitor),
        **chosen,
    )


@cache
def fit_of(name: str) -> FutureWeights:
    case = case_of(name)
    options = options_of(case, method="asap")
    return fit_weights(case.model, case.compiled, OTHER_PROMPTS, options, rows_of(case.model)).weights


def fitted(name: str) -> StoredWeights:
    return StoredWeights(fit_of(name))


def weighted(name: str, *methods: str, **chosen: Any) -> Examination:
    return examined(name, *methods, weights=lambda: fitted(name), **chosen)


def test_methods_with_fitted_weights_are_honest_and_closer() -> None:
    plain, found = examined("braces"), weighted("braces")

    assert found.is_honest, [report.broken_promises for report in found.methods]
    assert [report.method for report in found.methods] == list(METHODS)
    assert found.target.logprobs == plain.target.logprobs  # weights are no part of it
    mask, asap, exact, smc, mcmc = found.methods
    assert mask.divergence is not None
    assert plain.methods[0].divergence is not None
    assert mask.divergence < 0.25 * plain.methods[0].divergence
    assert asap.curve[0][1] < 0.25 * plain.methods[1].curve[0][1]
    for report in (mask, smc, mcmc):
        assert report.weights is not None
        assert report.weights.is_telling
    assert (exact.counts, exact.model_calls) == (plain.methods[2].counts, plain.methods[2].model_calls)
    assert not any(report.learns for report in found.methods)


def test_the_law_of_mask_is_that_of_what_it_proposes() -> None:
    (report,) = weighted("words", "mask", draws=20).methods
    case = case_of("words")
    explorer = explorer_of(case, method="mask", temperature=1.0, tokenization="any")
    law = law_of_proposal(explorer, leaves=fitted("words").leaves_for(explorer))

    assert report.law == pytest.approx(law)
    assert report.divergence == pytest.approx(divergence(outputs(case), law))


def test_power_is_that_of_plain_masking() -> None:
    assert examined("skewed", "mask").has_power is True
    assert weighted("skewed", "mask").has_power is None


def test_methods_that_learn_are_honest_too() -> None:
    plain, found = examined("braces"), examined("braces", weights=OnlineWeights)

    assert found.is_honest, [report.broken_promises for report in found.methods]
    mask, asap, exact, smc, mcmc = found.methods
    assert [report.learns for report in found.methods] == [True, True, False, True, True]
    assert mask.curve[0] == (1, pytest.approx(plain.methods[0].divergence))  # it begins with nothing
    assert mask.curve[-1][1] < 0.25 * mask.curve[0][1]
    assert mask.counts is None  # each draw has a law of its own
    assert asap.curve[-1][1] < 0.1 * asap.curve[0][1]
    assert exact.counts == plain.methods[2].counts
    for report in (smc, mcmc):
        assert report.p_value is None
        assert report.weights is not None
        assert abs(report.weights.z) < 4
    for report in (mask, asap):
        assert report.checks > 2 * 300


@pytest.mark.parametrize("name", [case.name for case in cases()])
def test_asap_tells_its_law_also_where_weights_changed_since_a_place_was_explored(name: str) -> None:
    (report,) = examined(name, "asap", draws=100, weights=OnlineWeights).methods
    assert not report.broken_promises


def test_what_learns_learns_from_its_own_calls_alone() -> None:
    together = {report.method: report for report in examined("words", draws=50, weights=OnlineWeights).methods}
    for method in ("mask", "asap", "smc"):
        (alone,) = examined("words", method, draws=50, weights=OnlineWeights).methods
        assert (alone.curve, alone.counts, alone.model_calls) == (
            together[method].curve,
            together[method].counts,
            together[method].model_calls,
        )


def test_weights_that_lie_are_found_out() -> None:
    """Draws that are led by something else than what they say."""

    class Lying(StoredWeights):
        def leaves_for(self, explorer: Explorer) -> Leaves:
            leaves = super().leaves_for(explorer)
            return lambda place: leaves(place) if explorer.at(place.token_ids) is not place else 0 * leaves(place)

    (report,) = examined("skewed", "mask", weights=lambda: Lying(fit_of("skewed"))).methods
    assert any("log q of an output" in broken for broken in report.broken_promises)


def test_weights_of_another_language_are_refused() -> None:
    with pytest.raises(ArtifactError, match="the grammar"):
        examined("skewed", "mask", weights=lambda: fitted("words"))


@pytest.mark.parametrize(
    ("name", "monitor", "pattern"),
    [
        ("skewed", Refusing(REFUSED), REFUSED),
        ("words", RefusingEnds("^ab$|^ba$"), "^ab$|^ba$"),
        ("flags", RefusingEnds("0.0.$"), "^0.0.$"),  # the end of a text that nothing can be added to
    ],
)
def test_under_a_monitor_the_target_is_what_it_leaves(name: str, monitor: Any, pattern: str) -> None:
    left = left_by(case_of(name), pattern)
    found = examined(name, monitor=monitor, draws=400)

    assert 0 < len(left) < len(outputs(case_of(name)))
    assert found.target.logprobs == pytest.approx(left)
    assert found.target.log_z == pytest.approx(normaliser(left))
    assert [report.method for report in found.methods] == list(WATCHED_METHODS)
    assert found.is_honest, [report.broken_promises for report in found.methods]
    mask, _, exact, smc, mcmc, awrs = found.methods
    assert mask.law is not None
    assert awrs.law is not None
    for report in (mask, exact, smc, mcmc, awrs):
        assert report.counts is not None
        assert report.counts.keys() <= left.keys()
    for report in (mask, smc, mcmc, awrs):
        assert report.weights is not None
    assert awrs.attempts <= mask.attempts


def law_of_accepted_by_definition(case: Case, refused: str) -> dict[tuple[int, ...], float]:
    """Each token drawn among those that can be completed as far as the grammar goes, and are not refused outright."""
    left = left_by(case, refused)
    open_ones = {key for key in live(case) if not re.search(refused, text_of(key))}
    law = {}
    for key in left:
        logprob = 0.0
        for at in range(len(key) + 1):
            said = said_of(case, key[:at])
            ways: dict[int | None, float] = {
                token_id: said[token_id] for token_id in range(len(tokens())) if (*key[:at], token_id) in open_ones
            }
            if at == len(key) and text_of(key) not in beginnings(case):
                break  # it is whole: no stop token is drawn
            if key[:at] in left:
                ways[None] = log_sum(said[len(tokens()) :])
            logprob += ways[key[at] if at < len(key) else None] - log_sum(list(ways.values()))
        law[key] = logprob
    return law


def test_the_law_of_draws_that_ask_on() -> None:
    """Where all that could come next is refused, a draw comes to nothing; else another token takes the place."""
    case = case_of("skewed")
    explorer = explorer_of(case, method="mask", temperature=1.0, watch=watch_of(case, Refusing(REFUSED)))
    law = law_of_accepted(explorer)

    masked = law_of_proposal(explorer)
    assert mass(masked) < mass(law) < 1
    assert law == pytest.approx(law_of_accepted_by_definition(case, REFUSED))
    (report,) = examined("skewed", "awrs", monitor=Refusing(REFUSED)).methods
    assert report.law == pytest.approx(normalised(law))
    plain = explorer_of(case, method="mask", temperature=1.0)
    assert law_of_accepted(plain) == pytest.approx(law_of_proposal(plain))


@pytest.mark.parametrize("method", ["awrs", "smc"])
def test_estimates_that_are_biased_are_found_out(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(*given: Any, **named: Any) -> AcceptedDraw | None:
        drawn = draw_accepted(*given, **named)
        return None if drawn is None else replace(drawn, log_mass=drawn.log_mass - math.log(2))

    monkeypatch.setattr(proposal, "draw_accepted", half)
    (report,) = examined("skewed", method, monitor=Refusing(REFUSED)).methods
    assert any("standard errors from it" in broken for broken in report.broken_promises)


def test_weights_and_a_monitor_together() -> None:
    found = weighted("skewed", "mask", "asap", "smc", "awrs", monitor=Refusing(REFUSED))

    assert found.is_honest, [report.broken_promises for report in found.methods]
    plain = examined("skewed", "awrs", monitor=Refusing(REFUSED))
    assert found.methods[3].counts == plain.methods[0].counts  # gen knows no awrs with weights
    assert np.isfinite(found.target.log_z)


def test_awrs_is_for_monitors() -> None:
    with pytest.raises(ValueError, match="cannot examine"):
        examined("words", "awrs")
