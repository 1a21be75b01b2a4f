"""Arguments that the native classes cannot take: the documented exception, never a panic or a wrong mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from constrain import (
    Matcher,
    RegexError,
    Vocabulary,
    VocabularyError,
    allocate_token_bitmask,
    compile_lark,
    compile_regex,
    fill_batch,
)
from constrain.compiler.bitmask import bitmask_to_ids


@pytest.fixture
def matcher(byte_vocabulary: Vocabulary) -> Matcher:
    return compile_regex("ab", byte_vocabulary).matcher()


@pytest.mark.parametrize("row", [-1, 2, 2**40])
def test_rows_out_of_range(matcher: Matcher, row: int) -> None:
    with pytest.raises(ValueError, match=f"row {row} is out of range: the bitmask has 2 rows"):
        matcher.fill_next_token_bitmask(allocate_token_bitmask(2, 257), row)


def test_foreign_byte_order(matcher: Matcher) -> None:
    native = allocate_token_bitmask(1, 257)
    with pytest.raises(ValueError, match="byte order"):
        matcher.fill_next_token_bitmask(native.astype(native.dtype.newbyteorder()))


@pytest.mark.parametrize(
    ("bitmask", "message"),
    [
        ([[0] * 9], "NumPy array of dtype int32"),
        (np.zeros((1, 9), dtype=np.uint32), "NumPy array of dtype int32"),
        (np.zeros(9, dtype=np.int32), "two dimensions, not 1"),
        (np.zeros((1, 8), dtype=np.int32), "9 words in a row for this vocabulary, not 8"),
        (np.frombuffer(bytearray(37), dtype=np.int32, offset=1, count=9).reshape(1, 9), "aligned"),
    ],
)
def test_one_and_many_refuse_the_same_bitmasks(matcher: Matcher, bitmask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        matcher.fill_next_token_bitmask(bitmask)
    with pytest.raises(ValueError, match=message):
        fill_batch([matcher], bitmask)


def test_one_row_of_many_words_is_written(matcher: Matcher) -> None:
    whole = np.full((5, 9), -1, dtype=np.int32)
    matcher.fill_next_token_bitmask(whole[1:4], 1)
    assert bitmask_to_ids(whole[2]).tolist() == [ord("a")]
    assert (np.delete(whole, 2, axis=0) == -1).all()


def test_steps_below_zero(matcher: Matcher) -> None:
    with pytest.raises(ValueError, match="cannot roll back -1 steps"):
        matcher.rollback(-1)


@pytest.mark.parametrize("token_id", [-1, 2**32, 2**64, -(2**70)])
def test_ids_that_no_vocabulary_has(matcher: Matcher, token_id: int) -> None:
    assert not matcher.accept_token(token_id)
    assert matcher.validate_tokens([97, token_id, 98]) == 1


def test_numpy_integers_are_ids(matcher: Matcher) -> None:
    assert matcher.validate_tokens(np.array([97, 98])) == 2  # type: ignore[arg-type]  # taken for all that
    assert matcher.accept_token(np.int64(97))  # type: ignore[arg-type]  # likewise


def test_ids_that_are_no_integers(matcher: Matcher) -> None:
    with pytest.raises(TypeError):
        matcher.accept_token("a")  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize(
    "make",
    [
        lambda: Vocabulary([b"a"], [-1]),
        lambda: Vocabulary([b"a"], [2**40]),
        lambda: Vocabulary([b"a"], [1]),
        lambda: Vocabulary([b"a"], [0], vocab_size=-1),
        lambda: Vocabulary([b"a"], [0], vocab_size=2**30),
    ],
)
def test_vocabularies_out_of_range(make: Callable[[], Any]) -> None:
    with pytest.raises(VocabularyError):
        make()


def test_constraints_that_are_no_text(byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(TypeError, match="pattern must be a str, not NoneType"):
        compile_regex(None, byte_vocabulary)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="grammar must be a str, not bytes"):
        compile_lark(b"start: A", byte_vocabulary)  # type: ignore[arg-type]
    with pytest.raises(RegexError) as caught:
        compile_regex("a\ud800", byte_vocabulary)
    assert str(caught.value.span) == "line 1, column 2"
