"""Lumps: the same after tokens as where they lead, and few where there are many states."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from weights_toys import STOP, VOCABULARY, WIDTH, allowed, walk

from constrain import CompiledGrammar, Vocabulary, compile_json_schema, compile_lark, compile_regex

RECURSIVE = {
    "$ref": "#/$defs/value",
    "$defs": {
        "value": {
            "anyOf": [
                {"type": "array", "items": {"$ref": "#/$defs/value"}, "maxItems": 10_000},
                {"type": "object", "properties": {"a": {"$ref": "#/$defs/value"}}, "required": ["a"]},
                {"type": "boolean"},
                {"type": "string", "maxLength": 10_000},
            ]
        }
    },
}

CLOSED = {"type": "object", "minProperties": 1, "additionalProperties": False}

LANGUAGES = {
    "counted": lambda: compile_regex("[abc]{2,40}(0|1){3}|ab*", VOCABULARY),
    "recursive": lambda: compile_json_schema(RECURSIVE, VOCABULARY, whitespace="compact"),
    "distinct": lambda: compile_json_schema(
        {"type": "array", "items": {"enum": ["a", "ab", "b"]}, "uniqueItems": True}, VOCABULARY, whitespace="compact"
    ),
    "members": lambda: compile_json_schema(
        {"properties": {"a": {"type": "boolean"}, "b": {"const": 1}}, "required": ["b"], **CLOSED},
        VOCABULARY,
        order="any",
        whitespace="compact",
    ),
    "expression": lambda: compile_lark(
        'start: product ("+" product)*\nproduct: "x" | NAME | "(" start ")"\nNAME: /[abc]+/\n%ignore " "', VOCABULARY
    ),
}


@pytest.mark.parametrize("name", LANGUAGES)
def test_lumps_after_tokens_are_where_they_lead(name: str) -> None:
    compiled, random = LANGUAGES[name](), np.random.default_rng(5)
    ids = np.array([*range(-2, WIDTH + 2), 1 << 40], dtype=np.int64)
    ends = 0
    for _ in range(12):
        matcher = compiled.matcher()
        for _ in range(25):
            token_ids = allowed(matcher)
            found = dict(zip(ids.tolist(), matcher.lumps_after(ids).tolist(), strict=True))
            expected = {token_id: walk(matcher, [token_id]).lump() for token_id in token_ids.tolist()}
            if matcher.is_accepting():
                expected[STOP] = walk(matcher, [STOP]).lump()
                ends += 1
            assert found == {token_id: expected.get(token_id, 0) for token_id in ids.tolist()}
            assert 0 not in expected.values()
            if not len(token_ids):
                break
            matcher.accept_token(int(random.choice(token_ids)))
    assert ends


def test_looking_changes_nothing() -> None:
    matcher = LANGUAGES["recursive"]().matcher()
    before = (matcher.state_hash(), matcher.steps, matcher.lump())
    matcher.lumps_after(np.arange(WIDTH))
    assert before == (matcher.state_hash(), matcher.steps, matcher.lump())


def test_after_a_stop_token_nothing_comes() -> None:
    matcher = compile_regex("a*", VOCABULARY).matcher()
    ended = matcher.lumps_after(np.array([STOP]))[0]
    assert matcher.accept_token(STOP)
    assert matcher.lump() == ended
    assert not matcher.lumps_after(np.arange(WIDTH)).any()


@pytest.mark.parametrize("wrong", [[1, 2], np.arange(3, dtype=np.int32), np.arange(3.0), np.zeros((2, 2), np.int64)])
def test_arrays_of_another_kind(wrong: object) -> None:
    matcher = compile_regex("a*", VOCABULARY).matcher()
    with pytest.raises(ValueError, match="token_ids must be a NumPy array of int64 with one dimension"):
        matcher.lumps_after(wrong)  # type: ignore[arg-type]
    assert matcher.lumps_after(np.arange(WIDTH)[::2]).shape == ((WIDTH + 1) // 2,)
    assert matcher.lumps_after(np.zeros(0, np.int64)).shape == (0,)


def test_any_depth_of_nesting_has_few_lumps(byte_vocabulary: Vocabulary) -> None:
    matcher = compile_json_schema(RECURSIVE, byte_vocabulary, whitespace="compact").matcher()
    lumps, states = set(), set()
    for _ in range(60):
        for text in (b"[", b"true", b",", b'{"a":', b'"b"', b"}", b","):
            assert matcher.accept_bytes(text)
            lumps.add(matcher.lump())
            states.add(matcher.state_hash())
    assert len(states) > 300
    assert len(lumps) < 40


@pytest.mark.parametrize(
    ("schema", "item"),
    [
        ({"type": "string", "maxLength": 10_000}, b"a"),
        ({"type": "string", "minLength": 9_000, "maxLength": 10_000}, b"a"),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 3_000}, b"true,"),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2_500}, b"true,"),
    ],
)
def test_long_repetitions_have_few_lumps(schema: dict[str, object], item: bytes, byte_vocabulary: Vocabulary) -> None:
    matcher = compile_json_schema(schema, byte_vocabulary, whitespace="compact").matcher()
    assert matcher.accept_bytes(b'"' if item == b"a" else b"[")
    lumps = set()
    for _ in range(2_999 if item != b"a" else 9_999):
        assert matcher.accept_bytes(item)
        lumps.add(matcher.lump())
    assert len(lumps) < 45


def test_counts_near_their_bounds_are_told_apart(byte_vocabulary: Vocabulary) -> None:
    matcher = compile_regex(r"[0-9]{12}", byte_vocabulary).matcher()
    lumps = {matcher.lump()}
    for _ in range(12):
        assert matcher.accept_bytes(b"1")
        lumps.add(matcher.lump())
    assert len(lumps) == 13


def test_what_is_open_nearby_is_told_apart(byte_vocabulary: Vocabulary) -> None:
    compiled = compile_json_schema(RECURSIVE, byte_vocabulary, whitespace="compact")

    def lump(text: bytes) -> int:
        matcher = compiled.matcher()
        assert matcher.accept_bytes(text)
        return matcher.lump()

    assert len({lump(text) for text in (b"", b"[", b"[[", b'{"a":', b'{"a":[', b'[{"a":', b"[true", b'["')}) == 8
    assert lump(b"[[[[[[[[") == lump(b"[[[[[[[[[[")


SAID_BY_ANOTHER = """
import json, sys
from constrain import Vocabulary, compile_json_schema
vocabulary = Vocabulary([bytes([byte]) for byte in range(256)], [256], vocab_size=257)
compiled = compile_json_schema(json.loads(sys.argv[1]), vocabulary, whitespace="compact")
said = {}
for text in json.loads(sys.argv[2]):
    matcher = compiled.matcher()
    assert matcher.accept_bytes(text.encode())
    said[text] = matcher.lump()
print(json.dumps(said))
"""


def lumps_elsewhere(texts: list[str]) -> dict[str, int]:
    arguments = [json.dumps(RECURSIVE), json.dumps(texts)]
    done = subprocess.run(
        [sys.executable, "-c", SAID_BY_ANOTHER, *arguments], capture_output=True, text=True, check=True, timeout=120
    )
    return dict(json.loads(done.stdout))


def test_another_process_says_the_same_whatever_it_read_before() -> None:
    texts = ['[true,{"a":"', "", '"abc', '{"a":[[', "[[[", "false", '{"a":true', '{"a":true,"zz']
    assert lumps_elsewhere(texts) == lumps_elsewhere(texts[::-1])


def test_dropped_tables_change_no_lump(byte_vocabulary: Vocabulary) -> None:
    compiled = LANGUAGES["recursive"]()
    again = CompiledGrammar.from_bytes(compiled.to_bytes(), VOCABULARY)
    walked = again.matcher()
    for token_id in (TOKEN_IDS[token] for token in (b"[[", b"true", b"]]")):
        walked.accept_token(token_id)
    for text in (b"", b"[", b'["ab', b'[["a"],true'):
        one, other = compiled.matcher(), again.matcher()
        assert one.accept_bytes(text)
        assert other.accept_bytes(text)
        assert one.lump() == other.lump()


TOKEN_IDS = {VOCABULARY.token(token_id): token_id for token_id in range(STOP)}


def test_accepted_tokens() -> None:
    matcher = compile_regex("[abc]*", VOCABULARY).matcher()
    assert matcher.accepted_tokens() == []
    for token in (b"ab", b"c"):
        assert matcher.accept_token(TOKEN_IDS[token])
    fork = matcher.fork()
    assert fork.accepted_tokens() == [TOKEN_IDS[b"ab"], TOKEN_IDS[b"c"]]
    fork.rollback(1)
    assert fork.accepted_tokens() == [TOKEN_IDS[b"ab"]]
    assert matcher.accept_bytes(b"a")
    assert matcher.accepted_tokens() is None
