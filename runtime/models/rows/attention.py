"""Which mask a model takes: one for all layers, or one for each type of layer, some with a sliding window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch

from constrain.runtime.models.rows.layout import Layout

__all__ = ["AttentionForm", "candidates", "text_config"]

FULL, SLIDING = "full_attention", "sliding_attention"
"""Types of layers, as transformers names them."""


@dataclass(frozen=True, slots=True)
class AttentionForm:
    """How a model is told what a query may see.

    Attributes:
        windowed: the layers that see no further back than the configuration's ``sliding_window``.
    """

    windowed: Literal["none", "all", "by_type"]

    def mask(self, layout: Layout, config: Any, column_positions: torch.Tensor, like: torch.Tensor) -> Any:
        """The model's ``attention_mask`` for a layout that has one.

        Args:
            layout: the forward.
            config: the model's configuration, see :func:`text_config`.
            column_positions: ``[lanes, columns]``, each column's place in its sequence.
            like: a tensor of the device and the type to compute with.
        """
        visible = torch.from_numpy(layout.visible).to(like.device)
        if self.windowed == "none":
            return _additive(visible, like)
        distance = torch.from_numpy(layout.positions).to(like.device)[:, :, None] - column_positions[:, None, :]
        windowed = _additive(visible & (distance < config.sliding_window), like)
        return windowed if self.windowed == "all" else {FULL: _additive(visible, like), SLIDING: windowed}


def _additive(visible: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Zero where a column is seen; every implementation of attention takes this, not every one takes booleans."""
    mask = torch.full(visible.shape, torch.finfo(like.dtype).min, dtype=like.dtype, device=like.device)
    return mask.masked_fill_(visible, 0.0).unsqueeze(1)


def candidates(config: Any) -> list[AttentionForm]:
    """The forms that may be a model's, by its configuration; which it is has to be tried."""
    if not getattr(config, "sliding_window", None):
        return [AttentionForm("none")]
    forms = [AttentionForm("all"), AttentionForm("none")]
    return [AttentionForm("by_type"), *forms] if SLIDING in (getattr(config, "layer_types", None) or ()) else forms


def text_config(model: Any) -> Any:
    """The part of a transformers model's configuration that is about text."""
    config = model.config
    return config.get_text_config() if hasattr(config, "get_text_config") else config
