"""Eight threads on shared grammars and one shared vocabulary see the masks that one thread sees.

Grammars are compiled in some threads while others fill masks of the same ones, so that all tables grow under way.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from engine_driver import Tokens, random_tokens, tekken_tokens
from engine_notation import JSON, read_grammar
from engine_oracle import LIMITS, Oracle
from engine_random import random_grammar
from engine_shapes import random_shape

import constrain
from constrain import Grammar, Matcher, UnsatisfiableError, allocate_token_bitmask

THREADS = 8


@dataclass
class Work:
    """A grammar, and a text of it in tokens."""

    grammar: Grammar
    spelling: list[int]


def fresh(tokens: Tokens) -> Tokens:
    """The same vocabulary, with nothing kept for its grammars yet."""
    return Tokens(tokens.name, tokens.token_bytes, tokens.eos_token_ids, tokens.vocab_size)


def works(tokens: Tokens, count: int) -> list[Work]:
    """Random texts of random grammars, in random tokens."""
    found = [
        Work(read_grammar(JSON), tokens.split(text, Random(index)) or [])
        for index, text in enumerate(
            [b'{"a":[1,2,{"b":"x"}]}', b"[[[[],[]],0],-1.5]", b'"ab:.(+="', b'{"true":null,"x":{"y":[]}}']
        )
    ]
    seed = 5000
    while len(found) < count:
        seed += 1
        grammar = read_grammar(random_shape(seed)) if seed % 5 else random_grammar(seed)
        try:
            oracle = Oracle(grammar)
        except UnsatisfiableError:
            continue
        random, state, text = Random(seed), oracle.start(), b""
        for _ in range(16):
            following = sorted(oracle.next_bytes(state))
            if not following:
                break
            text += bytes([random.choice([byte for byte in following if byte in b'abcx01,[]" '] or following)])
            state = oracle.advance(state, text[-1]) or state
        if spelling := tokens.split(text, random):
            found.append(Work(grammar, spelling))
    return found


def mask(matcher: Matcher, tokens: Tokens) -> bytes:
    """A mask as its bytes: in most of the time spent here, the interpreter must not be what keeps threads apart."""
    bitmask = np.full((1, (tokens.vocab_size + 31) // 32), -1, dtype=np.int32)
    matcher.fill_next_token_bitmask(bitmask)
    return bitmask.tobytes()


def masks(matcher: Matcher, spelling: list[int], tokens: Tokens) -> list[bytes]:
    """The masks along a text, up to the first of its tokens that isn't allowed."""
    found = [mask(matcher, tokens)]
    for token in spelling:
        if not matcher.accept_token(token):
            break
        found.append(mask(matcher, tokens))
    return found


def all_at_once(tasks: list[Callable[[], Any]]) -> list[Any]:
    """Results of tasks that begin together, eight at a time."""
    start = Barrier(THREADS)

    def run(place: int) -> list[Any]:
        start.wait()
        return [(index, tasks[index]()) for index in range(place, len(tasks), THREADS)]

    with ThreadPoolExecutor(THREADS) as pool:
        found = [pair for pairs in pool.map(run, range(THREADS)) for pair in pairs]
    return [result for _, result in sorted(found, key=lambda pair: pair[0])]


@pytest.fixture(scope="module", params=["random", "tekken"])
def vocabulary(request: pytest.FixtureRequest) -> Tokens:
    tokens = random_tokens() if request.param == "random" else tekken_tokens()
    if tokens is None:
        pytest.skip("mistral-common, whose tekken vocabulary this test uses, is not installed")
    return tokens


@pytest.fixture(scope="module")
def along(vocabulary: Tokens) -> list[tuple[Work, list[bytes]]]:
    """What one thread sees, each grammar compiled for itself."""
    found = works(vocabulary, 150 if vocabulary.name == "random" else 40)
    return [
        (work, masks(vocabulary.compile(work.grammar, LIMITS).matcher(), work.spelling, vocabulary)) for work in found
    ]


def test_threads_share_compiled_grammars(vocabulary: Tokens, along: list[tuple[Work, list[bytes]]]) -> None:
    """Matchers of one grammar in several threads at once, while half of the threads compile the same grammars anew."""
    tokens = fresh(vocabulary)
    shared = [tokens.compile(work.grammar, LIMITS) for work, _ in along]

    def task(index: int, turn: int) -> Callable[[], list[bytes]]:
        work, compiled = along[index][0], shared[index]
        if turn % 2:
            return lambda: masks(tokens.compile(work.grammar, LIMITS).matcher(), work.spelling, tokens)
        return lambda: masks(compiled.matcher(), work.spelling, tokens)

    order = [(index, turn) for index in range(len(along)) for turn in range(4)]
    together = all_at_once([task(index, turn) for index, turn in order])
    for (index, turn), found in zip(order, together, strict=True):
        assert found == along[index][1], (along[index][0], turn)


def test_threads_share_one_grammar(vocabulary: Tokens) -> None:
    """Forks of one matcher at the same place, and texts of one grammar, in all threads at once."""
    texts = [b'{"a":[1,2,{"b":"x"}]}', b"[[[[],[]],0],-1.5]", b'"ab:.(+="', b'{"true":null,"x":{"y":[]}}'] * THREADS
    spellings = [vocabulary.split(text, Random(index)) or [] for index, text in enumerate(texts)]
    alone = vocabulary.compile(read_grammar(JSON))
    truth = [masks(alone.matcher(), spelling, vocabulary) for spelling in spellings]
    assert [len(found) for found in truth] == [len(spelling) + 1 for spelling in spellings]
    tokens = fresh(vocabulary)
    trunk = tokens.compile(read_grammar(JSON)).matcher()
    forks = [trunk.fork() for _ in spellings]
    tasks = [
        lambda fork=fork, spelling=spelling: masks(fork, spelling, tokens)
        for fork, spelling in zip(forks, spellings, strict=True)
    ]
    assert all_at_once(tasks) == truth


def test_a_batch_has_the_masks_of_its_sequences(vocabulary: Tokens, along: list[tuple[Work, list[bytes]]]) -> None:
    """Matchers of different grammars and of the same one, in rows of any order."""
    tokens = fresh(vocabulary)
    matchers = []
    for work, _ in along:
        compiled = tokens.compile(work.grammar, LIMITS)
        for end in (0, len(work.spelling) // 2, len(work.spelling)):
            matcher = compiled.matcher()
            for token in work.spelling[:end]:
                matcher.accept_token(token)
            matchers.append(matcher)
    truth = allocate_token_bitmask(len(matchers), tokens.vocab_size)
    for row, matcher in enumerate(matchers):
        matcher.fork().fill_next_token_bitmask(truth, row)
    rows = Random(1).sample(range(len(matchers)), len(matchers))
    for _ in range(2):
        # cold, then warm
        bitmask = np.full_like(truth, -1)
        constrain.fill_batch(matchers, bitmask, rows)
        assert (bitmask[rows] == truth).all()
