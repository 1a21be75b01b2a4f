"""The model without tokens that spell what another token spells.

Gemma has a token for each byte beside those for characters. Text is never cut into the former, and the model hardly
gives them any probability; but a language of a thousand texts of six characters would have sixty-four thousand outputs
with them, too many to list. Without them, what the model says is nearly the same, and is the model that counts here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from constrain.compiler import Vocabulary
    from constrain.runtime.decoding.adjust import LogitsFunction

__all__ = ["needless_tokens", "without"]


def needless_tokens(vocabulary: Vocabulary) -> list[int]:
    """Tokens that the tokenizer does not cut their text into, where it has another one for the same."""
    by_text: dict[bytes, list[int]] = {}
    for token_id in range(vocabulary.vocab_size):
        text = vocabulary.token(token_id)
        if text:
            by_text.setdefault(text, []).append(token_id)
    needless: list[int] = []
    for text, token_ids in by_text.items():
        if len(token_ids) > 1 and vocabulary.encode is not None and text.isascii():
            own = list(vocabulary.encode(text.decode()))
            if len(own) == 1 and own[0] in token_ids:
                needless += [token_id for token_id in token_ids if token_id != own[0]]
    return needless


def without(token_ids: Sequence[int]) -> LogitsFunction:
    """The model, with these tokens impossible."""
    gone = np.array(token_ids, dtype=np.int64)

    def without_needless_tokens(_: Sequence[int], logits: NDArray[np.float32]) -> NDArray[np.float32]:
        logits[gone] = -np.inf
        return logits

    return without_needless_tokens
