"""What the engine's tests share: vocabularies as plain data, masks as sets, the reference over large vocabularies."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from random import Random

import numpy as np

from constrain import CompiledGrammar, Grammar, Limits, Matcher, Vocabulary, allocate_token_bitmask, compile_grammar
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.compiler.reference import Recogniser, State


@dataclass(frozen=True)
class Tokens:
    """A vocabulary as plain data, beside the native one made from it."""

    name: str
    token_bytes: Sequence[bytes | None]
    eos_token_ids: Sequence[int]
    vocab_size: int
    by_bytes: dict[bytes, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for token, text in enumerate(self.token_bytes):
            if text and token not in self.eos_token_ids:
                self.by_bytes.setdefault(text, []).append(token)

    @cached_property
    def native(self) -> Vocabulary:
        return Vocabulary(self.token_bytes, self.eos_token_ids, vocab_size=self.vocab_size)

    @cached_property
    def sorted_texts(self) -> list[bytes]:
        return sorted(self.by_bytes)

    @cached_property
    def longest(self) -> int:
        return max(map(len, self.by_bytes))

    def compile(self, grammar: Grammar, limits: Limits | None = None) -> CompiledGrammar:
        return compile_grammar(grammar, self.native, limits or Limits())

    def split(self, text: bytes, random: Random) -> list[int] | None:
        """A random way to write ``text`` in tokens; None when single bytes are missing and it runs into a wall."""
        tokens = []
        while text:
            fitting = [
                text[:end] for end in range(1, self.longest + 1) if end <= len(text) and text[:end] in self.by_bytes
            ]
            if not fitting:
                return None
            chosen = random.choice(fitting)
            tokens.append(random.choice(self.by_bytes[chosen]))
            text = text[len(chosen) :]
        return tokens


def byte_tokens() -> Tokens:
    return Tokens("bytes", [bytes([byte]) for byte in range(256)], [256], 257)


def random_tokens() -> Tokens:
    """300 ids: single bytes, words over the letters of the tests, halves of characters, duplicates, empty and unused
    tokens, stop tokens with and without bytes among them, and a mask that is wider than the tokens.
    """
    random = Random(7)
    letters = [*'aaabbbccxyz01,.:()[]{}<>+-=" \n', "é", "€", "😀", "è", "true", "ab", "null"]
    pieces = [letter.encode() for letter in letters] + [
        b"\xc3",
        b"\xa9",
        b"\xe2\x82",
        b"\xac",
        b"\xf0\x9f",
        b"\x98\x80",
        b"\x80",
    ]
    singles = sorted(
        {bytes([byte]) for letter in letters for byte in letter.encode()} | {bytes([n]) for n in b"0123456789"}
    )
    tokens: list[bytes | None] = list(singles)
    while len(tokens) < 280:
        tokens.append(b"".join(random.choices(pieces, k=random.randint(2, 5))))
    tokens += [b"", None, b"ab", b"ab", b"a", b"", None, b"</s>", b"\xff", b"\xc3\xa9"]
    while len(tokens) < 300:
        tokens.append(random.choice([random.choice(tokens[:280]), None, b""]))
    random.shuffle(tokens)
    with_bytes = tokens.index(b"</s>")
    without_bytes = tokens.index(None)
    return Tokens("random", tokens, [with_bytes, without_bytes], 333)


def tekken_tokens() -> Tokens | None:
    """Mistral's 131,072 tokens, as its file spells them; None when mistral-common is not installed."""
    package = find_spec("mistral_common")
    if package is None or package.origin is None:
        return None
    data = json.loads((Path(package.origin).parent / "data" / "tekken_240911.json").read_text("utf-8"))
    special = int(data["config"]["default_num_special_tokens"])
    size = int(data["config"]["default_vocab_size"])
    ordinary = [base64.b64decode(entry["token_bytes"]) for entry in data["vocab"][: size - special]]
    return Tokens("tekken", [*[None] * special, *ordinary], [2], size)


def allowed(matcher: Matcher, tokens: Tokens) -> set[int]:
    """The engine's mask, as a set of ids."""
    bitmask = allocate_token_bitmask(1, tokens.vocab_size)
    bitmask.fill(np.int32(-1))
    matcher.fill_next_token_bitmask(bitmask)
    return set(bitmask_to_ids(bitmask[0]).tolist())


def expected(recogniser: Recogniser, state: State, tokens: Tokens) -> set[int]:
    """The reference's mask: every token is tried, those that share a dead beginning at once."""
    texts, found = tokens.sorted_texts, set()
    stack = [(0, len(texts), 0, state)]
    while stack:
        low, high, depth, reached = stack.pop()
        while low < high:
            if len(texts[low]) == depth:
                found.update(tokens.by_bytes[texts[low]])
                low += 1
                continue
            byte = texts[low][depth]
            end = high if byte == 255 else bisect_left(texts, texts[low][:depth] + bytes([byte + 1]), low, high)
            after = recogniser.advance(reached, byte)
            if after is not None:
                stack.append((low, end, depth + 1, after))
            low = end
    return found | (set(tokens.eos_token_ids) if recogniser.accepting(state) else set())


def after(recogniser: Recogniser, text: bytes, state: State | None = None) -> State | None:
    """The reference's state after a text."""
    state = recogniser.start() if state is None else state
    for byte in text:
        if state is None:
            return None
        state = recogniser.advance(state, byte)
    return state
