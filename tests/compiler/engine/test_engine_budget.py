"""How many tokens complete a text, and which tokens leave enough of a budget, against brute force."""

from __future__ import annotations

from random import Random

import pytest
from engine_driver import Tokens, allowed, bracket_tokens, byte_tokens, random_tokens
from engine_oracle import Oracle, after, begun, continued, satisfiable
from engine_random import random_finite_grammar, random_regular_grammar
from engine_shapes import random_shape
from test_engine_members import random_member_grammar

from constrain import (
    Grammar,
    Matcher,
    UnsatisfiableError,
    Vocabulary,
    allocate_token_bitmask,
    compile_json_schema,
    compile_lark,
    compile_regex,
)
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.compiler.reference import State

BLOCK = 30
"""Grammars in one test."""

MOST = 4
MOST_STATES = 500
"""Brute force looks no further."""

BLOCKS = pytest.mark.parametrize(
    "block", [*range(2), *(pytest.param(block, marks=pytest.mark.slow) for block in range(2, 10))]
)

VOCABULARIES = [random_tokens(seed) for seed in range(3)]


def spelled(text: bytes, tokens: Tokens) -> int:
    """Fewest tokens that spell a text."""
    best = [0, *[len(text) + 1] * len(text)]
    for end in range(1, len(text) + 1):
        sizes = range(1, min(end, tokens.longest) + 1)
        best[end] = min(best[end - size] for size in sizes if text[end - size : end] in tokens.by_bytes) + 1
    return best[-1]


def fewest(recogniser: Oracle, start: State, tokens: Tokens) -> int | None:
    """Fewest tokens to the end, by breadth; None: more than ``MOST``, or too many states."""
    if recogniser.accepting(start):
        return 0
    # states that say the same share their threads
    seen, layer = {id(start.threads)}, [start]
    for count in range(1, MOST + 1):
        following = []
        for state in layer:
            for reached, _ in continued(recogniser, state, tokens):
                if recogniser.accepting(reached):
                    return count
                if id(reached.threads) not in seen:
                    seen.add(id(reached.threads))
                    following.append(reached)
        if len(seen) > MOST_STATES:
            return None
        layer = following
    return None


def leads_to_end(matcher: Matcher, ids: list[int]) -> bool:
    fork = matcher.fork()
    return all(map(fork.accept_token, ids)) and fork.is_accepting()


def kept(matcher: Matcher, tokens: Tokens, left: int) -> tuple[set[int], bool]:
    """The mask of tokens after which ``left`` more are enough, and whether it is another one."""
    bitmask = allocate_token_bitmask(1, tokens.vocab_size)
    matcher.fill_next_token_bitmask(bitmask)
    removed = matcher.keep_completable(bitmask, left + 1)
    return set(bitmask_to_ids(bitmask[0]).tolist()), removed


@BLOCKS
def test_finite_languages(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        grammar, language = random_finite_grammar(seed)
        random, tokens = Random(seed), VOCABULARIES[seed % 3]
        try:
            compiled = tokens.compile(grammar)
        except UnsatisfiableError:
            assert not language
            continue

        def needed(prefix: bytes, language: set[bytes] = language, tokens: Tokens = tokens) -> int:
            rest = [text[len(prefix) :] for text in language if text.startswith(prefix)]
            return min(spelled(text, tokens) for text in rest)

        for text in random.sample(sorted(language), min(3, len(language))):
            prefix = text[: random.randint(0, len(text))]
            matcher = compiled.matcher()
            assert matcher.accept_bytes(prefix)
            ids, exact = matcher.fewest_tokens()
            assert (len(ids), exact) == (needed(prefix), True), (seed, prefix)
            assert leads_to_end(matcher, ids)
            for left in range(4):
                ids_kept, removed = kept(matcher, tokens, left)
                before = allowed(matcher, tokens)
                texts = {token: tokens.token_bytes[token] or b"" for token in before}
                stops = set(tokens.eos_token_ids)
                fitting = {t for t in before if t in stops or needed(prefix + texts[t]) <= left}
                assert ids_kept == fitting, (seed, prefix, left)
                assert removed == (fitting != before)


def check(grammar: Grammar, tokens: Tokens, random: Random, *, exact: bool) -> tuple[int, int]:
    """Tokens needed after some beginnings, here and by brute force where that finds out."""
    recogniser, compiled = Oracle(grammar), tokens.compile(grammar)
    ours = brute = 0
    for length in (0, 0, 2, 5):
        prefix = begun(recogniser, random, length)
        state = after(recogniser, prefix)
        assert state is not None
        matcher = compiled.matcher()
        assert matcher.accept_bytes(prefix)
        found = matcher.fewest_tokens()
        least = fewest(recogniser, state, tokens)
        if found is None or least is None:
            # brute force did not look far enough; or what is shortest has bytes that no token has, and the rest is far
            assert least is None
            continue
        ids, is_exact = found
        assert leads_to_end(matcher, ids)
        assert len(ids) == least if is_exact or exact else len(ids) >= least
        ours, brute = ours + len(ids), brute + least
    return ours, brute


@BLOCKS
def test_regular_languages_are_exact(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        try:
            check(random_regular_grammar(seed), VOCABULARIES[seed % 3], Random(seed), exact=True)
        except UnsatisfiableError:
            continue


@BLOCKS
def test_other_languages_are_close(block: int) -> None:
    tokens = [*VOCABULARIES, bracket_tokens()]
    ours = brute = 0
    seeds = range(block * BLOCK, (block + 1) * BLOCK)
    for number, (random, _, grammar, _) in enumerate(
        satisfiable(lambda random: random_shape(random.randrange(10**6)), seeds)
    ):
        found = check(grammar, tokens[number % 4], random, exact=False)
        ours, brute = ours + found[0], brute + found[1]
    assert 0 < brute <= ours <= 1.1 * brute


def test_no_text_needs_more_than_the_bound() -> None:
    """Random walks through languages with a bound, and how much each place of them needs."""
    bounded = 0
    tokens = byte_tokens()
    for seed in range(400):
        random = Random(seed)
        makers = (random_regular_grammar, lambda seed: random_finite_grammar(seed)[0], random_member_grammar)
        try:
            matcher = tokens.compile(makers[seed % 3](seed)).matcher()
        except UnsatisfiableError:
            continue
        most = matcher.most_needed()
        bounded += most is not None
        for _ in range(40):
            assert most is None or len(matcher.shortest_completion()) <= most, seed
            following = matcher.next_bytes()
            if not following:
                break
            assert matcher.accept_bytes(bytes([random.choice(following)]))
    assert bounded > 300


@pytest.mark.parametrize(
    ("grammar", "most"),
    [
        ('s: "abc"', 3),
        ('s: "abc" | "de"', 2),
        ("s: /[a-z]{3,9}/", 3),
        ('s: s "," /[0-9]{4}/ | "x"', 5),  # left recursion needs no way back
        ('s: "x" s | "y"', 1),
        ('s: "x" s "zz" | "y"', None),
        ('s: t "!"\nt: "(" s ")" | "a"', None),
        ("s: /[ab]{2}/~2..5", 4),
    ],
)
def test_bounds(grammar: str, most: int | None) -> None:
    assert compile_lark(grammar, byte_tokens().native, start="s").matcher().most_needed() == most


def test_without_all_bytes_there_is_no_bound() -> None:
    assert compile_lark('s: "a"', Vocabulary([b"a", None], [1]), start="s").matcher().most_needed() is None


@pytest.mark.parametrize("size", [3, 5, None])
def test_bytes_may_be_scarce(size: int | None) -> None:
    """A shortest text of three tokens, and a longer one of two."""
    vocabulary = Vocabulary([b"a", b"b", b"c", b"wxyz", b"u", None], [5])
    matcher = compile_lark('s: "abc" | "uwxyz"', vocabulary, start="s").matcher()
    found = matcher.fewest_tokens(0, size)
    assert found is not None
    assert len(found[0]) == (2 if size is None else 3)
    bitmask = allocate_token_bitmask(1, 6)
    matcher.fill_next_token_bitmask(bitmask)
    matcher.keep_completable(bitmask, 3, size)
    assert bitmask_to_ids(bitmask[0]).tolist() == ([0] if size == 3 else [0, 4])


TEXT_PIECES = ["ab", "abc", "é", "aé", "日本", "日", '"', '",', '"!', 'a"', 'é"!', "b\\", '\\"', "12", "1!", "! ", "  "]


@pytest.mark.parametrize(
    "pattern",
    [
        r'"[^"\\]*"!',
        r'"([^"\\]|\\.)*"(,"[a-z]*")?!',
        r'"[^"\\]{0,60}"!',
        r'"[^"\\]{0,400}"!',
        r'"[^"\\]{3,300}"(,"[ab]{1,500}")?!',
        r'"[^"\\]{2,9}",[0-9]{1,30}!',
        r'"[a-z]{3,}", *[0-9]+!',
        r'"([a-f]|[é日]|b\\)*"!',
        r'"(true|[^"\\t][^"\\]*)?"!',
        '{"pattern": "a|b", "maxLength": 100}',
        '{"type": "string", "pattern": "[12]!", "maxLength": 9}',
    ],
)
def test_masks_of_free_text_are_those_of_each_token(pattern: str) -> None:
    """Whole subtrees of tokens are taken together, some of which are cut inside a character."""
    cut = [b"\xe6\x97", b"a\xc3", "é".encode() + b"\xe6", b"\xa9ab"]
    tokens = Tokens("text", [*(bytes([b]) for b in range(256)), *map(str.encode, TEXT_PIECES), *cut, None], [277], 278)
    compiled = (compile_json_schema if pattern[0] == "{" else compile_regex)(pattern, tokens.native)
    limited = 0
    for seed in range(6):
        random, matcher = Random(seed), compiled.matcher()
        for _ in range(12):
            following = sorted(allowed(matcher, tokens))
            for left in range(6):
                fitting = set()
                for token in following:
                    fork = matcher.fork()
                    fork.accept_token(token)
                    rest = [] if fork.is_terminated() else (fork.fewest_tokens() or ([0] * 99, True))[0]
                    if len(rest) <= left:
                        fitting.add(token)
                ids, removed = kept(matcher, tokens, left)
                assert ids == fitting, (seed, left)
                assert removed == (len(fitting) < len(following))
                limited += removed
            # mostly text, so that it gets long
            plain = [token for token in following if (tokens.token_bytes[token] or b"")[:1].isalnum() or token > 255]
            token = random.choice(plain if plain and random.random() < 0.8 else following)
            matcher.accept_token(token)
            if matcher.is_terminated():
                break
    assert limited > 10


@pytest.mark.parametrize("spare", [0, 5, 17, 24, 40, 400])
def test_a_long_token_of_repetitions_is_found(spare: int) -> None:
    """Many more repetitions than must be are of use where a token has them; and only as many as are allowed."""
    long = b"a" * 24 + b"!"
    vocabulary = Vocabulary([*(bytes([byte]) for byte in range(256)), long, None], [257])
    matcher = compile_regex(f"x[a-z]{{3,{3 + spare}}}!", vocabulary).matcher()
    for taken in range(3):
        found = matcher.fewest_tokens()
        assert found is not None
        fits = 3 + spare - max(taken - 1, 0) >= 24
        assert (len(found[0]), found[1]) == ((2 if taken == 0 else 1) if fits else 5 - taken, True)
        assert matcher.accept_bytes(b"x" if taken == 0 else b"b")
