"""Bitmasks: int32 ``[batch, ceil(vocab_size / 32)]``; bit ``t & 31`` of word ``t >> 5`` is 1 when ``t`` is allowed.

llguidance, xgrammar, outlines-core and vLLM share this layout.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["allocate_token_bitmask", "bitmask_to_ids"]


SPARSE = 8
"""Where fewer than one in so many words have a bit, they are looked at alone."""


def allocate_token_bitmask(batch_size: int, vocab_size: int) -> NDArray[np.int32]:
    """An all-zero bitmask (nothing is allowed) of shape ``[batch_size, ceil(vocab_size / 32)]``.

    Raises:
        ValueError: a size below one.
    """
    if batch_size < 1 or vocab_size < 1:
        raise ValueError(f"a bitmask needs at least one row and one token, not {batch_size} and {vocab_size}")
    return np.zeros((batch_size, (vocab_size + 31) // 32), dtype=np.int32)


def bitmask_to_ids(row: NDArray[np.int32]) -> NDArray[np.int64]:
    """The allowed token ids of one row (int32 ``[words]``), ascending.

    Raises:
        ValueError: not a row of int32.
    """
    if row.ndim != 1 or row.dtype != np.int32:
        raise ValueError(f"a row of a bitmask is int32 [words], not {row.dtype} {list(row.shape)}")
    words: NDArray[np.int64] = np.flatnonzero(row)
    if len(words) * SPARSE > len(row):
        return _set_bits(row)
    found = _set_bits(row[words])
    ids: NDArray[np.int64] = (words[found >> 5] << 5) + (found & 31)
    return ids


def _set_bits(words: NDArray[np.int32]) -> NDArray[np.int64]:
    octets = np.ascontiguousarray(words, dtype="<i4").view(np.uint8)
    # as booleans, of which NumPy finds the true ones several times faster
    return np.flatnonzero(np.unpackbits(octets, bitorder="little").view(np.bool_)).astype(np.int64, copy=False)
