"""The generation loop, on a real model of random weights: any text it writes must be in the language."""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
import torch

from constrain import ArtifactError, ModelError, Vocabulary, VocabularyError, compile_json_schema, compile_regex
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids
from constrain.runtime import GenerationOptions, generate
from constrain.runtime.decoding.mask import truncate
from constrain.runtime.decoding.step import TokenChooser
from constrain.runtime.models import CausalModel, KeyValueCache

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 8},
        "count": {"type": "integer", "minimum": 0, "maximum": 99},
        "tags": {"type": "array", "items": {"enum": ["a", "bb", "é"]}, "maxItems": 3},
    },
    "required": ["name", "count", "tags"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"method": "greedy"},
        {"temperature": 2.0, "top_k": 3},
        {"top_p": 0.5, "min_p": 0.1},
        {"repetition_penalty": 1.5},
    ],
)
def test_every_output_is_valid(tiny: CausalModel, seed: int, settings: dict[str, Any]) -> None:
    compiled = compile_json_schema(SCHEMA, tiny.vocabulary)
    result = generate(tiny, compiled, tiny.encode_prompt("Hello"), GenerationOptions(seed=seed, **settings))
    assert result.finish_reason == "stop"
    assert result.is_complete
    jsonschema_rs.validate(SCHEMA, json.loads(result.text))
    spelled = b"".join(tiny.vocabulary.token(token_id) or b"" for token_id in result.token_ids)
    assert spelled.decode() == result.text
    assert result.logprob <= result.sampling_logprob + 1e-9
    assert result.prompt_tokens == len(tiny.encode_prompt("Hello"))
    assert 0 <= result.timings.mask + result.timings.model + result.timings.sampling <= result.seconds


def test_the_seed_decides(tiny: CausalModel) -> None:
    compiled = compile_regex("[a-z]{20}", tiny.vocabulary)
    prompt = tiny.encode_prompt("x")
    texts = [generate(tiny, compiled, prompt, GenerationOptions(seed=seed)).text for seed in (1, 1, 2, 3)]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 3


def log_softmax(values: np.ndarray) -> np.ndarray:
    return torch.log_softmax(torch.from_numpy(values.astype(np.float64)), dim=-1).numpy()


def test_greedy_is_the_likeliest_allowed_token_of_an_uncached_model(tiny: CausalModel) -> None:
    compiled = compile_regex("([a-f]|é|[0-9]{2}){3,12}", tiny.vocabulary)
    prompt = tiny.encode_prompt("Write")
    result = generate(tiny, compiled, prompt, GenerationOptions(method="greedy", temperature=1.0))
    matcher = compiled.matcher()
    bitmask = allocate_token_bitmask(1, tiny.vocabulary.vocab_size)
    tokens = list(prompt)
    logprobs = []
    for token_id in [*result.token_ids, *(() if len(result.token_ids) == 0 else [None])]:
        matcher.fill_next_token_bitmask(bitmask, 0)
        allowed = bitmask_to_ids(bitmask[0])
        logits = tiny.forward(tokens, KeyValueCache()).numpy()
        best = int(allowed[np.argmax(logits[allowed])])
        if token_id is None:
            assert best in tiny.eos_token_ids
            break
        assert best == token_id
        logprobs.append(float(log_softmax(logits)[best]))
        assert matcher.accept_token(token_id)
        tokens.append(token_id)
    assert list(result.token_logprobs) == pytest.approx(logprobs, abs=1e-4)
    assert set(result.sampling_token_logprobs) == {0.0}
    assert result.logweight == pytest.approx(result.logprob)


def test_log_probabilities_are_those_of_the_declared_order(tiny: CausalModel) -> None:
    """Penalties, temperature, constraint, truncation: replayed with torch, one step at a time."""
    options = GenerationOptions(
        seed=3, temperature=1.7, top_k=40, top_p=0.9, min_p=0.01,
        repetition_penalty=1.3, presence_penalty=0.2, frequency_penalty=0.1, max_tokens=30,
    )  # fmt: skip
    compiled = compile_regex("[a-z ]{10,40}", tiny.vocabulary)
    prompt = tiny.encode_prompt("Hello world")
    result = generate(tiny, compiled, prompt, options)
    matcher, bitmask = compiled.matcher(), allocate_token_bitmask(1, tiny.vocabulary.vocab_size)
    cache, unread, output = tiny.new_cache(), list(prompt), []
    for step, token_id in enumerate(result.token_ids):
        matcher.fill_next_token_bitmask(bitmask, 0)
        allowed = torch.from_numpy(bitmask_to_ids(bitmask[0]))
        logits = tiny.forward(unread, cache).double()
        for seen in set(prompt) | set(output):
            logits[seen] = logits[seen] / 1.3 if logits[seen] > 0 else logits[seen] * 1.3
        for seen in set(output):
            logits[seen] -= 0.2 + 0.1 * output.count(seen)
        logits /= 1.7
        assert result.token_logprobs[step] == pytest.approx(float(logits.log_softmax(-1)[token_id]), abs=1e-4)
        permitted = logits[allowed].log_softmax(-1)
        kept = torch.from_numpy(truncate(permitted.numpy(), options)).log_softmax(-1)
        place = allowed.tolist().index(token_id)
        assert result.sampling_token_logprobs[step] == pytest.approx(float(kept[place]), abs=1e-4)
        assert matcher.accept_token(token_id)
        output.append(token_id)
        unread = [token_id]
    assert len(output) > 3


def test_the_budget_cuts_and_says_so(tiny: CausalModel) -> None:
    compiled = compile_regex("[é日]{50}", tiny.vocabulary)
    pieces: list[str] = []
    options = GenerationOptions(max_tokens=7, seed=0, on_limit="cut")
    result = generate(tiny, compiled, [5], options, on_text=pieces.append)
    assert (result.finish_reason, result.limit) == ("length", "max_tokens")
    assert not result.is_complete
    assert len(result.token_ids) == 7
    assert result.text == "".join(pieces)
    assert set(result.text) <= set("é日")
    assert all(set(piece) <= set("é日") and piece for piece in pieces)  # whole characters only


def test_a_cut_output_may_be_complete(tiny: CausalModel) -> None:
    result = generate(tiny, compile_regex("a*", tiny.vocabulary), [5], GenerationOptions(max_tokens=1, seed=5))
    assert result.is_complete


def test_where_only_a_stop_token_is_left_the_model_is_not_asked(tiny: CausalModel) -> None:
    result = generate(tiny, compile_regex("", tiny.vocabulary), [5], GenerationOptions(seed=0))
    assert (result.text, result.token_ids, result.finish_reason) == ("", (), "stop")
    assert result.timings.model == 0.0
    assert result.logprob == 0.0
    one = generate(tiny, compile_regex("a", tiny.vocabulary), [5], GenerationOptions(max_tokens=1))
    assert (one.text, one.finish_reason) == ("a", "stop")  # the stop token costs no budget


def test_prompt_and_budget_must_fit_the_context(tiny: CausalModel) -> None:
    compiled = compile_regex("a", tiny.vocabulary)
    with pytest.raises(ModelError, match=r"968 tokens of prompt and 57 .* context of 1024"):
        generate(tiny, compiled, [5] * 968, GenerationOptions(max_tokens=57))
    assert generate(tiny, compiled, [5] * 968, GenerationOptions(max_tokens=56)).text == "a"
    with pytest.raises(ModelError, match="no tokens"):
        generate(tiny, compiled, [])


def test_a_grammar_for_another_vocabulary_is_refused(tiny: CausalModel) -> None:
    with pytest.raises(ArtifactError, match=r"257 tokens.*288 tokens"):
        generate(tiny, compile_regex("a", Vocabulary.bytes()), [5])


def test_what_the_tokens_cannot_spell_is_an_error(tiny: CausalModel) -> None:
    tokens = [tiny.vocabulary.token(token_id) for token_id in range(tiny.vocabulary.vocab_size)]
    mute = Vocabulary([None if token and b"z" in token else token for token in tokens], tiny.eos_token_ids)
    model = CausalModel("mute", tiny._model, tiny._tokenizer, mute)
    with pytest.raises(VocabularyError, match=r"shortest way would be b'az'"):
        generate(model, compile_regex("az", mute), [5])
    with pytest.raises(VocabularyError, match=r"one of b'z'"):
        generate(model, compile_regex("az", mute), [5], GenerationOptions(on_limit="cut"))


def test_logits_that_are_no_numbers_are_an_error(tiny_folder: Any) -> None:
    from constrain.runtime import load_model

    model = load_model(str(tiny_folder), dtype="float32", device="cpu")
    with torch.no_grad():
        model._model.lm_head.weight[9] = math.nan
    with pytest.raises(ModelError, match="not numbers at output token 1"):
        generate(model, compile_regex("a", model.vocabulary), [5])


def test_minus_infinity_means_never() -> None:
    chooser = TokenChooser(GenerationOptions(seed=0), [])
    logits = np.array([0.0, -np.inf, 3.0, -np.inf], dtype=np.float32)
    for _ in range(50):
        assert chooser.choose(chooser.shaped(logits), np.array([0, 1, 3])).token_id == 0
        chooser.note(0)
    with pytest.raises(ModelError, match=r"probability zero to each of the 2 tokens .* token 51"):
        chooser.choose(chooser.shaped(logits), np.array([1, 3]))
    with pytest.raises(ModelError, match="not numbers"):
        chooser.shaped(np.array([0.0, np.inf], dtype=np.float32))


@pytest.mark.parametrize("logits", [[0.0, -np.inf, 3.0, -np.inf], [0.0, np.nan, 3.0, 1.0], [0.0, np.inf, 3.0, 1.0]])
def test_where_the_model_says_nothing_all_may_be_alike(logits: list[float]) -> None:
    chooser = TokenChooser(GenerationOptions(seed=0, on_nan="uniform"), [])
    drawn = [chooser.choose(chooser.shaped(np.array(logits, np.float32)), np.array([1, 3])) for _ in range(40)]
    assert {token.token_id for token in drawn} == {1, 3}
    assert [token.sampling_logprob for token in drawn] == pytest.approx([math.log(0.5)] * 40)
    assert chooser.uniform_steps == 40


def test_tiny_and_zero_temperatures_are_greedy() -> None:
    logits = np.array([0.0, 5.0, 4.9, 88.0], dtype=np.float32)
    for temperature in (0.0, 1e-300, 1e-9):
        chooser = TokenChooser(GenerationOptions(seed=0, temperature=temperature), [])
        assert chooser.choose(chooser.shaped(logits), np.array([0, 1, 2])).token_id == 1


def test_interruption_passes_through(tiny: CausalModel) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tiny, compile_regex("a+", tiny.vocabulary), [5], on_text=interrupt)


def test_outputs_that_have_begun_in_the_prompt(tiny: CausalModel) -> None:
    compiled = compile_regex("ab(c|d)e", tiny.vocabulary)
    result = generate(tiny, compiled, [5], GenerationOptions(seed=1), begun=b"ab")
    assert (result.text, result.is_complete) in (("ce", True), ("de", True))
    assert compiled.matcher().accept_bytes(b"ab" + result.text.encode())
    with pytest.raises(ModelError, match="no text of the constraint begins with b'ac'"):
        generate(tiny, compiled, [5], begun=b"ac")
