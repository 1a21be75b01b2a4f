"""Token healing: the first token may stand for the prompt's last one as well."""

from __future__ import annotations

import pytest

from constrain import CompiledGrammar, Vocabulary, compile_json_schema, compile_lark, compile_regex
from constrain.runtime import GenerationOptions, generate
from constrain.runtime.models import CausalModel

LANGUAGES = ["[a-z]+ x", "(am|me|e)[a-z]*", '"?name', ".{0,9}", "zz"]
LASTS = ["n", "na", '"', "{", " ", "q"]


def brute(compiled: CompiledGrammar, begun: bytes, beginning: bytes) -> list[int]:
    found = []
    for token in range(compiled.vocabulary.vocab_size):
        text = compiled.vocabulary.token(token)
        if text is not None and text.startswith(beginning):
            matcher = compiled.matcher()
            assert matcher.accept_bytes(begun)
            if matcher.accept_bytes(text[len(beginning) :]):
                found.append(token)
    return found


@pytest.mark.parametrize("pattern", LANGUAGES)
def test_tokens_that_go_on_as_the_text_may(tiny: CausalModel, pattern: str) -> None:
    compiled = compile_regex(pattern, tiny.vocabulary)
    for begun in (b"", b"a", b"me", b"n"):
        matcher = compiled.matcher()
        if matcher.accept_bytes(begun):
            for beginning in [text.encode() for text in LASTS] + [b"\xc3", b"nothing begins so"]:
                assert sorted(matcher.tokens_from(beginning)) == brute(compiled, begun, beginning)


def test_tokens_of_a_grammar() -> None:
    vocabulary = Vocabulary([b"(", b"((", b"()", b"a(", b"a(b", b"ab)", b"x", b"a", b"b", b")", None], [10])
    matcher = compile_lark('s: "(" s ")" | "b"', vocabulary, start="s").matcher()
    assert sorted(matcher.tokens_from(b"a")) == [3, 4, 7]  # a)b is none
    assert sorted(matcher.tokens_from(b"(")) == [0, 1]


@pytest.mark.parametrize("pattern", LANGUAGES[:4])
@pytest.mark.parametrize("last", LASTS)
def test_the_output_goes_on_where_the_prompt_ends(tiny: CausalModel, pattern: str, last: str) -> None:
    compiled, vocabulary = compile_regex(pattern, tiny.vocabulary), tiny.vocabulary
    assert vocabulary.encode is not None
    (last_id,) = vocabulary.encode(last)
    healed = 0
    for seed in range(8):
        for budget in (compiled.matcher().fewest_tokens()[0], range(20)):
            options = GenerationOptions(seed=seed, heal=True, temperature=2.0, max_tokens=max(len(budget), 1))
            result = generate(tiny, compiled, [5, 6, last_id], options)
            matcher = compiled.matcher()
            assert matcher.accept_bytes(result.text.encode())
            assert matcher.is_accepting()
            assert result.prompt_tokens == 2
            assert b"".join(map(vocabulary.text, result.token_ids)).decode() == last + result.text
            assert result.logprob <= result.sampling_logprob <= 0.0
            healed += result.token_ids[0] != last_id
    assert healed > 0 or brute(compiled, b"", last.encode()) == [last_id]


def test_special_tokens_and_lone_ones_are_left_as_they_are(tiny: CausalModel) -> None:
    compiled = compile_regex("[a-z]{3}", tiny.vocabulary)
    for prompt in ([5, 0], [70]):
        healed = generate(tiny, compiled, prompt, GenerationOptions(seed=1, heal=True))
        plain = generate(tiny, compiled, prompt, GenerationOptions(seed=1))
        assert (healed.text, healed.token_ids, healed.logprob) == (plain.text, plain.token_ids, plain.logprob)


def test_what_would_repeat_a_key_is_drawn_anew(tiny: CausalModel) -> None:
    schema = {"type": "array", "items": {"enum": ["na", "n"]}, "uniqueItems": True, "minItems": 2}
    compiled = compile_json_schema(schema, tiny.vocabulary)
    (last_id,) = tiny.vocabulary.encode("[")  # type: ignore[misc]
    for seed in range(5):
        result = generate(tiny, compiled, [5, last_id], GenerationOptions(seed=seed, heal=True))
        assert result.text in ('["na", "n"]', '["n", "na"]')
