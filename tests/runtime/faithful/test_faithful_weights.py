"""Weights that were fitted to a model: what they are good for, that they bias nothing, and whose they are."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from faithful_models import PROMPT, Case, cases, divergence, normaliser, outputs, rows_of

from constrain.compiler.weights import FutureWeights
from constrain.errors import ArtifactError, ModelError
from constrain.runtime import GenerationOptions
from constrain.runtime.decoding.faithful import Draws
from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.guided import Leaves
from constrain.runtime.decoding.faithful.law import law_of_proposal, law_of_trie
from constrain.runtime.decoding.faithful.proposal import MaskedDraws, Proposal
from constrain.runtime.decoding.faithful.smc import ParticleDraws
from constrain.runtime.decoding.faithful.trie import Trie
from constrain.runtime.decoding.faithful.weights import Fit, OnlineWeights, StoredWeights, fit_weights

OTHER_PROMPTS = [(first, second) for first in range(4) for second in range(2, 6)]
"""Not the one that draws are for."""


def options_of(case: Case, **chosen: object) -> GenerationOptions:
    return GenerationOptions(**{"method": "asap", "max_tokens": case.max_tokens, "seed": 0, **chosen})


@cache
def fit_of(case: Case) -> Fit:
    return fit_weights(case.model, case.compiled, OTHER_PROMPTS, options_of(case), rows_of(case.model))


def explorer_of(case: Case, **chosen: object) -> Explorer:
    return Explorer(case.model, case.compiled, PROMPT, options_of(case, **chosen), rows_of(case.model))


def leaves_for(case: Case, explorer: Explorer) -> Leaves:
    return StoredWeights(fit_of(case).weights).leaves_for(explorer)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_weights_of_other_prompts_come_close_to_the_model(case: Case) -> None:
    explorer, truth = explorer_of(case), outputs(case)
    weighted = law_of_proposal(explorer, leaves=leaves_for(case, explorer))
    assert divergence(truth, weighted) < 0.25 * divergence(truth, law_of_proposal(explorer))
    assert math.fsum(map(math.exp, weighted.values())) == pytest.approx(1.0)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_draws_with_weights_report_their_law(case: Case) -> None:
    explorer, truth = explorer_of(case), outputs(case)
    leaves = leaves_for(case, explorer)
    law = law_of_proposal(explorer, leaves=leaves)
    masked = MaskedDraws(Proposal(explorer, np.random.default_rng(1), leaves=leaves))
    for _ in range(50):
        drawn = masked.draw()
        assert drawn.logprob == pytest.approx(truth[drawn.place.token_ids])
        assert drawn.sampling_logprob == pytest.approx(law[drawn.place.token_ids])
    trie = Trie()
    guided = asap(explorer, trie, np.random.default_rng(1), leaves=leaves)
    for _ in range(10):
        law = law_of_trie(explorer, trie, leaves=leaves)
        assert math.fsum(map(math.exp, law.values())) == pytest.approx(1.0)
        drawn = guided.draw()
        assert drawn.sampling_logprob == pytest.approx(law[drawn.place.token_ids])
        assert drawn.bounds is None  # estimates are no bounds


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_mean_weight_is_the_probability_of_the_language(case: Case) -> None:
    explorer, z = explorer_of(case), math.exp(normaliser(outputs(case)))
    leaves, random = leaves_for(case, explorer), np.random.default_rng(3)
    proposal = Proposal(explorer, random, leaves=leaves)
    for method, count in ((MaskedDraws(proposal), 2_000), (ParticleDraws(proposal, random, particles=4), 300)):
        weights = np.exp([method.draw().logweight for _ in range(count)])
        assert abs(weights.mean() - z) < 3 * weights.std() / math.sqrt(count)


def test_online_weights_learn_from_the_draws_themselves() -> None:
    case = next(case for case in cases() if case.name == "tight")
    truth, online = outputs(case), OnlineWeights()
    draws = Draws(
        case.model,
        case.compiled,
        PROMPT,
        options_of(case, method="mask", temperature=1.0, tokenization="any"),
        rows_of(case.model),
        weights=online,
    )
    z = math.exp(normaliser(truth))
    weights = np.exp([next(draws).logweight for _ in range(1_000)])
    assert abs(weights.mean() - z) < 3 * weights.std() / math.sqrt(len(weights))
    explorer = explorer_of(case)
    learned = law_of_proposal(explorer, leaves=online.leaves_for(explorer))
    assert divergence(truth, learned) < 0.25 * divergence(truth, law_of_proposal(explorer))


def test_a_power_of_ones_own() -> None:
    case = cases()[0]
    explorer = explorer_of(case)
    nothing = StoredWeights(fit_of(case).weights, 0.0).leaves_for(explorer)
    assert law_of_proposal(explorer, leaves=nothing) == pytest.approx(law_of_proposal(explorer))


def test_asap_takes_weights_for_chances_whatever_power_proposals_have() -> None:
    case = cases()[0]
    half = fit_of(case).weights.with_beta(0.5)
    explorers = {method: explorer_of(case, method=method) for method in ("asap", "smc")}
    for method, power in (("asap", 1.0), ("smc", 0.5)):
        explorer = explorers[method]
        drawn = law_of_proposal(explorer, leaves=StoredWeights(half).leaves_for(explorer))
        assert drawn == law_of_proposal(explorer, leaves=StoredWeights(half, power).leaves_for(explorer))
    weights = StoredWeights(half)  # one object for both
    laws = [law_of_proposal(explorers[m], leaves=weights.leaves_for(explorers[m])) for m in ("asap", "smc")]
    assert laws[0] != laws[1]


def test_weights_are_refused_for_anything_else() -> None:
    first, second = cases()[:2]
    with pytest.raises(ArtifactError, match=r"temperature 1, not for 0\.5"):
        leaves_for(first, explorer_of(first, temperature=0.5))
    other = explorer_of(second)
    with pytest.raises(ArtifactError, match="the grammar"):
        leaves_for(first, other)
    with pytest.raises(ArtifactError, match="the model tiny-2 "):
        leaves_for(second, Explorer(first.model, second.compiled, PROMPT, options_of(second), rows_of(first.model)))


def test_exact_takes_no_weights() -> None:
    case = cases()[0]
    with pytest.raises(ValueError, match="uses no weights"):
        Draws(
            case.model,
            case.compiled,
            PROMPT,
            options_of(case, method="exact"),
            rows_of(case.model),
            weights=OnlineWeights(),
        )


def test_fitting_is_repeatable_and_can_be_gone_on_with() -> None:
    case = cases()[1]
    again = fit_weights(case.model, case.compiled, OTHER_PROMPTS, options_of(case), rows_of(case.model))
    assert again.weights.to_bytes() == fit_of(case).weights.to_bytes()
    saved = FutureWeights.from_bytes(again.weights.to_bytes())
    more = fit_weights(
        case.model, case.compiled, OTHER_PROMPTS[:2], options_of(case, seed=9), rows_of(case.model), start=saved
    )
    assert more.weights.counts.sum() > saved.counts.sum()


def test_there_must_be_prompts() -> None:
    case = cases()[0]
    with pytest.raises(ModelError, match="there are none"):
        fit_weights(case.model, case.compiled, [], options_of(case), rows_of(case.model))
