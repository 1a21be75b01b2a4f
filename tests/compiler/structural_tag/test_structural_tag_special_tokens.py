"""Special tokens in fixed texts: masks against the reference, on small vocabularies that have some."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from constrain import CompiledGrammar, Vocabulary, allocate_token_bitmask, compile_json_schema, compile_structural_tag
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.compiler.reference import Recogniser, State, mask
from constrain.compiler.reference.distinct import repeats
from constrain.compiler.special_tokens import marked, shown_text, written
from constrain.compiler.structural_tag import SchemaReading, build
from constrain.errors import UnsupportedError

SPECIAL = {"<|call|>": 300, "<|end|>": 301, "<|other|>": 302}
STOP = 303

PIECES = [
    b'{"a":',
    b'"a"',
    b'","a":',
    b"<|call|>",
    b"<|",
    b"call",
    b"|>",
    b"}}",
    b"\xff<|call|>",
    b"a\xff",
    b'{"a":1,"a',
    "é".encode(),
    b'f {"a":1,"a',
    b'f {"a":1,"a"',
    b'f {"a":1,"b"',
    b' {"a":{"b":1,"b":',
]

CALLS = {
    "type": "triggered_tags",
    "triggers": ["<|call|>"],
    "tags": [
        {
            "begin": "<|call|>f ",
            "content": {"type": "json_schema", "json_schema": {"type": "object", "maxProperties": 2}},
            "end": "<|end|>",
        },
        {"begin": "<|call|>g ", "content": {"type": "any_text"}, "end": ["<|end|>", "STOP"]},
    ],
}


class Exact(Recogniser):
    """The reference, which also knows at the end of a key that it must not come again."""

    def advance(self, state: State, byte: int) -> State | None:
        after = super().advance(state, byte)
        if after is None or byte != ord('"'):
            return after
        guarded = [self.grammar.symbols[symbol][3] == "distinct" for symbol, _, _ in after.threads]
        return None if guarded and all(guarded) and repeats(after.text[after.begin :]) else after


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    token_bytes: list[bytes | None] = [bytes([byte]) for byte in range(256)]
    token_bytes += PIECES
    token_bytes += [None] * (STOP + 1 - len(token_bytes))
    return Vocabulary(token_bytes, [STOP], special_tokens=SPECIAL)


def allowed(compiled: CompiledGrammar, tokens: Sequence[int]) -> set[int]:
    matcher = compiled.matcher()
    for token in tokens:
        assert matcher.accept_token(token), tokens
    bitmask = allocate_token_bitmask(1, compiled.vocabulary.vocab_size)
    matcher.fill_next_token_bitmask(bitmask, 0)
    return set(bitmask_to_ids(bitmask[0]).tolist())


def bytes_of(vocabulary: Vocabulary) -> list[bytes | None]:
    """The bytes of tokens as a grammar sees them."""
    names = {token: name for name, token in vocabulary.special_tokens.items()}
    return [
        marked(names[token])
        if token in names
        else None
        if b"\xff" in (data := vocabulary.token(token) or b"")
        else data
        for token in range(vocabulary.vocab_size)
    ]


def test_special_tokens_are_no_text(vocabulary: Vocabulary) -> None:
    assert dict(vocabulary.special_tokens) == SPECIAL
    assert vocabulary.token(300) is None
    assert vocabulary.text(300) == b"<|call|>"
    assert vocabulary.token(255) == b"\xff"
    assert vocabulary.text(STOP) == b""


def test_nothing_else_allows_them(vocabulary: Vocabulary) -> None:
    assert not set(SPECIAL.values()) & allowed(compile_json_schema(True, vocabulary), [])
    assert not set(SPECIAL.values()) & allowed(compile_structural_tag({"type": "any_text"}, vocabulary), [])


def test_masks_are_those_of_the_reference(vocabulary: Vocabulary) -> None:
    compiled = compile_structural_tag(CALLS, vocabulary, whitespace="compact")
    recogniser = Exact(build(CALLS, special=vocabulary.special_tokens, reading=SchemaReading(whitespace="compact")))
    token_bytes = bytes_of(vocabulary)
    source = random.Random(3)
    seen = set()
    for _ in range(12):
        state, tokens = recogniser.start(), []
        for _ in range(14):
            expected = mask(recogniser, state, token_bytes)
            if recogniser.accepting(state):
                expected |= {STOP}
            assert allowed(compiled, tokens) == expected, tokens
            special = [token for token in expected if token in SPECIAL.values()]
            token = source.choice(special) if special and source.random() < 0.5 else source.choice(sorted(expected))
            if token == STOP:
                continue
            seen.add(token)
            tokens.append(token)
            for byte in token_bytes[token] or b"":
                after = recogniser.advance(state, byte)
                assert after is not None
                state = after
    assert {300, 301} <= seen
    assert PIECES.index(b'f {"a":1,"b"') + 256 in allowed(compiled, [300])
    assert PIECES.index(b'f {"a":1,"a"') + 256 not in allowed(compiled, [300])
    assert 302 not in seen


def test_keys_differ_after_a_special_token(vocabulary: Vocabulary) -> None:
    compiled = compile_structural_tag(CALLS, vocabulary, whitespace="compact")
    matcher = compiled.matcher()
    assert matcher.accept_bytes(b"text " + written('<|call|>f {"a":1,"', SPECIAL))
    assert not matcher.accept_bytes(b'a"')
    assert matcher.accept_bytes(b'b":{"b":1}}' + marked("<|end|>"))
    assert matcher.is_accepting()


def test_the_name_as_text_is_no_token(vocabulary: Vocabulary) -> None:
    compiled = compile_structural_tag(CALLS, vocabulary, whitespace="compact")
    assert compiled.matcher().viable_prefix(b"<|call|>") == 7  # not even as free text: a reader could not tell
    assert compiled.matcher().viable_prefix(marked("<|call|>")) == 10
    assert compiled.matcher().viable_prefix(marked("<|other|>")) == 3


def test_text_and_tokens_are_read_alike(vocabulary: Vocabulary) -> None:
    """The language over bytes is that over tokens, with the names in the place of the tokens, of some or of all."""
    over_tokens = compile_structural_tag(CALLS, vocabulary, whitespace="compact")
    over_bytes = compile_structural_tag(CALLS, Vocabulary.bytes(), whitespace="compact")
    source = random.Random(5)
    parts = [b"<|call|>", b"<|end|>", b"f ", b"g ", b"{}", b"STOP", b"x", b"<|", b'{"a":1}']
    accepted = 0
    for _ in range(1500):
        pieces = [source.choice(parts) for _ in range(source.randint(0, 7))]
        matcher = over_bytes.matcher()
        text = b"".join(pieces)
        assert shown_text(written(text.decode(), SPECIAL)) == text
        found = matcher.accept_bytes(text) and matcher.is_accepting()
        codings = [[piece, marked(piece.decode())] if piece.decode() in SPECIAL else [piece] for piece in pieces]
        matchers = [(b"".join(coding), over_tokens.matcher()) for coding in product(*codings)]
        assert any(other.accept_bytes(coded) and other.is_accepting() for coded, other in matchers) == found, text
        accepted += found
    assert accepted > 200


def test_tokens_by_id(vocabulary: Vocabulary) -> None:
    tag = {
        "type": "token_triggered_tags",
        "trigger_tokens": [300],
        "tags": [
            {
                "begin": {"type": "token", "token": 300},
                "content": {"type": "token", "token": ord("x")},
                "end": {"type": "token", "token": "<|end|>"},
            }
        ],
    }
    compiled = compile_structural_tag(tag, vocabulary)
    matcher = compiled.matcher()
    assert all(matcher.accept_token(token) for token in (ord("a"), 300, ord("x"), 301, ord("b")))
    with pytest.raises(UnsupportedError, match=str(STOP)):
        compile_structural_tag({"type": "token", "token": STOP}, vocabulary)
    with pytest.raises(UnsupportedError, match="100000"):
        compile_structural_tag({"type": "token", "token": 100_000}, vocabulary)


def test_saved_and_loaded(vocabulary: Vocabulary, tmp_path: Path) -> None:
    vocabulary.save(tmp_path / "tokens")
    loaded = Vocabulary.load(tmp_path / "tokens")
    assert dict(loaded.special_tokens) == SPECIAL
    assert loaded.sha256 == vocabulary.sha256
    every = range(vocabulary.vocab_size)
    assert [loaded.token(token) for token in every] == [vocabulary.token(token) for token in every]
    compiled = compile_structural_tag(CALLS, vocabulary, whitespace="compact")
    again = CompiledGrammar.from_bytes(compiled.to_bytes(), loaded)
    assert allowed(again, [300]) == allowed(compiled, [300]) >= {ord("f"), ord("g")}


@pytest.mark.parametrize("name", ["llama3_1", "qwen3", "gpt4o"])
def test_real_vocabularies(name: str, shared_data: Path) -> None:
    vocabulary = Vocabulary.from_file(shared_data / "tokenizers" / name)
    begin = {"llama3_1": "<|start_header_id|>", "qwen3": "<tool_call>", "gpt4o": "<|endofprompt|>"}[name]
    tag: dict[str, Any] = {
        "type": "triggered_tags",
        "triggers": [begin],
        "tags": [{"begin": begin, "content": {"type": "json_schema", "json_schema": True}, "end": "!"}],
        "at_least_one": True,
        "stop_after_first": True,
    }
    compiled = compile_structural_tag(tag, vocabulary)
    first = allowed(compiled, [])
    if begin in vocabulary.special_tokens:
        assert first == {vocabulary.special_tokens[begin]}
    else:  # an ordinary token of Qwen's, and other spellings of it
        assert {vocabulary.text(token) for token in first} >= {begin.encode(), b"<"}
    for token in first:
        matcher = compiled.matcher()
        assert matcher.accept_token(token)
        matcher.rollback(1)
        assert not matcher.is_accepting()
