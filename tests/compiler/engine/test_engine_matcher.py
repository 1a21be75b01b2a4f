"""What a matcher promises beside masks: steps, forks, stop tokens, forced runs, rows of a bitmask."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from engine_driver import Tokens, allowed
from engine_notation import JSON, read_grammar

from constrain import CompiledGrammar, allocate_token_bitmask


@pytest.fixture(scope="module")
def json_by_bytes(byte_vocabulary_tokens: Tokens) -> CompiledGrammar:
    return byte_vocabulary_tokens.compile(read_grammar(JSON))


def test_rollback_then_replay_gives_the_same_masks(
    json_by_bytes: CompiledGrammar, byte_vocabulary_tokens: Tokens
) -> None:
    text = b'{"a":[1,{"b":null},"\xc3\xa9"],"c":-0.5}'
    matcher = json_by_bytes.matcher()
    masks = [allowed(matcher, byte_vocabulary_tokens)]
    for byte in text:
        assert matcher.accept_token(byte)
        masks.append(allowed(matcher, byte_vocabulary_tokens))
    random = Random(3)
    for _ in range(30):
        back = random.randint(0, matcher.steps)
        matcher.rollback(back)
        assert allowed(matcher, byte_vocabulary_tokens) == masks[matcher.steps]
        for byte in text[matcher.steps : matcher.steps + random.randint(0, back)]:
            assert matcher.accept_token(byte)
            assert allowed(matcher, byte_vocabulary_tokens) == masks[matcher.steps]
    matcher.reset()
    assert matcher.steps == 0
    assert allowed(matcher, byte_vocabulary_tokens) == masks[0]


def test_rollback_past_the_start_is_refused(json_by_bytes: CompiledGrammar) -> None:
    matcher = json_by_bytes.matcher()
    assert matcher.accept_bytes(b"[1")
    with pytest.raises(ValueError, match="2 steps"):
        matcher.rollback(2)
    assert matcher.steps == 1
    matcher.rollback(1)
    matcher.rollback(0)
    assert set(matcher.next_bytes()) == set(b'{["-0123456789tfn')


def test_bytes_are_one_step_and_all_or_nothing(json_by_bytes: CompiledGrammar) -> None:
    matcher = json_by_bytes.matcher()
    assert matcher.accept_bytes(b'{"a"')
    assert not matcher.accept_bytes(b":1,]")
    assert matcher.steps == 1
    assert matcher.next_bytes() == b":"
    assert matcher.viable_prefix(b":1,]") == 3
    assert matcher.next_bytes() == b":"


def test_forks_go_their_own_ways(json_by_bytes: CompiledGrammar, byte_vocabulary_tokens: Tokens) -> None:
    trunk = json_by_bytes.matcher()
    assert trunk.accept_bytes(b"[1")
    before = allowed(trunk, byte_vocabulary_tokens)
    left, right = trunk.fork(), trunk.fork()
    assert left.accept_bytes(b',"x"')
    assert right.accept_bytes(b"]")
    assert right.is_accepting()
    assert not left.is_accepting()
    right.rollback(1)
    assert allowed(trunk, byte_vocabulary_tokens) == before == allowed(right, byte_vocabulary_tokens)
    left.rollback(2)
    assert left.steps == 0
    assert trunk.steps == 1


def test_validate_tokens_counts_and_stays(json_by_bytes: CompiledGrammar) -> None:
    matcher = json_by_bytes.matcher()
    assert matcher.validate_tokens(list(b"[1,2]")) == 5
    assert matcher.validate_tokens([*b"[1,2]", 256]) == 6
    assert matcher.validate_tokens([*b"[1,2]", 256, 256]) == 6
    assert matcher.validate_tokens(list(b"[1,,2]")) == 3
    assert matcher.validate_tokens([256]) == 0
    assert matcher.validate_tokens([]) == 0
    assert matcher.validate_tokens([-1]) == 0
    assert matcher.validate_tokens([2**40]) == 0
    assert matcher.steps == 0


def test_a_stop_token_ends_the_text(random_vocabulary_tokens: Tokens) -> None:
    compiled = random_vocabulary_tokens.compile(read_grammar('start: "a" "b"?'))
    for stop in random_vocabulary_tokens.eos_token_ids:
        matcher = compiled.matcher()
        assert not matcher.accept_token(stop)
        assert matcher.accept_bytes(b"a")
        assert set(random_vocabulary_tokens.eos_token_ids) <= allowed(matcher, random_vocabulary_tokens)
        assert matcher.accept_token(stop)
        assert matcher.is_terminated()
        assert matcher.steps == 2
        assert allowed(matcher, random_vocabulary_tokens) == set()
        assert not matcher.accept_token(stop)
        assert not matcher.accept_bytes(b"b")
        assert matcher.next_bytes() == b""
        assert matcher.forced_bytes() == b""
        assert matcher.forced_tokens() == []
        assert matcher.shortest_completion() == b""
        assert matcher.viable_prefix(b"b") == 0
        matcher.rollback(1)
        assert not matcher.is_terminated()
        assert matcher.accept_bytes(b"b")


def test_unknown_ids_are_never_allowed(random_vocabulary_tokens: Tokens) -> None:
    matcher = random_vocabulary_tokens.compile(read_grammar("start: ANY\nANY: .*")).matcher()
    assert max(allowed(matcher, random_vocabulary_tokens)) < 300
    for token in (300, 332, 333, 2**31, 2**32, 2**40, -1, -(2**40)):
        assert not matcher.accept_token(token)
    for token, text in enumerate(random_vocabulary_tokens.token_bytes):
        if not text and token not in random_vocabulary_tokens.eos_token_ids:
            assert not matcher.accept_token(token)
    assert matcher.steps == 0


@pytest.mark.parametrize(
    ("grammar", "prefix", "forced"),
    [
        ('start: "hello"', b"", b"hello"),
        ('start: "hello" | "help"', b"", b"hel"),
        ('start: "foo" | "foobar"', b"", b"foo"),
        ('start: "foo" | "foobar"', b"foo", b""),
        ('start: "foo" | "foobar"', b"foob", b"ar"),
        ('start: "a" middle "z"\nmiddle: "b" | "b" "b"', b"", b"ab"),
        ('start: X\nX: ("abc" | "abd") & !"abd"', b"", b"abc"),
        ('start: X\nX: [éè] "x"', b"", b"\xc3"),
        ('start: "x"{3,3 / ", "}', b"", b"x, x, x"),
        ('start: "" | "a"', b"", b""),
    ],
)
def test_forced_bytes(grammar: str, prefix: bytes, forced: bytes, byte_vocabulary_tokens: Tokens) -> None:
    matcher = byte_vocabulary_tokens.compile(read_grammar(grammar)).matcher()
    assert matcher.accept_bytes(prefix)
    assert matcher.forced_bytes() == forced
    assert matcher.forced_tokens() == list(forced)
    assert matcher.fork().accept_bytes(forced)


def test_forced_tokens_are_those_of_masks_with_one_bit(tokens: Tokens) -> None:
    for grammar in ('start: "a" ("b" | "c")', 'start: "é" "x"', 'start: "ab" "😀" "1"{2}', 'start: "zzz" | "zz"'):
        matcher = tokens.compile(read_grammar(grammar)).matcher()
        run = matcher.forced_tokens()
        walked = []
        while not matcher.is_accepting() and len(mask := allowed(matcher, tokens)) == 1:
            walked += mask
            assert matcher.accept_token(walked[-1])
        assert run == walked


@pytest.mark.parametrize(
    ("grammar", "prefix", "length"),
    [
        ('start: "aaaa" | "b"', b"", 1),
        ('start: "aaaa" | "b"', b"a", 3),
        ('start: "(" start ")" | "x"', b"(((", 4),
        ('start: start "+" start | "1"', b"1+", 1),
        ('start: X\nX: [a-z]{5,} & !(.* "e" .*) ', b"abc", 2),
        ('start: ITEM{4,9 / ", "}\nITEM: "one" | "three"', b"one, thr", 2 + 2 + 3 + 2 + 3),
        # the search ends with what is counted, and so does the count: after half a character they look alike
        (
            r'start: X "."'
            "\n"
            r'X: ("!" | "#" [!À-ÿ]){3} & ("!" | "#" [!À-ÿ])* "#" ("!" | "#" [!À-ÿ])*',
            b"#\xc3",
            5,
        ),
        ('start: "é"', b"\xc3", 1),
        ('start: ""', b"", 0),
    ],
)
def test_shortest_completions(grammar: str, prefix: bytes, length: int, byte_vocabulary_tokens: Tokens) -> None:
    matcher = byte_vocabulary_tokens.compile(read_grammar(grammar)).matcher()
    assert matcher.accept_bytes(prefix)
    completion = matcher.shortest_completion()
    assert len(completion) == length
    assert matcher.accept_bytes(completion)
    assert matcher.is_accepting()
    assert matcher.shortest_completion() == b""


# -- bitmasks ----------------------------------------------------------------------------------------------------------


def test_only_the_named_row_is_written(json_by_bytes: CompiledGrammar, byte_vocabulary_tokens: Tokens) -> None:
    matcher = json_by_bytes.matcher()
    bitmask = allocate_token_bitmask(5, byte_vocabulary_tokens.vocab_size)
    bitmask.fill(0x5A5A5A5A)
    matcher.fill_next_token_bitmask(bitmask, 3)
    assert (np.delete(bitmask, 3, axis=0) == 0x5A5A5A5A).all()
    single = allocate_token_bitmask(1, byte_vocabulary_tokens.vocab_size)
    matcher.fill_next_token_bitmask(single)
    assert (bitmask[3] == single[0]).all()


def test_bits_past_the_vocabulary_are_clear(byte_vocabulary_tokens: Tokens) -> None:
    matcher = byte_vocabulary_tokens.compile(read_grammar("start: ANY\nANY: .*")).matcher()
    bitmask = np.full((1, 9), -1, dtype=np.int32)
    matcher.fill_next_token_bitmask(bitmask)
    # 257 tokens: only bit 0, the stop token, in the ninth word
    assert bitmask[0, 8] == 1


@pytest.mark.parametrize(
    ("bitmask", "row"),
    [
        (np.zeros((1, 9), dtype=np.int64), 0),
        (np.zeros((1, 9), dtype=np.uint8), 0),
        (np.zeros((1, 9), dtype=np.float32), 0),
        (np.zeros((1, 8), dtype=np.int32), 0),
        (np.zeros((1, 10), dtype=np.int32), 0),
        (np.zeros(9, dtype=np.int32), 0),
        (np.zeros((1, 1, 9), dtype=np.int32), 0),
        (np.zeros((2, 9), dtype=np.int32), 2),
        (np.zeros((0, 9), dtype=np.int32), 0),
        (np.zeros((2, 18), dtype=np.int32)[:, ::2], 0),
        (np.asfortranarray(np.zeros((2, 9), dtype=np.int32)), 0),
        ([[0] * 9], 0),
    ],
    ids=["int64", "uint8", "float32", "narrow", "wide", "flat", "deep", "row", "empty", "strided", "fortran", "list"],
)
def test_a_bitmask_of_another_form_is_refused(json_by_bytes: CompiledGrammar, bitmask, row: int) -> None:
    with pytest.raises(ValueError, match=r"bitmask|row"):
        json_by_bytes.matcher().fill_next_token_bitmask(bitmask, row)


def test_a_read_only_bitmask_is_refused(json_by_bytes: CompiledGrammar) -> None:
    bitmask = np.zeros((1, 9), dtype=np.int32)
    bitmask.flags.writeable = False
    with pytest.raises(ValueError, match="bitmask"):
        json_by_bytes.matcher().fill_next_token_bitmask(bitmask)
    assert not bitmask.any()
