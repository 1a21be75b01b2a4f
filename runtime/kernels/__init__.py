"""Masks applied to logits. The torch version here runs on every device and is the reference for faster ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["apply_token_bitmask_inplace"]


def apply_token_bitmask_inplace(
    logits: torch.Tensor, bitmask: torch.Tensor | NDArray[np.int32], indices: Sequence[int] | None = None
) -> None:
    """Set the logits of tokens that are not allowed to minus infinity.

    It fails closed: where the mask is narrower than the logits, the ids beyond it are not allowed.

    Args:
        logits: floating point, ``[vocab_size]`` or ``[batch, vocab_size]``, changed in place.
        bitmask: int32, ``[words]`` or ``[batch, words]``; bit ``t & 31`` of word ``t >> 5`` is 1 when ``t`` is allowed.
        indices: rows to mask, in both tensors; by default all. Other rows are left as they are.

    Raises:
        ValueError: dtypes or shapes that do not fit together.
    """
    words = torch.from_numpy(bitmask) if isinstance(bitmask, np.ndarray) else bitmask
    if not logits.is_floating_point() or words.dtype != torch.int32:
        raise ValueError(f"logits must be floating point and the bitmask int32, not {logits.dtype} and {words.dtype}")
    if logits.dim() not in (1, 2) or words.dim() != logits.dim() or words.shape[:-1] != logits.shape[:-1]:
        raise ValueError(f"logits {list(logits.shape)} and bitmask {list(words.shape)} do not fit together")
    if logits.dim() == 1:
        if indices is not None:
            raise ValueError("indices need a batch of logits")
        logits, words = logits.unsqueeze(0), words.unsqueeze(0)

    allowed = _unpack(words.to(logits.device), logits.shape[-1])
    if indices is None:
        logits.masked_fill_(~allowed, float("-inf"))
    else:
        rows = torch.as_tensor(list(indices), dtype=torch.long, device=logits.device)
        logits[rows] = logits[rows].masked_fill(~allowed[rows], float("-inf"))


def _unpack(words: torch.Tensor, width: int) -> torch.Tensor:
    """Booleans ``[batch, width]`` from words ``[batch, n]``; False beyond the words."""
    shifts = torch.arange(32, dtype=torch.int32, device=words.device)
    bits = ((words.unsqueeze(-1) >> shifts) & 1).bool().flatten(-2)[..., :width]
    missing = width - bits.shape[-1]
    return torch.nn.functional.pad(bits, (0, missing), value=False) if missing else bits
