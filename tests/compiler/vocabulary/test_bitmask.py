"""The layout of bitmasks."""

from __future__ import annotations

import numpy as np
import pytest

from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids


@pytest.mark.parametrize(("vocab_size", "words"), [(1, 1), (31, 1), (32, 1), (33, 2), (128_256, 4008)])
def test_nothing_is_allowed_at_first(vocab_size: int, words: int) -> None:
    bitmask = allocate_token_bitmask(3, vocab_size)
    assert bitmask.shape == (3, words)
    assert bitmask.dtype == np.int32
    assert not bitmask.any()
    assert bitmask_to_ids(bitmask[1]).tolist() == []


@pytest.mark.parametrize("sizes", [(0, 5), (1, 0), (-1, 3)])
def test_empty_bitmasks_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        allocate_token_bitmask(*sizes)


def test_ids_are_bits_of_words() -> None:
    generator = np.random.default_rng(0)
    row = generator.integers(-(2**31), 2**31, size=40, dtype=np.int64).astype(np.int32)
    expected = [token_id for token_id in range(40 * 32) if (int(row[token_id >> 5]) >> (token_id & 31)) & 1]
    assert bitmask_to_ids(row).tolist() == expected
    assert bitmask_to_ids(np.stack([row, row], axis=1)[:, 0]).tolist() == expected  # not contiguous


@pytest.mark.parametrize("row", [np.zeros((1, 2), np.int32), np.zeros(2, np.int64), np.zeros(2, np.uint32)])
def test_only_rows_of_int32_are_read(row: np.ndarray) -> None:
    with pytest.raises(ValueError, match="int32"):
        bitmask_to_ids(row)
