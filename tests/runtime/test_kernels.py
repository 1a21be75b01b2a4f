"""Masks on logits, against one bit at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from constrain.runtime import apply_token_bitmask_inplace


def naive(logits: torch.Tensor, bitmask: np.ndarray, rows: range | list[int]) -> torch.Tensor:
    expected = logits.clone()
    for row in rows:
        for token_id in range(logits.shape[1]):
            word = token_id >> 5
            if word >= bitmask.shape[1] or not (int(bitmask[row, word]) >> (token_id & 31)) & 1:
                expected[row, token_id] = float("-inf")
    return expected


@pytest.mark.parametrize("width", [1, 31, 32, 33, 100, 128])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("words", [1, 3, 5])
def test_bits_decide_and_missing_bits_forbid(width: int, dtype: torch.dtype, words: int) -> None:
    generator = np.random.default_rng(width)
    bitmask = generator.integers(-(2**31), 2**31, size=(3, words), dtype=np.int64).astype(np.int32)
    logits = torch.from_numpy(generator.normal(size=(3, width))).to(dtype)
    for indices in (None, [2], [0, 2], []):
        changed = logits.clone()
        apply_token_bitmask_inplace(changed, bitmask, indices)
        assert torch.equal(changed, naive(logits, bitmask, range(3) if indices is None else indices))
        tensor = logits.clone()
        apply_token_bitmask_inplace(tensor, torch.from_numpy(bitmask), indices)
        assert torch.equal(tensor, changed)


def test_one_row_alone() -> None:
    logits = torch.zeros(40)
    apply_token_bitmask_inplace(logits, np.array([1 << 5, -1], dtype=np.int32))
    assert torch.isfinite(logits).nonzero().flatten().tolist() == [5, *range(32, 40)]


@pytest.mark.parametrize(
    ("logits", "bitmask", "indices", "says"),
    [
        (torch.zeros(2, 4, dtype=torch.int32), np.zeros((2, 1), np.int32), None, "floating point"),
        (torch.zeros(2, 4), np.zeros((2, 1), np.int64), None, "int32"),
        (torch.zeros(2, 4), np.zeros((3, 1), np.int32), None, "do not fit"),
        (torch.zeros(2, 4), np.zeros(1, np.int32), None, "do not fit"),
        (torch.zeros(1, 2, 4), np.zeros((1, 2, 1), np.int32), None, "do not fit"),
        (torch.zeros(4), np.zeros(1, np.int32), [0], "indices"),
    ],
)
def test_what_does_not_fit_is_refused(
    logits: torch.Tensor, bitmask: np.ndarray, indices: list[int] | None, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        apply_token_bitmask_inplace(logits, bitmask, indices)
