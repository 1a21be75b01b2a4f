"""One forward of a model over queries of any sequences, against slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from constrain.errors import ModelError
from constrain.runtime.models.errors import model_errors
from constrain.runtime.models.rows.attention import AttentionForm, text_config
from constrain.runtime.models.rows.layout import Costs, Query, Shape, lay_out
from constrain.runtime.models.rows.pool import SlotCache

if TYPE_CHECKING:
    from constrain.runtime.models.causal import CausalModel

__all__ = ["SlotForward"]


class SlotForward:
    """A model with its pool of slots."""

    def __init__(self, model: CausalModel, form: AttentionForm) -> None:
        self._model = model
        self._form = form
        self._config = text_config(model.network)
        self._cache = SlotCache()
        self._costs = Costs.of(self._config)
        self._like = torch.empty(0, dtype=model.network.dtype, device=model.device)

    def run(
        self,
        queries: Sequence[Query],
        wanted: Sequence[int],
        slot_positions: NDArray[np.int64],
        high: int,
        shape: Shape | None = None,
    ) -> list[torch.Tensor]:
        """Read tokens into their slots.

        Args:
            queries: what to read, sequence by sequence; ancestors in the same forward come first.
            wanted: indices of the queries whose logits are needed.
            slot_positions: of each slot, its token's place in its sequence.
            high: every slot is below this.
            shape: take this layout rather than the cheaper one.

        Returns:
            Logits ``[vocab_size]`` of each wanted query in turn, on the model's device and as it computes them.

        Raises:
            ModelError: the model fails.
        """
        layout = lay_out(queries, wanted, high, self._costs, shape)
        device = self._model.device
        writes = torch.tensor([int(query.path[-1]) for query in queries], dtype=torch.long, device=device)
        width = layout.token_ids.shape[1]
        lanes, rows = np.divmod(layout.places[np.asarray(wanted, dtype=np.int64)], width)
        kept = np.unique(rows) if len(rows) else np.array([width - 1])
        with model_errors("running the model"), torch.inference_mode():
            self._cache.prepare(layout, writes, high)
            mask = None
            if layout.visible is not None:
                places = torch.from_numpy(slot_positions[layout.columns]).to(device)
                mask = self._form.mask(layout, self._config, places, self._like)
            output = self._model.network(
                input_ids=torch.from_numpy(layout.token_ids).to(device),
                position_ids=torch.from_numpy(layout.positions).to(device),
                attention_mask=mask,
                past_key_values=self._cache,
                use_cache=True,
                **self._to_keep(kept, width),
            )
            logits = output.logits
            if logits.shape[1] != len(kept):
                logits = logits[:, torch.from_numpy(kept).to(device)]
            size = self._model.vocabulary.vocab_size
            if logits.shape[2] != size:
                raise ModelError(f"the model predicts {logits.shape[2]} tokens where its head has {size}")
            return [logits[lane, row] for lane, row in zip(lanes, np.searchsorted(kept, rows), strict=True)]

    def _to_keep(self, kept: NDArray[np.int64], width: int) -> dict[str, Any]:
        """Have the head applied only where logits are needed: with a large vocabulary it costs more than the layers."""
        if not self._model.takes_logits_to_keep:
            return {}
        if kept[0] == width - len(kept):
            return {"logits_to_keep": len(kept)}  # the last ones, which older models are told by their number
        return {"logits_to_keep": torch.from_numpy(kept).to(self._model.device)}
