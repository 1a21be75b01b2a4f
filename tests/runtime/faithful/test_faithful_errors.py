"""What cannot be done is said: bad settings, critics that fail, effort that is spent, languages that are impossible."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from faithful_models import (
    case_of,
    explorer_of,
    made_up_leaves,
    normaliser,
    outputs,
    rows_of,
    shared_explorer,
    tokens,
)

from constrain.errors import BudgetError, LimitError, ModelError, UnsatisfiableError
from constrain.runtime import GenerationOptions
from constrain.runtime.decoding.faithful import Draws, DrawSettings
from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.best_of import BestDraws
from constrain.runtime.decoding.faithful.certificate import certify
from constrain.runtime.decoding.faithful.draw import DrawMethod
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.guided import GuidedDraws
from constrain.runtime.decoding.faithful.law import law_of_model, law_of_proposal, law_of_trie
from constrain.runtime.decoding.faithful.mcmc import ChainDraws
from constrain.runtime.decoding.faithful.proposal import MaskedDraws, Proposal
from constrain.runtime.decoding.faithful.smc import ParticleDraws
from constrain.runtime.decoding.faithful.trie import Trie

Make = Callable[[Explorer, int | None], DrawMethod]


def random() -> np.random.Generator:
    return np.random.default_rng(1)


def proposed(explorer: Explorer) -> Proposal:
    return Proposal(explorer, random())


GUIDED: dict[str, Make] = {
    "asap": lambda explorer, calls: asap(explorer, Trie(), random(), max_model_calls=calls),
    "exact": lambda explorer, calls: exact(explorer, Trie(), random(), max_model_calls=calls),
}
OTHERS: dict[str, Make] = {
    "mask": lambda explorer, calls: MaskedDraws(proposed(explorer), max_model_calls=calls),
    "smc": lambda explorer, calls: ParticleDraws(proposed(explorer), random(), particles=3, max_model_calls=calls),
    "mcmc": lambda explorer, calls: ChainDraws(proposed(explorer), random(), steps=3, max_model_calls=calls),
    "best-of": lambda explorer, calls: BestDraws(
        MaskedDraws(proposed(explorer), max_model_calls=calls), explorer, draws=2
    ),
}


def fails(text: str) -> float:
    raise KeyError("no such text")


@pytest.mark.parametrize(
    ("critic", "message"),
    [
        (lambda text: math.nan, "gives nan"),
        (lambda text: math.inf, "gives inf"),
        (lambda text: -math.inf, "gives -inf"),
        (lambda text: None, "fails: TypeError"),
        (fails, "critic fails fails: KeyError: 'no such text'"),
    ],
)
def test_a_critic_that_gives_no_number_is_named(critic: Any, message: str) -> None:
    explorer = shared_explorer(case_of("flags"))
    with pytest.raises(ModelError, match=message) as caught:
        ParticleDraws(proposed(explorer), random(), critic=critic).draw()
    assert "the critic" in caught.value.message


@pytest.mark.parametrize(
    ("reward", "message"),
    [
        (lambda text: math.nan, "gives nan"),
        (lambda text: "much", "fails: ValueError"),
        (fails, "reward fails fails: KeyError: 'no such text'"),
    ],
)
def test_a_reward_that_is_no_number_is_named(reward: Any, message: str) -> None:
    explorer = shared_explorer(case_of("flags"))
    with pytest.raises(ModelError, match=message):
        BestDraws(MaskedDraws(proposed(explorer)), explorer, reward=reward).draw()


def test_a_reward_may_be_minus_infinity() -> None:
    explorer = shared_explorer(case_of("flags"))
    best = BestDraws(
        MaskedDraws(proposed(explorer)),
        explorer,
        draws=40,
        reward=lambda text: 1.0 if text.startswith("1") else -math.inf,
    )
    assert tokens()[best.draw().place.token_ids[0]].startswith("1")


@pytest.mark.parametrize(
    "settings",
    [
        {"particles": 0},
        {"particles": -1},
        {"particles": 2.5},
        {"particles": True},
        {"steps": -1},
        {"draws": 0},
        {"max_model_calls": 0},
        {"certify": -1.0},
        {"certify": math.nan},
        {"certify": math.inf},
    ],
)
def test_settings_out_of_their_range_are_named(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        DrawSettings(**settings)


def test_methods_refuse_the_same() -> None:
    explorer = shared_explorer(case_of("flags"))
    with pytest.raises(ValueError, match="particles must be at least 1, not 0"):
        ParticleDraws(proposed(explorer), random(), particles=0)
    with pytest.raises(ValueError, match="resample_below"):
        ParticleDraws(proposed(explorer), random(), resample_below=1.5)
    with pytest.raises(ValueError, match="steps must be at least 0"):
        ChainDraws(proposed(explorer), random(), steps=-1)
    with pytest.raises(ValueError, match="draws must be at least 1"):
        BestDraws(MaskedDraws(proposed(explorer)), explorer, draws=0)
    with pytest.raises(ValueError, match="estimates are no bounds"):
        GuidedDraws(explorer, Trie(), random(), rejects=True, leaves=made_up_leaves)


@pytest.mark.parametrize("method", ["exact", "asap", "smc", "mcmc"])
def test_options_that_would_distort_are_refused(method: str) -> None:
    for settings in ({"top_k": 3}, {"top_p": 0.9}, {"min_p": 0.1}):
        with pytest.raises(ValueError, match="truncat"):
            GenerationOptions(method=method, **settings)
        assert GenerationOptions(method=method, truncate_before=True, **settings).heat == 1.0
    with pytest.raises(ValueError, match="temperature"):
        GenerationOptions(method=method, temperature=0.0)
    with pytest.raises(ValueError, match="on_limit"):
        GenerationOptions(method=method, on_limit="cut")


def truncated() -> Explorer:
    """Of the eight likeliest tokens, none begins an output."""
    case = case_of("braces")
    assert outputs(case)
    assert not outputs(case, top_k=8)
    return explorer_of(case, top_k=8, truncate_before=True)


@pytest.mark.parametrize("name", GUIDED)
def test_a_language_that_truncation_makes_impossible_is_found_out(name: str) -> None:
    method = GUIDED[name](truncated(), None)
    for _ in range(2):
        with pytest.raises(UnsatisfiableError, match="truncation leaves no output") as caught:
            method.draw()
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("calls", [20, None])
@pytest.mark.parametrize("name", OTHERS)
def test_other_methods_end_there_too(name: str, calls: int | None) -> None:
    with pytest.raises(BudgetError, match="no output was drawn within") as caught:
        OTHERS[name](truncated(), calls).draw()
    assert caught.value.exit_code == 5


def test_an_impossible_language_has_empty_laws_and_a_certificate() -> None:
    explorer, trie = truncated(), Trie()
    assert law_of_model(explorer) == law_of_proposal(explorer) == law_of_trie(explorer, trie) == {}
    certificate = certify(explorer, trie)
    assert certificate.log_lower == certificate.log_upper == -math.inf
    assert certificate.total_variation == 1.0


@pytest.mark.parametrize("name", GUIDED)
def test_a_model_that_rules_all_outputs_out_is_found_out(name: str) -> None:
    never = np.zeros(len(tokens()) + 1, dtype=np.float32)
    never[[token_id for token_id, token in enumerate(tokens()) if "{" in token]] = -np.inf
    explorer = explorer_of(case_of("braces"), logits=(lambda token_ids, logits: logits + never,))
    with pytest.raises(UnsatisfiableError, match="probability zero to every output"):
        GUIDED[name](explorer, None).draw()


@pytest.mark.parametrize("name", [*GUIDED, *OTHERS])
def test_a_model_that_gives_no_numbers_is_told(name: str) -> None:
    explorer = explorer_of(case_of("flags"), logits=(lambda token_ids, logits: logits * np.nan,))
    with pytest.raises(ModelError, match="not numbers at output token 1"):
        (GUIDED | OTHERS)[name](explorer, None).draw()


def test_exact_draws_that_take_too_many_calls_say_what_is_known() -> None:
    case = case_of("skewed")
    method = exact(explorer_of(case), Trie(), np.random.default_rng(0), max_model_calls=3)
    with pytest.raises(BudgetError, match=r"within 3 calls of the model \(3 attempts\)") as caught:
        method.draw()
    known = caught.value.message.rpartition("at most ")[2]
    assert float(known) >= math.exp(normaliser(outputs(case)))
    assert "--max-model-calls" in (caught.value.expected or "")
    # what was learned is there for another try
    for _ in range(200):
        try:
            drawn = method.draw()
            break
        except BudgetError:
            continue
    assert drawn.place.token_ids in outputs(case)


@pytest.mark.parametrize("name", [*GUIDED, *OTHERS])
def test_a_deadline_ends_any_method(name: str) -> None:
    explorer = explorer_of(case_of("flags"), deadline=1e-9)
    with pytest.raises(BudgetError, match=r"within 0\.0 seconds") as caught:
        (GUIDED | OTHERS)[name](explorer, None).draw()
    assert "--deadline" in (caught.value.expected or "")


def test_outputs_that_do_not_fit_are_refused_at_once() -> None:
    with pytest.raises(BudgetError, match="no output fits into 1 tokens"):
        explorer_of(case_of("braces"), max_tokens=1)


def test_laws_of_languages_that_are_too_large_are_refused() -> None:
    explorer = shared_explorer(case_of("tight"))
    for law in (law_of_model, law_of_proposal):
        with pytest.raises(LimitError, match="more than 381 outputs"):
            law(explorer, most=381)
        assert len(law(explorer, most=382)) == 382
    with pytest.raises(LimitError, match="more than 381 outputs"):
        law_of_trie(explorer, Trie(), most=381)


def test_other_methods_are_not_of_this_package() -> None:
    case = case_of("flags")
    options = GenerationOptions(method="greedy", max_tokens=case.max_tokens)
    with pytest.raises(ValueError, match="'greedy'"):
        Draws(case.model, case.compiled, (0, 1), options, rows_of(case.model))
