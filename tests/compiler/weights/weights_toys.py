"""Small models in float64 and small languages, of which everything can be known by going through all texts."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from constrain import CompiledGrammar, Matcher, Vocabulary, allocate_token_bitmask
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.compiler.weights import Lump, WeightsKey

TOKENS = [
    *(bytes([byte]) for byte in b'abc01"[]{},:()+ xtrueflsn-k'),
    *(b"ab", b"bc", b"12", b'",', b'":', b"]]", b"[[", b"))", b'"]', b"true", b"false", b"null", b", "),
]
STOP = len(TOKENS)
WIDTH = STOP + 1
VOCABULARY = Vocabulary(TOKENS, [STOP], vocab_size=WIDTH)

Law = Callable[[tuple[int, ...]], NDArray[np.float64]]
"""Chances of all tokens after some."""


def key_of(compiled: CompiledGrammar, model: str = "0" * 64, temperature: float = 1.0) -> WeightsKey:
    return WeightsKey.of(compiled, model, "toy", temperature)


def unigram_law(seed: int) -> Law:
    """The same law whatever came before: then the chance to end depends on the state alone."""
    logits = np.random.default_rng(seed).normal(0, 1.5, WIDTH)
    law = np.exp(logits) / np.exp(logits).sum()
    return lambda _: law


def prompted_law(seed: int, prompt: str) -> Law:
    """Depends on the last token mostly, on the prompt and the whole text a little."""
    random = np.random.default_rng(seed)
    after = random.normal(0, 1.5, WIDTH) + random.normal(0, 1.5, (WIDTH + 1, WIDTH))
    known: dict[tuple[int, ...], NDArray[np.float64]] = {}

    def law(text: tuple[int, ...]) -> NDArray[np.float64]:
        if text not in known:
            own = np.random.default_rng(zlib.crc32(repr((seed, prompt, text)).encode()))
            logits = after[text[-1] if text else WIDTH] + own.normal(0, 0.7, WIDTH)
            known[text] = np.exp(logits) / np.exp(logits).sum()
        return known[text]

    return law


def allowed(matcher: Matcher) -> NDArray[np.int64]:
    """The text tokens that may come next."""
    bitmask = allocate_token_bitmask(1, WIDTH)
    matcher.fill_next_token_bitmask(bitmask)
    token_ids = bitmask_to_ids(bitmask[0])
    return token_ids[token_ids != STOP]


def end_chance(matcher: Matcher, law: NDArray[np.float64]) -> float:
    """That the text ends here; where nothing else is left, the model is not asked."""
    if not matcher.is_accepting():
        return 0.0
    return float(law[STOP]) if len(allowed(matcher)) else 1.0


def observe(lump: Lump, matcher: Matcher, law: NDArray[np.float64]) -> None:
    token_ids = allowed(matcher)
    end = math.log(law[STOP]) if matcher.is_accepting() else -math.inf
    lump.observe(matcher, token_ids, np.log(law[token_ids]), end)


def walk(matcher: Matcher, token_ids: list[int] | tuple[int, ...]) -> Matcher:
    """A sequence further on."""
    further = matcher.fork()
    for token_id in token_ids:
        if not further.accept_token(token_id):
            raise ValueError(f"{token_id} is not allowed")
    return further


def calibrated(compiled: CompiledGrammar, laws: list[Law], draws: int, longest: int, seed: int = 0) -> Lump:
    """What is observed along draws by plain masking."""
    lump, random = Lump(compiled), np.random.default_rng(seed)
    for draw in range(draws):
        law, matcher, text = laws[draw % len(laws)], compiled.matcher(), ()
        while len(text) < longest and len(token_ids := allowed(matcher)):
            here = law(text)
            observe(lump, matcher, here)
            chances = np.append(here[token_ids], here[STOP] if matcher.is_accepting() else 0.0)
            chosen = int(random.choice(len(chances), p=chances / chances.sum()))
            if chosen == len(token_ids):
                break
            text = (*text, int(token_ids[chosen]))
            matcher.accept_token(text[-1])
    return lump


@dataclass(slots=True)
class Node:
    """A text that can be completed within the tokens that are left, and how it goes on."""

    text: tuple[int, ...]
    matcher: Matcher
    left: int
    children: dict[int, Node] = field(default_factory=dict)

    @classmethod
    def tree(cls, matcher: Matcher, left: int, text: tuple[int, ...] = ()) -> Node | None:
        """All texts of at most so many tokens."""
        node = cls(text, matcher, left)
        for token_id in allowed(matcher).tolist() if left else ():
            child = cls.tree(walk(matcher, [token_id]), left - 1, (*text, token_id))
            if child is not None:
                node.children[token_id] = child
        return node if node.children or matcher.is_accepting() else None

    def chance(self, law: Law) -> float:
        """The chance to end within the tokens that are left, by going through all texts."""
        here = law(self.text)
        goes_on = sum(float(here[token_id]) * child.chance(law) for token_id, child in self.children.items())
        return end_chance(self.matcher, here) + goes_on

    def divergence(self, law: Law, weigh: Callable[[Node, NDArray[np.int64]], NDArray[np.float64]]) -> float:
        """Kullback-Leibler divergence of drawing by masks and weights from the model's own law given the language."""
        here, token_ids = law(self.text), np.array(list(self.children), dtype=np.int64)
        end = end_chance(self.matcher, here)
        exact = np.array([here[token_id] * child.chance(law) for token_id, child in self.children.items()] + [end])
        drawn = np.append(here[token_ids] * np.exp(weigh(self, token_ids)), end) if len(token_ids) else np.array([end])
        exact, drawn = exact / exact.sum(), drawn / drawn.sum()
        likely = exact > 0
        total = float((exact[likely] * np.log(exact[likely] / drawn[likely])).sum())
        for chance, child in zip(exact, self.children.values(), strict=False):
            total += float(chance) * child.divergence(law, weigh) if chance else 0.0
        return total
