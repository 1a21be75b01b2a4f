"""One output under a monitor: the texts that can be written are those of the definition, however they are split."""

from __future__ import annotations

import functools
import itertools
import random
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from monitor_driver import Drawn, write
from numpy.typing import NDArray

from constrain import CompiledGrammar, MonitorError, Vocabulary, allocate_token_bitmask, compile_lark, compile_regex
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.runtime.monitors import Monitor, Watch


def vocabulary(pieces: Iterable[str | bytes]) -> Vocabulary:
    tokens = [piece.encode() if isinstance(piece, str) else piece for piece in pieces]
    return Vocabulary(tokens, [len(tokens)], vocab_size=len(tokens) + 1)


def texts_of(compiled: CompiledGrammar, monitor: Any, **options: Any) -> set[str]:
    """Every text that the loop may write, each token tried at each place."""
    known = compiled.vocabulary
    found: set[str] = set()
    matcher = compiled.matcher()
    pending = [(Watch(monitor, compiled, deadline=None, **options), matcher, b"")]
    while pending:
        watch, matcher, text = pending.pop()
        bitmask = allocate_token_bitmask(1, known.vocab_size)
        matcher.fill_next_token_bitmask(bitmask, 0)
        watch.restrict(bitmask, 0)
        for token in bitmask_to_ids(bitmask[0]).tolist():
            if watch.refusal(token) is not None:
                continue
            if token in known.eos_token_ids:
                found.add(text.decode())
                continue
            further, next_matcher = watch.fork(), matcher.fork()
            further.accept(token)
            assert next_matcher.accept_token(token)
            pending.append((further, next_matcher, text + (known.token(token) or b"")))
    return found


class AfterDots(Monitor):
    """After a dot comes one of two names, and no text holds ``cc``."""

    def triggered(self, prefix: str) -> bool:
        return prefix.endswith(".")

    def suggest(self, prefix: str) -> list[str]:
        return ["ab", "b", "zz"]  # the grammar has no z

    def veto(self, prefix: str, complete: bool) -> bool:
        return "cc" in prefix


PIECES = ["a", "b", "c", ".", "(", "ab", ".a", "ab.", "b(c", ".b.", "c.ab(", "cc"]


@pytest.mark.parametrize("pieces", [PIECES[:5], PIECES], ids=["characters", "longer tokens"])
def test_the_texts_are_those_of_the_definition(pieces: list[str]) -> None:
    compiled = compile_regex(r"[abc.(]{1,5}", vocabulary(pieces))
    possible = {"".join(one) for n in range(1, 6) for one in itertools.product("abc.(", repeat=n)}
    expected = {text for text in possible if re.fullmatch(r"([abc(]|\.(ab|b)(?!\w))*", text) and "cc" not in text}
    found = texts_of(compiled, AfterDots())
    # whoever comes to a dot as the last of five characters cannot go on; the grammar says so beforehand
    assert found == expected
    assert len(found) > 100


def test_characters_of_several_bytes() -> None:
    class Names(Monitor):
        def triggered(self, prefix: str) -> bool:
            return prefix in ("", "é")

        def suggest(self, prefix: str) -> list[str]:
            return ["é"] if prefix == "" else ["…", "né"]

    pieces = [b"\xc3", b"\xa9", b"\xe2\x80", b"\xa6", b"n", "né".encode(), b"\xa9n", "é…".encode()]
    compiled = compile_regex("[né…]{1,3}", vocabulary(pieces))
    # after é, which is a word character, n is not its end
    assert texts_of(compiled, Names()) == {"é", *(f"é…{rest}" for rest in ("", "n", "é", "…"))}


def test_suggestions_may_be_there_before_the_first_character_and_at_the_end() -> None:
    class One(Monitor):
        def triggered(self, prefix: str) -> bool:
            return prefix in ("", "<a>")

        def suggest(self, prefix: str) -> list[str]:
            return ["<a>", "b"] if prefix == "" else ["a", "bb"]

    compiled = compile_regex("[<>ab]{1,5}", vocabulary(["<", ">", "a", "b", "<a", ">b", "<a>a", "bb"]))
    found = texts_of(compiled, One())
    # at a suggestion that ends in no word character, the next one may begin
    assert {text for text in found if text.startswith("<")} == {"<a>a", "<a>bb", "<a>a<", "<a>a>"}
    assert all(re.match(r"b(?!\w)", text) for text in found if not text.startswith("<"))


def test_an_empty_suggestion_ends_the_word() -> None:
    class Words(Monitor):
        def triggered(self, prefix: str) -> bool:
            return re.search(r"(?<!\w)\w$", prefix) is not None

        def suggest(self, prefix: str) -> list[str]:
            return {"a": ["", "b"], "b": []}[prefix[-1]]

    compiled = compile_regex("[ab.]{1,4}", vocabulary(["a", "b", ".", "ab", ".a", "a.", "b.a"]))
    possible = {"".join(one) for n in range(1, 5) for one in itertools.product("ab.", repeat=n)}
    assert texts_of(compiled, Words()) == {text for text in possible if re.fullmatch(r"(\.|(?<!\w)ab?)*", text)}


def test_what_was_given_is_part_of_the_prefix() -> None:
    compiled = compile_regex(r"[abc.]{1,5}", vocabulary(PIECES))
    seen: list[str] = []

    class Noting(AfterDots):
        def triggered(self, prefix: str) -> bool:
            seen.append(prefix)
            return prefix.endswith(".")

    watch = Watch(Noting(), compiled, begun=b"c.a", deadline=None)
    assert watch.is_suggesting
    assert watch.refusal(PIECES.index("b")) is None
    assert watch.refusal(PIECES.index("c")) is not None
    assert seen == ["", "c", "c."]
    with pytest.raises(MonitorError, match="refuses how the output begins: none of the suggestions goes on as 'c'"):
        Watch(AfterDots(), compiled, begun=b"a.c", deadline=None)
    with pytest.raises(MonitorError, match="refuses how the output begins: it must not be"):
        Watch(AfterDots(), compiled, begun=b"cca", deadline=None)
    with pytest.raises(MonitorError, match="no text of the constraint begins with b'x'"):
        Watch(AfterDots(), compiled, begun=b"x", deadline=None)


def test_none_leaves_it_to_the_grammar_and_nothing_takes_the_token_back() -> None:
    class Either(Monitor):
        def triggered(self, prefix: str) -> bool:
            return prefix[-1:] in (".", "(")

        def suggest(self, prefix: str) -> list[str] | None:
            return None if prefix.endswith("(") else []

    compiled = compile_regex(r"[a.(]{1,2}", vocabulary(["a", ".", "(", "a.", ".a"]))
    assert texts_of(compiled, Either()) == {"a", "(", "aa", "a(", "(a", "(("}


def test_a_complete_text_may_be_vetoed() -> None:
    class Even(Monitor):
        def veto(self, prefix: str, complete: bool) -> bool:
            return complete and len(prefix) % 2 == 1

    assert texts_of(compile_regex("a{0,4}", vocabulary(["a", "aa"])), Even()) == {"", "aa", "aaaa"}


def test_methods_without_complete_and_classes_of_ones_own() -> None:
    class Own:
        def veto(self, prefix: str) -> str:
            return "no b" if "b" in prefix else ""

        def score(self, prefix: str) -> float:
            return -len(prefix)

    compiled = compile_regex("[ab]{0,3}", vocabulary(["a", "b", "ab"]))
    assert texts_of(compiled, Own()) == {"", "a", "aa", "aaa"}
    watch = Watch(Own(), compiled)
    watch.accept(0)
    assert (watch.score(), watch.score(complete=True), watch.text) == (-1.0, -1.0, "a")
    with pytest.raises(MonitorError, match="refuses the token 1"):
        watch.accept(1)


def test_the_prompt_is_told_before_each_output() -> None:
    class Only(Monitor):
        def __init__(self, letter: str = "") -> None:
            self.letter = letter

        def begin(self, prompt: str) -> Only:
            return Only(prompt[-1])

        def veto(self, prefix: str, complete: bool) -> bool:
            return bool(set(prefix) - {self.letter})

    compiled = compile_regex("[abc]{3}", vocabulary("abc"))
    monitor = Only()
    assert write(compiled, monitor, random.Random(0), prompt="write b") == "bbb"
    assert write(compiled, monitor, random.Random(0), prompt="write c") == "ccc"


def law(accepted: Callable[[int], bool], weights: list[int]) -> dict[int, Fraction]:
    """The law of the first accepted token, over every order in which tokens can be drawn."""
    found: dict[int, Fraction] = {}

    def follow(left: tuple[int, ...], probability: Fraction) -> None:
        total = sum(weights[token] for token in left)
        for token in left:
            share = probability * Fraction(weights[token], total)
            if accepted(token):
                found[token] = found.get(token, Fraction(0)) + share
            else:
                follow(tuple(other for other in left if other != token), share)

    follow(tuple(range(len(weights))), Fraction(1))
    return found


def test_drawing_on_gives_the_model_restricted_to_what_is_accepted() -> None:
    compiled = compile_regex("[abcdef]{2}", vocabulary("abcdef"))
    weights = [5, 1, 2, 7, 1, 3]

    class NoVowels(Monitor):
        def veto(self, prefix: str, complete: bool) -> bool:
            return prefix[-1:] in ("a", "e", "d")

    watch = Watch(NoVowels(), compiled, deadline=None)
    exact = law(lambda token: watch.refusal(token) is None, weights)
    assert exact == {token: Fraction(weights[token], 6) for token in (1, 2, 5)}
    # and that is how it is drawn: the same draws, one after the other
    generator = np.random.default_rng(3)
    counts = dict.fromkeys(exact, 0)
    for _ in range(3000):
        asked: list[int] = []

        def draw(ids: NDArray[np.int64], asked: list[int] = asked) -> Drawn:
            share = np.array([weights[token] for token in ids], dtype=float)
            asked.append(len(ids))
            return Drawn(int(generator.choice(ids, p=share / share.sum())))

        counts[watch.first_accepted(draw, np.arange(6)).token_id] += 1
        assert asked == list(range(6, 6 - len(asked), -1))
    for token, share in exact.items():
        assert abs(counts[token] / 3000 - share) < 0.04


def test_suggestions_are_asked_for_once_a_place() -> None:
    asked: list[str] = []

    class Counting(AfterDots):
        def suggest(self, prefix: str) -> list[str]:
            asked.append(prefix)
            return super().suggest(prefix)

    compiled = compile_regex(r"[abc.(]{1,4}", vocabulary(PIECES))
    texts_of(compiled, Counting())
    assert 20 < len(asked) == len(set(asked))


def test_vetoing_everything_is_an_error_with_the_place_and_the_monitor() -> None:
    class Never(Monitor):
        def veto(self, prefix: str, complete: bool) -> str:
            return f"{prefix!r} is too long" if len(prefix) > 1 else ""

    compiled = compile_regex("[ab]{2,3}", vocabulary(["a", "b", "ab"]))
    with pytest.raises(
        MonitorError,
        match=r"the monitor Never refuses each of the 3 tokens after 1 characters of output \('[ab]'\); "
        r"the last because '[ab]+' is too long",
    ):
        write(compiled, Never(), random.Random(1))
    with pytest.raises(MonitorError, match="refuses the 2 tokens that were drawn"):
        write(compiled, Never(), random.Random(1), most_refusals=2)


def test_vetoing_the_end_is_an_error() -> None:
    class Endless(Monitor):
        def veto(self, prefix: str, complete: bool) -> bool:
            return complete

    compiled = compile_regex("a", vocabulary(["a"]))
    with pytest.raises(MonitorError, match="refuses each of the 1 tokens after 1 characters"):
        write(compiled, Endless(), random.Random(1))
    watch = Watch(Endless(), compiled)
    watch.accept(0)
    with pytest.raises(MonitorError, match="refuses the end, which alone the constraint allows"):
        watch.check_end()


def test_suggestions_that_the_grammar_refuses_are_a_veto_with_a_reason() -> None:
    class Wrong(Monitor):
        def triggered(self, prefix: str) -> bool:
            return prefix.endswith(".")

        def suggest(self, prefix: str) -> list[str]:
            return ["x", "ya"]  # the grammar has no x, and goes on after ya with a letter

    compiled = compile_regex(r"a(\.ya[a-c]|b)", vocabulary("abc.xy"))
    assert texts_of(compiled, Wrong()) == {"ab"}
    compiled = compile_regex(r"a\.ya[a-c]", vocabulary("abc.xy"))
    with pytest.raises(MonitorError, match=r"the constraint takes none of the suggestions after 'a\.': 'x', 'ya'"):
        write(compiled, Wrong(), random.Random(1))


def test_a_vocabulary_that_cannot_spell_the_suggestions() -> None:
    class Spelled(Monitor):
        def triggered(self, prefix: str) -> bool:
            return prefix == ""

        def suggest(self, prefix: str) -> list[str]:
            return ["ab"]

    for pieces in (["a", "ac"], ["a", "bc"]):
        compiled = compile_regex("a(ab?|b)c?", vocabulary(pieces))
        with pytest.raises(
            MonitorError, match=r"leaves no token after 1 characters of output \('a'\): the constraint and"
        ):
            write(compiled, Spelled(), random.Random(1))


def test_a_model_and_its_sampler_under_a_monitor(tiny: Any) -> None:
    """Real logits, a real tokenizer and the draws of the decoding loop."""
    from constrain.runtime import GenerationOptions
    from constrain.runtime.decoding.step import TokenChooser

    class Names(Monitor):
        def triggered(self, prefix: str) -> bool:
            return prefix.endswith("<")

        def suggest(self, prefix: str) -> list[str]:
            return ["Anna>", "naïve 日本語>"]

        def veto(self, prefix: str, complete: bool) -> bool:
            return len(re.findall(">", prefix)) > 2 or (complete and len(prefix) < 12)

    compiled = compile_lark('start: (/[a-z ]/ | "<" /[^<>]/+ ">")~1..20', tiny.vocabulary)
    found: set[str] = set()
    for seed in range(6):
        matcher = compiled.matcher()
        watch = Watch(Names(), compiled)
        bitmask = allocate_token_bitmask(1, tiny.vocabulary.vocab_size)
        prompt = tiny.encode_prompt("Write names.")
        chooser, cache, unread = (
            TokenChooser(GenerationOptions(seed=seed, temperature=1.0), prompt),
            tiny.new_cache(),
            prompt,
        )
        while not matcher.is_terminated():
            matcher.fill_next_token_bitmask(bitmask, 0)
            watch.restrict(bitmask, 0)
            logits = tiny.forward(unread, cache).numpy()
            draw = functools.partial(chooser.choose, logits)
            token = watch.first_accepted(draw, bitmask_to_ids(bitmask[0])).token_id
            watch.accept(token)
            assert matcher.accept_token(token)
            unread = [token]
        names = re.findall("<(.*?)>", watch.text)
        assert len(names) <= 2
        assert len(watch.text) >= 12
        found.update(names)
    assert found
    assert found <= {"Anna", "naïve 日本語"}
