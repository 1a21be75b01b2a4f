"""A token is allowed exactly if some text of the language goes on with it: small languages are written out in full.

The languages are put together from sets of strings, or listed by Python's ``re``. And however a text is cut into
tokens, the verdict is the one on its bytes.
"""

from __future__ import annotations

import re
from itertools import product
from random import Random

import pytest
from engine_driver import Tokens, allowed
from engine_notation import read_grammar
from engine_oracle import LIMITS, Oracle, after
from engine_random import random_finite_grammar
from engine_shapes import random_shape

from constrain import UnsatisfiableError

LETTERS = "ab,é"
MOST_LETTERS = 6


@pytest.mark.parametrize("block", range(4))
def test_sets_of_strings(block: int, random_vocabulary_tokens: Tokens) -> None:
    """Finite languages put together from sets of strings: a token is allowed exactly if some string goes on with it."""
    tokens, texts_seen = random_vocabulary_tokens, 0
    for seed in range(block * 60, (block + 1) * 60):
        grammar, language = random_finite_grammar(seed)
        if not language:
            with pytest.raises(UnsatisfiableError):
                tokens.compile(grammar)
            continue
        compiled = tokens.compile(grammar)
        beginnings = {text[:end] for text in language for end in range(len(text) + 1)}
        for beginning in Random(seed).sample(sorted(beginnings), min(6, len(beginnings))):
            matcher = compiled.matcher()
            assert matcher.accept_bytes(beginning)
            truth = {token for text, ids in tokens.by_bytes.items() if beginning + text in beginnings for token in ids}
            if beginning in language:
                truth.update(tokens.eos_token_ids)
            assert allowed(matcher, tokens) == truth
            completions = [text[len(beginning) :] for text in language if text.startswith(beginning)]
            assert matcher.shortest_completion() in completions
            assert len(matcher.shortest_completion()) == min(map(len, completions))
            texts_seen += 1
    assert texts_seen > 100


def test_whole_texts_by_brute_force(byte_vocabulary_tokens: Tokens) -> None:
    """Every string of up to five letters is accepted if and only if the finite language holds it."""
    for seed in range(1000, 1040):
        grammar, language = random_finite_grammar(seed)
        if not language:
            continue
        start = byte_vocabulary_tokens.compile(grammar).matcher()
        stack = [(b"", start)]
        found = set()
        while stack:
            text, matcher = stack.pop()
            if matcher.is_accepting():
                found.add(text)
            for letter in (b"a", b"b"):
                if len(text) < 5 and (fork := matcher.fork()).accept_bytes(letter):
                    stack.append((text + letter, fork))
        assert found == {text for text in language if len(text) <= 5}


# -- counted repetition: Python's re -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def word_tokens() -> Tokens:
    """Every word of up to three letters, and halves of a letter with and without others."""
    words = ["".join(word).encode() for count in (1, 2, 3) for word in product(LETTERS, repeat=count)]
    halves = [b"\xc3", b"\xa9", b"a\xc3", b"\xa9b", b"\xa9\xc3", b"\xa9\xc3\xa9a", b"bb\xc3", b"\xa9,\xc3"]
    return Tokens("words", [*words, *halves], [len(words) + len(halves)], len(words) + len(halves) + 1)


def pattern(random: Random, most: int) -> str:
    """Classes that are counted, side by side, in groups that are counted, as both notations spell it."""
    parts = []
    for _ in range(random.randint(1, 3)):
        group = most >= 2 and random.random() < 0.2
        high = random.randint(0, 2 if group else most)
        part = (
            f"({pattern(random, most // 2)}|[a])" if group else random.choice(["[ab]", "[a-é]", "[aé]", "[,]", "[^a]"])
        )
        parts.append(f"{part}{{{random.randint(0, high)},{high}}}")
    text = "".join(parts)
    return f"({text}|{pattern(random, most)})" if random.random() < 0.2 else text


@pytest.mark.parametrize("block", range(4))
def test_counted_repetition(block: int, word_tokens: Tokens) -> None:
    """Beside it, and not it: texts of up to six letters, each of them asked ``re``."""
    words = ["".join(word) for count in range(MOST_LETTERS + 1) for word in product(LETTERS, repeat=count)]
    short = f".{{0,{MOST_LETTERS}}}"
    masks = 0
    for seed in range(block * 60, (block + 1) * 60):
        random = Random(seed)
        left, right = pattern(random, 6), pattern(random, 3)
        source, condition = random.choice(
            [
                (f"({left}) & {short}", f"(?:{left})"),
                (f"({left}) & ({right}) & {short}", f"(?=(?:{right})\\Z)(?:{left})"),
                (f"({left}) & !({right}) & {short}", f"(?!(?:{right})\\Z)(?:{left})"),
                (f"!({left} | {right}) & {short}", f"(?!(?:{left}|{right})\\Z).*"),
            ]
        )
        # what may be said in letters that no word has, too, can't be listed
        source = f"({source}) & [{LETTERS}]*"
        wanted = re.compile(condition)
        language = {word.encode() for word in words if wanted.fullmatch(word)}
        grammar = read_grammar(f"start: X\nX: {source}")
        if not language:
            with pytest.raises(UnsatisfiableError):
                word_tokens.compile(grammar)
            continue
        compiled = word_tokens.compile(grammar)
        beginnings = {text[:end] for text in language for end in range(len(text) + 1)}
        for beginning in random.sample(sorted(beginnings), min(12, len(beginnings))):
            matcher = compiled.matcher()
            assert matcher.accept_bytes(beginning)
            truth = {
                token for text, ids in word_tokens.by_bytes.items() if beginning + text in beginnings for token in ids
            }
            if beginning in language:
                truth.update(word_tokens.eos_token_ids)
            assert allowed(matcher, word_tokens) == truth, (source, beginning)
            masks += 1
    assert masks > 300


# -- every tokenisation ------------------------------------------------------------------------------------------------


def text_of(oracle: Oracle, random: Random) -> bytes:
    """A text that begins as the language's do; half of the time with something wrong in it."""
    state, text = oracle.start(), b""
    for _ in range(random.randint(0, 20)):
        following = sorted(oracle.next_bytes(state))
        if not following:
            break
        text += bytes([random.choice([byte for byte in following if byte in b'abcxyz01,[](){}" '] or following)])
        state = oracle.advance(state, text[-1]) or state
    if text and random.random() < 0.5:
        place = random.randrange(len(text))
        text = (
            text[:place] + random.choice([b"", b"a", b",", b'"', "é".encode()]) + text[place + random.randint(0, 1) :]
        )
    return text


@pytest.mark.parametrize(
    ("vocabulary", "grammars"), [("random", 60), ("tekken", 12), pytest.param("tekken", 20, marks=pytest.mark.slow)]
)
def test_every_tokenisation_has_the_verdict_of_the_bytes(
    vocabulary: str, grammars: int, request: pytest.FixtureRequest
) -> None:
    tokens = request.getfixturevalue(f"{vocabulary}_vocabulary_tokens")
    verdicts = {True: 0, False: 0}
    for seed in range(2000, 2000 + grammars):
        random, source = Random(seed), random_shape(seed)
        try:
            oracle = Oracle(read_grammar(source))
        except UnsatisfiableError:
            continue
        compiled = tokens.compile(read_grammar(source), LIMITS)
        for text in [text_of(oracle, random) for _ in range(3)]:
            state = after(oracle, text)
            for spelling in [tokens.split(text, random) for _ in range(4)]:
                if spelling is None:
                    continue
                matcher = compiled.matcher()
                taken = all(token in allowed(matcher, tokens) and matcher.accept_token(token) for token in spelling)
                assert taken == (state is not None), (source, text, spelling)
                assert not taken or matcher.is_accepting() == state.accepting, (source, text, spelling)
                verdicts[taken] += 1
    assert min(verdicts.values()) > 20
