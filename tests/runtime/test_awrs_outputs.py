"""Outputs of method ``awrs`` under monitors: their law, and weights whose mean is what the model gives to all."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from adversary import NeverClosing
from random_constraints import random_constraint

from constrain import CompiledGrammar, MonitorError, Vocabulary, compile_json_schema, compile_regex
from constrain.runtime import GenerationOptions, GenerationResult, Generator, generate
from constrain.runtime.decoding.batch import Request, generate_batch
from constrain.runtime.models import CausalModel
from constrain.runtime.monitors import Monitor, Watch


class Likes(NeverClosing):
    """Random likings, of the stop token, too; each text has its own."""

    def __init__(self, vocabulary: Vocabulary, seed: int, likings: dict[int, float] | None = None) -> None:
        super().__init__(vocabulary, seed)
        self._likings = np.zeros(vocabulary.vocab_size)
        for token, liking in (likings or {}).items():
            self._likings[token] = liking

    def logprobs(self, text: Sequence[int]) -> np.ndarray:
        """What the loop reads from it, normalised."""
        likings = self._likings_after(text).astype(np.float32).astype(np.float64)
        return likings - math.log(np.exp(likings).sum())


class Picky(Monitor):
    """No text holds ``ab`` or begins with ``cb``, and none ends within two characters."""

    def veto(self, prefix: str, complete: bool) -> bool:
        return "ab" in prefix or prefix.startswith("cb") or (complete and len(prefix) < 2)


class Anything(Monitor):
    def veto(self, prefix: str, complete: bool) -> bool:
        return False


PIECES = [b"a", b"b", b"c", b"ab", b"bc", b"d"]
REGEX = "[abc]{0,3}"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary([*PIECES, None], [len(PIECES)])


@pytest.fixture(scope="module")
def compiled(vocabulary: Vocabulary) -> CompiledGrammar:
    return compile_regex(REGEX, vocabulary)


def every_output(model: Likes, monitor: Picky) -> dict[tuple[int, ...], tuple[float, float]]:
    """Of each output, the probability under the model, and that with which exact masking draws it."""
    found: dict[tuple[int, ...], tuple[float, float]] = {}
    stop = len(PIECES)

    def go_on(tokens: tuple[int, ...], probability: float, drawn: float) -> None:
        text = b"".join(PIECES[token] for token in tokens).decode()
        if len(text) == 3:  # nothing may follow: the output ends without a draw
            found[tokens] = probability, drawn
            return
        said = np.exp(model.logprobs(tokens))
        ways = {
            token: text + PIECES[token].decode()
            for token in range(stop)
            if len(text + PIECES[token].decode()) <= 3 and PIECES[token] != b"d"
        }
        ways = {token: longer for token, longer in ways.items() if not monitor.veto(longer, False)}
        ends = not monitor.veto(text, True)
        mass = sum(said[token] for token in ways) + (said[stop] if ends else 0.0)
        for token in ways:
            go_on((*tokens, token), probability * said[token], drawn * said[token] / mass)
        if ends:
            found[tokens] = probability * said[stop], drawn * said[stop] / mass

    go_on((), 1.0, 1.0)
    return found


def write(model: Any, compiled: CompiledGrammar, monitor: Any, seed: int | None, **options: Any) -> GenerationResult:
    chosen = GenerationOptions(
        **{"method": "awrs", "temperature": 1.0, "tokenization": "any", "max_tokens": 9, "seed": seed, **options}
    )
    return generate(model, compiled, [0], chosen, watch=Watch(monitor, compiled))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_law_of_outputs_and_the_mean_of_weights(
    vocabulary: Vocabulary, compiled: CompiledGrammar, seed: int
) -> None:
    """Every output listed: each one's share is that of exact masking, and its mean weight its probability."""
    model, count = Likes(vocabulary, seed), 1500
    expected = every_output(model, Picky())
    drawn: Counter[tuple[int, ...]] = Counter()
    weights: dict[tuple[int, ...], list[float]] = {}
    for number in range(count):
        result = write(model, compiled, Picky(), number)
        drawn[result.token_ids] += 1
        weights.setdefault(result.token_ids, []).append(math.exp(result.logweight))
        assert math.exp(result.logprob) == pytest.approx(expected[result.token_ids][0], rel=1e-5)
    assert set(drawn) <= set(expected)
    assert len(expected) > 15
    statistic, degrees, rest = 0.0, -1, [0.0, 0.0]
    for tokens, (_, share) in expected.items():
        if share * count < 5:
            rest = [rest[0] + drawn[tokens], rest[1] + share * count]
            continue
        statistic += (drawn[tokens] - share * count) ** 2 / (share * count)
        degrees += 1
    if rest[1] >= 5:
        statistic, degrees = statistic + (rest[0] - rest[1]) ** 2 / rest[1], degrees + 1
    assert degrees > 8
    # chi-squared: one seed in a thousand is above it (Wilson and Hilferty)
    assert statistic < degrees * (1 - 2 / (9 * degrees) + 3.09 * math.sqrt(2 / (9 * degrees))) ** 3
    # Z, and each output's part in it
    every = [weight for some in weights.values() for weight in some]
    z = math.fsum(probability for probability, _ in expected.values())
    error = np.std(every) / math.sqrt(count)
    assert abs(np.mean(every) - z) < 3 * error
    assert error < 0.05 * z
    for tokens, some in weights.items():
        probability, share = expected[tokens]
        if len(some) > 100:
            mean = probability / share  # of the weight, given the output: the product of the local masses
            assert abs(np.mean(some) - mean) < 4 * np.std(some) / math.sqrt(len(some)) + 1e-9


def test_without_vetoes_weights_are_those_of_masking(vocabulary: Vocabulary, compiled: CompiledGrammar) -> None:
    model = Likes(vocabulary, 3)
    for seed in range(20):
        result = write(model, compiled, Anything(), seed)
        mass = 1.0
        for at in range(len(result.token_ids) + 1):
            text = b"".join(PIECES[token] for token in result.token_ids[:at]).decode()
            if len(text) < 3:
                said = np.exp(model.logprobs(result.token_ids[:at]))
                mass *= said[len(PIECES)] + sum(
                    said[token] for token, piece in enumerate(PIECES) if piece != b"d" and len(text) + len(piece) <= 3
                )
        assert result.logweight == pytest.approx(math.log(mass), abs=1e-5)


def test_what_a_limit_gives_back_counts_as_refused(byte_vocabulary: Vocabulary) -> None:
    """That nothing which differs from 4 fits behind it shows when it was drawn: it takes half of the model's mass."""
    schema = {"type": "array", "prefixItems": [{"enum": [1, 2, 3, 4]}], "items": {"enum": [4, 222]}}
    compiled = compile_json_schema(
        schema | {"uniqueItems": True, "minItems": 2, "maxItems": 2}, byte_vocabulary, whitespace="compact"
    )
    model = Likes(byte_vocabulary, 1, {ord(digit): 9.0 for digit in "1234"} | {ord("4"): 10.0})
    z: dict[str, float] = {}
    weights = []
    for seed in range(400):
        result = write(model, compiled, Anything(), seed, max_tokens=6)
        z[result.text] = math.exp(result.logprob)
        weights.append(math.exp(result.logweight))
    assert set(z) == {"[1,4]", "[2,4]", "[3,4]"}
    whole = math.fsum(z.values())
    error = np.std(weights) / 20
    assert abs(np.mean(weights) - whole) < 3 * error
    assert error < 0.05 * whole
    assert any("budget" in write(model, compiled, Anything(), seed, max_tokens=6).masked for seed in range(5))


def test_what_the_record_says_of_the_monitor(vocabulary: Vocabulary, compiled: CompiledGrammar) -> None:
    """Tokens that were found refused are left out of what is said to be left."""
    vetoed = [write(Likes(vocabulary, 1), compiled, Picky(), seed).masked for seed in range(8)]
    assert all(0 < masked["monitor"] < 1 for masked in vetoed if masked)
    assert any(vetoed)
    assert not write(Likes(vocabulary, 1), compiled, Anything(), 1).masked


@pytest.mark.parametrize("options", [{}, {"top_k": 2}, {"top_p": 0.6}, {"min_p": 0.3}, {"tokenization": "canonical"}])
def test_the_same_seed_gives_the_same_output(
    vocabulary: Vocabulary, compiled: CompiledGrammar, options: dict[str, Any]
) -> None:
    model = Likes(vocabulary, 1)
    texts = set()
    for seed in range(12):
        first, again = (write(model, compiled, Picky(), seed, **options) for _ in range(2))
        assert (first.token_ids, first.sampling_logprob) == (again.token_ids, again.sampling_logprob)
        assert "ab" not in first.text
        texts.add(first.text)
    assert len(texts) > 1


def test_truncation_comes_before_the_monitor(vocabulary: Vocabulary) -> None:
    """Where it leaves nothing that is accepted, it is made anew over the rest."""

    class NoA(Monitor):
        def veto(self, prefix: str, complete: bool) -> bool:
            return "a" in prefix

    compiled = compile_regex("[abc]", vocabulary)
    model = Likes(vocabulary, 1, {0: 30.0, 1: 20.0, 2: 10.0})
    assert {write(model, compiled, NoA(), seed, top_k=1).text for seed in range(9)} == {"b"}
    likes_both = Likes(vocabulary, 1, {0: 30.0, 1: 20.0, 2: 10.0})
    assert {write(likes_both, compiled, NoA(), seed, top_k=2).text for seed in range(9)} == {"b"}
    result = write(model, compiled, NoA(), 1, top_k=1)
    assert math.exp(result.sampling_logprob) == pytest.approx(1.0)


def test_a_temperature_of_zero_is_greedy(vocabulary: Vocabulary, compiled: CompiledGrammar) -> None:
    model = Likes(vocabulary, 1)
    greedy = generate(
        model,  # type: ignore[arg-type]
        compiled,
        [0],
        GenerationOptions(method="greedy", tokenization="any", max_tokens=9),
        watch=Watch(Picky(), compiled),
    )
    assert write(model, compiled, Picky(), None, temperature=0.0).token_ids == greedy.token_ids


def test_a_monitor_that_leaves_no_way_on(vocabulary: Vocabulary, compiled: CompiledGrammar) -> None:
    class Never(Monitor):
        def veto(self, prefix: str, complete: bool) -> str:
            return "it is not to be"

    with pytest.raises(MonitorError, match=r"Never refuses each of the 6 tokens drawn at the beginning; .* not to be"):
        write(Likes(vocabulary, 1), compiled, Never(), 1)


def test_a_monitor_that_refuses_too_much() -> None:
    class NoNumbers(Monitor):
        calls = 0

        def veto(self, prefix: str, complete: bool) -> bool:
            NoNumbers.calls += 1
            return prefix != "end"

    pieces = [str(number).encode() for number in range(1500)]
    vocabulary = Vocabulary([*pieces, b"end", None], [len(pieces) + 1])
    compiled = compile_regex("[0-9]+|end", vocabulary)
    unlikely = Likes(vocabulary, 1, {len(pieces): -40.0})
    with pytest.raises(MonitorError, match="refuses each of the 1001 tokens"):
        write(unlikely, compiled, NoNumbers(), 1)
    assert NoNumbers.calls == 1001
    # one that is there already is not lost for it
    found = write(Likes(vocabulary, 1, {len(pieces): 4.0}), compiled, NoNumbers(), 1)
    assert found.text == "end"


def test_an_end_is_asked_for_once(vocabulary: Vocabulary, compiled: CompiledGrammar) -> None:
    asked: Counter[tuple[str, bool]] = Counter()

    class Counts(Monitor):
        def veto(self, prefix: str, complete: bool) -> bool:
            asked[prefix, complete] += 1
            return False

    write(Likes(vocabulary, 1, {len(PIECES): 3.0}), compiled, Counts(), 1)
    assert set(asked.values()) == {1}
    assert any(complete for _, complete in asked)


def test_a_limit_that_cuts(vocabulary: Vocabulary, compiled: CompiledGrammar) -> None:
    model = Likes(vocabulary, 1, {3: 9.0, 4: 9.0})
    cut = [write(model, compiled, Picky(), seed, on_limit="cut", max_bytes=1) for seed in range(9)]
    assert {result.finish_reason for result in cut} == {"length"}
    assert {result.limit for result in cut} == {"max_bytes"}
    assert all(len(result.text) <= 1 for result in cut)


def test_it_needs_a_monitor(vocabulary: Vocabulary, compiled: CompiledGrammar, tiny: CausalModel) -> None:
    with pytest.raises(ValueError, match="'awrs' is for what a monitor refuses"):
        generate(Likes(vocabulary, 1), compiled, [0], GenerationOptions(method="awrs"))  # type: ignore[arg-type]
    generator = Generator(tiny, compile_regex("[a-z]{3}", tiny.vocabulary), method="awrs")
    with pytest.raises(ValueError, match="there must be a watch"):
        generator("x")
    with pytest.raises(ValueError, match="one output at a time"):
        next(Generator(tiny, generator._compiled, monitor=Anything(), method="awrs").several("x", 2))


def test_side_by_side_as_alone(tiny: CausalModel) -> None:
    class NoVowels(Monitor):
        def veto(self, prefix: str, complete: bool) -> bool:
            return any(letter in "aeiou" for letter in prefix)

    compiled = compile_regex("[a-z ]{3,12}[.]", tiny.vocabulary)
    prompts = [tiny.encode_prompt(text) for text in ("one", "two and more", "three", "four", "5")]

    def request(number: int) -> Request:
        options = GenerationOptions(method="awrs", seed=number, max_tokens=20)
        return Request(compiled, prompts[number], options, watch=Watch(NoVowels(), compiled))

    together = {
        ended.request.options.seed: ended.result for ended in generate_batch(tiny, map(request, range(5)), size=3)
    }
    for number in range(5):
        alone = request(number)
        result = generate(tiny, compiled, alone.prompt_ids, alone.options, watch=alone.watch)
        beside = together[number]
        assert beside is not None
        assert beside.token_ids == result.token_ids
        assert beside.logweight == pytest.approx(result.logweight, abs=1e-3)
        assert not set("aeiou") & set(result.text)


class Moody(Monitor):
    """Refuses one beginning in eight, whichever it is."""

    def veto(self, prefix: str, complete: bool) -> bool:
        return zlib.crc32(prefix.encode()) % 8 == 0


def test_outputs_are_valid_near_their_limits(byte_vocabulary: Vocabulary) -> None:
    """Under random constraints, and limits so narrow that tokens are given back."""
    counts: Counter[str] = Counter()
    for seed in range(60):
        constraint = random_constraint(seed, byte_vocabulary)
        least = None if constraint is None else constraint.compiled.matcher().fewest_tokens()
        if constraint is None or least is None or len(least[0]) > 100:
            continue
        options = GenerationOptions(method="awrs", seed=seed, max_tokens=len(least[0]) + 1 + seed % 20, temperature=1.0)
        watch = Watch(Moody(), constraint.compiled)
        try:
            result = generate(
                NeverClosing(byte_vocabulary, seed),  # type: ignore[arg-type]
                constraint.compiled,
                [0],
                options,
                narrowed=constraint.narrowed,
                watch=watch,
            )
        except MonitorError:
            counts["stuck"] += 1
            continue
        assert result.is_complete
        assert result.finish_reason == "stop"
        assert len(result.token_ids) <= options.max_tokens
        assert constraint.judge(result.text) is not False
        assert not any(Moody().veto(result.text[:end], False) for end in range(1, len(result.text) + 1))
        assert math.isfinite(result.logweight)
        counts["complete"] += 1
        counts["limited"] += bool(result.masked)
    print(counts)
    assert counts["complete"] > 15
    assert counts["limited"] > 5
