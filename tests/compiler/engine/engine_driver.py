"""What the engine's tests share: vocabularies as plain data, and masks as sets."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from random import Random

import numpy as np

from constrain import CompiledGrammar, Grammar, Limits, Matcher, Vocabulary, allocate_token_bitmask, compile_grammar
from constrain.compiler.bitmask import bitmask_to_ids


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
    def trie(self) -> list[tuple[int, int, int, Sequence[int]]]:
        """Beginnings of tokens, depth first: depth from 0, last byte, index past all longer ones, ids of whole ones."""
        nodes: list[tuple[int, int, int, Sequence[int]]] = []
        path: list[int] = []
        for text, following in zip(self.sorted_texts, [*self.sorted_texts[1:], b""], strict=True):
            for depth in range(len(path), len(text)):
                path.append(len(nodes))
                nodes.append((depth, text[depth], 0, ()))
            nodes[path[-1]] = (len(text) - 1, text[-1], 0, self.by_bytes[text])
            while len(path) > len(following) or text[: len(path)] != following[: len(path)]:
                depth, byte, _, ids = nodes[path[-1]]
                nodes[path.pop()] = (depth, byte, len(nodes), ids)
        return nodes

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


def random_tokens(seed: int = 7) -> Tokens:
    """300 ids: single bytes, words over the letters of the tests, runs of one kind of letter that are as long as small
    counts, quotes and brackets of several levels at once, halves of characters, duplicates, empty and unused tokens,
    stop tokens with and without bytes among them, and a mask that is wider than the tokens.
    """
    random = Random(seed)
    letters = [*'aaabbbccxyz01,.:()[]{}<>+-=" \n', "é", "€", "😀", "è", "true", "ab", "null"]
    halves = [b"\xc3", b"\xa9", b"\xe2\x82", b"\xac", b"\xf0\x9f", b"\x98\x80", b"\x80"]
    pieces = [letter.encode() for letter in letters] + halves
    runs = [[*"ab"], [*"abcxyz"], [*"01239"], [*"abz019"], [*"aé"], [*"é€😀"], ["a", "b", " "]]
    closers = ['"', '"', '","', '":', "]", "]", ")", "}", "[", "(", "{", ",", ", ", "a", "b", "bb", "1"]
    singles = sorted(
        {bytes([byte]) for letter in letters for byte in letter.encode()} | {bytes([n]) for n in b"0123456789"}
    )
    tokens: list[bytes | None] = list(singles)
    while len(tokens) < 160:
        tokens.append(b"".join(random.choices(pieces, k=random.randint(2, 5))))
    while len(tokens) < 280:
        run = "".join(random.choices(random.choice(runs), k=random.randint(1, 13)))
        brackets = "".join(random.choices(closers, k=random.randint(1, 5)))
        tokens.append(random.choice([run, run + brackets, brackets, brackets + run]).encode())
    tokens += [b"", None, b"ab", b"ab", b"a", b"", None, b"</s>", b"\xff", b"\xc3\xa9"]
    while len(tokens) < 300:
        tokens.append(random.choice([random.choice(tokens[:280]), None, b""]))
    random.shuffle(tokens)
    with_bytes = tokens.index(b"</s>")
    without_bytes = tokens.index(None)
    return Tokens("random", tokens, [with_bytes, without_bytes], 333)


def bracket_tokens() -> Tokens:
    """300 tokens of a few letters and brackets, most of which close or open several levels at once."""
    random = Random(11)
    letters = [*'[](){}ab,1-"x \n</>', "]]", "b:\n", "\n ", "<a>", "</a>", "</b>", "</", "ba", ")]", "a,", "],", "],["]
    texts = {"".join(closers) for count in (1, 2, 3) for closers in product("])}", repeat=count)}
    texts |= {letter * count for letter in "ab]}" for count in range(1, 8)} | {"b" * count + "a" for count in range(6)}
    texts |= {
        opener + closers for opener in ("a", "1", ",[", '"') for closers in ("]", "]]", "})", ")}", "]}", "bb", "]]]")
    }
    texts |= {line + "\n" + " " * count for line in ("", "a", "1", "a:") for count in range(9)}
    texts.update(letters)
    while len(texts) < 300:
        texts.add("".join(random.choices(letters, k=random.randint(2, 5))))
    return Tokens("brackets", [text.encode() for text in sorted(texts)], [300], 301)


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
